//! Bytes and numbers as text of an alphabet: Base64, hexadecimal, percent signs, any radix.

use super::Outcome;
use crate::arguments::{any, bytes, cast_error, integer, overflow, text};
use crate::misc::hex_bytes;
use crate::registry::Bodies;
use grizzly_bytecode::{Fault, Type, Value};
use grizzly_vm::native::NativeContext;
use std::fmt::Write;
use std::sync::Arc;

pub(crate) const BODIES: Bodies = &[
    ("to_base", to_base),
    ("from_base", from_base),
    ("to_base64", to_base64),
    ("from_base64", from_base64),
    ("encode", encode),
    ("decode", decode),
    ("url_encode", url_encode),
    ("url_decode", url_decode),
    ("format_bytes", format_bytes),
    ("enum_range", enum_range),
    ("enum_first", enum_first),
    ("enum_last", enum_last),
    ("enum_code", enum_code),
];

fn radix(arguments: &[Value]) -> Result<u32, Fault> {
    let radix = integer(arguments, 1)?;
    let known = u32::try_from(radix).ok().filter(|radix| (2..=36).contains(radix));
    known.ok_or_else(|| cast_error(format!("a radix is from 2 to 36, not {radix}")))
}

fn to_base(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (number, radix) = (integer(arguments, 0)?, radix(arguments)?);
    let least = integer(arguments, 2)?;
    let least = usize::try_from(least.max(0)).ok().filter(|least| *least <= 64);
    let least = least.ok_or_else(|| cast_error("a number has at most 64 digits"))?;
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        // The remainder is below the radix.
        let digit = char::from_digit((rest % u64::from(radix)) as u32, radix).unwrap_or('0');
        digits.push(digit.to_ascii_uppercase());
        rest /= u64::from(radix);
    }
    digits.resize(digits.len().max(least), '0');
    if number < 0 {
        digits.push('-');
    }
    Ok(Value::text(digits.iter().rev().collect::<String>()))
}

fn from_base(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let (digits, radix) = (text(arguments, 0)?, radix(arguments)?);
    i64::from_str_radix(digits, radix).map(Value::Int).map_err(|error| match error.kind() {
        PosOverflow | NegOverflow => overflow(format!("`{digits}` does not fit INT64")),
        _ => cast_error(format!("`{digits}` is no number of radix {radix}")),
    })
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 of RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) & 63;
            let letter = BASE64.get(index as usize).filter(|_| at <= group.len());
            out.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    out
}

/// The bytes of Base64; `None` for what is none.
fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let groups = text.as_bytes().chunks(4);
    let last = groups.len().checked_sub(1);
    for (number, group) in groups.enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if group.len() != 4 || padding > 2 || (padding > 0 && Some(number) != last) {
            return None;
        }
        let mut bits = 0_u32;
        for byte in group.iter().take(4 - padding) {
            bits = bits << 6 | BASE64.iter().position(|letter| letter == byte)? as u32;
        }
        bits <<= 6 * padding;
        out.extend(bits.to_be_bytes().get(1..4 - padding)?);
    }
    Some(out)
}

fn to_base64(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(base64(bytes(arguments, 0)?)))
}

fn from_base64(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    let bytes = base64_bytes(text).ok_or_else(|| cast_error(format!("`{text}` is no Base64")))?;
    Ok(Value::Bytes(Arc::from(bytes)))
}

fn unknown_format(format: &str) -> Fault {
    cast_error(format!("the formats are hex and base64, not `{format}`"))
}

fn encode(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let bytes = bytes(arguments, 0)?;
    if arguments.len() == 1 {
        return Ok(Value::Bytes(Arc::from(bytes)));
    }
    match text(arguments, 1)? {
        "base64" => Ok(Value::text(base64(bytes))),
        "hex" => {
            let mut out = String::new();
            for byte in bytes {
                // Writing to a String never fails.
                let _ = write!(out, "{byte:02x}");
            }
            Ok(Value::text(out))
        }
        format => Err(unknown_format(format)),
    }
}

fn decode(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if arguments.len() == 1 {
        let decoded = std::str::from_utf8(bytes(arguments, 0)?);
        return decoded.map(Value::text).map_err(|_| cast_error("the bytes are not UTF-8"));
    }
    match text(arguments, 1)? {
        "base64" => from_base64(context, arguments),
        "hex" => {
            let digits = text(arguments, 0)?;
            let bytes = hex_bytes(digits);
            let bytes =
                bytes.ok_or_else(|| cast_error(format!("`{digits}` is not hexadecimal")))?;
            Ok(Value::Bytes(Arc::from(bytes)))
        }
        format => Err(unknown_format(format)),
    }
}

fn url_encode(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut out = String::new();
    for byte in text(arguments, 0)?.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Ok(Value::text(out))
}

fn url_decode(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    let bad = || cast_error(format!("`{text}` is not percent-encoded"));
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        out.extend(digits.and_then(hex_bytes).ok_or_else(bad)?);
        rest = after.get(2..).unwrap_or(&[]);
    }
    String::from_utf8(out).map(Value::text).map_err(|_| bad())
}

fn format_bytes(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let number = integer(arguments, 0)?;
    let mut size = number as f64;
    let mut unit = None;
    for name in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        if size.abs() < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = Some(name);
    }
    Ok(Value::text(match unit {
        None if number == 1 => "1 byte".to_owned(),
        None => format!("{number} bytes"),
        Some(unit) => format!("{size:.1} {unit}"),
    }))
}

/// The values of the ENUM that the argument's type is.
fn values(context: &NativeContext<'_>) -> Result<Vec<Value>, Fault> {
    match context.argument_types.first() {
        Some(Type::Enum(shape)) => Ok(shape.values.iter().map(Value::text).collect()),
        other => {
            let found = other.unwrap_or(&Type::Null);
            Err(cast_error(format!("{found} is no ENUM")))
        }
    }
}

fn enum_range(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(Value::Array(Arc::new(values(context)?)))
}

fn enum_first(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(values(context)?.into_iter().next().unwrap_or_default())
}

fn enum_last(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(values(context)?.pop().unwrap_or_default())
}

fn enum_code(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    values(context)?;
    Ok(any(arguments, 0)?.clone())
}
