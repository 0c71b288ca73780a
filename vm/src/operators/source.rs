//! Where batches come from: one row, constants, a table, a state.

use super::State;
use super::join_table::JoinTable;
use super::pipeline::no_state;
use super::rows::FrozenRows;
use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::kernels::{Environment, make_fresh, store};
use crate::native::FileScanRequest;
use crate::ports::{Morsel, ScanRequest, ScanTest};
use crate::vector::Vector;
use grizzly_bytecode::query::{PredicateTest, PredicateValue, Scan, Source};
use grizzly_bytecode::{FileScan, Type, Value};

/// Rows of a state, and their order where it is not that in which they lie.
type Part<'q> = (&'q FrozenRows, Option<&'q [u32]>);

/// A source at work.
pub(super) enum Batches<'q> {
    /// One row without columns, once.
    Unit { done: bool },
    /// Constant rows from `next` on.
    Values { types: &'q [Type], columns: &'q [Vec<Value>], rows: usize, next: usize },
    /// The parts of a scan, the next one last.
    Scan { morsels: Vec<Box<dyn Morsel>> },
    /// Kept rows from `next` on, in parts.
    Rows { parts: Vec<Part<'q>>, types: &'q [Type], next: usize },
    /// The rows of a hash table from `next` on that have had a match, or those that have not.
    Built { table: &'q JoinTable, matched: bool, types: &'q [Type], next: u32, ids: Vec<u32> },
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
            Source::File(scan) => Batches::Scan { morsels: open_file(scan, environment)? },
            Source::State { state, types } => {
                let mut parts: Vec<Part<'q>> = match states.get(state.index()) {
                    Some(State::Rows(rows, order)) => vec![(rows, order.as_deref())],
                    Some(State::Rounds(fixpoint)) => {
                        fixpoint.rounds.iter().map(|round| (round, None)).collect()
                    }
                    _ => return Err(no_state()),
                };
                parts.reverse();
                Batches::Rows { parts, types, next: 0 }
            }
            Source::Round { state, types } => {
                let Some(State::Rounds(fixpoint)) = states.get(state.index()) else {
                    return Err(no_state());
                };
                let parts = fixpoint.rounds.last().map(|round| (round, None));
                Batches::Rows { parts: parts.into_iter().collect(), types, next: 0 }
            }
            Source::Built { state, matched, types } => {
                let Some(State::Table(table)) = states.get(state.index()) else {
                    return Err(no_state());
                };
                let (ids, matched) = (Vec::new(), *matched);
                Batches::Built { table, matched, types, next: 0, ids }
            }
            // A concatenation is taken apart before its inputs are opened.
            Source::Concat(_) => return Err(no_state()),
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
            Batches::Rows { parts, types, next } => Ok(next_rows(parts, types, next, batch)),
            Batches::Built { table, matched, types, next, ids } => {
                ids.clear();
                while (*next as usize) < table.rows.len && ids.len() < CAPACITY {
                    if table.is_noted(*next) == *matched {
                        ids.push(*next);
                    }
                    *next += 1;
                }
                batch.reset(types.len(), ids.len());
                for (out, column) in batch.columns.iter_mut().zip(&table.rows.columns) {
                    column.scatter_into((0..).zip(ids.iter().copied()), ids.len(), out);
                }
                Ok(!ids.is_empty())
            }
        }
    }
}

/// Fills the batch with the next rows of the last part, which goes when it has none.
fn next_rows(
    parts: &mut Vec<Part<'_>>,
    types: &[Type],
    next: &mut usize,
    batch: &mut Batch,
) -> bool {
    while let Some((rows, order)) = parts.last() {
        let total = order.map_or(rows.len, <[u32]>::len);
        let (start, count) = (*next, (total - *next).min(CAPACITY));
        if count == 0 {
            parts.pop();
            *next = 0;
            continue;
        }
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
        return true;
    }
    false
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

fn open_file(
    scan: &FileScan,
    environment: &mut Environment<'_, '_>,
) -> Result<Vec<Box<dyn Morsel>>, Fault> {
    let context = &*environment.context;
    let request = FileScanRequest { scan, files: context.files, progress: context.progress };
    let mut morsels = context.natives.scan_file(&request)?.split(1);
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
