//! Decimal arithmetic on unscaled 128-bit integers, shared by casts and rounding.
//!
//! A DECIMAL(p,s) is an integer of at most p ≤ 38 digits with an implied point; 10^38 and every
//! product of a rescale by up to 38 places is checked.

use grizzly_bytecode::Value;

/// 10 to the power of `exponent`; `None` above 38.
pub fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// `value` divided by `divisor` (positive), rounded half away from zero.
pub fn divide_rounded(value: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (value / divisor, value % divisor);
    // `|remainder| < divisor ≤ 10^38`, so doubling it cannot overflow.
    if remainder.abs() * 2 >= divisor { quotient + value.signum() } else { quotient }
}

/// An unscaled value moved from one scale to another, rounding half away from zero; `None` where it
/// leaves 128 bits.
pub fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        if value == 0 {
            return Some(0);
        }
        value.checked_mul(power_of_ten(u32::from(to - from))?)
    } else {
        // A scale is at most 38, so the power exists.
        Some(divide_rounded(value, power_of_ten(u32::from(from - to))?))
    }
}

/// Whether an unscaled value has at most `precision` digits.
pub fn fits_precision(value: i128, precision: u8) -> bool {
    power_of_ten(u32::from(precision)).is_none_or(|limit| value.abs() < limit)
}

/// An unscaled DECIMAL as its register class holds it: one slot up to 18 digits, else two.
pub fn decimal_value(unscaled: i128, precision: u8) -> Value {
    if precision <= 18 {
        // At most 18 digits fit 64 bits; callers have checked the precision.
        Value::Int(unscaled as i64)
    } else {
        Value::Wide(unscaled)
    }
}

/// An unscaled value as DOUBLE, correctly rounded: through its decimal text, as a division by a
/// power of ten would round twice.
pub fn decimal_to_double(unscaled: i128, scale: u8) -> f64 {
    const EXACT: i128 = 1 << 53;
    if scale == 0 {
        return unscaled as f64;
    }
    if unscaled.abs() <= EXACT && scale <= 22 {
        // Both sides are exact doubles, so IEEE division rounds once.
        return unscaled as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{unscaled}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// A finite DOUBLE as an unscaled decimal of the given scale, from its shortest decimal text and
/// rounding half away from zero, so that `0.285::DECIMAL(5,2)` is 0.29 as it is read. `None` for
/// NaN, infinities and what leaves 128 bits.
pub fn double_to_decimal(value: f64, scale: u8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    parse_decimal(&format!("{value:e}"), scale)
}

/// A decimal text (`[+-]digits[.digits][e[+-]digits]`, underscores not allowed) as an unscaled
/// value of the given scale, rounding half away from zero. `None` where it is malformed or too
/// large.
pub fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unscaled = accumulate(whole, fraction, i64::from(exponent) + i64::from(scale))?;
    Some(if negative { -unscaled } else { unscaled })
}

/// The digits `whole.fraction` times 10^shift, rounded half up to an integer.
fn accumulate(whole: &str, fraction: &str, shift: i64) -> Option<i128> {
    let kept = i64::try_from(whole.len()).ok()?.checked_add(shift)?;
    let digits = whole.bytes().chain(fraction.bytes()).map(|byte| i128::from(byte - b'0'));
    let mut value: i128 = 0;
    let mut seen: i64 = 0;
    for digit in digits {
        if seen == kept {
            return if digit >= 5 { value.checked_add(1) } else { Some(value) };
        }
        if seen > kept {
            return Some(value);
        }
        value = value.checked_mul(10)?.checked_add(digit)?;
        seen += 1;
    }
    while seen < kept && value != 0 {
        value = value.checked_mul(10)?;
        seen += 1;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_round_half_away_from_zero() {
        assert_eq!(parse_decimal("2.345", 2), Some(235));
        assert_eq!(parse_decimal("-2.345", 2), Some(-235));
        assert_eq!(parse_decimal("2.3449", 2), Some(234));
        assert_eq!(parse_decimal(".5", 0), Some(1));
        assert_eq!(parse_decimal("0.05", 0), Some(0));
        assert_eq!(parse_decimal("1e3", 2), Some(100_000));
        assert_eq!(parse_decimal("15e-1", 0), Some(2));
        assert_eq!(parse_decimal("1e40", 0), None);
        assert_eq!(parse_decimal("1.2.3", 0), None);
        assert_eq!(parse_decimal(".", 0), None);
        assert_eq!(double_to_decimal(0.285, 2), Some(29));
        assert_eq!(rescale(-25, 1, 0), Some(-3));
        assert_eq!(rescale(25, 1, 3), Some(2500));
    }

    #[test]
    fn doubles_of_decimals_are_correctly_rounded() {
        assert_eq!(decimal_to_double(1, 1), 0.1);
        assert_eq!(decimal_to_double(123_456_789_012_345_678, 17), 1.234_567_890_123_456_7);
    }
}
