//! Probes a hash table with the rows of a batch. Semi and anti joins narrow the selection. Against
//! a table without duplicate keys the batch keeps its columns and gets the payload beside them;
//! else the pairs are gathered into batches of their own.

use super::build::JoinTable;
use super::key_index::NO_ID;
use super::keys::EncodedKeys;
use super::rows::NO_ROW;
use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::kernels::{Environment, Frame};
use crate::vector::Vector;
use grizzly_bytecode::query::{JoinKind, VectorCode};
use grizzly_bytecode::{Type, VReg};

/// A probe at work.
pub(super) struct Probe<'q> {
    table: &'q JoinTable,
    code: &'q VectorCode,
    keys: &'q [VReg],
    kind: JoinKind,
    payload: &'q [Type],
    frame: Frame,
    /// The id of each row's key.
    ids: Vec<u32>,
    scratch: EncodedKeys,
    kept: Vec<u16>,
    pairs: Pairs,
    /// Whether the current batch has given all its output.
    done: bool,
    out: Batch,
}

/// Pairs of a batch's rows and the table's, and where to go on.
#[derive(Debug, Default)]
struct Pairs {
    probe_rows: Vec<u16>,
    build_rows: Vec<u32>,
    /// The next position of the batch's selection.
    position: usize,
    /// The next row of the chain of the row before that position, [`NO_ROW`] behind its end.
    chain: u32,
}

impl<'q> Probe<'q> {
    pub(super) fn new(
        table: &'q JoinTable,
        code: &'q VectorCode,
        keys: &'q [VReg],
        kind: JoinKind,
        payload: &'q [Type],
    ) -> Probe<'q> {
        Probe {
            table,
            code,
            keys,
            kind,
            payload,
            frame: Frame::new(code, keys),
            ids: vec![NO_ID; CAPACITY],
            scratch: EncodedKeys::default(),
            kept: Vec::new(),
            pairs: Pairs::default(),
            done: true,
            out: Batch::default(),
        }
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
        self.table.index.find(keys, rows, &mut self.ids, &mut self.scratch);
        self.frame.exchange(&mut batch.columns);
        self.pairs.position = 0;
        self.pairs.chain = NO_ROW;
        self.done = false;
        Ok(())
    }

    /// The next batch of output for the batch that was started.
    pub(super) fn next_batch<'a>(
        &'a mut self,
        batch: &'a mut Batch,
    ) -> Result<Option<&'a mut Batch>, Fault> {
        if self.done {
            return Ok(None);
        }
        match self.kind {
            JoinKind::Semi | JoinKind::Anti => {
                self.done = true;
                let wanted = self.kind == JoinKind::Semi;
                self.keep(batch, wanted);
                Ok(Some(batch))
            }
            JoinKind::Inner | JoinKind::Left if self.table.is_unique() => {
                self.done = true;
                self.beside(batch);
                Ok(Some(&mut self.out))
            }
            JoinKind::Inner | JoinKind::Left => {
                let left = self.kind == JoinKind::Left;
                self.done = !self.pairs.fill(batch, self.table, &self.ids, left);
                if self.pairs.probe_rows.is_empty() {
                    return Ok(None);
                }
                self.gather(batch);
                Ok(Some(&mut self.out))
            }
        }
    }

    /// Keeps the rows that have a match, or those that have none.
    fn keep(&mut self, batch: &mut Batch, matched: bool) {
        let ids = &self.ids;
        let rows = batch.rows().iter().filter(|row| (ids[*row] != NO_ID) == matched);
        self.kept.clear();
        self.kept.extend(rows.map(|row| row as u16));
        batch.selection.exchange(&mut self.kept);
    }

    /// Puts the payload beside the batch's columns; every row has one match at most.
    fn beside(&mut self, batch: &mut Batch) {
        if self.kind == JoinKind::Inner {
            self.keep(batch, true);
        }
        let width = batch.columns.len();
        self.out.columns.resize_with(width + self.payload.len(), Vector::default);
        let (columns, payload) = self.out.columns.split_at_mut(width);
        for (column, from) in columns.iter_mut().zip(&mut batch.columns) {
            std::mem::swap(column, from);
        }
        let (ids, table) = (&self.ids, self.table);
        let rows = batch.selection.rows(batch.len);
        let pairs = rows.iter().map(|row| (row, table.first(ids[row])));
        fill_payload(table, self.payload, pairs, batch.len, payload);
        self.out.len = batch.len;
        if batch.selection.is_all() {
            self.out.selection.select_all();
        } else {
            self.kept.clear();
            self.kept.extend(rows.iter().map(|row| row as u16));
            self.out.selection.exchange(&mut self.kept);
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
            None => {
                *out = Vector::of_kind(ty.vector_kind());
                out.set_null();
            }
        }
    }
}

impl Pairs {
    /// Fills the lists with the next pairs; says whether there may be more.
    fn fill(&mut self, batch: &Batch, table: &JoinTable, ids: &[u32], left: bool) -> bool {
        self.probe_rows.clear();
        self.build_rows.clear();
        let rows = batch.rows();
        loop {
            // Positions before the current one are done but for the rest of the last one's chain.
            while self.chain != NO_ROW {
                if self.probe_rows.len() == CAPACITY {
                    return true;
                }
                self.probe_rows.push(rows.at(self.position - 1) as u16);
                self.build_rows.push(self.chain);
                self.chain = table.next(self.chain);
            }
            if self.position == rows.count() {
                return false;
            }
            if self.probe_rows.len() == CAPACITY {
                return true;
            }
            let row = rows.at(self.position);
            self.chain = table.first(ids[row]);
            self.position += 1;
            if self.chain == NO_ROW && left {
                self.probe_rows.push(row as u16);
                self.build_rows.push(NO_ROW);
            }
        }
    }
}
