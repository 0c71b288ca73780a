//! Arrays made of arrays: with elements put in, taken out or in another order.

use super::{Outcome, array, check_count, elements, elements_or_null};
use crate::arguments::{any, integer};
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, Value};
use grizzly_vm::native::NativeContext;

pub(crate) const BODIES: Bodies = &[
    ("array_append", append),
    ("array_prepend", prepend),
    ("array_cat", cat),
    ("array_insert", insert),
    ("array_set", set),
    ("array_remove", remove),
    ("array_replace", replace),
    ("array_sort", sort),
    ("array_reverse_sort", reverse_sort),
    ("array_reverse", reverse),
    ("array_fill", fill),
    ("array_resize", resize),
];

/// The elements at `index`, of which NULL has none.
fn copied(arguments: &[Value], index: usize) -> Result<Vec<Value>, Fault> {
    Ok(elements_or_null(arguments, index)?.map(|xs| xs.to_vec()).unwrap_or_default())
}

fn append(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut xs = copied(arguments, 0)?;
    xs.push(any(arguments, 1)?.clone());
    Ok(array(xs))
}

fn prepend(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut xs = copied(arguments, 1)?;
    xs.insert(0, any(arguments, 0)?.clone());
    Ok(array(xs))
}

fn cat(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, ys) = (elements_or_null(arguments, 0)?, elements_or_null(arguments, 1)?);
    let Some((xs, ys)) = xs.zip(ys) else {
        return Ok(xs.or(ys).map_or(Value::Null, |only| Value::Array(only.clone())));
    };
    check_count(xs.len().saturating_add(ys.len()))?;
    Ok(array(xs.iter().chain(ys.iter()).cloned().collect()))
}

fn insert(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if any(arguments, 0)?.is_null() || any(arguments, 1)?.is_null() {
        return Ok(Value::Null);
    }
    let mut xs = elements(arguments, 0)?.to_vec();
    let index = integer(arguments, 1)?;
    let at = if index < 0 { index.saturating_add(xs.len() as i64) } else { index };
    match usize::try_from(at) {
        Ok(at) if at <= xs.len() => xs.insert(at, any(arguments, 2)?.clone()),
        _ => {
            let message = format!("{index} is no place in an array of {} elements", xs.len());
            return Err(Fault::new(Builtin::IndexOutOfRange, message));
        }
    }
    Ok(array(xs))
}

fn set(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if any(arguments, 0)?.is_null() || any(arguments, 1)?.is_null() {
        return Ok(Value::Null);
    }
    let mut xs = elements(arguments, 0)?.to_vec();
    let index = integer(arguments, 1)?;
    let at = if index < 0 { index.saturating_add(xs.len() as i64) } else { index };
    match usize::try_from(at).ok().and_then(|at| xs.get_mut(at)) {
        Some(x) => *x = any(arguments, 2)?.clone(),
        None => {
            let message = format!("there is no element {index} in an array of {}", xs.len());
            return Err(Fault::new(Builtin::IndexOutOfRange, message));
        }
    }
    Ok(array(xs))
}

fn remove(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let Some(xs) = elements_or_null(arguments, 0)? else { return Ok(Value::Null) };
    let unwanted = any(arguments, 1)?;
    Ok(array(xs.iter().filter(|x| *x != unwanted).cloned().collect()))
}

fn replace(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let Some(xs) = elements_or_null(arguments, 0)? else { return Ok(Value::Null) };
    let (from, to) = (any(arguments, 1)?, any(arguments, 2)?);
    Ok(array(xs.iter().map(|x| if x == from { to } else { x }).cloned().collect()))
}

fn sorted(arguments: &[Value]) -> Result<Vec<Value>, Fault> {
    let mut xs = elements(arguments, 0)?.to_vec();
    // The total order has NULL last.
    xs.sort_by(Value::total_cmp);
    Ok(xs)
}

fn sort(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(array(sorted(arguments)?))
}

fn reverse_sort(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut xs = sorted(arguments)?;
    xs.reverse();
    Ok(array(xs))
}

fn reverse(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(array(elements(arguments, 0)?.iter().rev().cloned().collect()))
}

/// A wanted number of elements; what is negative wants none.
fn wanted(arguments: &[Value], index: usize) -> Result<usize, Fault> {
    let count = integer(arguments, index)?.max(0);
    check_count(usize::try_from(count).unwrap_or(usize::MAX))
}

fn fill(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if any(arguments, 1)?.is_null() {
        return Ok(array(Vec::new()));
    }
    Ok(array(vec![any(arguments, 0)?.clone(); wanted(arguments, 1)?]))
}

fn resize(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if any(arguments, 0)?.is_null() || any(arguments, 1)?.is_null() {
        return Ok(Value::Null);
    }
    let mut xs = elements(arguments, 0)?.to_vec();
    xs.resize(wanted(arguments, 1)?, arguments.get(2).cloned().unwrap_or_default());
    Ok(array(xs))
}
