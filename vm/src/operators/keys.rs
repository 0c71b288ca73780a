//! The encoding of keys as bytes: two keys are equal exactly when their bytes are, and stand in the
//! order of their bytes (memcmp). Groups, joins, DISTINCT and sorts all go by it.
//!
//! A key is its columns in order, each a tag and, unless NULL, its value: integers big-endian with
//! the sign bit inverted; DOUBLE likewise with −0.0 as 0.0 and one NaN after all numbers; text with
//! 0x00 written as 0x00 0xFF and ended by 0x00 0x00; composites by their parts, each under a tag of
//! its own. A descending column has its value bytes inverted.

use crate::batch::Rows;
use crate::vector::{BytesView, Data, Operand, ValidityView, Vector};
use grizzly_bytecode::Value;

const VALUE: u8 = 1;
const NULL_FIRST: u8 = 0;
const NULL_LAST: u8 = 2;

/// How a column takes part in a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyOrder {
    /// Whether greater values come first.
    pub descending: bool,
    /// Whether NULLs come first.
    pub nulls_first: bool,
}

/// Keys of rows, one after the other.
#[derive(Debug, Default)]
pub struct EncodedKeys {
    /// The bytes of all keys.
    pub bytes: Vec<u8>,
    /// Where each key ends.
    pub ends: Vec<usize>,
}

impl EncodedKeys {
    /// The bytes of a key.
    #[inline]
    pub fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds the keys of the rows, each after `prefix`. A column of kind I128 is encoded in 128 bits
    /// however it is held (`wide`).
    pub fn encode(
        &mut self,
        columns: &KeyColumns<'_>,
        rows: Rows<'_>,
        prefix: impl Fn(usize) -> Option<u32>,
    ) {
        rows.each(|row| {
            if let Some(prefix) = prefix(row) {
                self.bytes.extend_from_slice(&prefix.to_be_bytes());
            }
            for column in columns.iter() {
                column.encode(row, &mut self.bytes);
            }
            self.ends.push(self.bytes.len());
        });
    }
}

/// The columns of a key. The first few lie inline, so that a batch allocates nothing.
#[derive(Debug, Default)]
pub struct KeyColumns<'a> {
    inline: [Option<KeyColumn<'a>>; 6],
    rest: Vec<KeyColumn<'a>>,
}

impl<'a> KeyColumns<'a> {
    /// The columns of an iterator, in order.
    pub fn new(mut columns: impl Iterator<Item = KeyColumn<'a>>) -> KeyColumns<'a> {
        let inline = std::array::from_fn(|_| columns.next());
        KeyColumns { inline, rest: columns.collect() }
    }

    /// The columns.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &KeyColumn<'a>> {
        self.inline.iter().flatten().chain(&self.rest)
    }
}

/// A column of a key, ready to be read by row.
#[derive(Clone, Copy, Debug)]
pub struct KeyColumn<'a> {
    values: KeyValues<'a>,
    validity: ValidityView<'a>,
    order: KeyOrder,
}

#[derive(Clone, Copy, Debug)]
enum KeyValues<'a> {
    Bool(Operand<'a, u8>),
    I64(Operand<'a, i64>),
    /// 64-bit data of a 128-bit column.
    Narrow(Operand<'a, i64>),
    F64(Operand<'a, f64>),
    I128(Operand<'a, i128>),
    Bytes(BytesView<'a>),
    Object(Operand<'a, Value>),
}

impl<'a> KeyColumn<'a> {
    /// A column; `wide` says whether it is of kind I128, `order` how it is ordered.
    pub fn new(vector: &'a Vector, wide: bool, order: KeyOrder) -> KeyColumn<'a> {
        let values = match vector.data() {
            Data::Bool(v) => KeyValues::Bool(v.operand()),
            Data::I64(v) if wide => KeyValues::Narrow(v.operand()),
            Data::I64(v) => KeyValues::I64(v.operand()),
            Data::F64(v) => KeyValues::F64(v.operand()),
            Data::I128(v) => KeyValues::I128(v.operand()),
            Data::Bytes(v) => KeyValues::Bytes(v.view()),
            Data::Object(v) => KeyValues::Object(v.operand()),
        };
        KeyColumn { values, validity: vector.validity(), order }
    }

    /// Whether a row is NULL in this column.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        !self.validity.get(row)
    }

    #[inline]
    fn encode(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.push(if self.order.nulls_first { NULL_FIRST } else { NULL_LAST });
            return;
        }
        out.push(VALUE);
        let start = out.len();
        match self.values {
            KeyValues::Bool(v) => out.push(*v.get(row)),
            KeyValues::I64(v) => out.extend_from_slice(&ordered_i64(*v.get(row))),
            KeyValues::Narrow(v) => out.extend_from_slice(&ordered_i128((*v.get(row)).into())),
            KeyValues::F64(v) => out.extend_from_slice(&ordered_f64(*v.get(row))),
            KeyValues::I128(v) => out.extend_from_slice(&ordered_i128(*v.get(row))),
            KeyValues::Bytes(v) => encode_bytes(v.get(row), out),
            KeyValues::Object(v) => encode_value(v.get(row), out),
        }
        if self.order.descending {
            out[start..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
}

fn ordered_i64(value: i64) -> [u8; 8] {
    (value as u64 ^ 1 << 63).to_be_bytes()
}

fn ordered_i128(value: i128) -> [u8; 16] {
    (value as u128 ^ 1 << 127).to_be_bytes()
}

fn ordered_f64(value: f64) -> [u8; 8] {
    // Adding zero turns −0.0 into 0.0.
    let bits =
        if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { (value + 0.0).to_bits() };
    // A negative number's bits are inverted, a positive one's get the sign bit.
    let mask = ((bits as i64 >> 63) as u64) | 1 << 63;
    (bits ^ mask).to_be_bytes()
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let mut parts = bytes.split(|byte| *byte == 0);
    if let Some(first) = parts.next() {
        out.extend_from_slice(first);
    }
    for part in parts {
        out.extend_from_slice(&[0, 0xff]);
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&[0, 0]);
}

/// Encodes values, one after the other, so that equal lists of them have equal bytes.
pub fn encode_values(values: &[Value], out: &mut Vec<u8>) {
    values.iter().for_each(|value| encode_value(value, out));
}

/// Encodes a value inside a composite, as [`Value::total_cmp`] orders it.
fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(b) => out.extend_from_slice(&[1, u8::from(*b)]),
        Value::Int(i) => encode_part(2, &ordered_i64(*i), out),
        Value::Float(x) => encode_part(3, &ordered_f64(*x), out),
        Value::Wide(w) => encode_part(4, &ordered_i128(*w), out),
        Value::Text(text) => {
            out.push(5);
            encode_bytes(text.as_bytes(), out);
        }
        Value::Bytes(bytes) => {
            out.push(6);
            encode_bytes(bytes, out);
        }
        Value::Array(values) => encode_all(7, values, out),
        Value::Struct(s) => encode_all(8, &s.fields, out),
        Value::Map(pairs) => {
            out.push(9);
            for (key, value) in pairs.iter() {
                encode_value(key, out);
                encode_value(value, out);
            }
            out.push(0);
        }
        Value::Exception(e) => {
            out.push(10);
            encode_bytes(e.ty.name.as_bytes(), out);
            encode_all(7, &e.fields, out);
        }
        Value::Closure(closure) => {
            out.push(12);
            out.extend_from_slice(&closure.function.0.to_be_bytes());
            encode_all(7, &closure.captures, out);
        }
        Value::Null => out.push(11),
    }
}

fn encode_part(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn encode_all(tag: u8, values: &[Value], out: &mut Vec<u8>) {
    out.push(tag);
    values.iter().for_each(|value| encode_value(value, out));
    // Below every tag: a shorter one that agrees comes first.
    out.push(0);
}
