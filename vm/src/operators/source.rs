//! Where batches come from: one row, constants, a table, a state.

use super::State;
use super::pipeline::no_state;
use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::kernels::{Environment, make_fresh, store};
use crate::ports::{Morsel, ScanRequest, ScanTest};
use crate::vector::Vector;
use grizzly_bytecode::query::{PredicateTest, PredicateValue, Scan, Source};
use grizzly_bytecode::{Type, Value};

/// A source at work.
pub(super) enum Batches<'q> {
    /// One row without columns, once.
    Unit { done: bool },
    /// Constant rows from `next` on.
    Values { types: &'q [Type], columns: &'q [Vec<Value>], rows: usize, next: usize },
    /// The parts of a scan, the next one last.
    Scan { morsels: Vec<Box<dyn Morsel>> },
    /// The rows of a state from `next` on.
    State { state: &'q State, types: &'q [Type], next: usize },
}

impl<'q> Batches<'q> {
    pub(super) fn open(
        source: &'q Source,
        states: &'q [State],
        environment: &mut Environment<'_, '_>,
    ) -> Result<Batches<'q>, Fault> {
        Ok(match source {
            Source::Unit => Batches::Unit { done: false },
            Source::Values { types, columns, rows } => {
                Batches::Values { types, columns, rows: *rows, next: 0 }
            }
            Source::Scan(scan) => Batches::Scan { morsels: open_scan(scan, environment)? },
            Source::State { state, types } => {
                let state = states.get(state.index()).ok_or_else(no_state)?;
                Batches::State { state, types, next: 0 }
            }
        })
    }

    /// Fills the batch with the next rows; says whether there were any.
    pub(super) fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        match self {
            Batches::Unit { done } => {
                batch.reset(0, 1);
                Ok(!std::mem::replace(done, true))
            }
            Batches::Values { types, columns, rows, next } => {
                let count = (*rows - *next).min(CAPACITY);
                batch.reset(types.len(), count);
                for ((out, ty), values) in batch.columns.iter_mut().zip(*types).zip(*columns) {
                    fill(out, ty, &values[*next..*next + count]);
                }
                *next += count;
                Ok(count > 0)
            }
            Batches::Scan { morsels } => next_of_scan(morsels, batch),
            Batches::State { state, types, next } => {
                let State::Rows(rows, order) = state else { return Err(no_state()) };
                let total = order.as_ref().map_or(rows.len, Vec::len);
                let (start, count) = (*next, (total - *next).min(CAPACITY));
                batch.reset(types.len(), count);
                for (out, column) in batch.columns.iter_mut().zip(&rows.columns) {
                    match order {
                        None => column.borrow_into(start, count, out),
                        Some(order) => {
                            let ids = order[start..start + count].iter().copied();
                            column.scatter_into((0..).zip(ids), count, out);
                        }
                    }
                }
                *next += count;
                Ok(count > 0)
            }
        }
    }
}

fn fill(out: &mut Vector, ty: &Type, values: &[Value]) {
    make_fresh(out, ty.vector_kind(), values.len());
    for (row, value) in values.iter().enumerate() {
        store(out, row, value, values.len());
    }
}

fn open_scan(
    scan: &Scan,
    environment: &mut Environment<'_, '_>,
) -> Result<Vec<Box<dyn Morsel>>, Fault> {
    let parameters = environment.parameters;
    let value = |value: &PredicateValue| match value {
        PredicateValue::Constant(value) => value.clone(),
        PredicateValue::Param(p) => parameters.get(p.index()).cloned().unwrap_or_default(),
    };
    let test = |test: &PredicateTest| match test {
        PredicateTest::Compare(c, with) => ScanTest::Compare(*c, value(with)),
        PredicateTest::In(values) => ScanTest::In(values.iter().map(value).collect()),
        PredicateTest::IsNull => ScanTest::IsNull,
        PredicateTest::IsNotNull => ScanTest::IsNotNull,
    };
    let predicates: Vec<_> = scan.predicates.iter().map(|p| (p.column, test(&p.test))).collect();
    let request = ScanRequest {
        table: scan.table,
        columns: &scan.columns,
        predicates: &predicates,
        index: scan.index.as_ref().map(|(index, _)| *index),
        needs_row_key: scan.needs_row_key,
        ordered: scan.ordered,
        limit_hint: scan.limit_hint,
    };
    let mut morsels = environment.context.tables.scan(&request)?.split(1);
    morsels.reverse();
    Ok(morsels)
}

fn next_of_scan(morsels: &mut Vec<Box<dyn Morsel>>, batch: &mut Batch) -> Result<bool, Fault> {
    while let Some(morsel) = morsels.last_mut() {
        batch.selection.select_all();
        if morsel.next(batch)? {
            return Ok(true);
        }
        morsels.pop();
    }
    Ok(false)
}
