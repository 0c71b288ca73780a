//! Parts of a text by character position.

use super::{Outcome, count_characters};
use crate::arguments::{integer, text};
use grizzly_bytecode::Value;
use grizzly_vm::native::NativeContext;

/// The characters from position `start` (from 0) up to, not including, `end`.
fn characters(text: &str, start: usize, end: usize) -> &str {
    if start >= end {
        return "";
    }
    if text.is_ascii() {
        return text.get(start.min(text.len())..end.min(text.len())).unwrap_or("");
    }
    let mut offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let from = offsets.nth(start).unwrap_or(text.len());
    // `nth` consumed `start + 1` offsets, so the next `end - start - 1` lie before the wanted one.
    let to = offsets.nth(end - start - 1).unwrap_or(text.len());
    text.get(from..to).unwrap_or("")
}

/// A signed count clamped to what a text may have.
fn clamp(count: i64) -> usize {
    usize::try_from(count.max(0)).unwrap_or(usize::MAX)
}

pub(super) fn left(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (text, count) = (text(arguments, 0)?, integer(arguments, 1)?);
    let end = if count >= 0 {
        clamp(count)
    } else {
        count_characters(text).saturating_sub(clamp(count.saturating_neg()))
    };
    Ok(Value::text(characters(text, 0, end)))
}

pub(super) fn right(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (text, count) = (text(arguments, 0)?, integer(arguments, 1)?);
    let start = if count >= 0 {
        count_characters(text).saturating_sub(clamp(count))
    } else {
        clamp(count.saturating_neg())
    };
    Ok(Value::text(characters(text, start, usize::MAX)))
}

/// From character `start` (from 1; a negative one counts from the end), `length` characters. What
/// lies before the first character counts towards the length; a negative length takes the
/// characters before `start`.
pub(super) fn substr(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    let total = count_characters(text) as i64;
    let written = integer(arguments, 1)?;
    let start = if written < 0 { total.saturating_add(written) } else { written.saturating_sub(1) };
    let end = match arguments.len() {
        0..=2 => i64::MAX,
        _ => start.saturating_add(integer(arguments, 2)?),
    };
    let (start, end) = (start.min(end), start.max(end));
    Ok(Value::text(characters(text, clamp(start), clamp(end))))
}
