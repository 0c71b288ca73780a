//! Rounding of DOUBLE, integers and DECIMAL to digits after (or, negative, before) the point.
//!
//! DOUBLE is rounded in decimal, from its shortest text, so that what is seen is what is rounded.

use super::{Outcome, exact_value};
use crate::arguments::{any, exact, integer_or};
use crate::number::{divide_rounded, double_to_decimal, power_of_ten};
use crate::registry::Bodies;
use grizzly_bytecode::Value;
use grizzly_vm::native::NativeContext;

pub(crate) const BODIES: Bodies = &[
    ("round", round),
    ("round_even", round_even),
    ("trunc", trunc),
    ("ceil", ceil),
    ("floor", floor),
];

/// How a quotient with a remainder becomes whole.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    HalfAway,
    HalfEven,
    Down,
    Up,
    ToZero,
}

/// `value / divisor` (positive) made whole.
fn divide(value: i128, divisor: i128, mode: Mode) -> i128 {
    let (floor, rest) = (value.div_euclid(divisor), value.rem_euclid(divisor));
    match mode {
        Mode::HalfAway => divide_rounded(value, divisor),
        Mode::Down => floor,
        Mode::Up => floor + i128::from(rest != 0),
        Mode::ToZero => value / divisor,
        Mode::HalfEven => {
            // A divisor is a power of ten up to 10^38, so doubling the rest cannot overflow.
            let twice = rest * 2;
            let odd = floor.rem_euclid(2);
            floor + if twice == divisor { odd } else { i128::from(twice > divisor) }
        }
    }
}

/// An exact value of `scale` digits rounded to `digits`, keeping its scale.
fn round_exact(value: i128, scale: i64, digits: i64, mode: Mode) -> Option<i128> {
    let dropped = scale.saturating_sub(digits);
    if dropped <= 0 {
        return Some(value);
    }
    match u32::try_from(dropped).ok().and_then(power_of_ten) {
        Some(unit) => divide(value, unit, mode).checked_mul(unit),
        // The unit is greater than any value.
        None => Some(0),
    }
}

/// A DOUBLE rounded to `digits` places of its decimal text.
fn round_double(value: f64, digits: i64, mode: Mode) -> f64 {
    // Above 2^52 every DOUBLE is whole, and 17 places hold all digits of a small one.
    let whole_already = value.abs() >= 4_503_599_627_370_496.0;
    if !value.is_finite() || digits > 17 || (digits >= 0 && whole_already) {
        return value;
    }
    let simple = match mode {
        Mode::HalfAway => f64::round,
        Mode::HalfEven => f64::round_ties_even,
        Mode::Down => f64::floor,
        Mode::Up => f64::ceil,
        Mode::ToZero => f64::trunc,
    };
    if digits == 0 {
        return simple(value);
    }
    let unscaled = double_to_decimal(value, 18);
    match unscaled.and_then(|unscaled| round_exact(unscaled, 18, digits, mode)) {
        Some(rounded) => crate::number::decimal_to_double(rounded, 18),
        // Too large for 128 bits at 18 places: the power of ten is exact enough there.
        None => {
            let unit = 10_f64.powi(i32::try_from(-digits).unwrap_or(i32::MAX));
            if unit.is_finite() { simple(value / unit) * unit } else { 0.0 }
        }
    }
}

fn rounded(
    context: &NativeContext<'_>,
    arguments: &[Value],
    default_digits: i64,
    mode: Mode,
) -> Outcome {
    let digits = integer_or(arguments, 1, default_digits)?;
    match any(arguments, 0)? {
        Value::Float(value) => Ok(Value::Float(round_double(*value, digits, mode))),
        value => {
            let from = context.argument_types.first().map_or(0, |ty| ty.scale());
            let result = round_exact(exact(value)?, i64::from(from), digits, mode);
            let to = context.result_type.scale();
            let result = result.and_then(|value| crate::number::rescale(value, from, to));
            exact_value(result, context.result_type)
        }
    }
}

fn round(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    rounded(context, arguments, 0, Mode::HalfAway)
}

fn round_even(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    rounded(context, arguments, 0, Mode::HalfEven)
}

fn trunc(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    rounded(context, arguments, 0, Mode::ToZero)
}

fn ceil(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    rounded(context, arguments, 0, Mode::Up)
}

fn floor(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    rounded(context, arguments, 0, Mode::Down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_as_they_are_read() {
        assert_eq!(round_double(2.5, 0, Mode::HalfAway), 3.0);
        assert_eq!(round_double(-2.71459, 2, Mode::HalfAway), -2.71);
        assert_eq!(round_double(1.005, 2, Mode::HalfAway), 1.01);
        assert_eq!(round_double(24.35, 1, Mode::HalfEven), 24.4);
        assert_eq!(round_double(1234.0, -2, Mode::HalfAway), 1200.0);
        assert_eq!(round_double(1e300, 2, Mode::HalfAway), 1e300);
        assert_eq!(round_double(1.5e30, -29, Mode::ToZero), 1.5e30);
    }

    #[test]
    fn exact_values_round_to_places_before_the_point() {
        assert_eq!(round_exact(1250, 0, -2, Mode::HalfAway), Some(1300));
        assert_eq!(round_exact(-125, 2, 0, Mode::Down), Some(-200));
        assert_eq!(round_exact(125, 2, 0, Mode::Up), Some(200));
        assert_eq!(round_exact(9, 0, -50, Mode::HalfAway), Some(0));
    }
}
