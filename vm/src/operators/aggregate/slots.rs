//! The slots of aggregates: what is accumulated over which argument, under which FILTER, and
//! whether equal arguments count once.

use super::super::key_index::KeyTable;
use super::super::keys::{EncodedKeys, KeyColumn, KeyColumns, KeyOrder};
use super::super::rows::{NO_ROW, RowSet};
use super::collected::Collected;
use super::extremes::Extreme;
use super::{BatchCounts, Target, sums};
use crate::Fault;
use crate::batch::Rows;
use crate::budget::{Budget, Reservation};
use crate::kernels::{Frame, Span, select};
use crate::vector::Vector;
use grizzly_bytecode::query::Aggregate;
use grizzly_bytecode::{Type, VReg, VectorKind};

/// What is accumulated, an entry per group.
#[derive(Debug)]
pub(super) enum Accumulator {
    /// Rows.
    Count(Vec<u64>),
    /// Integers and DECIMAL.
    SumExact(Vec<i128>),
    /// DOUBLE.
    SumFloat(Vec<f64>),
    /// The least or the greatest.
    Extreme(Extreme),
    /// The first: its row among those kept, [`NO_ROW`] while there is none.
    First(Vec<u32>, RowSet),
    /// All.
    Collect(Collected),
}

impl Accumulator {
    pub(super) fn extreme(kind: VectorKind, greatest: bool) -> Accumulator {
        Accumulator::Extreme(Extreme::new(kind, greatest))
    }

    pub(super) fn first(budget: &Budget) -> Accumulator {
        Accumulator::First(Vec::new(), RowSet::new(budget))
    }

    pub(super) fn collect(result: &Type) -> Accumulator {
        Accumulator::Collect(Collected::new(result))
    }

    /// Makes an entry for each of the groups.
    pub(super) fn make_room(
        &mut self,
        groups: usize,
        memory: &mut Reservation,
    ) -> Result<(), Fault> {
        match self {
            Accumulator::Count(counts) => resize(counts, groups, 0, memory),
            Accumulator::SumExact(sums) => resize(sums, groups, 0, memory),
            Accumulator::SumFloat(sums) => resize(sums, groups, 0.0, memory),
            Accumulator::Extreme(extreme) => extreme.make_room(groups, memory),
            Accumulator::First(rows, _) => resize(rows, groups, NO_ROW, memory),
            Accumulator::Collect(arrays) => arrays.make_room(groups, memory),
        }
    }
}

/// Makes a vector longer, reserving first.
pub(super) fn resize<T: Clone>(
    values: &mut Vec<T>,
    len: usize,
    filler: T,
    memory: &mut Reservation,
) -> Result<(), Fault> {
    if values.len() < len {
        memory.make_room(values, len - values.len())?;
        values.resize(len, filler);
    }
    Ok(())
}

/// One accumulator with its argument.
#[derive(Debug)]
pub(super) struct Slot {
    argument: Option<VReg>,
    filter: Option<VReg>,
    distinct: Option<Distinct>,
    pub(super) accumulator: Accumulator,
}

/// The arguments that have been counted, by group.
#[derive(Debug)]
struct Distinct {
    seen: KeyTable,
    scratch: EncodedKeys,
    memory: Reservation,
}

impl Slot {
    pub(super) fn new(aggregate: &Aggregate, accumulator: Accumulator, budget: &Budget) -> Slot {
        let distinct = (aggregate.distinct && aggregate.argument.is_some()).then(|| Distinct {
            seen: KeyTable::default(),
            scratch: EncodedKeys::default(),
            memory: Reservation::none(budget),
        });
        Slot { argument: aggregate.argument, filter: aggregate.filter, distinct, accumulator }
    }

    /// Whether two slots would hold the same.
    pub(super) fn is_like(&self, other: &Slot) -> bool {
        let same = match (&self.accumulator, &other.accumulator) {
            (Accumulator::Extreme(a), Accumulator::Extreme(b)) => {
                a.is_greatest() == b.is_greatest()
            }
            // What the arguments are is given away once.
            (Accumulator::First(..) | Accumulator::Collect(_), _) => false,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        same && self.argument == other.argument
            && self.filter == other.filter
            && self.distinct.is_some() == other.distinct.is_some()
    }

    /// Accumulates the rows of a batch that count for the slot.
    pub(super) fn update(
        &mut self,
        frame: &Frame,
        (all, len): (Rows<'_>, usize),
        target: Target<'_>,
        counts: &mut BatchCounts,
        [filtered, valid, distinct]: &mut [Vec<u16>; 3],
    ) -> Result<(), Fault> {
        let mut rows = all;
        if let Some(filter) = self.filter {
            select(frame.register(filter), Span { rows, len }, filtered);
            rows = Rows::Some(filtered);
        }
        let mut whole = self.filter.is_none();
        let Some(argument) = self.argument.map(|argument| frame.register(argument)) else {
            self.count(rows, whole, target, counts);
            return Ok(());
        };
        if let Accumulator::First(first, kept) = &mut self.accumulator {
            return keep_first(argument, rows, target, first, kept, distinct);
        }
        if let Accumulator::Collect(arrays) = &mut self.accumulator {
            arrays.update(argument, rows, target);
            return Ok(());
        }
        let validity = argument.validity();
        if !validity.is_all_valid() {
            valid.clear();
            rows.each(|row| {
                if validity.get(row) {
                    valid.push(row as u16);
                }
            });
            rows = Rows::Some(valid);
            whole = false;
        }
        if let Some(seen) = &mut self.distinct {
            seen.narrow(argument, rows, target, distinct)?;
            rows = Rows::Some(distinct);
            whole = false;
        }
        match &mut self.accumulator {
            Accumulator::SumExact(totals) => sums::add_exact(totals, argument, rows, target, len)?,
            Accumulator::SumFloat(totals) => sums::add_floats(totals, argument, rows, target),
            Accumulator::Extreme(extreme) => extreme.update(argument, rows, target)?,
            Accumulator::Count(_) | Accumulator::First(..) | Accumulator::Collect(_) => {
                self.count(rows, whole, target, counts);
            }
        }
        Ok(())
    }

    /// Counts rows; `whole` says that they are all of the batch's selected ones.
    fn count(&mut self, rows: Rows<'_>, whole: bool, target: Target<'_>, counts: &mut BatchCounts) {
        match &mut self.accumulator {
            Accumulator::Count(totals) if whole => counts.add_to(totals, rows, target),
            Accumulator::Count(totals) => target.count(rows, totals),
            _ => {}
        }
    }
}

/// Keeps the first row of each group that has none yet.
fn keep_first(
    argument: &Vector,
    rows: Rows<'_>,
    target: Target<'_>,
    first: &mut [u32],
    kept: &mut RowSet,
    new: &mut Vec<u16>,
) -> Result<(), Fault> {
    new.clear();
    rows.each(|row| {
        let place = &mut first[target.of(row)];
        if *place == NO_ROW {
            // Fewer than 2^32 - 1 groups fit any budget.
            *place = (kept.len() + new.len()) as u32;
            new.push(row as u16);
        }
    });
    kept.append(std::iter::once(argument), Rows::Some(new))
}

impl Distinct {
    /// The rows whose argument is new in its group.
    fn narrow(
        &mut self,
        argument: &Vector,
        rows: Rows<'_>,
        target: Target<'_>,
        new: &mut Vec<u16>,
    ) -> Result<(), Fault> {
        // Whether a 128-bit column is held in 64 bits may change from batch to batch.
        let wide = matches!(argument.kind(), VectorKind::I64 | VectorKind::I128);
        let column = KeyColumn::new(argument, wide, KeyOrder::default());
        self.scratch.clear();
        let columns = KeyColumns::new(std::iter::once(column));
        self.scratch.encode(&columns, rows, |row| Some(target.of(row) as u32));
        self.seen.make_room(&self.scratch, &mut self.memory)?;
        new.clear();
        for (position, row) in rows.iter().enumerate() {
            let before = self.seen.len();
            self.seen.insert(self.scratch.get(position));
            if self.seen.len() != before {
                new.push(row as u16);
            }
        }
        Ok(())
    }
}
