//! The order-preserving key encoding: comparing two encoded keys byte by byte compares the keys.
//!
//! A key is the concatenation of its parts; every part is prefix-free, so keys of more parts (a
//! secondary index's key followed by the tree key) need no separators. FORMAT.md gives the bytes
//! of each kind; the golden test below holds them. The encoding is reversible, except that -0.0
//! comes back as 0.0 and every NaN as one NaN, so row images leave key columns out.

use crate::datum::{Datum, interval_micros};
use crate::table::Kind;
use std::fmt::Write;

/// The longest encoded key, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 32_767;

const NULL_TAG: u8 = 0x00;
const VALUE_TAG: u8 = 0x01;
const ESCAPE: u8 = 0x00;
const ESCAPED_ZERO: u8 = 0xff;
const TERMINATOR: u8 = 0x00;

/// One part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyPart {
    pub(crate) kind: Kind,
    /// The column's position; `None`: the hidden row id.
    pub(crate) column: Option<usize>,
    /// Whether a tag byte tells NULL (first) from a value.
    pub(crate) nullable: bool,
    /// Whether the part's bytes are inverted.
    pub(crate) descending: bool,
}

impl KeyPart {
    /// A part of a primary key.
    pub(crate) fn ascending(kind: Kind, column: Option<usize>) -> KeyPart {
        KeyPart { kind, column, nullable: false, descending: false }
    }
}

/// Appends the encoding of one value, which the caller has checked against the part's kind.
pub(crate) fn encode_part(part: &KeyPart, value: &Datum<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    if part.nullable {
        out.push(if value.is_null() { NULL_TAG } else { VALUE_TAG });
    }
    match *value {
        Datum::Null => {}
        Datum::Bool(value) => out.push(u8::from(value)),
        Datum::Int(value) => encode_integer(part.kind, value, out),
        Datum::Int128(value) => out.extend_from_slice(&flip128(value)),
        Datum::Float(value) => encode_float(part.kind, value, out),
        Datum::Bytes(bytes) if part.kind == Kind::Uuid => out.extend_from_slice(bytes),
        Datum::Bytes(bytes) => encode_bytes(bytes, out),
        Datum::Interval { months, days, micros } => {
            out.extend_from_slice(&flip128(interval_micros(months, days, micros)));
            out.extend_from_slice(&flip32(months));
            out.extend_from_slice(&flip32(days));
        }
    }
    if part.descending {
        for byte in &mut out[start..] {
            *byte = !*byte;
        }
    }
}

fn flip32(value: i32) -> [u8; 4] {
    (value as u32 ^ 0x8000_0000).to_be_bytes()
}

fn flip64(value: i64) -> [u8; 8] {
    (value as u64 ^ 0x8000_0000_0000_0000).to_be_bytes()
}

fn flip128(value: i128) -> [u8; 16] {
    (value as u128 ^ (1 << 127)).to_be_bytes()
}

fn encode_integer(kind: Kind, value: i64, out: &mut Vec<u8>) {
    match kind {
        Kind::Int8 => out.push(value as u8 ^ 0x80),
        Kind::Int16 => out.extend_from_slice(&(value as u16 ^ 0x8000).to_be_bytes()),
        Kind::Int32 | Kind::Date => out.extend_from_slice(&flip32(value as i32)),
        _ => out.extend_from_slice(&flip64(value)),
    }
}

fn encode_float(kind: Kind, value: f64, out: &mut Vec<u8>) {
    // One NaN above everything, one zero; then the sign decides which bits are inverted.
    let value = if value.is_nan() {
        f64::NAN
    } else if value == 0.0 {
        0.0
    } else {
        value
    };
    if kind == Kind::Float32 {
        let bits = (value as f32).to_bits() & if value.is_nan() { 0x7fff_ffff } else { u32::MAX };
        let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
        out.extend_from_slice(&ordered.to_be_bytes());
    } else {
        let bits = value.to_bits() & if value.is_nan() { u64::MAX >> 1 } else { u64::MAX };
        let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        out.extend_from_slice(&ordered.to_be_bytes());
    }
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == ESCAPE {
            out.push(ESCAPED_ZERO);
        }
    }
    out.extend_from_slice(&[ESCAPE, TERMINATOR]);
}

/// The bytes a part takes at the start of `key`, or `None` if `key` ends before it does.
pub(crate) fn part_length(part: &KeyPart, key: &[u8]) -> Option<usize> {
    let mask = if part.descending { 0xff } else { 0 };
    let tag_bytes = usize::from(part.nullable);
    if part.nullable && key.first()? ^ mask == NULL_TAG {
        return Some(1);
    }
    let length = match part.kind {
        // Lists and structs are no keys.
        Kind::Text | Kind::Blob | Kind::Json | Kind::Nested(_) => {
            let mut at = tag_bytes;
            loop {
                if key.get(at)? ^ mask != ESCAPE {
                    at += 1;
                } else if key.get(at + 1)? ^ mask == TERMINATOR {
                    return Some(at + 2);
                } else {
                    at += 2;
                }
            }
        }
        Kind::Interval => 24,
        kind => kind.fixed_width(),
    };
    (key.len() >= length + tag_bytes).then_some(length + tag_bytes)
}

fn take<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut taken = [0; N];
    let length = N.min(bytes.len());
    taken[..length].copy_from_slice(&bytes[..length]);
    taken
}

/// Decodes part `index` of an encoded key. Text that needs unescaping goes to `scratch`.
pub(crate) fn decode_part<'a>(
    parts: &[KeyPart],
    index: usize,
    key: &'a [u8],
    scratch: &'a mut Vec<u8>,
) -> Datum<'a> {
    let mut rest = key;
    for part in &parts[..index] {
        let length = part_length(part, rest).unwrap_or(rest.len());
        rest = &rest[length..];
    }
    let part = &parts[index];
    let length = part_length(part, rest).unwrap_or(rest.len());
    decode_value(part, &rest[..length], scratch)
}

fn decode_value<'a>(part: &KeyPart, bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> Datum<'a> {
    let mut bytes = bytes;
    if part.descending {
        let inverted: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        let plain = KeyPart { descending: false, ..*part };
        let mut inner = Vec::new();
        let value = decode_value(&plain, &inverted, &mut inner).to_owned();
        if let crate::datum::OwnedDatum::Bytes(bytes) = value {
            *scratch = bytes;
            return Datum::Bytes(scratch);
        }
        return fixed_only(&value);
    }
    if part.nullable {
        match bytes.split_first() {
            Some((&VALUE_TAG, rest)) => bytes = rest,
            _ => return Datum::Null,
        }
    }
    match part.kind {
        Kind::Bool => Datum::Bool(bytes.first() == Some(&1)),
        Kind::Int8 => Datum::Int(i64::from((take::<1>(bytes)[0] ^ 0x80) as i8)),
        Kind::Int16 => Datum::Int(i64::from((u16::from_be_bytes(take(bytes)) ^ 0x8000) as i16)),
        Kind::Int32 | Kind::Date => Datum::Int(i64::from(unflip32(bytes))),
        Kind::Int64 | Kind::Decimal64 { .. } | Kind::Time | Kind::Timestamp | Kind::TimestampTz => {
            Datum::Int(unflip64(bytes))
        }
        Kind::Decimal128 { .. } => Datum::Int128(unflip128(bytes)),
        Kind::Float32 => {
            let ordered = u32::from_be_bytes(take(bytes));
            let bits = if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered };
            Datum::Float(f64::from(f32::from_bits(bits)))
        }
        Kind::Float64 => {
            let ordered = u64::from_be_bytes(take(bytes));
            let bits = if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered };
            Datum::Float(f64::from_bits(bits))
        }
        Kind::Uuid => Datum::Bytes(bytes),
        Kind::Text | Kind::Blob | Kind::Json | Kind::Nested(_) => decode_bytes(bytes, scratch),
        Kind::Interval => {
            let total = unflip128(bytes);
            let months = unflip32(bytes.get(16..).unwrap_or_default());
            let days = unflip32(bytes.get(20..).unwrap_or_default());
            let micros = (total - interval_micros(months, days, 0)) as i64;
            Datum::Interval { months, days, micros }
        }
    }
}

fn fixed_only(value: &crate::datum::OwnedDatum) -> Datum<'static> {
    use crate::datum::OwnedDatum;
    match *value {
        OwnedDatum::Bool(value) => Datum::Bool(value),
        OwnedDatum::Int(value) => Datum::Int(value),
        OwnedDatum::Int128(value) => Datum::Int128(value),
        OwnedDatum::Float(value) => Datum::Float(value),
        OwnedDatum::Interval { months, days, micros } => Datum::Interval { months, days, micros },
        OwnedDatum::Null | OwnedDatum::Bytes(_) => Datum::Null,
    }
}

pub(crate) fn unflip32(bytes: &[u8]) -> i32 {
    (u32::from_be_bytes(take(bytes)) ^ 0x8000_0000) as i32
}

pub(crate) fn unflip64(bytes: &[u8]) -> i64 {
    (u64::from_be_bytes(take(bytes)) ^ 0x8000_0000_0000_0000) as i64
}

fn unflip128(bytes: &[u8]) -> i128 {
    (u128::from_be_bytes(take(bytes)) ^ (1 << 127)) as i128
}

fn decode_bytes<'a>(bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> Datum<'a> {
    let body = &bytes[..bytes.len().saturating_sub(2)];
    if !body.contains(&ESCAPE) {
        return Datum::Bytes(body);
    }
    scratch.clear();
    let mut skip = false;
    for &byte in body {
        if !skip {
            scratch.push(byte);
        }
        skip = !skip && byte == ESCAPE;
    }
    Datum::Bytes(scratch)
}

/// A key as text for messages, values separated by `, `.
pub(crate) fn to_text(parts: &[KeyPart], key: &[u8]) -> String {
    let mut text = String::new();
    for index in 0..parts.len() {
        if index > 0 {
            text.push_str(", ");
        }
        let mut scratch = Vec::new();
        // Writing to a String cannot fail.
        let _ = match decode_part(parts, index, key, &mut scratch) {
            Datum::Null => write!(text, "NULL"),
            Datum::Bool(value) => write!(text, "{value}"),
            Datum::Int(value) => write!(text, "{}", decimal_text(parts[index].kind, value.into())),
            Datum::Int128(value) => write!(text, "{}", decimal_text(parts[index].kind, value)),
            Datum::Float(value) => write!(text, "{value}"),
            Datum::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(value) if parts[index].kind != Kind::Uuid => write!(text, "{value}"),
                _ => bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}")),
            },
            Datum::Interval { months, days, micros } => {
                write!(text, "{months} months {days} days {micros} microseconds")
            }
        };
    }
    text
}

fn decimal_text(kind: Kind, unscaled: i128) -> String {
    let scale = match kind {
        Kind::Decimal64 { scale, .. } | Kind::Decimal128 { scale, .. } => u32::from(scale),
        _ => 0,
    };
    if scale == 0 {
        return unscaled.to_string();
    }
    let unit = 10_u128.pow(scale);
    let magnitude = unscaled.unsigned_abs();
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = scale as usize)
}

/// The smallest key above every key that starts with `prefix`; `None` if there is none.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

/// The first eight bytes as a number, which orders keys up to equality of those bytes.
pub(crate) fn prefix_of(key: &[u8]) -> u64 {
    u64::from_be_bytes(take(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(part: KeyPart, value: Datum<'_>) -> String {
        let mut out = Vec::new();
        encode_part(&part, &value, &mut out);
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn plain(kind: Kind) -> KeyPart {
        KeyPart::ascending(kind, Some(0))
    }

    #[test]
    fn golden_bytes() {
        let nullable = KeyPart { nullable: true, ..plain(Kind::Int32) };
        let descending = KeyPart { descending: true, ..nullable };
        let decimal = plain(Kind::Decimal128 { precision: 38, scale: 2 });
        let interval = Datum::Interval { months: 1, days: -1, micros: 5 };
        let cases = [
            (encode(plain(Kind::Bool), Datum::Bool(true)), "01"),
            (encode(plain(Kind::Int8), Datum::Int(-1)), "7f"),
            (encode(plain(Kind::Int16), Datum::Int(1)), "8001"),
            (encode(plain(Kind::Int32), Datum::Int(-2)), "7ffffffe"),
            (encode(plain(Kind::Int64), Datum::Int(42)), "800000000000002a"),
            (encode(plain(Kind::Date), Datum::Int(0)), "80000000"),
            (encode(plain(Kind::Timestamp), Datum::Int(-1)), "7fffffffffffffff"),
            (encode(decimal, Datum::Int128(1)), "80000000000000000000000000000001"),
            (encode(plain(Kind::Float64), Datum::Float(1.0)), "bff0000000000000"),
            (encode(plain(Kind::Float64), Datum::Float(-1.0)), "400fffffffffffff"),
            (encode(plain(Kind::Float64), Datum::Float(-0.0)), "8000000000000000"),
            (encode(plain(Kind::Float64), Datum::Float(f64::NAN)), "fff8000000000000"),
            (encode(plain(Kind::Float32), Datum::Float(1.0)), "bf800000"),
            (encode(plain(Kind::Float32), Datum::Float(-f64::NAN)), "ffc00000"),
            (encode(plain(Kind::Text), Datum::Bytes(b"ab")), "61620000"),
            (encode(plain(Kind::Text), Datum::Bytes(b"")), "0000"),
            (encode(plain(Kind::Blob), Datum::Bytes(&[0, 1])), "00ff010000"),
            (encode(plain(Kind::Uuid), Datum::Bytes(&[7; 16])), &"07".repeat(16)),
            (
                encode(plain(Kind::Interval), interval),
                "8000000000000000000002476165e005 80000001 7fffffff".replace(' ', "").as_str(),
            ),
            (encode(nullable, Datum::Null), "00"),
            (encode(nullable, Datum::Int(1)), "0180000001"),
            (encode(descending, Datum::Int(1)), "fe7ffffffe"),
            (encode(descending, Datum::Null), "ff"),
        ]
        .map(|(found, expected)| (found, expected.to_owned()));
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn successor_of_a_prefix() {
        assert_eq!(after_prefix(&[1, 0xff]), Some(vec![2]));
        assert_eq!(after_prefix(&[0xff, 0xff]), None);
    }

    fn check_order(part: KeyPart, a: Datum<'_>, b: Datum<'_>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        encode_part(&part, &a, &mut left);
        encode_part(&part, &b, &mut right);
        let mut expected = a.compare(&b).unwrap();
        if part.descending {
            expected = expected.reverse();
        }
        assert_eq!(left.cmp(&right), expected, "{a:?} {b:?}");
        assert_eq!(part_length(&part, &left), Some(left.len()));
        let mut scratch = Vec::new();
        let back = decode_part(&[part], 0, &left, &mut scratch);
        assert_eq!(back.compare(&a), Some(std::cmp::Ordering::Equal));
    }

    proptest! {
        #[test]
        fn bytes_order_as_values_do(
            ints in any::<(i64, i64)>(),
            wide in any::<(i128, i128)>(),
            floats in (proptest::num::f64::ANY, proptest::num::f64::ANY),
            texts in any::<(Vec<u8>, Vec<u8>)>(),
            zeros in proptest::collection::vec(0_u8..2, 0..6),
            intervals in any::<((i32, i32, i64), (i32, i32, i64))>(),
            descending: bool,
            nullable: bool,
        ) {
            let part = |kind| KeyPart { descending, nullable, ..plain(kind) };
            check_order(part(Kind::Int64), Datum::Int(ints.0), Datum::Int(ints.1));
            let narrow = (i64::from(ints.0 as i16), i64::from(ints.1 as i16));
            check_order(part(Kind::Int16), Datum::Int(narrow.0), Datum::Int(narrow.1));
            let decimal = Kind::Decimal128 { precision: 38, scale: 0 };
            check_order(part(decimal), Datum::Int128(wide.0), Datum::Int128(wide.1));
            check_order(part(Kind::Float64), Datum::Float(floats.0), Datum::Float(floats.1));
            let single = (f64::from(floats.0 as f32), f64::from(floats.1 as f32));
            check_order(part(Kind::Float32), Datum::Float(single.0), Datum::Float(single.1));
            check_order(part(Kind::Blob), Datum::Bytes(&texts.0), Datum::Bytes(&texts.1));
            check_order(part(Kind::Blob), Datum::Bytes(&texts.0), Datum::Bytes(&zeros));
            let interval = |(months, days, micros)| Datum::Interval { months, days, micros };
            check_order(part(Kind::Interval), interval(intervals.0), interval(intervals.1));
            if nullable {
                check_order(part(Kind::Int64), Datum::Null, Datum::Int(ints.1));
            }
        }
    }
}
