//! Groups rows by keys and aggregates them. Each aggregate of the query is made of slots: a sum and
//! a count, say, for an average; aggregates over the same argument share theirs. Without keys there
//! is exactly one group, also over no rows.
//!
//! Sums of DOUBLE are added in the order of the rows.

mod collected;
mod extremes;
mod groups;
mod result;
mod slots;
mod sums;

use super::Flow;
use super::rows::FrozenRows;
use crate::Fault;
use crate::batch::{Batch, CAPACITY, Rows};
use crate::budget::{Budget, Reservation};
use crate::kernels::{Environment, Frame};
use grizzly_bytecode::query::{Aggregate, AggregateFunction, VectorCode};
use grizzly_bytecode::{VReg, VectorKind};
use groups::Groups;
use slots::{Accumulator, Slot};

/// An aggregation at work.
pub(super) struct Aggregation<'q> {
    code: &'q VectorCode,
    aggregates: &'q [Aggregate],
    frame: Frame,
    groups: Option<Groups<'q>>,
    /// The group of each row of the batch.
    ids: Vec<u32>,
    slots: Vec<Slot>,
    /// For each aggregate its slots: the value, and the count of its arguments where that is
    /// needed.
    outputs: Vec<(usize, Option<usize>)>,
    counts: BatchCounts,
    scratch: [Vec<u16>; 3],
    memory: Reservation,
}

/// Which group each row belongs to.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    /// All to the one group.
    One,
    /// The row's entry; the number is that of all groups.
    Ids(&'a [u32], usize),
}

/// Up to how many groups a batch is aggregated into partial results first.
const FEW_GROUPS: usize = 256;

impl<'q> Aggregation<'q> {
    pub(super) fn new(
        code: &'q VectorCode,
        keys: &'q [VReg],
        aggregates: &'q [Aggregate],
        budget: &Budget,
    ) -> Aggregation<'q> {
        let inputs = aggregates.iter().flat_map(|a| [a.argument, a.filter]).flatten();
        let outputs: Vec<VReg> = inputs.chain(keys.iter().copied()).collect();
        let mut made = Aggregation {
            code,
            aggregates,
            frame: Frame::new(code, &outputs),
            groups: (!keys.is_empty()).then(|| Groups::new(code, keys, budget)),
            ids: vec![0; CAPACITY],
            slots: Vec::new(),
            outputs: Vec::new(),
            counts: BatchCounts::default(),
            scratch: Default::default(),
            memory: Reservation::none(budget),
        };
        for aggregate in aggregates {
            let output = made.plan(aggregate, budget);
            made.outputs.push(output);
        }
        made
    }

    /// The slots of an aggregate.
    fn plan(&mut self, aggregate: &Aggregate, budget: &Budget) -> (usize, Option<usize>) {
        use AggregateFunction as F;
        let kind = aggregate.argument.map(|a| self.code.registers[a.index()]);
        let mut slot = |accumulator| self.slot(aggregate, accumulator, budget);
        match (aggregate.function, kind) {
            (F::Count, _) => (slot(Accumulator::Count(Vec::new())), None),
            (F::Sum | F::Avg { .. }, Some(VectorKind::F64)) => {
                let sum = slot(Accumulator::SumFloat(Vec::new()));
                (sum, Some(slot(Accumulator::Count(Vec::new()))))
            }
            (F::Sum | F::Avg { .. }, _) => {
                let sum = slot(Accumulator::SumExact(Vec::new()));
                (sum, Some(slot(Accumulator::Count(Vec::new()))))
            }
            (F::Min | F::Max, kind) => {
                let kind = kind.unwrap_or(VectorKind::I64);
                (slot(Accumulator::extreme(kind, aggregate.function == F::Max)), None)
            }
            (F::BoolAnd, _) => (slot(Accumulator::extreme(VectorKind::Bool, false)), None),
            (F::BoolOr, _) => (slot(Accumulator::extreme(VectorKind::Bool, true)), None),
            (F::First, _) => (slot(Accumulator::first(budget)), None),
            (F::Collect, _) => (slot(Accumulator::collect(&aggregate.result)), None),
        }
    }

    fn slot(&mut self, aggregate: &Aggregate, accumulator: Accumulator, budget: &Budget) -> usize {
        let slot = Slot::new(aggregate, accumulator, budget);
        let same = self.slots.iter().position(|known| known.is_like(&slot));
        same.unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        })
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        self.frame.exchange(&mut batch.columns);
        let rows = batch.selection.rows(batch.len);
        self.frame.run(self.code, environment, rows, batch.len)?;
        let target = match &mut self.groups {
            None => Target::One,
            Some(groups) => {
                groups.assign(&self.frame, rows, &mut self.ids)?;
                Target::Ids(&self.ids, groups.len())
            }
        };
        self.counts.forget();
        for slot in &mut self.slots {
            slot.accumulator.make_room(target.groups(), &mut self.memory)?;
            let counts = &mut self.counts;
            slot.update(&self.frame, (rows, batch.len), target, counts, &mut self.scratch)?;
        }
        self.frame.exchange(&mut batch.columns);
        Ok(Flow::More)
    }

    /// The groups' keys and aggregates.
    pub(super) fn finish(mut self) -> Result<FrozenRows, Fault> {
        let groups = self.groups.as_ref().map_or(1, Groups::len);
        for slot in &mut self.slots {
            slot.accumulator.make_room(groups, &mut self.memory)?;
        }
        let mut columns = Vec::new();
        for (aggregate, (value, count)) in self.aggregates.iter().zip(&self.outputs) {
            // The slots of one aggregate differ: the count's is taken out while the value's is
            // read.
            let none = Accumulator::Count(Vec::new());
            let mut made = std::mem::replace(&mut self.slots[*value].accumulator, none);
            let count = count.map(|count| &self.slots[count].accumulator);
            let column = result::column(aggregate, &mut self.memory, &mut made, count);
            self.slots[*value].accumulator = made;
            let column = column?;
            columns.push(column.freeze());
        }
        let mut rows = match self.groups {
            Some(keys) => keys.into_keys(),
            None => FrozenRows { columns: Vec::new(), len: 1, memory: Vec::new() },
        };
        rows.columns.extend(columns);
        rows.memory.push(self.memory);
        Ok(rows)
    }
}

impl Target<'_> {
    fn groups(&self) -> usize {
        match self {
            Target::One => 1,
            Target::Ids(_, groups) => *groups,
        }
    }

    /// The group of a row.
    #[inline]
    fn of(&self, row: usize) -> usize {
        match self {
            Target::One => 0,
            Target::Ids(ids, _) => ids[row] as usize,
        }
    }

    /// Adds the number of rows of each group.
    fn count(&self, rows: Rows<'_>, counts: &mut [u64]) {
        match self {
            Target::One => counts[0] += rows.count() as u64,
            Target::Ids(ids, _) => rows.each(|row| counts[ids[row] as usize] += 1),
        }
    }
}

/// How many of a batch's selected rows fall into each group, counted once for all that ask.
#[derive(Debug, Default)]
struct BatchCounts {
    counts: Vec<u64>,
    known: bool,
}

impl BatchCounts {
    fn forget(&mut self) {
        self.known = false;
    }

    /// Adds the counts of all of the batch's selected rows to totals.
    fn add_to(&mut self, totals: &mut [u64], rows: Rows<'_>, target: Target<'_>) {
        if target.groups() > FEW_GROUPS {
            return target.count(rows, totals);
        }
        if !self.known {
            self.counts.clear();
            self.counts.resize(target.groups(), 0);
            target.count(rows, &mut self.counts);
            self.known = true;
        }
        totals.iter_mut().zip(&self.counts).for_each(|(total, count)| *total += count);
    }
}
