//! Sums. Exact ones are kept in 128 bits; a batch is first summed in 64 bits where the magnitudes
//! of its values prove that this cannot overflow.

use super::{FEW_GROUPS, Target};
use crate::Fault;
use crate::batch::{CAPACITY, Rows};
use crate::vector::{Data, Operand, Vector};
use grizzly_bytecode::Builtin;

/// A batch of values of at most this many bits sums up inside 64 bits.
const SAFE_BITS: u32 = 62 - CAPACITY.ilog2();

fn overflow() -> Fault {
    Fault::new(Builtin::ArithmeticOverflow, "the sum does not fit 128 bits")
}

fn add(total: &mut i128, value: i128) -> Result<(), Fault> {
    *total = total.checked_add(value).ok_or_else(overflow)?;
    Ok(())
}

/// Whether values whose bits, signs folded away, have been gathered by OR are small enough.
fn is_safe(gathered: i64) -> bool {
    gathered.unsigned_abs() >> SAFE_BITS == 0
}

/// The bits of a value's magnitude, about: those of `x` or of `-x - 1`.
#[inline]
fn magnitude(x: i64) -> i64 {
    x ^ (x >> 63)
}

/// Adds the rows' integers or decimals to their groups' totals. No row is NULL.
pub(super) fn add_exact(
    totals: &mut [i128],
    argument: &Vector,
    rows: Rows<'_>,
    target: Target<'_>,
    len: usize,
) -> Result<(), Fault> {
    match (argument.data(), target) {
        (Data::I64(values), Target::One) => add(&mut totals[0], sum_of(values.operand(), rows)),
        (Data::I64(values), Target::Ids(ids, groups)) => {
            if groups <= FEW_GROUPS && add_few(totals, values.operand(), rows, (ids, groups), len)?
            {
                return Ok(());
            }
            let values = values.operand();
            rows.iter().try_for_each(|row| {
                add(&mut totals[ids[row] as usize], i128::from(*values.get(row)))
            })
        }
        (Data::I128(values), target) => {
            let values = values.operand();
            rows.iter().try_for_each(|row| add(&mut totals[target.of(row)], *values.get(row)))
        }
        // The planner sums numbers.
        (other, _) => unreachable!("{other:?} has no exact sum"),
    }
}

fn sum_of(values: Operand<'_, i64>, rows: Rows<'_>) -> i128 {
    let (mut sum, mut gathered) = (0_i64, 0_i64);
    match (values, rows) {
        (Operand::Constant(value), rows) => return i128::from(*value) * rows.count() as i128,
        (Operand::Flat(values), Rows::All(len)) => {
            for &value in &values[..len] {
                sum = sum.wrapping_add(value);
                gathered |= magnitude(value);
            }
        }
        (Operand::Flat(values), Rows::Some(rows)) => {
            for &row in rows {
                let value = values[usize::from(row)];
                sum = sum.wrapping_add(value);
                gathered |= magnitude(value);
            }
        }
    }
    if is_safe(gathered) {
        return i128::from(sum);
    }
    rows.iter().map(|row| i128::from(*values.get(row))).sum()
}

/// Sums into 64-bit partial sums of few groups; says whether that was safe.
fn add_few(
    totals: &mut [i128],
    values: Operand<'_, i64>,
    rows: Rows<'_>,
    (ids, groups): (&[u32], usize),
    len: usize,
) -> Result<bool, Fault> {
    let mut gathered = 0;
    match values {
        Operand::Constant(value) => gathered = magnitude(*value),
        // Over all rows, selected or not, the loop is vectorised.
        Operand::Flat(values) => values[..len].iter().for_each(|v| gathered |= magnitude(*v)),
    }
    if !is_safe(gathered) {
        return Ok(false);
    }
    let mut partial = [0_i64; FEW_GROUPS];
    let mut one = |row: usize, value: i64| {
        // Ids are below the number of groups, which is at most that of the partial sums.
        partial[ids[row] as usize % FEW_GROUPS] += value;
    };
    match (values, rows) {
        (Operand::Flat(values), Rows::All(len)) => {
            values[..len].iter().enumerate().for_each(|(row, value)| one(row, *value));
        }
        (values, rows) => rows.each(|row| one(row, *values.get(row))),
    }
    for (total, partial) in totals.iter_mut().zip(&partial[..groups]) {
        add(total, i128::from(*partial))?;
    }
    Ok(true)
}

/// Adds the rows' DOUBLE values to their groups' totals, in order. No row is NULL.
pub(super) fn add_floats(
    totals: &mut [f64],
    argument: &Vector,
    rows: Rows<'_>,
    target: Target<'_>,
) {
    let Data::F64(values) = argument.data() else {
        // The slot was made for this kind.
        unreachable!("expected DOUBLE, got {:?}", argument.kind());
    };
    let values = values.operand();
    match (target, values, rows) {
        (Target::One, Operand::Flat(values), Rows::All(len)) => {
            totals[0] = values[..len].iter().fold(totals[0], |total, value| total + value);
        }
        (Target::One, values, rows) => {
            let mut total = totals[0];
            rows.each(|row| total += *values.get(row));
            totals[0] = total;
        }
        (target, values, rows) => rows.each(|row| totals[target.of(row)] += *values.get(row)),
    }
}
