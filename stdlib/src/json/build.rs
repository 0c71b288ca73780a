//! JSON made and changed.

use super::path::{Change, Path};
use super::{Outcome, json_at, parse, value_of};
use crate::arguments::{any, cast_error, text};
use crate::array::elements;
use crate::display::{text_of, write_json};
use crate::registry::Bodies;
use grizzly_bytecode::{Fault, Type, Value};
use grizzly_vm::native::NativeContext;
use serde_json::{Map, Value as Json};

pub(crate) const BODIES: Bodies = &[
    ("to_json", to_json),
    ("json_array", array),
    ("json_object", object),
    ("json_merge_patch", merge_patch),
    ("json_set", set),
    ("json_insert", insert),
    ("json_replace", replace),
    ("json_remove", remove),
    ("json_strip_nulls", strip_nulls),
    ("json_pretty", pretty),
    ("list_json_object", list_object),
];

/// The JSON of the argument at `index`, by its static type.
fn wrapped(context: &NativeContext<'_>, arguments: &[Value], index: usize) -> Result<Json, Fault> {
    let ty = context.argument_types.get(index).unwrap_or(&Type::Null);
    json_of(any(arguments, index)?, ty)
}

fn json_of(value: &Value, ty: &Type) -> Result<Json, Fault> {
    let mut out = String::new();
    write_json(&mut out, value, ty);
    parse(&out)
}

fn to_json(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let value = any(arguments, 0)?;
    if value.is_null() {
        return Ok(Value::Null);
    }
    Ok(value_of(&wrapped(context, arguments, 0)?))
}

fn array(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let items: Result<Vec<Json>, Fault> =
        (0..arguments.len()).map(|index| wrapped(context, arguments, index)).collect();
    Ok(value_of(&Json::Array(items?)))
}

fn object(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if !arguments.len().is_multiple_of(2) {
        return Err(cast_error("json_object takes keys and values in turn"));
    }
    let mut members = Map::new();
    for index in (0..arguments.len()).step_by(2) {
        let ty = context.argument_types.get(index).unwrap_or(&Type::Null);
        let key = match any(arguments, index)? {
            Value::Null => return Err(cast_error("a key of json_object is NULL")),
            key => text_of(key, ty),
        };
        members.insert(key, wrapped(context, arguments, index + 1)?);
    }
    Ok(value_of(&Json::Object(members)))
}

/// An object of arrays of keys and of values.
fn list_object(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if any(arguments, 0)?.is_null() {
        return Ok(Value::Null);
    }
    let element = |index: usize| match context.argument_types.get(index) {
        Some(Type::Array(element)) => (**element).clone(),
        _ => Type::Null,
    };
    let (key_type, value_type) = (element(0), element(1));
    let mut members = Map::new();
    for (key, value) in elements(arguments, 0)?.iter().zip(elements(arguments, 1)?.iter()) {
        if key.is_null() {
            return Err(cast_error("a key of a JSON object is NULL"));
        }
        members.insert(text_of(key, &key_type), json_of(value, &value_type)?);
    }
    Ok(value_of(&Json::Object(members)))
}

/// RFC 7396.
fn patched(target: Json, patch: Json) -> Json {
    let Json::Object(patch) = patch else { return patch };
    let mut members = match target {
        Json::Object(members) => members,
        _ => Map::new(),
    };
    for (key, value) in patch {
        if value.is_null() {
            members.shift_remove(&key);
        } else {
            let old = members.get_mut(&key).map_or(Json::Null, Json::take);
            members.insert(key, patched(old, value));
        }
    }
    Json::Object(members)
}

fn merge_patch(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(value_of(&patched(json_at(arguments, 0)?, json_at(arguments, 1)?)))
}

fn changed(context: &NativeContext<'_>, arguments: &[Value], change: Change) -> Outcome {
    if any(arguments, 0)?.is_null() || any(arguments, 1)?.is_null() {
        return Ok(Value::Null);
    }
    let mut json = json_at(arguments, 0)?;
    let path = Path::parse(text(arguments, 1)?)?;
    path.change(&mut json, wrapped(context, arguments, 2)?, change);
    Ok(value_of(&json))
}

fn set(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    changed(context, arguments, Change::Set)
}

fn insert(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    changed(context, arguments, Change::Insert)
}

fn replace(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    changed(context, arguments, Change::Replace)
}

fn remove(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut json = json_at(arguments, 0)?;
    Path::parse(text(arguments, 1)?)?.remove(&mut json);
    Ok(value_of(&json))
}

fn without_nulls(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

fn strip_nulls(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(value_of(&without_nulls(json_at(arguments, 0)?)))
}

fn pretty(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    use serde::Serialize;
    let json = json_at(arguments, 0)?;
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    json.serialize(&mut serializer).map_err(|error| cast_error(error.to_string()))?;
    Ok(Value::text(String::from_utf8_lossy(&out)))
}
