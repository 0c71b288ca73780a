//! Values as text: what a cast to TEXT, PRINT and the output formats write (cli.md, "Output").
//!
//! - DOUBLE is the shortest text that reads back the same, always with a point or an exponent.
//! - DECIMAL keeps its scale, dates are ISO 8601, BLOB is `\x` and hexadecimal digits.
//! - ARRAY, STRUCT and MAP are compact JSON, in which numbers and booleans stand bare and all other
//!   scalars are strings.
//! - NULL is `NULL`; callers that need another mark test for it before.

use grizzly_bytecode::{Interval, Type, Value, temporal};
use std::fmt::Write;

/// The text of a value of a type.
pub fn text_of(value: &Value, ty: &Type) -> String {
    let mut out = String::new();
    write_value(&mut out, value, ty);
    out
}

/// Appends the text of a value of a type.
pub fn write_value(out: &mut String, value: &Value, ty: &Type) {
    match (value, ty) {
        (Value::Null, _) => out.push_str("NULL"),
        (Value::Bool(value), _) => out.push_str(if *value { "true" } else { "false" }),
        (Value::Int(value), _) => write_slot(out, *value, ty),
        (Value::Float(value), _) => write_float(out, *value, ty),
        (Value::Wide(value), _) => write_wide(out, *value, ty),
        (Value::Text(text), _) => out.push_str(text),
        (Value::Bytes(bytes), _) => write_blob(out, bytes),
        (Value::Array(_) | Value::Struct(_) | Value::Map(_), _) => write_json(out, value, ty),
        (Value::Exception(exception), _) => {
            let _ = write!(out, "{}: {}", exception.ty.name, exception.message);
        }
        (Value::Closure(closure), _) => {
            let _ = write!(out, "{}", Type::Function(closure.ty.clone()));
        }
    }
}

/// Appends what lies in one integer slot.
fn write_slot(out: &mut String, value: i64, ty: &Type) {
    match ty {
        Type::Decimal { scale, .. } => write_decimal(out, i128::from(value), *scale),
        Type::Date => out.push_str(&temporal::format_date(value)),
        Type::Time => out.push_str(&temporal::format_time(value)),
        Type::Timestamp => out.push_str(&temporal::format_timestamp(value)),
        Type::TimestampTz => out.push_str(&temporal::format_timestamp_tz(value)),
        Type::Enum(shape) => match usize::try_from(value).ok().and_then(|i| shape.values.get(i)) {
            Some(name) => out.push_str(name),
            None => write_integer(out, value),
        },
        _ => write_integer(out, value),
    }
}

/// Appends an integer.
pub fn write_integer(out: &mut String, value: i64) {
    // Writing to a String never fails.
    let _ = write!(out, "{value}");
}

/// Appends what lies in two slots.
fn write_wide(out: &mut String, value: i128, ty: &Type) {
    match ty {
        Type::Uuid => write_uuid(out, value),
        Type::Interval => out.push_str(&temporal::format_interval(Interval::unpack(value))),
        _ => write_decimal(out, value, ty.scale()),
    }
}

/// Appends a DOUBLE, or a FLOAT32 with only as many digits as that needs.
pub fn write_float(out: &mut String, value: f64, ty: &Type) {
    let _ = if value.is_nan() {
        out.write_str("NaN")
    } else if value.is_infinite() {
        out.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if matches!(ty, Type::Float32) {
        // The register holds a FLOAT32 widened, so narrowing it is exact.
        write!(out, "{:?}", value as f32)
    } else {
        write!(out, "{value:?}")
    };
}

/// Appends an unscaled value with its point.
pub fn write_decimal(out: &mut String, unscaled: i128, scale: u8) {
    if scale == 0 {
        let _ = write!(out, "{unscaled}");
        return;
    }
    if unscaled < 0 {
        out.push('-');
    }
    let width = usize::from(scale) + 1;
    let digits = format!("{:0>width$}", unscaled.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    out.push_str(whole);
    out.push('.');
    out.push_str(fraction);
}

/// Appends `\x` and hexadecimal digits.
pub fn write_blob(out: &mut String, bytes: &[u8]) {
    out.reserve(2 + bytes.len() * 2);
    out.push_str("\\x");
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
}

/// Appends a UUID in groups of 8, 4, 4, 4 and 12 digits.
fn write_uuid(out: &mut String, bits: i128) {
    let digits = format!("{:032x}", bits as u128);
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(digit);
    }
}

/// Appends a value as compact JSON.
pub fn write_json(out: &mut String, value: &Value, ty: &Type) {
    match (value, ty) {
        (Value::Null, _) => out.push_str("null"),
        (Value::Array(items), Type::Array(element)) => {
            write_list(out, ['[', ']'], items.iter(), |out, item| write_json(out, item, element));
        }
        (Value::Struct(value), _) => {
            let fields = value.ty.fields.iter().zip(&value.fields);
            write_list(out, ['{', '}'], fields, |out, (field, value)| {
                write_json_string(out, &field.name);
                out.push(':');
                write_json(out, value, &field.ty);
            });
        }
        (Value::Map(entries), Type::Map(pair)) => {
            write_list(out, ['{', '}'], entries.iter(), |out, (key, value)| {
                write_json_string(out, &text_of(key, &pair.0));
                out.push(':');
                write_json(out, value, &pair.1);
            });
        }
        (Value::Text(json), Type::Json) => out.push_str(json),
        (Value::Float(number), _) if !number.is_finite() => {
            write_json_string(out, &text_of(value, ty));
        }
        _ if ty.is_number() || matches!(ty, Type::Bool) => write_value(out, value, ty),
        _ => write_json_string(out, &text_of(value, ty)),
    }
}

fn write_list<T>(
    out: &mut String,
    brackets: [char; 2],
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push(brackets[0]);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(brackets[1]);
}

/// Appends a text as a JSON string.
pub fn write_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn decimal(precision: u8, scale: u8) -> Type {
        Type::Decimal { precision, scale }
    }

    #[test]
    fn doubles_are_shortest_with_a_point_or_an_exponent() {
        let double = |value| text_of(&Value::Float(value), &Type::Double);
        assert_eq!(double(1.0), "1.0");
        assert_eq!(double(0.1), "0.1");
        assert_eq!(double(1e21), "1e21");
        assert_eq!(double(-0.0), "-0.0");
        assert_eq!(double(1e-7), "1e-7");
        assert_eq!(double(f64::NAN), "NaN");
        let single = Value::Float(f64::from(0.1_f32));
        assert_eq!(text_of(&single, &Type::Float32), "0.1");
    }

    #[test]
    fn decimals_keep_their_scale() {
        assert_eq!(text_of(&Value::Int(-5), &decimal(5, 2)), "-0.05");
        assert_eq!(text_of(&Value::Int(12_345), &decimal(5, 2)), "123.45");
        assert_eq!(
            text_of(&Value::Wide(10_i128.pow(20)), &decimal(38, 1)),
            "10000000000000000000.0"
        );
        assert_eq!(text_of(&Value::Int(7), &decimal(5, 0)), "7");
    }

    #[test]
    fn composites_are_compact_json() {
        let array = Value::Array(Arc::new(vec![Value::text("a\"b"), Value::Null]));
        assert_eq!(text_of(&array, &Type::Array(Arc::new(Type::Text))), "[\"a\\\"b\",null]");
        let days = Value::Array(Arc::new(vec![Value::Int(0)]));
        assert_eq!(text_of(&days, &Type::Array(Arc::new(Type::Date))), "[\"1970-01-01\"]");
        let blob = Value::Bytes(Arc::from(*b"hi"));
        assert_eq!(text_of(&blob, &Type::Blob), "\\x6869");
    }
}
