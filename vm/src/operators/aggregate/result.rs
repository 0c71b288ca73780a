//! From slots to the columns of a query: NULL over no rows, checks of ranges, the one division of
//! an average.

use super::extremes::validity_of;
use super::slots::Accumulator;
use crate::Fault;
use crate::batch::{CAPACITY, Rows};
use crate::budget::Reservation;
use crate::operators::rows::{Column, RowSet};
use crate::vector::Vector;
use grizzly_bytecode::query::{Aggregate, AggregateFunction};
use grizzly_bytecode::{Builtin, Type, VectorKind};

/// The column of an aggregate, from its slot and the count of its arguments.
///
/// # Errors
/// ArithmeticOverflow where a sum does not fit its type; ResourceExhausted.
pub(super) fn column(
    aggregate: &Aggregate,
    memory: &mut Reservation,
    value: &mut Accumulator,
    count: Option<&Accumulator>,
) -> Result<Column, Fault> {
    let counts = match count {
        Some(Accumulator::Count(counts)) => counts.as_slice(),
        _ => &[],
    };
    let validity = validity_of(counts.iter().map(|count| *count != 0));
    match (value, aggregate.function) {
        (Accumulator::Count(counts), _) => {
            Ok(Column::of_i64(counts.iter().map(|count| *count as i64).collect(), Vec::new()))
        }
        (Accumulator::SumExact(sums), AggregateFunction::Avg { scale }) => {
            let one = 10_f64.powi(i32::from(scale));
            let mean = |(sum, count): (&i128, &u64)| *sum as f64 / (*count as f64 * one);
            Ok(Column::of_f64(sums.iter().zip(counts).map(mean).collect(), validity))
        }
        (Accumulator::SumFloat(sums), AggregateFunction::Avg { .. }) => {
            let mean = |(sum, count): (&f64, &u64)| sum / *count as f64;
            Ok(Column::of_f64(sums.iter().zip(counts).map(mean).collect(), validity))
        }
        (Accumulator::SumExact(sums), _) => exact_sums(sums, validity, &aggregate.result),
        (Accumulator::SumFloat(sums), _) => Ok(Column::of_f64(sums.clone(), validity)),
        (Accumulator::Extreme(extreme), _) => extreme.column(memory),
        (Accumulator::Collect(arrays), _) => arrays.column(memory),
        (Accumulator::First(positions, rows), _) => {
            let rows = std::mem::replace(rows, RowSet::new(memory.budget()));
            firsts(positions, rows, aggregate.result.vector_kind(), memory)
        }
    }
}

fn exact_sums(sums: &[i128], validity: Vec<u8>, result: &Type) -> Result<Column, Fault> {
    let overflow =
        || Fault::new(Builtin::ArithmeticOverflow, format!("the sum does not fit {result}"));
    match result.vector_kind() {
        VectorKind::I64 => {
            let narrow = |sum: &i128| i64::try_from(*sum).map_err(|_| overflow());
            Ok(Column::of_i64(sums.iter().map(narrow).collect::<Result<_, _>>()?, validity))
        }
        VectorKind::F64 => {
            Ok(Column::of_f64(sums.iter().map(|sum| *sum as f64).collect(), validity))
        }
        _ => {
            let precision = match result {
                Type::Decimal { precision, .. } => u32::from(*precision),
                _ => 38,
            };
            let limit = 10_u128.pow(precision.min(38));
            if sums.iter().any(|sum| sum.unsigned_abs() >= limit) {
                return Err(overflow());
            }
            Ok(Column::of_i128(sums.to_vec(), validity))
        }
    }
}

/// The first arguments of the groups, chosen by position; NULL where a group has none.
fn firsts(
    positions: &[u32],
    rows: RowSet,
    kind: VectorKind,
    memory: &mut Reservation,
) -> Result<Column, Fault> {
    let rows = rows.freeze();
    let (mut column, mut vector) = (Column::new(kind), Vector::of_kind(kind));
    for (index, chunk) in positions.chunks(CAPACITY).enumerate() {
        match rows.columns.first() {
            Some(from) => {
                from.scatter_into((0..).zip(chunk.iter().copied()), chunk.len(), &mut vector);
            }
            None => vector.set_null(),
        }
        column.append(&vector, Rows::All(chunk.len()), index * CAPACITY, memory)?;
    }
    Ok(column)
}
