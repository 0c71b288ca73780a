//! Functions on arrays. Elements are equal as keys of groups are: NULL equals NULL.

pub(crate) mod aggregate;
pub(crate) mod change;

use crate::arguments::{any, integer, overflow, text};
use crate::display::write_value;
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, Type, Value};
use grizzly_vm::native::NativeContext;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("array_length", length),
    ("array_get", get),
    ("array_slice", slice),
    ("array_position", position),
    ("array_positions", positions),
    ("array_contains", contains),
    ("array_has_all", has_all),
    ("array_has_any", has_any),
    ("array_unique", unique),
    ("array_intersect", intersect),
    ("array_except", except),
    ("array_to_string", to_string),
    ("array_inner_product", inner_product),
    ("array_distance", distance),
    ("array_cosine_similarity", cosine_similarity),
    ("range", range),
];

/// The array at `index`.
pub(crate) fn elements(arguments: &[Value], index: usize) -> Result<&Arc<Vec<Value>>, Fault> {
    match any(arguments, index)? {
        Value::Array(elements) => Ok(elements),
        other => {
            let message = format!("internal error: argument {index} is {other:?}, not an array");
            Err(Fault::new(Builtin::TypeError, message))
        }
    }
}

/// The array at `index`; `None` where it is NULL.
pub(crate) fn elements_or_null(
    arguments: &[Value],
    index: usize,
) -> Result<Option<&Arc<Vec<Value>>>, Fault> {
    if any(arguments, index)?.is_null() {
        return Ok(None);
    }
    elements(arguments, index).map(Some)
}

pub(crate) fn array(values: Vec<Value>) -> Value {
    Value::Array(Arc::new(values))
}

/// A value in its total order, as a key of a set.
pub(crate) struct Ordered<'v>(pub(crate) &'v Value);

impl Ord for Ordered<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(other.0)
    }
}

impl PartialOrd for Ordered<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered<'_> {}

fn set(values: &[Value]) -> BTreeSet<Ordered<'_>> {
    values.iter().map(Ordered).collect()
}

fn length(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(elements(arguments, 0)?.len() as i64))
}

fn get(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, index) = (elements(arguments, 0)?, integer(arguments, 1)?);
    let at = if index < 0 { index.saturating_add(xs.len() as i64) } else { index };
    let found = usize::try_from(at).ok().and_then(|at| xs.get(at));
    Ok(found.cloned().unwrap_or_default())
}

/// The end of a slice: counted from the array's end where negative, cut off at its ends.
fn bound(index: i64, length: usize) -> usize {
    let at = if index < 0 { index.saturating_add(length as i64).max(0) } else { index };
    usize::try_from(at).map_or(length, |at| at.min(length))
}

fn slice(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = elements(arguments, 0)?;
    let from = bound(integer(arguments, 1)?, xs.len());
    let to = match arguments.get(2) {
        Some(_) => bound(integer(arguments, 2)?, xs.len()),
        None => xs.len(),
    };
    Ok(array(xs.get(from..to).unwrap_or(&[]).to_vec()))
}

fn position(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let Some(xs) = elements_or_null(arguments, 0)? else { return Ok(Value::Null) };
    let wanted = any(arguments, 1)?;
    let at = xs.iter().position(|x| x == wanted);
    Ok(at.map_or(Value::Null, |at| Value::Int(at as i64)))
}

fn positions(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let Some(xs) = elements_or_null(arguments, 0)? else { return Ok(Value::Null) };
    let wanted = any(arguments, 1)?;
    let found = xs.iter().enumerate().filter(|(_, x)| *x == wanted);
    Ok(array(found.map(|(at, _)| Value::Int(at as i64)).collect()))
}

fn contains(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(elements(arguments, 0)?.contains(any(arguments, 1)?)))
}

fn has_all(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, ys) = (set(elements(arguments, 0)?), elements(arguments, 1)?);
    Ok(Value::Bool(ys.iter().all(|y| xs.contains(&Ordered(y)))))
}

fn has_any(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, ys) = (set(elements(arguments, 0)?), elements(arguments, 1)?);
    Ok(Value::Bool(ys.iter().any(|y| xs.contains(&Ordered(y)))))
}

fn unique(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let known = elements(arguments, 0)?.iter().filter(|x| !x.is_null());
    Ok(Value::Int(known.map(Ordered).collect::<BTreeSet<_>>().len() as i64))
}

/// The different values of the first array that are, or are not, in the second.
fn selected(arguments: &[Value], wanted: bool) -> Outcome {
    let (xs, ys) = (elements(arguments, 0)?, set(elements(arguments, 1)?));
    let mut met = BTreeSet::new();
    let chosen = xs.iter().filter(|x| ys.contains(&Ordered(x)) == wanted && met.insert(Ordered(x)));
    Ok(array(chosen.cloned().collect()))
}

fn intersect(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    selected(arguments, true)
}

fn except(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    selected(arguments, false)
}

fn to_string(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let Some(xs) = elements_or_null(arguments, 0)? else { return Ok(Value::Null) };
    if any(arguments, 1)?.is_null() {
        return Ok(Value::Null);
    }
    let separator = text(arguments, 1)?;
    let null = match arguments.get(2) {
        None | Some(Value::Null) => None,
        Some(_) => Some(text(arguments, 2)?),
    };
    let element = match context.argument_types.first() {
        Some(Type::Array(element)) => (**element).clone(),
        _ => Type::Text,
    };
    let mut out = String::new();
    let mut first = true;
    for x in xs.iter().filter(|x| null.is_some() || !x.is_null()) {
        if !std::mem::take(&mut first) {
            out.push_str(separator);
        }
        match (x, null) {
            (Value::Null, Some(null)) => out.push_str(null),
            _ => write_value(&mut out, x, &element),
        }
        crate::arguments::check_size(Some(out.len()))?;
    }
    Ok(Value::text(out))
}

/// Pairs of numbers of two arrays of one length; `None` where an element is NULL.
fn pairs(arguments: &[Value]) -> Result<Option<Vec<(f64, f64)>>, Fault> {
    let (xs, ys) = (elements(arguments, 0)?, elements(arguments, 1)?);
    if xs.len() != ys.len() {
        let message = format!("the arrays have {} and {} elements", xs.len(), ys.len());
        return Err(Fault::new(Builtin::IndexOutOfRange, message));
    }
    let number = |value: &Value| match value {
        Value::Float(x) => Some(*x),
        _ => None,
    };
    Ok(xs.iter().zip(ys.iter()).map(|(x, y)| Some((number(x)?, number(y)?))).collect())
}

fn over_pairs(arguments: &[Value], f: impl Fn(&[(f64, f64)]) -> f64) -> Outcome {
    Ok(pairs(arguments)?.map_or(Value::Null, |pairs| Value::Float(f(&pairs))))
}

fn inner_product(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    over_pairs(arguments, |pairs| pairs.iter().map(|(x, y)| x * y).sum())
}

fn distance(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    over_pairs(arguments, |pairs| pairs.iter().map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt())
}

fn cosine_similarity(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    over_pairs(arguments, |pairs| {
        let product: f64 = pairs.iter().map(|(x, y)| x * y).sum();
        let (xx, yy) = pairs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x * x, b + y * y));
        product / (f64::sqrt(xx) * f64::sqrt(yy))
    })
}

/// The most elements that one function makes.
pub(crate) const MAX_ELEMENTS: usize = 1 << 26;

/// Refuses an array that would grow too large.
pub(crate) fn check_count(count: usize) -> Result<usize, Fault> {
    if count <= MAX_ELEMENTS {
        return Ok(count);
    }
    let message = format!("the resulting array would have more than {MAX_ELEMENTS} elements");
    Err(Fault::new(Builtin::ResourceExhausted, message))
}

fn range(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (start, stop, step) = match arguments {
        [_] => (0, integer(arguments, 0)?, 1),
        _ => (integer(arguments, 0)?, integer(arguments, 1)?, integer(arguments, 2)?),
    };
    if step == 0 {
        return Err(overflow("the step of a range must not be 0"));
    }
    let span = (i128::from(stop) - i128::from(start)) * i128::from(step.signum());
    let count = if span <= 0 { 0 } else { (span - 1) / i128::from(step.unsigned_abs()) + 1 };
    let count = check_count(usize::try_from(count).unwrap_or(usize::MAX))?;
    let number = |i: usize| Value::Int(start.wrapping_add(step.wrapping_mul(i as i64)));
    Ok(array((0..count).map(number).collect()))
}
