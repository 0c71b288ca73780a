//! A choice between two vectors by a condition, for all rows at once: branches that cannot raise
//! and cost little are cheaper computed for every row than selected.

use super::drive::{Element, room};
use crate::vector::{Operand, ValidityView, Vector, set_bit};
use grizzly_bytecode::VectorKind;

/// `out := a where c is TRUE, else b`, for vectors of a fixed-width kind.
pub fn choose(
    c: &Vector,
    pair: (&Vector, &Vector),
    out: &mut Vector,
    kind: VectorKind,
    len: usize,
) {
    match kind {
        VectorKind::Bool => values::<u8>(c, pair, out, len),
        VectorKind::I64 => values::<i64>(c, pair, out, len),
        VectorKind::F64 => values::<f64>(c, pair, out, len),
        // The verifier lets no other kinds through.
        other => unreachable!("a choice between vectors of kind {other:?}"),
    }
    let (a, b) = pair;
    if a.validity().is_all_valid() && b.validity().is_all_valid() {
        return;
    }
    let condition = u8::operand(c);
    let valid = c.validity();
    let bits = out.validity_mut().owned_bits(len);
    for row in 0..len {
        let taken = *condition.get(row) != 0 && valid.get(row);
        let from = if taken { a.validity() } else { b.validity() };
        set_bit(bits, row, from.get(row));
    }
}

fn values<T: Element>(c: &Vector, (a, b): (&Vector, &Vector), out: &mut Vector, len: usize) {
    let (x, y) = (T::operand(a), T::operand(b));
    let valid = c.validity();
    match (u8::operand(c), valid) {
        (Operand::Flat(condition), ValidityView::AllValid) => {
            let out = room::<T>(out, len);
            blend(out, &condition[..len], x, y);
        }
        (condition, valid) => {
            let out = room::<T>(out, len);
            for (row, out) in out.iter_mut().enumerate() {
                let taken = *condition.get(row) != 0 && valid.get(row);
                *out = if taken { *x.get(row) } else { *y.get(row) };
            }
        }
    }
}

/// One loop a form of the operands, so that each is vectorised.
fn blend<T: Element>(out: &mut [T], condition: &[u8], x: Operand<'_, T>, y: Operand<'_, T>) {
    let len = out.len();
    let each = out.iter_mut().zip(condition);
    match (x, y) {
        (Operand::Constant(x), Operand::Constant(y)) => {
            each.for_each(|(o, c)| *o = if *c != 0 { *x } else { *y });
        }
        (Operand::Flat(x), Operand::Constant(y)) => {
            each.zip(&x[..len]).for_each(|((o, c), x)| *o = if *c != 0 { *x } else { *y });
        }
        (Operand::Constant(x), Operand::Flat(y)) => {
            each.zip(&y[..len]).for_each(|((o, c), y)| *o = if *c != 0 { *x } else { *y });
        }
        (Operand::Flat(x), Operand::Flat(y)) => {
            let values = x[..len].iter().zip(&y[..len]);
            each.zip(values).for_each(|((o, c), (x, y))| *o = if *c != 0 { *x } else { *y });
        }
    }
}
