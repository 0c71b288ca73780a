//! Conversions into and out of JSON.

use super::{Outcome, convert};
use crate::arguments::cast_error;
use crate::display::write_json;
use crate::json::{parse, text_value, value_of};
use grizzly_bytecode::{Fault, StructValue, Type, Value};
use serde_json::Value as Json;
use std::sync::Arc;

/// A value as JSON: a TEXT is read, everything else is wrapped.
pub(super) fn to_json(value: &Value, from: &Type) -> Outcome {
    if let (Value::Text(text), Type::Text) = (value, from) {
        return Ok(value_of(&parse(text)?));
    }
    let mut out = String::new();
    write_json(&mut out, value, from);
    Ok(Value::text(out))
}

/// A JSON as a value of a type.
pub(super) fn from_json(text: &str, to: &Type) -> Outcome {
    out_of(&parse(text)?, to)
}

fn out_of(json: &Json, to: &Type) -> Outcome {
    match (json, to) {
        (Json::Null, _) => Ok(Value::Null),
        (_, Type::Json) => Ok(value_of(json)),
        (_, Type::Text) => Ok(text_value(json)),
        (Json::Array(items), Type::Array(element)) => {
            let items: Result<Vec<Value>, Fault> =
                items.iter().map(|item| out_of(item, element)).collect();
            Ok(Value::Array(Arc::new(items?)))
        }
        (Json::Object(members), Type::Struct(shape)) => {
            let field = |field: &grizzly_bytecode::Field| {
                let exact = members.get(field.name.as_str());
                let found = exact.or_else(|| {
                    let mut all = members.iter();
                    all.find(|(key, _)| key.eq_ignore_ascii_case(&field.name)).map(|(_, v)| v)
                });
                found.map_or(Ok(Value::Null), |json| out_of(json, &field.ty))
            };
            let fields: Result<Vec<Value>, Fault> = shape.fields.iter().map(field).collect();
            Ok(Value::Struct(Arc::new(StructValue { ty: shape.clone(), fields: fields? })))
        }
        (Json::Object(members), Type::Map(pair)) => {
            let entry = |(key, value): (&String, &Json)| {
                let key = convert(&Value::text(key), &Type::Text, &pair.0)?;
                Ok((key, out_of(value, &pair.1)?))
            };
            let entries: Result<Vec<(Value, Value)>, Fault> = members.iter().map(entry).collect();
            Ok(Value::Map(Arc::new(entries?)))
        }
        (Json::String(text), _) => convert(&Value::text(text), &Type::Text, to),
        (Json::Bool(value), Type::Bool) => Ok(Value::Bool(*value)),
        (Json::Bool(value), _) if to.is_integer() => Ok(Value::Int(i64::from(*value))),
        (Json::Number(number), _) if to.is_number() => match number.as_i64() {
            Some(value) => convert(&Value::Int(value), &Type::Int64, to),
            None => {
                let value = number.as_f64().unwrap_or(f64::NAN);
                convert(&Value::Float(value), &Type::Double, to)
            }
        },
        _ => Err(cast_error(format!("the JSON `{json}` cannot be converted to {to}"))),
    }
}
