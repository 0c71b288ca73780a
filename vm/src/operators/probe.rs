//! Probes a hash table with the rows of a batch. Where every row has one candidate at most and
//! nothing else is asked, the batch keeps its columns and gets the payload beside them; else the
//! pairs are gathered into batches of their own, and the residual condition narrows them. Kinds
//! that ask only whether there is a match narrow the batch's selection, or mark its rows.

use super::join_table::JoinTable;
use super::key_index::NO_ID;
use super::keys::EncodedKeys;
use super::pairs::{Pairs, Pass};
use super::pipeline::no_state;
use super::rows::NO_ROW;
use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::budget::{Budget, Reservation};
use crate::kernels::{Environment, Frame, Span, select};
use crate::vector::Vector;
use grizzly_bytecode::query::{JoinKind, Residual, Step, VectorCode};
use grizzly_bytecode::{Builtin, Type, VReg, VectorKind};

/// A probe at work.
pub(super) struct Probe<'q> {
    table: &'q JoinTable,
    code: &'q VectorCode,
    keys: &'q [VReg],
    kind: JoinKind,
    payload: &'q [Type],
    residual: Option<(&'q Residual, Frame)>,
    notes: bool,
    frame: Frame,
    /// The id of each row's key.
    ids: Vec<u32>,
    scratch: EncodedKeys,
    kept: Vec<u16>,
    pairs: Pairs,
    /// With a residual: whether each row of the batch has had a match; for `MarkAny`: whether its
    /// key is NULL.
    hits: Vec<bool>,
    /// How many rows each key still has, for the kinds that use them up.
    remaining: Vec<u32>,
    pass: Pass,
    out: Batch,
    _memory: Reservation,
}

/// What a call gives.
enum Ready {
    /// The output.
    Out,
    /// The batch itself.
    Batch,
    /// Nothing more.
    Nothing,
}

impl<'q> Probe<'q> {
    /// The probe of a [`Step::Probe`].
    ///
    /// # Errors
    /// ResourceExhausted.
    pub(super) fn new(
        table: &'q JoinTable,
        step: &'q Step,
        budget: &Budget,
    ) -> Result<Probe<'q>, Fault> {
        let Step::Probe { code, keys, kind, payload, residual, notes, .. } = step else {
            return Err(no_state());
        };
        let mut memory = Reservation::none(budget);
        let counted = matches!(kind, JoinKind::IntersectAll | JoinKind::ExceptAll);
        let remaining = if counted { table.counts(&mut memory)? } else { Vec::new() };
        let residual = residual.as_ref().map(|r| (r, Frame::new(&r.code, &[r.condition])));
        let by_row = residual.is_some() || *kind == JoinKind::MarkAny;
        Ok(Probe {
            table,
            code,
            keys,
            kind: *kind,
            payload,
            hits: vec![false; if by_row { CAPACITY } else { 0 }],
            residual,
            notes: *notes,
            frame: Frame::new(code, keys),
            ids: vec![NO_ID; CAPACITY],
            scratch: EncodedKeys::default(),
            kept: Vec::new(),
            pairs: Pairs::default(),
            remaining,
            pass: Pass::Done,
            out: Batch::default(),
            _memory: memory,
        })
    }

    /// Looks the batch's keys up.
    pub(super) fn start(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<(), Fault> {
        self.frame.exchange(&mut batch.columns);
        let rows = batch.selection.rows(batch.len);
        self.frame.run(self.code, environment, rows, batch.len)?;
        let keys = (&self.frame, self.keys);
        self.table.find(keys, rows, &mut self.ids, &mut self.scratch);
        self.hits.fill(false);
        if self.kind == JoinKind::MarkAny {
            let null = |row| self.keys.iter().any(|key| self.frame.register(*key).is_null(row));
            rows.each(|row| self.hits[row] = null(row));
        }
        self.frame.exchange(&mut batch.columns);
        self.pairs.restart();
        self.pass = Pass::Pairs;
        Ok(())
    }

    /// The next batch of output for the batch that was started.
    ///
    /// # Errors
    /// What the residual raises; CardinalityViolation.
    pub(super) fn next_batch<'a>(
        &'a mut self,
        batch: &'a mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Option<&'a mut Batch>, Fault> {
        let ready = match self.pass {
            Pass::Done => Ready::Nothing,
            Pass::Pairs if self.residual.is_none() && !self.wants_pairs() => {
                self.pass = Pass::Done;
                self.at_once(batch)?
            }
            _ => self.by_pairs(batch, environment)?,
        };
        Ok(match ready {
            Ready::Out => Some(&mut self.out),
            Ready::Batch => Some(batch),
            Ready::Nothing => None,
        })
    }

    /// Whether a row may have several pairs to give.
    fn wants_pairs(&self) -> bool {
        matches!(self.kind, JoinKind::Inner | JoinKind::Left) && !self.table.is_unique()
    }

    /// The output of a batch where its rows' keys say all.
    fn at_once(&mut self, batch: &mut Batch) -> Result<Ready, Fault> {
        match self.kind {
            JoinKind::Semi | JoinKind::Anti => {
                let ids = &self.ids;
                let wanted = self.kind == JoinKind::Semi;
                keep(batch, &mut self.kept, |row| (ids[row] != NO_ID) == wanted);
                Ok(Ready::Batch)
            }
            JoinKind::IntersectAll | JoinKind::ExceptAll => {
                let (ids, remaining) = (&self.ids, &mut self.remaining);
                let wanted = self.kind == JoinKind::IntersectAll;
                keep(batch, &mut self.kept, |row| {
                    let left = remaining.get_mut(ids[row] as usize).filter(|left| **left > 0);
                    let used = left.is_some();
                    left.into_iter().for_each(|left| *left -= 1);
                    used == wanted
                });
                Ok(Ready::Batch)
            }
            JoinKind::Note => {
                self.note(batch);
                Ok(Ready::Nothing)
            }
            JoinKind::Mark | JoinKind::MarkAny => {
                self.mark(batch);
                Ok(Ready::Out)
            }
            JoinKind::Inner | JoinKind::Left | JoinKind::Single => {
                if self.kind == JoinKind::Single && !self.table.is_unique() {
                    let second = |row| self.table.chain(self.ids[row]).nth(1).is_some();
                    if batch.rows().iter().any(second) {
                        return Err(second_row());
                    }
                }
                if self.notes {
                    self.note(batch);
                }
                self.beside(batch);
                Ok(Ready::Out)
            }
        }
    }

    /// The table remembers the candidates of all rows.
    fn note(&self, batch: &Batch) {
        batch.rows().each(|row| {
            let first = self.table.first(self.ids[row]);
            if first != NO_ROW && !self.table.is_noted(first) {
                self.table.chain(self.ids[row]).for_each(|row| self.table.note(row));
            }
        });
    }

    /// Puts the payload beside the batch's columns; every row has one match at most.
    fn beside(&mut self, batch: &mut Batch) {
        if self.kind == JoinKind::Inner {
            let ids = &self.ids;
            keep(batch, &mut self.kept, |row| ids[row] != NO_ID);
        }
        self.take_columns(batch, self.payload.len());
        let width = self.out.columns.len() - self.payload.len();
        let payload = &mut self.out.columns[width..];
        let (ids, table) = (&self.ids, self.table);
        let rows = batch.selection.rows(batch.len);
        let pairs = rows.iter().map(|row| (row, table.first(ids[row])));
        fill_payload(table, self.payload, pairs, batch.len, payload);
    }

    /// Moves the batch's columns and selection to the output, with room for more columns.
    fn take_columns(&mut self, batch: &mut Batch, more: usize) {
        let width = batch.columns.len();
        self.out.columns.resize_with(width + more, Vector::default);
        for (column, from) in self.out.columns.iter_mut().zip(&mut batch.columns) {
            std::mem::swap(column, from);
        }
        self.out.len = batch.len;
        if batch.selection.is_all() {
            self.out.selection.select_all();
        } else {
            self.kept.clear();
            self.kept.extend(batch.rows().iter().map(|row| row as u16));
            self.out.selection.exchange(&mut self.kept);
        }
    }

    /// Puts beside the batch's columns whether its rows have a match.
    fn mark(&mut self, batch: &mut Batch) {
        let by_hits = self.residual.is_some();
        self.take_columns(batch, 1);
        let three_valued = self.kind == JoinKind::MarkAny && self.table.taken > 0;
        let Some(mark) = self.out.columns.last_mut() else { return };
        let values = mark.owned_bool();
        values.clear();
        values.resize(batch.len, 0);
        let rows = batch.selection.rows(batch.len);
        let (ids, hits) = (&self.ids, &self.hits);
        let found = |row: usize| if by_hits { hits[row] } else { ids[row] != NO_ID };
        rows.each(|row| values[row] = u8::from(found(row)));
        if three_valued {
            for row in rows.iter().filter(|row| !found(*row)) {
                if self.table.has_null_key || hits[row] {
                    mark.validity_mut().set(row, false, batch.len);
                }
            }
        }
    }

    /// The next output of a batch whose rows are paired with their candidates one by one.
    fn by_pairs(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Ready, Fault> {
        while self.pass == Pass::Pairs {
            let left = self.kind == JoinKind::Left && self.residual.is_none();
            // Whoever asks only whether there is a match needs no second one.
            let enough = !self.kind.adds_payload() && self.kind != JoinKind::Note;
            let hits = if enough { self.hits.as_slice() } else { &[] };
            if !self.pairs.fill(batch, self.table, &self.ids, left, hits) {
                self.pass = Pass::Rest;
            }
            if self.pairs.probe_rows.is_empty() {
                continue;
            }
            self.gather(batch);
            self.narrow(environment)?;
            if self.notes || self.kind == JoinKind::Note {
                let rows = self.out.rows();
                rows.each(|at| self.table.note(self.pairs.build_rows[at]));
            }
            if self.kind.adds_payload() && !self.out.rows().is_empty() {
                return Ok(Ready::Out);
            }
        }
        let rest = std::mem::replace(&mut self.pass, Pass::Done) == Pass::Rest;
        let (hits, kept) = (&self.hits, &mut self.kept);
        match self.kind {
            _ if !rest || self.residual.is_none() => Ok(Ready::Nothing),
            JoinKind::Left | JoinKind::Single => Ok(self.without_match(batch)),
            JoinKind::Semi => {
                keep(batch, kept, |row| hits[row]);
                Ok(Ready::Batch)
            }
            JoinKind::Anti => {
                keep(batch, kept, |row| !hits[row]);
                Ok(Ready::Batch)
            }
            JoinKind::Mark => {
                self.mark(batch);
                Ok(Ready::Out)
            }
            _ => Ok(Ready::Nothing),
        }
    }

    /// Makes a batch of the pairs.
    fn gather(&mut self, batch: &Batch) {
        let (width, count) = (batch.columns.len(), self.pairs.probe_rows.len());
        self.out.reset(width + self.payload.len(), count);
        let (columns, payload) = self.out.columns.split_at_mut(width);
        for (out, from) in columns.iter_mut().zip(&batch.columns) {
            out.gather_from(from, &self.pairs.probe_rows);
        }
        let pairs = self.pairs.build_rows.iter().copied().enumerate();
        fill_payload(self.table, self.payload, pairs, count, payload);
    }

    /// Keeps the pairs that fulfil the residual, and notes which rows have had one.
    fn narrow(&mut self, environment: &mut Environment<'_, '_>) -> Result<(), Fault> {
        let Some((residual, frame)) = &mut self.residual else { return Ok(()) };
        let out = &mut self.out;
        let rows = out.selection.rows(out.len);
        frame.exchange(&mut out.columns);
        let ran = frame.run(&residual.code, environment, rows, out.len);
        if ran.is_ok() {
            let span = Span { rows, len: out.len };
            select(frame.register(residual.condition), span, &mut self.kept);
        }
        frame.exchange(&mut out.columns);
        ran?;
        for at in &self.kept {
            let hit = &mut self.hits[usize::from(self.pairs.probe_rows[usize::from(*at)])];
            if *hit && self.kind == JoinKind::Single {
                return Err(second_row());
            }
            *hit = true;
        }
        out.selection.exchange(&mut self.kept);
        Ok(())
    }

    /// Makes a batch of the rows that have had no match, with a NULL payload.
    fn without_match(&mut self, batch: &Batch) -> Ready {
        self.kept.clear();
        let missed = batch.rows().iter().filter(|row| !self.hits[*row]);
        self.kept.extend(missed.map(|row| row as u16));
        let width = batch.columns.len();
        self.out.reset(width + self.payload.len(), self.kept.len());
        let (columns, payload) = self.out.columns.split_at_mut(width);
        for (out, from) in columns.iter_mut().zip(&batch.columns) {
            out.gather_from(from, &self.kept);
        }
        for (out, ty) in payload.iter_mut().zip(self.payload) {
            null_vector(out, ty.vector_kind());
        }
        Ready::Out
    }
}

fn second_row() -> Fault {
    Fault::new(Builtin::CardinalityViolation, "the query gives more than one row")
}

/// Narrows the batch's selection.
fn keep(batch: &mut Batch, kept: &mut Vec<u16>, mut wanted: impl FnMut(usize) -> bool) {
    kept.clear();
    batch.rows().each(|row| {
        if wanted(row) {
            kept.push(row as u16);
        }
    });
    batch.selection.exchange(kept);
}

fn null_vector(out: &mut Vector, kind: VectorKind) {
    if out.kind() != kind {
        *out = Vector::of_kind(kind);
    }
    out.set_null();
}

fn fill_payload(
    table: &JoinTable,
    types: &[Type],
    pairs: impl Iterator<Item = (usize, u32)> + Clone,
    len: usize,
    out: &mut [Vector],
) {
    for (index, (out, ty)) in out.iter_mut().zip(types).enumerate() {
        match table.rows.columns.get(index) {
            Some(column) => column.scatter_into(pairs.clone(), len, out),
            // A table without rows has no columns: only outer joins come here.
            None => null_vector(out, ty.vector_kind()),
        }
    }
}
