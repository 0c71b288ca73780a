//! Functions about values and the session: types, version, randomness, identifiers.

use crate::arguments::{any, bytes, cast_error, double, integer, overflow, text};
use crate::registry::Bodies;
use grizzly_bytecode::{Fault, Type, Value};
use grizzly_vm::native::NativeContext;
use std::fmt::Write;
use std::sync::Arc;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("typeof", type_of),
    ("version", version),
    ("random", random),
    ("setseed", setseed),
    ("uuid", uuid),
    ("nullif", nullif),
    ("greatest", greatest),
    ("least", least),
    ("hex", hex),
    ("unhex", unhex),
    ("to_hex", to_hex),
    ("bin", bin),
    ("ascii", ascii),
    ("chr", chr),
];

fn type_of(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    let name = context.argument_types.first().map(ToString::to_string).unwrap_or_default();
    Ok(Value::text(name))
}

fn version(_: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(Value::text(concat!("PL-Grizzly ", env!("CARGO_PKG_VERSION"))))
}

/// 53 random bits as a DOUBLE from 0 up to but not 1.
fn random(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    let mut bits = [0; 8];
    context.entropy.fill(&mut bits);
    let bits = u64::from_le_bytes(bits) >> 11;
    Ok(Value::Float(bits as f64 / (1_u64 << 53) as f64))
}

fn setseed(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let seed = double(arguments, 0)?;
    if !(-1.0..=1.0).contains(&seed) {
        return Err(overflow("a seed must be from -1 to 1"));
    }
    context.entropy.seed(seed.to_bits());
    Ok(Value::Null)
}

/// A random UUID: version 4, variant 1 (RFC 9562).
fn uuid(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    let mut bits = [0; 16];
    context.entropy.fill(&mut bits);
    let random = u128::from_be_bytes(bits);
    let version = random & !(0xf << 76) | (0x4 << 76);
    let variant = version & !(0x3 << 62) | (0x2 << 62);
    Ok(Value::Wide(variant as i128))
}

fn nullif(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (first, second) = (any(arguments, 0)?, any(arguments, 1)?);
    Ok(if !second.is_null() && first == second { Value::Null } else { first.clone() })
}

fn greatest(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let known = arguments.iter().filter(|value| !value.is_null());
    Ok(known.max_by(|a, b| a.total_cmp(b)).cloned().unwrap_or(Value::Null))
}

fn least(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let known = arguments.iter().filter(|value| !value.is_null());
    Ok(known.min_by(|a, b| a.total_cmp(b)).cloned().unwrap_or(Value::Null))
}

fn hex(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if context.argument_types.first().is_some_and(Type::is_integer) {
        return Ok(Value::text(format!("{:X}", integer(arguments, 0)?)));
    }
    let mut out = String::new();
    for byte in bytes(arguments, 0)? {
        // Writing to a String never fails.
        let _ = write!(out, "{byte:02X}");
    }
    Ok(Value::text(out))
}

/// The bytes of pairs of hexadecimal digits, `None` where the text is not that.
pub(crate) fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        // Two digits of four bits make a byte.
        [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

fn unhex(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    let bytes = hex_bytes(text)
        .ok_or_else(|| cast_error(format!("`{text}` is not pairs of hexadecimal digits")))?;
    Ok(Value::Bytes(Arc::from(bytes)))
}

fn to_hex(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(format!("{:x}", integer(arguments, 0)?)))
}

fn bin(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(format!("{:b}", integer(arguments, 0)?)))
}

fn ascii(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(text(arguments, 0)?.chars().next().map_or(0, |c| i64::from(u32::from(c)))))
}

fn chr(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let code = integer(arguments, 0)?;
    let character = u32::try_from(code).ok().and_then(char::from_u32);
    let character =
        character.ok_or_else(|| cast_error(format!("there is no character with code {code}")))?;
    Ok(Value::text(character.encode_utf8(&mut [0; 4])))
}
