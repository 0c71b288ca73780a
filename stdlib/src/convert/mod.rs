//! Conversions between types: the bodies of `cast` and `try_cast`, which every explicit conversion
//! of a program calls, and the same for the facade's parameters and variables.
//!
//! - A number that does not fit its target raises ArithmeticOverflow; a text that cannot be read
//!   raises CastError. Rounding, where there is any, is half away from zero.
//! - Every scalar converts to TEXT by [`crate::display`], and what it writes converts back.
//! - Deliberately absent: which conversions are implicit, which is the compiler's business.

pub(crate) mod encoding;
mod json;
mod numbers;
mod texts;

use crate::arguments::{any, cast_error};
use crate::display::text_of;
use crate::registry::Bodies;
use grizzly_bytecode::temporal::MICROS_PER_DAY;
use grizzly_bytecode::{Fault, Interval, StructType, StructValue, Type, Value};
use grizzly_vm::native::NativeContext;
use std::sync::Arc;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[("cast", cast), ("try_cast", try_cast)];

fn cast(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let from = context.argument_types.first().unwrap_or(&Type::Null);
    convert(any(arguments, 0)?, from, context.result_type)
}

/// As [`cast`], NULL where that raises.
fn try_cast(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(cast(context, arguments).unwrap_or(Value::Null))
}

/// The value of type `from` as a value of type `to`; NULL stays NULL.
///
/// # Errors
/// ArithmeticOverflow for a number that does not fit, CastError for everything else.
pub fn convert(value: &Value, from: &Type, to: &Type) -> Result<Value, Fault> {
    if value.is_null() || from == to {
        return Ok(value.clone());
    }
    if let (Value::Text(text), Type::Json) = (value, from) {
        return json::from_json(text, to);
    }
    match to {
        Type::Text => Ok(Value::text(text_of(value, from))),
        Type::Json => json::to_json(value, from),
        Type::Array(element) => to_array(value, from, element),
        Type::Struct(shape) => to_struct(value, from, shape),
        Type::Map(pair) => to_map(value, from, pair),
        _ => match (value, from) {
            (Value::Text(text), Type::Text) => texts::parse(text, to),
            _ if to.is_number() || *to == Type::Bool => numbers::to_number(value, from, to),
            _ => to_other(value, from, to),
        },
    }
}

/// The fault of a pair of types between which there is no conversion.
fn no_conversion(from: &Type, to: &Type) -> Fault {
    cast_error(format!("{from} cannot be converted to {to}"))
}

/// Conversions between dates, times, bytes and enumerations.
fn to_other(value: &Value, from: &Type, to: &Type) -> Outcome {
    let out_of_range = || numbers::out_of_range(value, from, to);
    match (value, from, to) {
        (Value::Int(days), Type::Date, Type::Timestamp | Type::TimestampTz) => {
            days.checked_mul(MICROS_PER_DAY).map(Value::Int).ok_or_else(out_of_range)
        }
        (Value::Int(micros), Type::Timestamp | Type::TimestampTz, Type::Date) => {
            Ok(Value::Int(micros.div_euclid(MICROS_PER_DAY)))
        }
        (Value::Int(micros), Type::Timestamp | Type::TimestampTz, Type::Time) => {
            Ok(Value::Int(micros.rem_euclid(MICROS_PER_DAY)))
        }
        // Without a session time zone of its own, the zone is UTC and the numbers agree.
        (Value::Int(micros), Type::Timestamp, Type::TimestampTz)
        | (Value::Int(micros), Type::TimestampTz, Type::Timestamp) => Ok(Value::Int(*micros)),
        (Value::Int(micros), Type::Time, Type::Interval) => {
            Ok(Value::Wide(Interval { micros: *micros, ..Interval::default() }.pack()))
        }
        (Value::Wide(bits), Type::Interval, Type::Time) => {
            Ok(Value::Int(Interval::unpack(*bits).micros.rem_euclid(MICROS_PER_DAY)))
        }
        (Value::Wide(bits), Type::Uuid, Type::Blob) => {
            Ok(Value::Bytes(Arc::from(bits.to_be_bytes())))
        }
        (Value::Bytes(bytes), Type::Blob, Type::Uuid) => match <[u8; 16]>::try_from(&bytes[..]) {
            Ok(bits) => Ok(Value::Wide(i128::from_be_bytes(bits))),
            Err(_) => Err(cast_error(format!("a UUID has 16 bytes, not {}", bytes.len()))),
        },
        (Value::Int(_), Type::Enum(_), Type::Enum(_)) => texts::parse(&text_of(value, from), to),
        _ => Err(no_conversion(from, to)),
    }
}

fn to_array(value: &Value, from: &Type, element: &Type) -> Outcome {
    let (Value::Array(items), Type::Array(from)) = (value, from) else {
        return Err(no_conversion(from, &Type::Array(Arc::new(element.clone()))));
    };
    let converted: Result<Vec<Value>, Fault> =
        items.iter().map(|item| convert(item, from, element)).collect();
    Ok(Value::Array(Arc::new(converted?)))
}

/// A struct with the same fields, in any order.
fn to_struct(value: &Value, from: &Type, shape: &Arc<StructType>) -> Outcome {
    let target = || Type::Struct(shape.clone());
    let (Value::Struct(value), Type::Struct(source)) = (value, from) else {
        return Err(no_conversion(from, &target()));
    };
    if source.fields.len() != shape.fields.len() {
        return Err(no_conversion(from, &target()));
    }
    let field = |wanted: &grizzly_bytecode::Field| {
        let named = |f: &grizzly_bytecode::Field| f.name.eq_ignore_ascii_case(&wanted.name);
        let found = source.fields.iter().position(named);
        match found.and_then(|at| Some((source.fields.get(at)?, value.fields.get(at)?))) {
            Some((field, value)) => convert(value, &field.ty, &wanted.ty),
            None => Err(cast_error(format!("{from} has no field `{}`", wanted.name))),
        }
    };
    let fields: Result<Vec<Value>, Fault> = shape.fields.iter().map(field).collect();
    Ok(Value::Struct(Arc::new(StructValue { ty: shape.clone(), fields: fields? })))
}

fn to_map(value: &Value, from: &Type, pair: &Arc<(Type, Type)>) -> Outcome {
    let (Value::Map(entries), Type::Map(source)) = (value, from) else {
        return Err(no_conversion(from, &Type::Map(pair.clone())));
    };
    let entry = |(key, value): &(Value, Value)| {
        Ok((convert(key, &source.0, &pair.0)?, convert(value, &source.1, &pair.1)?))
    };
    let entries: Result<Vec<(Value, Value)>, Fault> = entries.iter().map(entry).collect();
    Ok(Value::Map(Arc::new(entries?)))
}

#[cfg(test)]
mod tests;
