//! Sorts rows. Keys are encoded so that they compare as bytes; an entry holds a key's first 16
//! bytes, so that most comparisons touch nothing else. Equal keys keep the order in which they
//! came.
//!
//! With a limit, rows that cannot be among the first are dropped on the way: whenever a few times
//! as many as wanted have gathered, they are cut to the wanted ones, and from then on a row must
//! beat the worst of these to be kept.

use super::Flow;
use super::keys::{EncodedKeys, KeyColumn, KeyColumns, KeyOrder};
use super::rows::{FrozenRows, RowSet};
use crate::Fault;
use crate::batch::{Batch, CAPACITY, Rows};
use crate::budget::{Budget, Reservation};
use crate::kernels::{Environment, Frame};
use crate::vector::Vector;
use grizzly_bytecode::query::{SortKey, VectorCode};
use grizzly_bytecode::{VReg, VectorKind};

/// A sort at work.
pub(super) struct Sort<'q> {
    code: &'q VectorCode,
    keys: &'q [SortKey],
    limit: Option<usize>,
    frame: Frame,
    kept: Kept,
    budget: Budget,
    scratch: EncodedKeys,
    beating: Vec<u16>,
    /// With a limit: the key that a row must be below.
    worst: Option<Vec<u8>>,
}

/// The rows so far and their keys.
struct Kept {
    rows: RowSet,
    keys: EncodedKeys,
    memory: Reservation,
}

impl Kept {
    fn new(budget: &Budget) -> Kept {
        let memory = Reservation::none(budget);
        Kept { rows: RowSet::new(budget), keys: EncodedKeys::default(), memory }
    }

    /// The rows' order: the first `limit` of them.
    fn order(&self, limit: Option<usize>, budget: &Budget) -> Result<Vec<u32>, Fault> {
        let count = self.rows.len();
        let _entries = budget.reserve((count * size_of::<(u128, u32)>()) as u64)?;
        // Row counts of one state stay below 2^32: the budget ends long before.
        let entry = |id: u32| (prefix(self.keys.get(id as usize)), id);
        let mut entries: Vec<(u128, u32)> = (0..count as u32).map(entry).collect();
        let compare = |a: &(u128, u32), b: &(u128, u32)| {
            a.0.cmp(&b.0)
                .then_with(|| self.keys.get(a.1 as usize).cmp(self.keys.get(b.1 as usize)))
                .then_with(|| a.1.cmp(&b.1))
        };
        let wanted = limit.unwrap_or(count).min(count);
        if wanted < count && wanted > 0 {
            entries.select_nth_unstable_by(wanted - 1, compare);
        }
        entries.truncate(wanted);
        entries.sort_unstable_by(compare);
        Ok(entries.into_iter().map(|(_, id)| id).collect())
    }
}

/// The first 16 bytes of a key as a number that compares like them.
fn prefix(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let len = key.len().min(16);
    bytes[..len].copy_from_slice(&key[..len]);
    u128::from_be_bytes(bytes)
}

impl<'q> Sort<'q> {
    pub(super) fn new(
        code: &'q VectorCode,
        keys: &'q [SortKey],
        limit: Option<u64>,
        budget: &Budget,
    ) -> Sort<'q> {
        let registers: Vec<VReg> = keys.iter().map(|key| key.register).collect();
        Sort {
            code,
            keys,
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
            frame: Frame::new(code, &registers),
            kept: Kept::new(budget),
            budget: budget.clone(),
            scratch: EncodedKeys::default(),
            beating: Vec::new(),
            worst: None,
        }
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        if self.limit == Some(0) {
            return Ok(Flow::Done);
        }
        self.frame.exchange(&mut batch.columns);
        let rows = batch.selection.rows(batch.len);
        self.frame.run(self.code, environment, rows, batch.len)?;
        self.encode(rows);
        self.frame.exchange(&mut batch.columns);
        self.keep(batch)?;
        if let Some(limit) = self.limit
            && self.kept.rows.len() > limit.saturating_mul(2).max(2 * CAPACITY)
        {
            self.cut(limit)?;
        }
        Ok(Flow::More)
    }

    fn encode(&mut self, rows: Rows<'_>) {
        let column = |key: &SortKey| {
            let wide = self.code.registers[key.register.index()] == VectorKind::I128;
            let order = KeyOrder { descending: key.descending, nulls_first: key.nulls_first };
            KeyColumn::new(self.frame.register(key.register), wide, order)
        };
        let columns = KeyColumns::new(self.keys.iter().map(column));
        self.scratch.clear();
        self.scratch.encode(&columns, rows, |_| None);
    }

    /// Keeps the batch's rows whose keys are below the worst one that is wanted.
    fn keep(&mut self, batch: &Batch) -> Result<(), Fault> {
        let rows = batch.rows();
        let kept = &mut self.kept;
        kept.memory.make_room(&mut kept.keys.ends, rows.count())?;
        kept.memory.make_room(&mut kept.keys.bytes, self.scratch.bytes.len())?;
        self.beating.clear();
        for (position, row) in rows.iter().enumerate() {
            let key = self.scratch.get(position);
            if self.worst.as_ref().is_some_and(|worst| key >= worst.as_slice()) {
                continue;
            }
            self.beating.push(row as u16);
            kept.keys.bytes.extend_from_slice(key);
            kept.keys.ends.push(kept.keys.bytes.len());
        }
        kept.rows.append(batch.columns.iter(), Rows::Some(&self.beating))
    }

    /// Cuts the rows to the wanted ones, in order.
    fn cut(&mut self, limit: usize) -> Result<(), Fault> {
        let order = self.kept.order(Some(limit), &self.budget)?;
        let mut cut = Kept::new(&self.budget);
        let bytes = order.iter().map(|id| self.kept.keys.get(*id as usize).len()).sum();
        cut.memory.make_room(&mut cut.keys.ends, order.len())?;
        cut.memory.make_room(&mut cut.keys.bytes, bytes)?;
        for id in &order {
            cut.keys.bytes.extend_from_slice(self.kept.keys.get(*id as usize));
            cut.keys.ends.push(cut.keys.bytes.len());
        }
        let old = std::mem::replace(&mut self.kept, cut);
        let frozen = old.rows.freeze();
        let mut vectors: Vec<Vector> = Vec::new();
        vectors.resize_with(frozen.columns.len(), Vector::default);
        for ids in order.chunks(CAPACITY) {
            for (column, out) in frozen.columns.iter().zip(&mut vectors) {
                column.scatter_into((0..).zip(ids.iter().copied()), ids.len(), out);
            }
            self.kept.rows.append(vectors.iter(), Rows::All(ids.len()))?;
        }
        if order.len() == limit {
            self.worst = Some(self.kept.keys.get(limit - 1).to_vec());
        }
        Ok(())
    }

    /// The rows and their order.
    pub(super) fn finish(mut self) -> Result<(FrozenRows, Vec<u32>), Fault> {
        let order = self.kept.order(self.limit, &self.budget)?;
        let order_bytes = (order.capacity() * size_of::<u32>()) as u64;
        let memory = self.budget.reserve(order_bytes)?;
        // The keys go; what the rows take stays reserved with them.
        self.kept.keys.clear();
        let mut rows = self.kept.rows.freeze();
        rows.memory.push(memory);
        Ok((rows, order))
    }
}
