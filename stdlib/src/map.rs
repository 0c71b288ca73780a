//! Functions on maps and structs. A map keeps its keys in the order in which they came.

use crate::arguments::any;
use crate::array::{Ordered, array, elements};
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, StructValue, Type, Value};
use grizzly_vm::native::NativeContext;
use std::collections::BTreeMap;
use std::sync::Arc;

type Outcome = Result<Value, Fault>;
type Pairs = Vec<(Value, Value)>;

pub(crate) const BODIES: Bodies = &[
    ("map", make),
    ("map_from_entries", from_entries),
    ("map_entries", entries),
    ("map_keys", keys),
    ("map_values", values),
    ("map_length", length),
    ("map_get", get),
    ("map_contains", contains),
    ("map_concat", concat),
    ("map_remove", remove),
    ("map_put", put),
    ("list_histogram", histogram),
    ("struct_keys", struct_keys),
];

fn pairs(arguments: &[Value], index: usize) -> Result<&Arc<Pairs>, Fault> {
    match any(arguments, index)? {
        Value::Map(pairs) => Ok(pairs),
        other => {
            let message = format!("internal error: argument {index} is {other:?}, not a MAP");
            Err(Fault::new(Builtin::TypeError, message))
        }
    }
}

/// The map of pairs: of equal keys the last wins, in the place of the first.
fn unique(given: impl Iterator<Item = (Value, Value)>) -> Outcome {
    let mut pairs: Pairs = Vec::new();
    let given: Pairs = given.collect();
    let mut places: BTreeMap<Ordered<'_>, usize> = BTreeMap::new();
    for (key, value) in &given {
        if key.is_null() {
            return Err(Fault::new(Builtin::TypeError, "a key of a MAP is NULL"));
        }
        let place = *places.entry(Ordered(key)).or_insert(pairs.len());
        match pairs.get_mut(place) {
            Some(pair) => pair.1 = value.clone(),
            None => pairs.push((key.clone(), value.clone())),
        }
    }
    Ok(Value::Map(Arc::new(pairs)))
}

fn make(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (keys, values) = (elements(arguments, 0)?, elements(arguments, 1)?);
    if keys.len() != values.len() {
        let message = format!("there are {} keys and {} values", keys.len(), values.len());
        return Err(Fault::new(Builtin::IndexOutOfRange, message));
    }
    unique(keys.iter().cloned().zip(values.iter().cloned()))
}

fn from_entries(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pair = |entry: &Value| match entry {
        Value::Struct(entry) => match entry.fields.as_slice() {
            [key, value] => Some((key.clone(), value.clone())),
            _ => None,
        },
        _ => None,
    };
    unique(elements(arguments, 0)?.iter().filter_map(pair))
}

fn entries(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let Type::Array(element) = context.result_type else { return Ok(Value::Null) };
    let Type::Struct(shape) = &**element else { return Ok(Value::Null) };
    let entry = |(key, value): &(Value, Value)| {
        let fields = vec![key.clone(), value.clone()];
        Value::Struct(Arc::new(StructValue { ty: shape.clone(), fields }))
    };
    Ok(array(pairs(arguments, 0)?.iter().map(entry).collect()))
}

fn keys(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(array(pairs(arguments, 0)?.iter().map(|(key, _)| key.clone()).collect()))
}

fn values(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(array(pairs(arguments, 0)?.iter().map(|(_, value)| value.clone()).collect()))
}

fn length(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(pairs(arguments, 0)?.len() as i64))
}

fn find(arguments: &[Value]) -> Result<Option<&Value>, Fault> {
    let (pairs, wanted) = (pairs(arguments, 0)?, any(arguments, 1)?);
    Ok(pairs.iter().find(|(key, _)| key == wanted).map(|(_, value)| value))
}

fn get(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(find(arguments)?.cloned().unwrap_or_default())
}

fn contains(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(find(arguments)?.is_some()))
}

fn concat(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = (any(arguments, 0)?, any(arguments, 1)?);
    match (a.is_null(), b.is_null()) {
        (true, _) => Ok(b.clone()),
        (_, true) => Ok(a.clone()),
        _ => unique(pairs(arguments, 0)?.iter().chain(pairs(arguments, 1)?.iter()).cloned()),
    }
}

fn remove(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let unwanted = any(arguments, 1)?;
    let kept = pairs(arguments, 0)?.iter().filter(|(key, _)| key != unwanted);
    Ok(Value::Map(Arc::new(kept.cloned().collect())))
}

/// The map with a value at a key.
fn put(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pair = (any(arguments, 1)?.clone(), any(arguments, 2)?.clone());
    unique(pairs(arguments, 0)?.iter().cloned().chain(std::iter::once(pair)))
}

/// How often each value occurs, the keys ascending.
fn histogram(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut counts: BTreeMap<Ordered<'_>, i64> = BTreeMap::new();
    for x in elements(arguments, 0)?.iter().filter(|x| !x.is_null()) {
        *counts.entry(Ordered(x)).or_default() += 1;
    }
    let pairs = counts.into_iter().map(|(x, count)| (x.0.clone(), Value::Int(count)));
    Ok(Value::Map(Arc::new(pairs.collect())))
}

fn struct_keys(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    any(arguments, 0)?;
    match context.argument_types.first() {
        Some(Type::Struct(shape)) => {
            Ok(array(shape.fields.iter().map(|field| Value::text(&field.name)).collect()))
        }
        other => {
            let found = other.unwrap_or(&Type::Null);
            Err(Fault::new(Builtin::TypeError, format!("struct_keys takes a struct, not {found}")))
        }
    }
}
