//! Three-valued logic, tests for NULL, and the selections that conditions make. These run over all
//! rows of the batch: a byte a row is cheaper than an index.

use super::drive::{Element, Span, binary, room, unary};
use crate::batch::Rows;
use crate::vector::{Operand, ValidityView, Vector};

type Pair<'a> = (&'a Vector, &'a Vector);

/// `out := a AND b`.
pub fn and(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) {
    if pair.0.validity().is_all_valid() && pair.1.validity().is_all_valid() {
        return binary(pair, out, span, |x: u8, y: u8| x & y);
    }
    three_valued(pair, out, span.len, 0);
}

/// `out := a OR b`.
pub fn or(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) {
    if pair.0.validity().is_all_valid() && pair.1.validity().is_all_valid() {
        return binary(pair, out, span, |x: u8, y: u8| x | y);
    }
    three_valued(pair, out, span.len, 1);
}

/// `out := NOT a`.
pub fn not(a: &Vector, out: &mut Vector, span: Span<'_>) {
    unary(a, out, span, |x: u8| x ^ 1);
}

/// AND and OR with NULLs: an operand that is valid and equals `decisive` decides, else any NULL
/// makes the result NULL, else it is the other value.
fn three_valued((a, b): Pair<'_>, out: &mut Vector, len: usize, decisive: u8) {
    let (x, y) = (u8::operand(a), u8::operand(b));
    let (x_valid, y_valid) = (a.validity(), b.validity());
    let values = room::<u8>(out, len);
    for (row, value) in values.iter_mut().enumerate() {
        let decides = (x_valid.get(row) && *x.get(row) == decisive)
            || (y_valid.get(row) && *y.get(row) == decisive);
        *value = if decides { decisive } else { decisive ^ 1 };
    }
    // The data says who decided; it is read again for the validity, eight rows at a time.
    let mut decided = [0_u8; crate::batch::CAPACITY / 8];
    for (row, value) in values.iter().enumerate() {
        decided[row / 8] |= u8::from(*value == decisive) << (row % 8);
    }
    let bits = out.validity_mut().owned_bits(len);
    for (index, bits) in bits.iter_mut().enumerate() {
        *bits = decided[index] | (x_valid.byte(index) & y_valid.byte(index));
    }
}

/// `out := (a IS NULL) = wanted`.
pub fn is_null(a: &Vector, wanted: bool, out: &mut Vector, span: Span<'_>) {
    match a.validity() {
        ValidityView::AllValid => out.set_bool_constant(u8::from(!wanted)),
        ValidityView::AllNull => out.set_bool_constant(u8::from(wanted)),
        ValidityView::Bits(bits) => {
            let out = room::<u8>(out, span.len);
            for (row, out) in out.iter_mut().enumerate() {
                *out = u8::from(bits.get(row) != wanted);
            }
        }
    }
}

/// Puts the selected rows where the condition is TRUE into `yes`, which is overwritten.
pub fn select(condition: &Vector, span: Span<'_>, yes: &mut Vec<u16>) {
    yes.clear();
    let values = match (u8::operand(condition), condition.validity()) {
        (_, ValidityView::AllNull) | (Operand::Constant(0), _) => return,
        (Operand::Constant(_), ValidityView::AllValid) => {
            return span.rows.each(|row| yes.push(row as u16));
        }
        (Operand::Flat(values), ValidityView::AllValid) => values,
        (values, validity) => {
            return push_where(span, yes, |row| *values.get(row) & u8::from(validity.get(row)));
        }
    };
    match span.rows {
        Rows::All(len) => select_dense(&values[..len], yes),
        Rows::Some(_) => push_where(span, yes, |row| values[row]),
    }
}

/// Pushes the rows for which `keep` is 1, without a branch on it.
#[inline]
fn push_where(span: Span<'_>, yes: &mut Vec<u16>, keep: impl Fn(usize) -> u8) {
    yes.resize(span.rows.count(), 0);
    let mut kept = 0;
    span.rows.each(|row| {
        yes[kept] = row as u16;
        kept += usize::from(keep(row));
    });
    yes.truncate(kept);
}

/// The indices of the ones in bytes of 0 and 1, eight at a time.
fn select_dense(values: &[u8], yes: &mut Vec<u16>) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    yes.resize(values.len() + 8, 0);
    let mut kept = 0;
    let (chunks, rest) = values.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let base = (index * 8) as u16;
        match u64::from_le_bytes(*chunk) {
            0 => {}
            ONES => {
                let target = &mut yes[kept..kept + 8];
                (0..8).zip(target).for_each(|(i, target)| *target = base + i);
                kept += 8;
            }
            _ => {
                // At most eight slots from `kept` on are touched: the list is that much longer.
                let target = &mut yes[kept..kept + 8];
                let mut at = 0;
                for (i, value) in (0..8).zip(chunk) {
                    target[at & 7] = base + i;
                    at += usize::from(*value);
                }
                kept += at;
            }
        }
    }
    for (row, value) in values.iter().enumerate().skip(values.len() - rest.len()) {
        yes[kept] = row as u16;
        kept += usize::from(*value);
    }
    yes.truncate(kept);
}

/// Parts the selected rows into those where the condition is TRUE and the others; both lists are
/// overwritten and ascend.
pub fn part(condition: &Vector, span: Span<'_>, yes: &mut Vec<u16>, no: &mut Vec<u16>) {
    match (u8::operand(condition), condition.validity(), span.rows) {
        (Operand::Flat(values), ValidityView::AllValid, Rows::All(len)) => {
            let rows = (0_u16..).zip(&values[..len]).map(|(row, value)| (row, *value));
            part_where(rows, len, yes, no);
        }
        (Operand::Flat(values), ValidityView::AllValid, Rows::Some(rows)) => {
            let count = rows.len();
            part_where(rows.iter().map(|&row| (row, values[usize::from(row)])), count, yes, no);
        }
        (values, validity, rows) => {
            let holds = |row: usize| *values.get(row) & u8::from(validity.get(row));
            let all = rows.iter().map(|row| (row as u16, holds(row)));
            part_where(all, rows.count(), yes, no);
        }
    }
}

/// Parts rows by a flag of 0 or 1, without a branch on it.
#[inline]
fn part_where(
    rows: impl Iterator<Item = (u16, u8)>,
    count: usize,
    yes: &mut Vec<u16>,
    no: &mut Vec<u16>,
) {
    yes.resize(count, 0);
    no.resize(count, 0);
    let (taken, left) = (&mut yes[..count], &mut no[..count]);
    let (mut kept, mut position) = (0, 0);
    for (row, flag) in rows {
        // Neither index passes `position`, which stays below the count.
        taken[kept] = row;
        left[position - kept] = row;
        kept += usize::from(flag);
        position += 1;
    }
    yes.truncate(kept);
    no.truncate(position - kept);
}
