//! How numbers and dates convert, as steps that scalar and vector code both know.

use crate::hir::ConvertMode;
use grizzly_bytecode::{Repr, Type};

/// One step of a conversion between values in slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// 64 bits to 128.
    Widen,
    /// 128 bits to 64, checked.
    Narrow,
    /// Times a power of ten: digits.
    Multiply(u8),
    /// Times a number.
    MultiplyInt(i64),
    /// Divided by a power of ten, rounded half away from zero: digits.
    DivideRound(u8),
    /// A DOUBLE divided by a power of ten: digits.
    DivideDouble(u8),
    /// 64-bit integer to DOUBLE.
    IntToDouble,
    /// 128-bit integer to DOUBLE.
    WideToDouble,
    /// DOUBLE to 64-bit integer, rounded, checked.
    DoubleToInt,
    /// DOUBLE to FLOAT32, checked.
    RoundToFloat32,
    /// Raises unless the value fits so many bits.
    CheckInt(i16),
    /// Raises unless the value has at most so many digits.
    CheckDecimal(i16),
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The steps from one type to another; `None` where a native function converts. No steps: the value
/// stays as it is.
pub fn conversion(from: &Type, to: &Type, mode: ConvertMode) -> Option<Vec<Conversion>> {
    use Conversion as C;
    if from == to {
        return Some(Vec::new());
    }
    if mode == ConvertMode::Try {
        return None;
    }
    Some(match (from, to) {
        (Type::Null, _) => Vec::new(),
        (Type::Float32, Type::Double) => Vec::new(),
        (Type::Double, Type::Float32) => vec![C::RoundToFloat32],
        (Type::Date, Type::Timestamp | Type::TimestampTz) => vec![C::MultiplyInt(MICROS_PER_DAY)],
        (Type::Timestamp, Type::TimestampTz) | (Type::TimestampTz, Type::Timestamp) => Vec::new(),
        (f, t) if f.is_integer() && t.is_integer() => {
            if bits(t) < bits(f) {
                vec![C::CheckInt(bits(t))]
            } else {
                Vec::new()
            }
        }
        (f, Type::Double) if f.is_integer() => vec![C::IntToDouble],
        (f, Type::Float32) if f.is_integer() => vec![C::IntToDouble, C::RoundToFloat32],
        (f, t) if f.is_float() && t.is_integer() => {
            let mut steps = vec![C::DoubleToInt];
            if bits(t) < 64 {
                steps.push(C::CheckInt(bits(t)));
            }
            steps
        }
        (Type::Decimal { scale, .. }, t) if t.is_float() => decimal_to_float(from, *scale, t),
        (f, Type::Decimal { precision, scale }) if f.is_integer() => {
            rescale(from, 19, 0, *precision, *scale)
        }
        (Type::Decimal { precision: p, scale: s }, Type::Decimal { precision, scale }) => {
            rescale(from, *p, *s, *precision, *scale)
        }
        (Type::Decimal { scale, .. }, t) if t.is_integer() => {
            let mut steps = Vec::new();
            if *scale > 0 {
                steps.push(C::DivideRound(*scale));
            }
            if from.repr() == Repr::Wide {
                steps.push(C::Narrow);
            }
            if bits(t) < 64 {
                steps.push(C::CheckInt(bits(t)));
            }
            steps
        }
        _ => return None,
    })
}

fn decimal_to_float(from: &Type, scale: u8, to: &Type) -> Vec<Conversion> {
    use Conversion as C;
    let wide = from.repr() == Repr::Wide;
    let mut steps = vec![if wide { C::WideToDouble } else { C::IntToDouble }];
    if scale > 0 {
        steps.push(C::DivideDouble(scale));
    }
    if *to == Type::Float32 {
        steps.push(C::RoundToFloat32);
    }
    steps
}

/// Between decimals (an integer is one of scale 0): widen first, narrow last, so that nothing in
/// between overflows where the result fits.
fn rescale(from: &Type, p: u8, s: u8, precision: u8, scale: u8) -> Vec<Conversion> {
    use Conversion as C;
    let mut steps = Vec::new();
    let grows = scale.saturating_sub(s);
    let wide_in = from.repr() == Repr::Wide;
    let wide_out = precision > 18;
    // Up to 18 digits fit 64 bits: 19 and more after the multiplication do not.
    let wide_between = wide_in || wide_out || p + grows > 18;
    if wide_between && !wide_in && (grows > 0 || wide_out) {
        steps.push(C::Widen);
    }
    if grows > 0 {
        steps.push(C::Multiply(grows));
    } else if s > scale {
        steps.push(C::DivideRound(s - scale));
    }
    if i16::from(p) - i16::from(s) > i16::from(precision) - i16::from(scale) || s > scale {
        steps.push(C::CheckDecimal(i16::from(precision)));
    }
    let is_wide_now = wide_in || steps.contains(&C::Widen);
    if is_wide_now && !wide_out {
        steps.push(C::Narrow);
    }
    steps
}

fn bits(ty: &Type) -> i16 {
    match ty {
        Type::Int8 => 8,
        Type::Int16 => 16,
        Type::Int32 => 32,
        _ => 64,
    }
}
