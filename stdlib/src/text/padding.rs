//! Filling a text up to a length.

use super::{Outcome, count_characters};
use crate::arguments::{check_size, integer, text, text_or};
use grizzly_bytecode::{Fault, Value};
use grizzly_vm::native::NativeContext;

/// A text cut to `width` characters, or what must be added to reach them.
enum Padded {
    Cut(String),
    Fill(String),
}

fn pad(arguments: &[Value]) -> Result<Padded, Fault> {
    let text = text(arguments, 0)?;
    let fill = text_or(arguments, 2, " ")?;
    let width = usize::try_from(integer(arguments, 1)?.max(0)).unwrap_or(usize::MAX);
    let length = count_characters(text);
    if length >= width {
        return Ok(Padded::Cut(text.chars().take(width).collect()));
    }
    if fill.is_empty() {
        return Ok(Padded::Fill(String::new()));
    }
    let missing = width - length;
    check_size(missing.checked_mul(4))?;
    Ok(Padded::Fill(fill.chars().cycle().take(missing).collect()))
}

pub(super) fn lpad(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(match pad(arguments)? {
        Padded::Cut(text) => text,
        Padded::Fill(fill) => fill + text(arguments, 0)?,
    }))
}

pub(super) fn rpad(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(match pad(arguments)? {
        Padded::Cut(text) => text,
        Padded::Fill(fill) => text(arguments, 0)?.to_owned() + &fill,
    }))
}
