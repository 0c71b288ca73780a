//! Arithmetic of 64-bit integers and DOUBLE, and the casts between them.

use super::drive::{Element, Failure, Span, find_failure, try_binary, try_unary};
use crate::vector::{Data, Vector};
use grizzly_bytecode::Builtin::{self, ArithmeticOverflow, DivisionByZero};

type Pair<'a> = (&'a Vector, &'a Vector);
type Outcome = Result<(), Failure>;

/// The flag of a condition: negative where it holds.
#[inline]
pub fn flag(condition: bool) -> i64 {
    -i64::from(condition)
}

/// The overflow as the reason of a failure.
#[inline]
pub fn overflow_if(condition: bool) -> Option<Builtin> {
    condition.then_some(ArithmeticOverflow)
}

/// `out := a + b`, checked.
pub fn add_i64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    // The sign says whether the sum of two numbers of one sign has the other sign.
    let add = |x: i64, y: i64| {
        let sum = x.wrapping_add(y);
        (sum, (x ^ sum) & (y ^ sum))
    };
    try_binary(pair, out, span, add, |x: i64, y: i64| overflow_if(x.checked_add(y).is_none()))
}

/// `out := a - b`, checked.
pub fn sub_i64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let sub = |x: i64, y: i64| {
        let difference = x.wrapping_sub(y);
        (difference, (x ^ y) & (x ^ difference))
    };
    try_binary(pair, out, span, sub, |x: i64, y: i64| overflow_if(x.checked_sub(y).is_none()))
}

/// `out := a * b`, checked.
pub fn mul_i64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let mul = |x: i64, y: i64| {
        let (product, overflow) = x.overflowing_mul(y);
        (product, flag(overflow))
    };
    try_binary(pair, out, span, mul, |x: i64, y: i64| overflow_if(x.checked_mul(y).is_none()))
}

fn division_fails(x: i64, y: i64) -> Option<Builtin> {
    if y == 0 {
        return Some(DivisionByZero);
    }
    overflow_if(x == i64::MIN && y == -1)
}

/// `out := a / b`, truncated.
pub fn div_i64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let div = |x: i64, y: i64| x.checked_div(y).map_or((0, -1), |quotient| (quotient, 0));
    try_binary(pair, out, span, div, division_fails)
}

/// `out := a % b`, with the sign of `a`.
pub fn rem_i64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    // The remainder by -1 is 0 also for the least integer.
    let rem = |x: i64, y: i64| if y == 0 { (0, -1) } else { (x.wrapping_rem(y), 0) };
    try_binary(pair, out, span, rem, |_: i64, y: i64| (y == 0).then_some(DivisionByZero))
}

/// The quotient rounded half away from zero; `None` for a division by zero or an overflow.
pub fn div_round(x: i64, y: i64) -> Option<i64> {
    let (quotient, rest) = (x.checked_div(y)?, x.wrapping_rem(y));
    // Twice the rest may not fit; its distance to the divisor does.
    let away = rest.unsigned_abs() >= y.unsigned_abs() - rest.unsigned_abs() && rest != 0;
    if !away {
        return Some(quotient);
    }
    quotient.checked_add(if (x < 0) == (y < 0) { 1 } else { -1 })
}

/// `out := a / b`, rounded half away from zero.
pub fn div_round_i64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let div = |x: i64, y: i64| div_round(x, y).map_or((0, -1), |quotient| (quotient, 0));
    try_binary(pair, out, span, div, division_fails)
}

/// `out := -a`, checked.
pub fn neg_i64(a: &Vector, out: &mut Vector, span: Span<'_>) -> Outcome {
    let neg = |x: i64| (x.wrapping_neg(), flag(x == i64::MIN));
    try_unary(a, out, span, neg, |x: i64| overflow_if(x == i64::MIN))
}

/// Fails unless every value fits `bits` bits, signed.
pub fn check_int(a: &Vector, bits: i16, span: Span<'_>) -> Outcome {
    let shift = 64 - u32::from(bits.clamp(1, 64).unsigned_abs());
    check(a, span, |x: i64| (x << shift) >> shift != x)
}

/// Fails unless every value is below 10^digits, of 64 or 128 bits.
pub fn check_decimal(a: &Vector, digits: i16, span: Span<'_>) -> Outcome {
    let Some(limit) = 10_u128.checked_pow(u32::from(digits.max(0).unsigned_abs())) else {
        return Ok(());
    };
    match (a.data(), u64::try_from(limit)) {
        (Data::I64(_), Ok(limit)) => check(a, span, |x: i64| x.unsigned_abs() >= limit),
        (Data::I64(_), Err(_)) => Ok(()),
        _ => check(a, span, |x: i128| x.unsigned_abs() >= limit),
    }
}

fn check<T: Element>(a: &Vector, span: Span<'_>, fails: impl Fn(T) -> bool) -> Outcome {
    use crate::vector::Operand;
    let operand = T::operand(a);
    let any = match (operand, span.padded().rows) {
        (Operand::Constant(x), _) => fails(*x),
        (Operand::Flat(x), crate::batch::Rows::All(len)) => {
            x[..len].iter().fold(false, |any, x| any | fails(*x))
        }
        (Operand::Flat(x), rows) => rows.iter().fold(false, |any, row| any | fails(x[row])),
    };
    if !any {
        return Ok(());
    }
    find_failure(a.validity(), span.rows, |row| overflow_if(fails(*operand.get(row))))
}

/// `out := a / b` of DOUBLE.
pub fn div_f64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let div = |x: f64, y: f64| (x / y, flag(y == 0.0));
    try_binary(pair, out, span, div, |_: f64, y: f64| (y == 0.0).then_some(DivisionByZero))
}

/// `out := a % b` of DOUBLE.
pub fn rem_f64(pair: Pair<'_>, out: &mut Vector, span: Span<'_>) -> Outcome {
    let rem = |x: f64, y: f64| (x % y, flag(y == 0.0));
    try_binary(pair, out, span, rem, |_: f64, y: f64| (y == 0.0).then_some(DivisionByZero))
}

/// `out := a` rounded to FLOAT32.
pub fn round_f32(a: &Vector, out: &mut Vector, span: Span<'_>) -> Outcome {
    let lost = |x: f64| x.is_finite() && !(x as f32).is_finite();
    let round = |x: f64| (f64::from(x as f32), flag(lost(x)));
    try_unary(a, out, span, round, |x| overflow_if(lost(x)))
}

/// `out := a` rounded half to even, checked.
pub fn f64_to_i64(a: &Vector, out: &mut Vector, span: Span<'_>) -> Outcome {
    // The bounds are powers of two, so exact; NaN is in no range.
    let range = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;
    let outside = |x: f64| !range.contains(&x);
    let convert = |x: f64| {
        let rounded = x.round_ties_even();
        (rounded as i64, flag(outside(rounded)))
    };
    try_unary(a, out, span, convert, |x: f64| overflow_if(outside(x.round_ties_even())))
}
