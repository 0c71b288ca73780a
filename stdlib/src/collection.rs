//! The collection functions on arrays, as far as they take no function: the compiler turns those
//! that do into loops, whose results come here to be sorted, grouped and added up.

use crate::arguments::{any, integer, overflow};
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, StructValue, Type, Value};
use grizzly_vm::native::NativeContext;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("array_take", take),
    ("array_skip", skip),
    ("array_first_of_each", first_of_each),
    ("array_sort_by", sort_by),
    ("array_group_by", group_by),
    ("array_zip", zip),
    ("array_join", join),
    ("array_sum", sum),
    ("array_avg", avg),
    ("array_least", least),
    ("array_greatest", greatest),
];

fn elements(arguments: &[Value], index: usize) -> Result<&Arc<Vec<Value>>, Fault> {
    match any(arguments, index)? {
        Value::Array(elements) => Ok(elements),
        other => {
            let message = format!("internal error: argument {index} is {other:?}, not an array");
            Err(Fault::new(Builtin::TypeError, message))
        }
    }
}

fn array(values: Vec<Value>) -> Value {
    Value::Array(Arc::new(values))
}

/// A count of elements: what is negative counts none.
fn count(arguments: &[Value], index: usize, length: usize) -> Result<usize, Fault> {
    let count = integer(arguments, index)?.max(0);
    Ok(usize::try_from(count).unwrap_or(length).min(length))
}

fn take(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = elements(arguments, 0)?;
    let count = count(arguments, 1, xs.len())?;
    Ok(array(xs.iter().take(count).cloned().collect()))
}

fn skip(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = elements(arguments, 0)?;
    let count = count(arguments, 1, xs.len())?;
    Ok(array(xs.iter().skip(count).cloned().collect()))
}

/// A value in its total order, as a key of a map.
struct Ordered<'v>(&'v Value);

impl Ord for Ordered<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(other.0)
    }
}

impl PartialOrd for Ordered<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered<'_> {}

fn first_of_each(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = elements(arguments, 0)?;
    let mut met = std::collections::BTreeSet::new();
    Ok(array(xs.iter().filter(|value| met.insert(Ordered(value))).cloned().collect()))
}

/// The order of sort keys: NULLs last, or first where descending.
fn key_order(a: &Value, b: &Value, descending: bool) -> Ordering {
    let order = a.total_cmp(b);
    if descending { order.reverse() } else { order }
}

fn sort_by(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, keys) = (elements(arguments, 0)?, elements(arguments, 1)?);
    let descending = matches!(any(arguments, 2)?, Value::Bool(true));
    let mut pairs: Vec<(&Value, &Value)> = keys.iter().zip(xs.iter()).collect();
    pairs.sort_by(|a, b| key_order(a.0, b.0, descending));
    Ok(array(pairs.into_iter().map(|(_, value)| value.clone()).collect()))
}

fn group_by(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, keys) = (elements(arguments, 0)?, elements(arguments, 1)?);
    let mut places: BTreeMap<Ordered<'_>, usize> = BTreeMap::new();
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (key, value) in keys.iter().zip(xs.iter()) {
        let next = groups.len();
        let at = *places.entry(Ordered(key)).or_insert(next);
        if at == next {
            groups.push((key.clone(), Vec::new()));
        }
        if let Some((_, members)) = groups.get_mut(at) {
            members.push(value.clone());
        }
    }
    let pairs = groups.into_iter().map(|(key, members)| (key, array(members)));
    Ok(Value::Map(Arc::new(pairs.collect())))
}

fn zip(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, ys) = (elements(arguments, 0)?, elements(arguments, 1)?);
    let shape = match context.result_type {
        Type::Array(element) => match &**element {
            Type::Struct(shape) => Some(shape),
            _ => None,
        },
        _ => None,
    };
    let shape = shape.ok_or_else(|| {
        Fault::new(Builtin::TypeError, "internal error: the pairs of array_zip have no type")
    })?;
    let at = |values: &[Value], index: usize| values.get(index).cloned().unwrap_or(Value::Null);
    let pair = |index| {
        let fields = vec![at(xs, index), at(ys, index)];
        Value::Struct(Arc::new(StructValue { ty: shape.clone(), fields }))
    };
    Ok(array((0..xs.len().max(ys.len())).map(pair).collect()))
}

fn join(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut joined = Vec::new();
    for part in elements(arguments, 0)?.iter() {
        if let Value::Array(values) = part {
            joined.extend(values.iter().cloned());
        }
    }
    Ok(array(joined))
}

/// The sum of the numbers, exact where they are, and how many there were.
fn added(values: &[Value]) -> Result<(i128, f64, usize), Fault> {
    let (mut exact, mut float, mut count) = (0_i128, 0.0, 0);
    for value in values {
        let number = match value {
            Value::Int(number) => i128::from(*number),
            Value::Wide(number) => *number,
            Value::Float(number) => {
                float += number;
                0
            }
            _ => continue,
        };
        exact = exact.checked_add(number).ok_or_else(|| overflow("the sum is too large"))?;
        count += 1;
    }
    Ok((exact, float, count))
}

fn sum(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (exact, float, count) = added(elements(arguments, 0)?)?;
    if count == 0 {
        return Ok(Value::Null);
    }
    Ok(match context.result_type {
        ty if ty.is_float() => Value::Float(float),
        Type::Decimal { .. } => Value::Wide(exact),
        _ => Value::Int(i64::try_from(exact).map_err(|_| overflow("the sum is too large"))?),
    })
}

fn avg(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (exact, float, count) = added(elements(arguments, 0)?)?;
    let scale = match context.argument_types.first() {
        Some(Type::Array(element)) => i32::from(element.scale()),
        _ => 0,
    };
    if count == 0 {
        return Ok(Value::Null);
    }
    let total = exact as f64 / 10_f64.powi(scale) + float;
    Ok(Value::Float(total / count as f64))
}

fn least(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let known = elements(arguments, 0)?.iter().filter(|value| !value.is_null());
    Ok(known.min_by(|a, b| a.total_cmp(b)).cloned().unwrap_or(Value::Null))
}

fn greatest(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let known = elements(arguments, 0)?.iter().filter(|value| !value.is_null());
    Ok(known.max_by(|a, b| a.total_cmp(b)).cloned().unwrap_or(Value::Null))
}
