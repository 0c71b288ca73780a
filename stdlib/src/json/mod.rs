//! JSON, the dynamic type. A value is its compact text: read where something is asked of it, and
//! written again where it changes. JSON's null reads as NULL. Keys keep their order, the last of
//! equal ones wins; numbers are 64-bit integers where they can be, else DOUBLE.

pub(crate) mod build;
mod path;

use crate::arguments::{any, cast_error, integer, text};
use crate::display::write_json_string;
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, Value};
use grizzly_vm::native::NativeContext;
use path::Path;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::sync::Arc;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("json", read),
    ("json_valid", valid),
    ("json_typeof", type_of),
    ("json_array_length", array_length),
    ("json_keys", keys),
    ("json_get", get),
    ("json_extract", extract),
    ("json_extract_string", extract_string),
    ("json_extract_path", extract_path),
    ("json_extract_path_text", extract_path_text),
    ("json_exists", exists),
    ("json_contains", contains),
    ("json_order", order),
    ("json_equal", equal),
    ("json_arithmetic", arithmetic),
    ("json_condition", condition),
];

/// Reads JSON text.
///
/// # Errors
/// CastError for what is no JSON.
pub(crate) fn parse(text: &str) -> Result<Json, Fault> {
    serde_json::from_str(text).map_err(|error| {
        let mut shown: String = text.chars().take(40).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        cast_error(format!("`{shown}` is not JSON: {error}"))
    })
}

/// The value of a JSON, NULL of null.
pub(crate) fn value_of(json: &Json) -> Value {
    if json.is_null() { Value::Null } else { Value::text(json.to_string()) }
}

/// The JSON argument at `index`, which is text that [`value_of`] wrote.
pub(crate) fn json_at(arguments: &[Value], index: usize) -> Result<Json, Fault> {
    match any(arguments, index)? {
        Value::Null => Ok(Json::Null),
        _ => parse(text(arguments, index)?),
    }
}

/// A JSON as text: a string without its quotes, NULL of null.
pub(crate) fn text_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::String(text) => Value::text(text),
        other => Value::text(other.to_string()),
    }
}

fn read(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(value_of(&parse(text(arguments, 0)?)?))
}

fn valid(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(parse(text(arguments, 0)?).is_ok()))
}

/// What PostgreSQL calls the kind of a JSON.
fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// Calls `f` with what is at the path that the argument at `index` is.
fn at_path(arguments: &[Value], index: usize, f: impl FnOnce(Option<&Json>) -> Value) -> Outcome {
    let json = json_at(arguments, 0)?;
    let path = Path::parse(text(arguments, index)?)?;
    Ok(f(path.find(&json)))
}

fn type_of(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_path(arguments, 1, |found| match found {
        None | Some(Json::Null) => Value::Null,
        Some(json) => Value::text(kind(json)),
    })
}

fn array_length(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_path(arguments, 1, |found| match found {
        None => Value::Null,
        Some(Json::Array(items)) => Value::Int(items.len() as i64),
        Some(_) => Value::Int(0),
    })
}

fn keys(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_path(arguments, 1, |found| {
        let keys = match found {
            None => return Value::Null,
            Some(Json::Object(members)) => members.keys().map(Value::text).collect(),
            Some(_) => Vec::new(),
        };
        Value::Array(Arc::new(keys))
    })
}

/// The member of a key, the element of a position.
fn get(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let json = json_at(arguments, 0)?;
    let found = match (&json, any(arguments, 1)?) {
        (Json::Object(members), Value::Text(key)) => members.get(key.as_str()),
        (Json::Array(items), Value::Int(_)) => {
            let index = integer(arguments, 1)?;
            let at = if index < 0 { index.saturating_add(items.len() as i64) } else { index };
            usize::try_from(at).ok().and_then(|at| items.get(at))
        }
        _ => None,
    };
    Ok(found.map_or(Value::Null, value_of))
}

fn extract(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_path(arguments, 1, |found| found.map_or(Value::Null, value_of))
}

fn extract_string(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_path(arguments, 1, |found| found.map_or(Value::Null, text_value))
}

/// What stands under keys, one after the other; elements by their number.
fn under_keys(arguments: &[Value], f: impl FnOnce(&Json) -> Value) -> Outcome {
    let json = json_at(arguments, 0)?;
    let mut found = Some(&json);
    for index in 1..arguments.len() {
        let key = text(arguments, index)?;
        found = match found {
            Some(Json::Object(members)) => members.get(key),
            Some(Json::Array(items)) => key.parse().ok().and_then(|at: usize| items.get(at)),
            _ => None,
        };
    }
    Ok(found.map_or(Value::Null, f))
}

fn extract_path(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    under_keys(arguments, value_of)
}

fn extract_path_text(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    under_keys(arguments, text_value)
}

fn exists(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_path(arguments, 1, |found| Value::Bool(found.is_some()))
}

/// Whether a part occurs: objects with all its keys, arrays with all its elements.
fn holds(json: &Json, part: &Json) -> bool {
    match (json, part) {
        (Json::Object(members), Json::Object(parts)) => parts
            .iter()
            .all(|(key, part)| members.get(key).is_some_and(|member| holds(member, part))),
        (Json::Array(items), Json::Array(parts)) => {
            parts.iter().all(|part| items.iter().any(|item| holds(item, part)))
        }
        (Json::Array(items), part) => items.iter().any(|item| same(item, part)),
        (json, part) => same(json, part),
    }
}

fn contains(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(holds(&json_at(arguments, 0)?, &json_at(arguments, 1)?)))
}

/// Equality: numbers by value, objects without regard to the order of their keys.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn equal(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(same(&json_at(arguments, 0)?, &json_at(arguments, 1)?)))
}

/// The boolean that a condition must hold.
fn condition(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    match json_at(arguments, 0)? {
        Json::Bool(value) => Ok(Value::Bool(value)),
        Json::Null => Ok(Value::Null),
        other => {
            let message = format!("a condition must be a boolean, not a JSON {}", kind(&other));
            Err(Fault::new(Builtin::TypeError, message))
        }
    }
}

fn type_error(what: &str, a: &Json, b: &Json) -> Fault {
    let message = format!("a JSON {} and a JSON {} cannot be {what}", kind(a), kind(b));
    Fault::new(Builtin::TypeError, message)
}

/// -1, 0 or 1: how two JSONs of one kind compare.
fn order(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = (json_at(arguments, 0)?, json_at(arguments, 1)?);
    let order = match (&a, &b) {
        (Json::Number(x), Json::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => Some(x.cmp(&y)),
            _ => x.as_f64().partial_cmp(&y.as_f64()),
        },
        (Json::String(x), Json::String(y)) => Some(x.as_bytes().cmp(y.as_bytes())),
        (Json::Bool(x), Json::Bool(y)) => Some(x.cmp(y)),
        _ => None,
    };
    let order = order.ok_or_else(|| type_error("ordered", &a, &b))?;
    Ok(Value::Int(match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

/// `a op b`: integers stay integers, `+` joins two strings.
fn arithmetic(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = (json_at(arguments, 0)?, json_at(arguments, 1)?);
    let op = text(arguments, 2)?;
    if let (Json::String(x), Json::String(y), "+") = (&a, &b, op) {
        let mut out = String::new();
        write_json_string(&mut out, &format!("{x}{y}"));
        return Ok(Value::text(out));
    }
    let (Json::Number(x), Json::Number(y)) = (&a, &b) else {
        return Err(type_error(&format!("the operands of `{op}`"), &a, &b));
    };
    let divides = matches!(op, "/" | "%");
    if let (Some(x), Some(y)) = (x.as_i64(), y.as_i64()) {
        if divides && y == 0 {
            return Err(raised(Builtin::DivisionByZero, op));
        }
        let result = match op {
            "+" => x.checked_add(y),
            "-" => x.checked_sub(y),
            "*" => x.checked_mul(y),
            "/" => x.checked_div(y),
            _ => x.checked_rem(y),
        };
        let result = result.ok_or_else(|| raised(Builtin::ArithmeticOverflow, op))?;
        return Ok(Value::text(result.to_string()));
    }
    let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
    if divides && y == 0.0 {
        return Err(raised(Builtin::DivisionByZero, op));
    }
    let result = match op {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        _ => x % y,
    };
    let number = serde_json::Number::from_f64(result);
    let number = number.ok_or_else(|| raised(Builtin::ArithmeticOverflow, op))?;
    Ok(Value::text(number.to_string()))
}

fn raised(builtin: Builtin, op: &str) -> Fault {
    let why = match builtin {
        Builtin::DivisionByZero => "division by zero",
        _ => "the result is out of range",
    };
    Fault::new(builtin, format!("`{op}` of two JSON numbers: {why}"))
}
