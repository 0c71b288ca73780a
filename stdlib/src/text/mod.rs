//! Text functions. Positions and lengths count characters (code points), from 1.
//!
//! ASCII text takes a path by bytes wherever the two agree.

pub(crate) mod change;
pub(crate) mod distance;
mod padding;
pub mod pattern;
mod slicing;

use crate::arguments::{any, bytes, check_size, integer, text, text_or};
use crate::display::text_of;
use crate::registry::Bodies;
use grizzly_bytecode::{Fault, Value};
use grizzly_vm::native::NativeContext;
use std::sync::Arc;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("length", length),
    ("octet_length", octet_length),
    ("lower", lower),
    ("upper", upper),
    ("trim", trim),
    ("ltrim", ltrim),
    ("rtrim", rtrim),
    ("reverse", reverse),
    ("repeat", repeat),
    ("replace", replace),
    ("strpos", strpos),
    ("starts_with", starts_with),
    ("ends_with", ends_with),
    ("contains", contains),
    ("concat", concat),
    ("concat_ws", concat_ws),
    ("split_part", split_part),
    ("string_split", string_split),
    ("lpad", padding::lpad),
    ("rpad", padding::rpad),
    ("left", slicing::left),
    ("right", slicing::right),
    ("substr", slicing::substr),
];

/// The number of characters, which is that of the bytes in ASCII text.
fn count_characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

fn length(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(count_characters(text(arguments, 0)?) as i64))
}

fn octet_length(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(bytes(arguments, 0)?.len() as i64))
}

fn lower(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    if text.is_ascii() {
        return Ok(Value::text(text.to_ascii_lowercase()));
    }
    Ok(Value::text(text.to_lowercase()))
}

/// Upper case, one character for one: a character whose capital form is several, as `ß`, stays.
fn upper(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    if text.is_ascii() {
        return Ok(Value::text(text.to_ascii_uppercase()));
    }
    let capital = |character: char| {
        let mut forms = character.to_uppercase();
        match (forms.next(), forms.next()) {
            (Some(single), None) => single,
            _ => character,
        }
    };
    Ok(Value::text(text.chars().map(capital).collect::<String>()))
}

fn trim(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let chars = text_or(arguments, 1, " ")?;
    Ok(Value::text(text(arguments, 0)?.trim_matches(|c| chars.contains(c))))
}

fn ltrim(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let chars = text_or(arguments, 1, " ")?;
    Ok(Value::text(text(arguments, 0)?.trim_start_matches(|c| chars.contains(c))))
}

fn rtrim(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let chars = text_or(arguments, 1, " ")?;
    Ok(Value::text(text(arguments, 0)?.trim_end_matches(|c| chars.contains(c))))
}

fn reverse(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(text(arguments, 0)?.chars().rev().collect::<String>()))
}

fn repeat(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    let times = usize::try_from(integer(arguments, 1)?).unwrap_or(0);
    check_size(text.len().checked_mul(times))?;
    Ok(Value::text(text.repeat(times)))
}

fn replace(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (text, from, to) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    if from.is_empty() {
        return Ok(Value::text(text));
    }
    if to.len() > from.len() {
        let growth = (to.len() - from.len()).checked_mul(text.matches(from).count());
        check_size(growth.and_then(|growth| growth.checked_add(text.len())))?;
    }
    Ok(Value::text(text.replace(from, to)))
}

fn strpos(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (text, part) = (text(arguments, 0)?, text(arguments, 1)?);
    let found = text.find(part).map_or(0, |at| count_characters(&text[..at]) + 1);
    Ok(Value::Int(found as i64))
}

fn starts_with(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(text(arguments, 0)?.starts_with(text(arguments, 1)?)))
}

fn ends_with(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(text(arguments, 0)?.ends_with(text(arguments, 1)?)))
}

fn contains(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(text(arguments, 0)?.contains(text(arguments, 1)?)))
}

/// The texts of the arguments from `first` on that are not NULL.
fn texts(
    context: &NativeContext<'_>,
    arguments: &[Value],
    first: usize,
) -> Result<Vec<String>, Fault> {
    let values = arguments.iter().zip(context.argument_types).skip(first);
    let texts: Vec<String> =
        values.filter(|(value, _)| !value.is_null()).map(|(v, ty)| text_of(v, ty)).collect();
    let total = texts.iter().try_fold(0_usize, |sum, text| sum.checked_add(text.len()));
    check_size(total)?;
    Ok(texts)
}

fn concat(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(texts(context, arguments, 0)?.concat()))
}

fn concat_ws(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if any(arguments, 0)?.is_null() {
        return Ok(Value::Null);
    }
    let separator = text(arguments, 0)?;
    let texts = texts(context, arguments, 1)?;
    check_size(separator.len().checked_mul(texts.len()))?;
    Ok(Value::text(texts.join(separator)))
}

fn split_part(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (text, separator) = (text(arguments, 0)?, text(arguments, 1)?);
    let wanted = integer(arguments, 2)?;
    let place = |n: u64| usize::try_from(n).ok().and_then(|n| n.checked_sub(1));
    let Some(skipped) = place(wanted.unsigned_abs()) else { return Ok(Value::text("")) };
    let part = match (separator.is_empty(), wanted > 0) {
        (true, _) => (skipped == 0).then_some(text),
        (false, true) => text.split(separator).nth(skipped),
        (false, false) => text.rsplit(separator).nth(skipped),
    };
    Ok(Value::text(part.unwrap_or("")))
}

fn string_split(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (text, separator) = (text(arguments, 0)?, text(arguments, 1)?);
    let parts: Vec<Value> = if separator.is_empty() && !text.is_empty() {
        text.chars().map(|c| Value::text(c.encode_utf8(&mut [0; 4]))).collect()
    } else if separator.is_empty() {
        vec![Value::text("")]
    } else {
        text.split(separator).map(Value::text).collect()
    };
    Ok(Value::Array(Arc::new(parts)))
}
