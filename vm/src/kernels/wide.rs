//! Arithmetic and casts of 128-bit integers (DECIMAL above 18 digits). An operand may be held in 64
//! bits; while both are, the result is computed and held in 64 bits too, and only a batch in which
//! that overflows is computed again in 128.

use super::arithmetic::{add_i64, div_round_i64, mul_i64, rem_i64, sub_i64};
use super::arithmetic::{div_round, flag, neg_i64, overflow_if};
use super::drive::{Element, Failure, Span, try_binary, try_unary, unary};
use crate::vector::{Data, Vector};
use grizzly_bytecode::Builtin::{self, ArithmeticOverflow, DivisionByZero};

type Pair<'a> = (&'a Vector, &'a Vector);
type Outcome = Result<(), Failure>;
type Narrow = fn(Pair<'_>, &mut Vector, Span<'_>) -> Outcome;

fn is_narrow(vector: &Vector) -> bool {
    matches!(vector.data(), Data::I64(_))
}

/// Runs the 64-bit kernel if both operands are narrow and nothing overflows, else the 128-bit one.
fn wide_binary(
    pair: Pair<'_>,
    out: &mut Vector,
    span: Span<'_>,
    narrow: Narrow,
    f: impl Fn(i128, i128) -> (i128, i64),
    why: impl Fn(i128, i128) -> Option<Builtin>,
) -> Outcome {
    match (is_narrow(pair.0), is_narrow(pair.1)) {
        (true, true) => match narrow(pair, out, span) {
            Err(Failure { kind: ArithmeticOverflow, .. }) => {
                mixed::<i64, i64>(pair, out, span, f, why)
            }
            outcome => outcome,
        },
        (true, false) => mixed::<i64, i128>(pair, out, span, f, why),
        (false, true) => mixed::<i128, i64>(pair, out, span, f, why),
        (false, false) => mixed::<i128, i128>(pair, out, span, f, why),
    }
}

fn mixed<A: Element + Into<i128>, B: Element + Into<i128>>(
    pair: Pair<'_>,
    out: &mut Vector,
    span: Span<'_>,
    f: impl Fn(i128, i128) -> (i128, i64),
    why: impl Fn(i128, i128) -> Option<Builtin>,
) -> Outcome {
    let (f, why) = (|x: A, y: B| f(x.into(), y.into()), |x: A, y: B| why(x.into(), y.into()));
    try_binary(pair, out, span, f, why)
}

/// `out := a + b`, checked.
pub fn add_wide(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let add = |x: i128, y: i128| {
        let (sum, overflow) = x.overflowing_add(y);
        (sum, flag(overflow))
    };
    wide_binary(pair, out, span, add_i64, add, |x, y| overflow_if(x.checked_add(y).is_none()))
}

/// `out := a - b`, checked.
pub fn sub_wide(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let sub = |x: i128, y: i128| {
        let (difference, overflow) = x.overflowing_sub(y);
        (difference, flag(overflow))
    };
    wide_binary(pair, out, span, sub_i64, sub, |x, y| overflow_if(x.checked_sub(y).is_none()))
}

/// `out := a * b`, checked.
pub fn mul_wide(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let mul = |x: i128, y: i128| {
        // The product of two 64-bit values always fits; the general one costs a call.
        if let (Ok(x), Ok(y)) = (i64::try_from(x), i64::try_from(y)) {
            return (i128::from(x) * i128::from(y), 0);
        }
        let (product, overflow) = x.overflowing_mul(y);
        (product, flag(overflow))
    };
    wide_binary(pair, out, span, mul_i64, mul, |x, y| overflow_if(x.checked_mul(y).is_none()))
}

/// `out := a % b`, with the sign of `a`.
pub fn rem_wide(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let rem = |x: i128, y: i128| if y == 0 { (0, -1) } else { (x.wrapping_rem(y), 0) };
    wide_binary(pair, out, span, rem_i64, rem, |_, y| (y == 0).then_some(DivisionByZero))
}

/// The quotient rounded half away from zero; `None` for a division by zero or an overflow.
pub fn div_round_128(x: i128, y: i128) -> Option<i128> {
    if let (Ok(x), Ok(y)) = (i64::try_from(x), i64::try_from(y))
        && let Some(quotient) = div_round(x, y)
    {
        return Some(i128::from(quotient));
    }
    let (quotient, rest) = (x.checked_div(y)?, x.wrapping_rem(y));
    let away = rest.unsigned_abs() >= y.unsigned_abs() - rest.unsigned_abs() && rest != 0;
    if !away {
        return Some(quotient);
    }
    quotient.checked_add(if (x < 0) == (y < 0) { 1 } else { -1 })
}

/// `out := a / b`, rounded half away from zero.
pub fn div_round_wide(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let div = |x: i128, y: i128| div_round_128(x, y).map_or((0, -1), |quotient| (quotient, 0));
    let why = |x: i128, y: i128| {
        if y == 0 { Some(DivisionByZero) } else { overflow_if(div_round_128(x, y).is_none()) }
    };
    wide_binary(pair, out, span, div_round_i64, div, why)
}

/// `out := -a`, checked.
pub fn neg_wide(a: &Vector, out: &mut Vector, span: Span<'_>) -> Outcome {
    if is_narrow(a) {
        if neg_i64(a, out, span).is_ok() {
            return Ok(());
        }
        unary(a, out, span, |x: i64| -i128::from(x));
        return Ok(());
    }
    let neg = |x: i128| (x.wrapping_neg(), flag(x == i128::MIN));
    try_unary(a, out, span, neg, |x: i128| overflow_if(x == i128::MIN))
}

/// `out := a` as 64 bits, checked.
pub fn narrow_wide(a: &Vector, out: &mut Vector, span: Span<'_>) -> Outcome {
    if is_narrow(a) {
        out.clone_from_vector(a, span.len);
        return Ok(());
    }
    let narrow = |x: i128| (x as i64, flag(x as i64 as i128 != x));
    try_unary(a, out, span, narrow, |x: i128| overflow_if(i64::try_from(x).is_err()))
}

/// `out := a` as DOUBLE.
pub fn wide_to_f64(a: &Vector, out: &mut Vector, span: Span<'_>) {
    if is_narrow(a) {
        unary(a, out, span, |x: i64| x as f64);
    } else {
        unary(a, out, span, |x: i128| x as f64);
    }
}
