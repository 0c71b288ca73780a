//! Untyped constants: exact decimals, until what they meet gives them a type.
//!
//! This is the only arithmetic that the compiler owns; everything typed is folded by the machine
//! through `Evaluate`. A [`Number`] is `mantissa × 10^exponent`; an operation that has no exact
//! result of this form gives `None`, and the caller falls back to typed arithmetic.

use grizzly_bytecode::{Type, Value};
use std::cmp::Ordering;

/// The most digits of a DECIMAL.
pub const MAX_PRECISION: u32 = 38;

/// An exact decimal number as it stood in the source, or the exact result of such numbers.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    mantissa: i128,
    exponent: i32,
    /// Whether a point or an exponent was written: alone it is a DOUBLE.
    pub point: bool,
}

impl Number {
    /// An integer.
    pub fn integer(value: i128) -> Number {
        Number { mantissa: value, exponent: 0, point: false }
    }

    /// The number of a literal: `1_000`, `0xff`, `.5`, `1e-3`. `None` where it has more digits than
    /// any type holds.
    pub fn parse(text: &str) -> Option<Number> {
        let digits: String = text.chars().filter(|c| *c != '_').collect();
        if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            return i128::from_str_radix(hex, 16).ok().map(Number::integer);
        }
        let split = digits.find(['e', 'E']);
        let (body, exponent) = match split {
            Some(at) => (digits.get(..at)?, digits.get(at + 1..)?.parse::<i32>().ok()?),
            None => (digits.as_str(), 0),
        };
        let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
        let fraction = fraction.trim_end_matches('0');
        let joined = format!("{whole}{fraction}");
        if joined.is_empty() || !joined.bytes().all(|b| b.is_ascii_digit()) {
            return if body.contains('.') && whole.is_empty() { None } else { joined_zero(body) };
        }
        let mantissa = joined.parse::<i128>().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let point = body.contains('.') || split.is_some();
        Some(Number { mantissa, exponent, point })
    }

    /// The opposite number.
    pub fn negated(self) -> Option<Number> {
        Some(Number { mantissa: self.mantissa.checked_neg()?, ..self })
    }

    /// Digits after the point that the number needs.
    pub fn scale(self) -> u32 {
        let number = self.reduced();
        if number.exponent < 0 { number.exponent.unsigned_abs() } else { 0 }
    }

    /// The number without zeros at the end of its fraction.
    fn reduced(self) -> Number {
        let mut number = self;
        while number.exponent < 0 && number.mantissa % 10 == 0 {
            number.mantissa /= 10;
            number.exponent += 1;
        }
        number
    }

    /// The mantissa at `scale` digits after the point, exactly.
    fn at_scale(self, scale: i32) -> Option<i128> {
        let shift = self.exponent.checked_add(scale)?;
        if shift >= 0 {
            return self.mantissa.checked_mul(power_of_ten(u32::try_from(shift).ok()?)?);
        }
        let divisor = power_of_ten(shift.unsigned_abs())?;
        (self.mantissa % divisor == 0).then(|| self.mantissa / divisor)
    }

    /// The number as an integer, where it is one and no point was written.
    pub fn as_integer(self) -> Option<i128> {
        if self.point { None } else { self.at_scale(0) }
    }

    /// The nearest DOUBLE.
    pub fn as_double(self) -> f64 {
        // The parser of the standard library rounds correctly, which arithmetic would not.
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The smallest DECIMAL that holds the number, as precision and scale.
    pub fn decimal_shape(self) -> Option<(u8, u8)> {
        let scale = self.scale();
        let unscaled = self.at_scale(i32::try_from(scale).ok()?)?;
        let precision = digits_of(unscaled).max(scale).max(1);
        (precision <= MAX_PRECISION).then_some((precision as u8, scale as u8))
    }

    /// The unscaled value in DECIMAL(precision, scale); `round` allows rounding half away from
    /// zero.
    pub fn as_decimal(self, precision: u8, scale: u8, round: bool) -> Option<i128> {
        let exact = self.at_scale(i32::from(scale));
        let unscaled = match exact {
            Some(value) => value,
            None if round => self.rounded(i32::from(scale))?,
            None => return None,
        };
        (digits_of(unscaled) <= u32::from(precision)).then_some(unscaled)
    }

    fn rounded(self, scale: i32) -> Option<i128> {
        let shift = self.exponent.checked_add(scale)?;
        if shift >= 0 {
            return None;
        }
        let Some(divisor) = power_of_ten(shift.unsigned_abs()) else { return Some(0) };
        let (quotient, rest) = (self.mantissa / divisor, self.mantissa % divisor);
        let away = rest.unsigned_abs() >= (divisor.unsigned_abs()).div_ceil(2);
        Some(if away { quotient + self.mantissa.signum() } else { quotient })
    }

    /// The type that the number has alone.
    pub fn own_type(self) -> Type {
        if self.point {
            return Type::Double;
        }
        match self.at_scale(0) {
            Some(value) if i64::try_from(value).is_ok() => Type::Int64,
            _ => match self.decimal_shape() {
                Some((precision, scale)) => Type::Decimal { precision, scale },
                None => Type::Double,
            },
        }
    }

    /// The number as a value of a number type, `None` where the type does not hold it. DECIMAL
    /// rounds only where `round` is set.
    pub fn value(self, ty: &Type, round: bool) -> Option<Value> {
        let integer = |least: i64, most: i64| {
            let value = i64::try_from(self.as_integer()?).ok()?;
            (least..=most).contains(&value).then_some(Value::Int(value))
        };
        match ty {
            Type::Int8 => integer(i64::from(i8::MIN), i64::from(i8::MAX)),
            Type::Int16 => integer(i64::from(i16::MIN), i64::from(i16::MAX)),
            Type::Int32 => integer(i64::from(i32::MIN), i64::from(i32::MAX)),
            Type::Int64 => integer(i64::MIN, i64::MAX),
            Type::Double => Some(Value::Float(self.as_double())),
            Type::Float32 => Some(Value::Float(f64::from(self.as_double() as f32))),
            Type::Decimal { precision, scale } => {
                let unscaled = self.as_decimal(*precision, *scale, round)?;
                Some(if *precision <= 18 {
                    Value::Int(i64::try_from(unscaled).ok()?)
                } else {
                    Value::Wide(unscaled)
                })
            }
            _ => None,
        }
    }

    /// The exact sum.
    pub fn plus(self, other: Number) -> Option<Number> {
        self.aligned(other, i128::checked_add)
    }

    /// The exact difference.
    pub fn minus(self, other: Number) -> Option<Number> {
        self.aligned(other, i128::checked_sub)
    }

    fn aligned(self, other: Number, op: fn(i128, i128) -> Option<i128>) -> Option<Number> {
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.at_scale(-exponent)?, other.at_scale(-exponent)?);
        Some(Number { mantissa: op(a, b)?, exponent, point: self.point || other.point })
    }

    /// The exact product.
    pub fn times(self, other: Number) -> Option<Number> {
        Some(Number {
            mantissa: self.mantissa.checked_mul(other.mantissa)?,
            exponent: self.exponent.checked_add(other.exponent)?,
            point: self.point || other.point,
        })
    }

    /// The quotient: of two integers it truncates; with a point it must be exact.
    pub fn divided(self, other: Number) -> Option<Number> {
        if other.mantissa == 0 {
            return None;
        }
        if let (Some(a), Some(b)) = (self.as_integer(), other.as_integer()) {
            return a.checked_div(b).map(Number::integer);
        }
        // Six further powers of ten find the quotients that people write; others are left to
        // DOUBLE.
        (0..=6).find_map(|extra| {
            let scaled = self.mantissa.checked_mul(power_of_ten(extra)?)?;
            let exponent = self.exponent - other.exponent - i32::try_from(extra).ok()?;
            let exact = scaled % other.mantissa == 0;
            exact.then(|| Number { mantissa: scaled / other.mantissa, exponent, point: true })
        })
    }

    /// The remainder with the sign of the dividend; of integers only.
    pub fn remainder(self, other: Number) -> Option<Number> {
        let (a, b) = (self.as_integer()?, other.as_integer()?);
        a.checked_rem(b).map(Number::integer)
    }

    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The order of two numbers.
    pub fn compare(self, other: Number) -> Ordering {
        let exponent = self.exponent.min(other.exponent);
        match (self.at_scale(-exponent), other.at_scale(-exponent)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.as_double().total_cmp(&other.as_double()),
        }
    }

    /// The number in plain decimal notation.
    pub fn show(self) -> String {
        let scale = self.scale();
        match i32::try_from(scale).ok().and_then(|scale| self.at_scale(scale)) {
            Some(unscaled) => show_decimal(unscaled, scale),
            None => format!("{}e{}", self.mantissa, self.exponent),
        }
    }
}

/// `.` and what has no digit at all is no number; `0` and `0.0` are zero.
fn joined_zero(body: &str) -> Option<Number> {
    let zero = body.bytes().all(|b| b == b'0' || b == b'.') && body.contains('0');
    zero.then_some(Number { mantissa: 0, exponent: 0, point: body.contains('.') })
}

/// An unscaled value with `scale` digits after the point.
pub fn show_decimal(unscaled: i128, scale: u32) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    format!("{sign}{whole}.{fraction}")
}

/// `10^n`, `None` above 38.
pub fn power_of_ten(n: u32) -> Option<i128> {
    if n > MAX_PRECISION { None } else { 10i128.checked_pow(n) }
}

fn digits_of(value: i128) -> u32 {
    value.unsigned_abs().checked_ilog10().map_or(0, |digits| digits + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| Number::integer(-999))
    }

    #[test]
    fn literals_are_exact() {
        for (text, shown) in [
            ("42", "42"),
            ("1_000", "1000"),
            ("0xff", "255"),
            (".5", "0.5"),
            ("1e-3", "0.001"),
            ("1.50", "1.5"),
            ("0", "0"),
            ("0.0", "0"),
            ("2e3", "2000"),
        ] {
            assert_eq!(number(text).show(), shown, "{text}");
        }
        assert!(number("0.0").point && !number("0").point);
    }

    #[test]
    fn sums_are_exact_and_quotients_follow_the_operands() {
        let sum = number("0.06").plus(number("0.01")).map(Number::show);
        assert_eq!(sum.as_deref(), Some("0.07"));
        assert_eq!(number("10").divided(number("4")).map(Number::show).as_deref(), Some("2"));
        assert_eq!(number("10.0").divided(number("4")).map(Number::show).as_deref(), Some("2.5"));
        assert!(number("1.0").divided(number("3")).is_none());
        assert!(number("1").divided(number("0")).is_none());
    }

    #[test]
    fn values_fit_their_types_or_not() {
        assert_eq!(number("300").value(&Type::Int8, false), None);
        assert_eq!(number("127").value(&Type::Int8, false), Some(Value::Int(127)));
        let decimal = Type::Decimal { precision: 4, scale: 2 };
        assert_eq!(number("1.255").value(&decimal, true), Some(Value::Int(126)));
        assert_eq!(number("1.255").value(&decimal, false), None);
        assert_eq!(number("100").value(&decimal, true), None);
        assert_eq!(number("0.055").decimal_shape(), Some((3, 3)));
        assert_eq!(
            number("9223372036854775808").own_type(),
            Type::Decimal { precision: 19, scale: 0 }
        );
    }
}
