//! TEXT read as a value of another type. Blanks around the text do not count.

use super::Outcome;
use super::numbers::narrow;
use crate::arguments::{cast_error, overflow};
use crate::math::exact_value;
use crate::misc::hex_bytes;
use crate::number::parse_decimal;
use grizzly_bytecode::temporal::{self, TemporalError};
use grizzly_bytecode::{EnumType, Fault, Interval, Type, Value};
use std::sync::Arc;

/// The value of a text in a type.
pub(super) fn parse(text: &str, to: &Type) -> Outcome {
    let trimmed = text.trim();
    match to {
        Type::Bool => parse_bool(trimmed).map(Value::Bool).ok_or_else(|| unreadable(text, to)),
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 => parse_integer(trimmed, to),
        Type::Double => parse_double(trimmed, to).map(Value::Float),
        Type::Float32 => narrow(parse_double(trimmed, to)?, &Type::Double),
        Type::Decimal { scale, .. } => parse_exact(trimmed, *scale, to),
        Type::Date => parsed(temporal::parse_date(trimmed), text, to),
        Type::Time => parsed(temporal::parse_time(trimmed), text, to),
        Type::Timestamp => parsed(temporal::parse_timestamp(trimmed), text, to),
        Type::TimestampTz => parsed(temporal::parse_timestamp_tz(trimmed), text, to),
        Type::Interval => match temporal::parse_interval(trimmed) {
            Ok(interval) => Ok(Value::Wide(Interval::pack(interval))),
            Err(reason) => Err(temporal_fault(text, to, reason)),
        },
        Type::Uuid => parse_uuid(trimmed).map(Value::Wide).ok_or_else(|| unreadable(text, to)),
        Type::Blob => Ok(Value::Bytes(Arc::from(parse_blob(text)))),
        Type::Enum(shape) => parse_enum(text, shape),
        _ => Err(super::no_conversion(&Type::Text, to)),
    }
}

/// The fault of a text that is no value of the type.
fn unreadable(text: &str, to: &Type) -> Fault {
    cast_error(format!("`{}` is not {}", shortened(text), article(to)))
}

/// At most so many characters of a value stand in a message.
const SHOWN_CHARACTERS: usize = 60;

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARACTERS {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARACTERS).chain(['…']).collect()
}

/// The type's name with its article.
fn article(ty: &Type) -> String {
    let name = ty.to_string();
    let vowel = name.starts_with(['A', 'E', 'I', 'O']);
    if vowel { format!("an {name}") } else { format!("a {name}") }
}

fn temporal_fault(text: &str, to: &Type, reason: TemporalError) -> Fault {
    cast_error(format!("`{}` is not {}: {reason}", shortened(text), article(to)))
}

fn parsed(result: Result<i64, TemporalError>, text: &str, to: &Type) -> Outcome {
    result.map(Value::Int).map_err(|reason| temporal_fault(text, to, reason))
}

/// The words that PostgreSQL takes.
fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn parse_integer(text: &str, to: &Type) -> Outcome {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable(text, to));
    }
    exact_value(text.parse::<i128>().ok(), to)
        .map_err(|_| overflow(format!("{} is out of range for {to}", shortened(text))))
}

fn parse_double(text: &str, to: &Type) -> Result<f64, Fault> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let word = matches!(unsigned.to_ascii_lowercase().as_str(), "nan" | "inf" | "infinity");
    let number: f64 = text.parse().map_err(|_| unreadable(text, to))?;
    if number.is_infinite() && !word {
        return Err(overflow(format!("{} is out of range for {to}", shortened(text))));
    }
    Ok(number)
}

fn parse_exact(text: &str, scale: u8, to: &Type) -> Outcome {
    let is_number = parse_double(text, to).is_ok_and(f64::is_finite);
    let unscaled = match parse_decimal(text, scale) {
        None if !is_number => return Err(unreadable(text, to)),
        unscaled => unscaled,
    };
    exact_value(unscaled, to)
        .map_err(|_| overflow(format!("{} is out of range for {to}", shortened(text))))
}

/// 32 hexadecimal digits; hyphens stand between groups of four and may be left out, as may braces.
fn parse_uuid(text: &str) -> Option<i128> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let mut bits: u128 = 0;
    let mut digits = 0;
    for character in inner.chars() {
        if character == '-' && digits % 4 == 0 && (4..=28).contains(&digits) {
            continue;
        }
        bits = (bits << 4) | u128::from(character.to_digit(16)?);
        digits += 1;
        if digits > 32 {
            return None;
        }
    }
    (digits == 32 && !inner.ends_with('-')).then_some(bits as i128)
}

/// `\x` and hexadecimal digits are these bytes, everything else its UTF-8.
fn parse_blob(text: &str) -> Vec<u8> {
    text.strip_prefix("\\x").and_then(hex_bytes).unwrap_or_else(|| text.as_bytes().to_vec())
}

fn parse_enum(text: &str, shape: &EnumType) -> Outcome {
    match shape.values.iter().position(|value| value == text) {
        // An ENUM has far fewer values than an INT64.
        Some(index) => Ok(Value::Int(index as i64)),
        None => {
            let values: Vec<String> = shape.values.iter().map(|v| format!("'{v}'")).collect();
            let (name, values) = (&shape.name, values.join(", "));
            let shown = shortened(text);
            Err(cast_error(format!("`{shown}` is no value of {name}; it has {values}")))
        }
    }
}
