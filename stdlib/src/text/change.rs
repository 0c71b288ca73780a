//! Texts with characters exchanged.

use crate::arguments::{integer, text};
use crate::registry::Bodies;
use grizzly_bytecode::{Fault, Value};
use grizzly_vm::native::NativeContext;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies =
    &[("initcap", initcap), ("translate", translate), ("overlay", overlay)];

fn initcap(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut out = String::new();
    let mut inside = false;
    for character in text(arguments, 0)?.chars() {
        if inside {
            out.extend(character.to_lowercase());
        } else {
            out.extend(character.to_uppercase());
        }
        inside = character.is_alphanumeric();
    }
    Ok(Value::text(out))
}

fn translate(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (from, to) = (text(arguments, 1)?, text(arguments, 2)?);
    let to: Vec<char> = to.chars().collect();
    let exchanged = text(arguments, 0)?.chars().filter_map(|character| {
        match from.chars().position(|known| known == character) {
            Some(at) => to.get(at).copied(),
            None => Some(character),
        }
    });
    Ok(Value::text(exchanged.collect::<String>()))
}

fn overlay(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (whole, replacement) = (text(arguments, 0)?, text(arguments, 1)?);
    let start = integer(arguments, 2)?;
    let length = match arguments.get(3) {
        Some(_) => integer(arguments, 3)?,
        None => replacement.chars().count() as i64,
    };
    let count = |n: i64| usize::try_from(n.max(0)).unwrap_or(usize::MAX);
    let before = count(start.saturating_sub(1));
    let after = count(start.saturating_sub(1).saturating_add(length.max(0)));
    let mut out: String = whole.chars().take(before).collect();
    out.push_str(replacement);
    out.extend(whole.chars().skip(after));
    crate::arguments::check_size(Some(out.len()))?;
    Ok(Value::text(out))
}
