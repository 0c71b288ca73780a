//! Reads one column of many rows into a vector: numbers, dates and text directly, everything else
//! as a cast from TEXT does.

use super::infer::has_leading_zero;
use super::split::{Shape, Span};
use crate::convert::convert;
use crate::format::values::push_value;
use grizzly_bytecode::temporal::{MICROS_PER_DAY, days_from_civil, days_in_month};
use grizzly_bytecode::{FileColumn, Type, Value, VectorKind};
use grizzly_vm::vector::{Vector, set_bit};

/// A field that is no value of its column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadField {
    /// The row of the batch.
    pub row: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is missing in a column that holds no NULL.
    Missing,
    /// It cannot be read: why.
    Unreadable(String),
}

/// A column of the rows that were cut from a text.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    /// The text.
    pub text: &'a [u8],
    /// The fields of all columns, row by row.
    pub spans: &'a [Span],
    /// The number of columns.
    pub width: usize,
    /// The column.
    pub index: usize,
    /// The text's shape.
    pub shape: Shape,
    /// The texts that mean NULL.
    pub nulls: &'a [Box<[u8]>],
}

impl<'a> Fields<'a> {
    fn iter(&self) -> impl Iterator<Item = Span> + use<'a> {
        self.spans.iter().skip(self.index).step_by(self.width.max(1)).copied()
    }

    fn rows(&self) -> usize {
        self.spans.len() / self.width.max(1)
    }

    #[inline]
    fn is_null(&self, span: Span) -> bool {
        let raw = span.raw(self.text);
        !span.is_quoted() && self.nulls.iter().any(|null| **null == *raw)
    }
}

/// Reads a column.
///
/// # Errors
/// The first field that is no value of the column.
pub(crate) fn read(
    fields: &Fields<'_>,
    column: &FileColumn,
    out: &mut Vector,
) -> Result<(), BadField> {
    let mut nulls = Nulls { rows: fields.rows(), bits: Vec::new() };
    match &column.ty {
        Type::Text => texts(fields, column, out, &mut nulls)?,
        Type::Int64 => {
            let own = out.owned_i64();
            numbers(fields, column, own, &mut nulls, integer, int_of)?;
        }
        Type::Int8 | Type::Int16 | Type::Int32 => {
            let limit = match column.ty {
                Type::Int8 => i64::from(i8::MAX),
                Type::Int16 => i64::from(i16::MAX),
                _ => i64::from(i32::MAX),
            };
            let narrow = |text: &[u8]| integer(text).filter(|v| (-limit - 1..=limit).contains(v));
            numbers(fields, column, out.owned_i64(), &mut nulls, narrow, int_of)?;
        }
        Type::Double => {
            let own = out.owned_f64();
            numbers(fields, column, own, &mut nulls, double, float_of)?;
        }
        Type::Date => numbers(fields, column, out.owned_i64(), &mut nulls, date, int_of)?,
        Type::Timestamp => {
            let plain = |text: &[u8]| timestamp(text).filter(|_| text.last() != Some(&b'Z'));
            numbers(fields, column, out.owned_i64(), &mut nulls, plain, int_of)?;
        }
        Type::TimestampTz => {
            numbers(fields, column, out.owned_i64(), &mut nulls, timestamp, int_of)?;
        }
        Type::Decimal { precision, scale } if *precision <= 18 => {
            let (precision, scale) = (usize::from(*precision), usize::from(*scale));
            let exact = |text: &[u8]| decimal(text, precision, scale);
            numbers(fields, column, out.owned_i64(), &mut nulls, exact, int_of)?;
        }
        _ => others(fields, column, out, &mut nulls)?,
    }
    nulls.put(out);
    Ok(())
}

/// The rows that are NULL, once there is one.
struct Nulls {
    rows: usize,
    bits: Vec<u8>,
}

impl Nulls {
    #[cold]
    fn add(&mut self, row: usize) {
        if self.bits.is_empty() {
            self.bits.resize(self.rows.div_ceil(8), 0xff);
        }
        set_bit(&mut self.bits, row, false);
    }

    fn put(&self, out: &mut Vector) {
        if !self.bits.is_empty() {
            out.validity_mut().owned_bits(self.rows).copy_from_slice(&self.bits);
        }
    }
}

fn missing(column: &FileColumn, row: usize) -> Result<(), BadField> {
    if column.nullable { Ok(()) } else { Err(BadField { row, problem: Problem::Missing }) }
}

fn int_of(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        _ => None,
    }
}

fn float_of(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// Fixed-width values: `fast` reads the usual forms, a cast the others.
fn numbers<T: Default>(
    fields: &Fields<'_>,
    column: &FileColumn,
    out: &mut Vec<T>,
    nulls: &mut Nulls,
    fast: impl Fn(&[u8]) -> Option<T>,
    of: fn(&Value) -> Option<T>,
) -> Result<(), BadField> {
    out.clear();
    out.reserve(fields.rows());
    for (row, span) in fields.iter().enumerate() {
        let value = match fast(span.raw(fields.text)) {
            Some(value) => value,
            None => match slow(fields, column, row, span)? {
                Value::Null => {
                    nulls.add(row);
                    T::default()
                }
                value => of(&value).unwrap_or_default(),
            },
        };
        out.push(value);
    }
    Ok(())
}

/// A field by a cast from TEXT. An empty field is NULL in every column but TEXT.
#[cold]
fn slow(
    fields: &Fields<'_>,
    column: &FileColumn,
    row: usize,
    span: Span,
) -> Result<Value, BadField> {
    let unreadable = |why: String| BadField { row, problem: Problem::Unreadable(why) };
    let mut scratch = Vec::new();
    let bytes = span.value(fields.text, fields.shape, &mut scratch);
    if bytes.is_empty() || fields.is_null(span) {
        missing(column, row)?;
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| unreadable(format!("`{}` is not UTF-8", String::from_utf8_lossy(bytes))))?;
    if column.guessed && column.ty == Type::Int64 && has_leading_zero(bytes) {
        return Err(unreadable(format!("`{text}` has a leading zero, which a number would lose")));
    }
    convert(&Value::text(text), &Type::Text, &column.ty)
        .map_err(|fault| unreadable(fault.exception.message.to_string()))
}

fn texts(
    fields: &Fields<'_>,
    column: &FileColumn,
    out: &mut Vector,
    nulls: &mut Nulls,
) -> Result<(), BadField> {
    let longest = fields.nulls.iter().map(|null| null.len()).max().unwrap_or(0);
    let no_nulls = fields.nulls.is_empty();
    let mut scratch = Vec::new();
    let (offsets, data) = out.bytes_mut().owned_offsets();
    offsets.reserve(fields.rows());
    for (row, span) in fields.iter().enumerate() {
        let raw = span.raw(fields.text);
        if raw.len() <= longest && !no_nulls && fields.is_null(span) {
            missing(column, row)?;
            nulls.add(row);
        } else if span.is_escaped() {
            data.extend_from_slice(span.value(fields.text, fields.shape, &mut scratch));
        } else {
            data.extend_from_slice(raw);
        }
        // The rows of a batch come from a text of less than 2^30 bytes.
        offsets.push(data.len() as i32);
    }
    check_utf8(offsets, data)
}

/// Whether each text by itself is UTF-8.
fn check_utf8(offsets: &[i32], data: &[u8]) -> Result<(), BadField> {
    if data.is_ascii() {
        return Ok(());
    }
    let ends = offsets.windows(2).map(|ends| (ends[0] as usize, ends[1] as usize));
    for (row, (start, end)) in ends.enumerate() {
        let bytes = data.get(start..end).unwrap_or(&[]);
        if std::str::from_utf8(bytes).is_err() {
            let shown = String::from_utf8_lossy(bytes);
            let problem = Problem::Unreadable(format!("`{shown}` is not UTF-8"));
            return Err(BadField { row, problem });
        }
    }
    Ok(())
}

fn others(
    fields: &Fields<'_>,
    column: &FileColumn,
    out: &mut Vector,
    nulls: &mut Nulls,
) -> Result<(), BadField> {
    let kind = column.ty.vector_kind();
    if out.kind() != kind || kind == VectorKind::Bytes {
        *out = Vector::of_kind(kind);
    }
    crate::format::values::clear(out);
    for (row, span) in fields.iter().enumerate() {
        let value = slow(fields, column, row, span)?;
        if value.is_null() {
            nulls.add(row);
        }
        push_value(out, &value);
    }
    Ok(())
}

/// Up to 18 digits without zeros in front.
#[inline]
fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0';
    if digits.is_empty() || digits.len() > 18 || has_leading_zero {
        return None;
    }
    let mut value: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// `digits[.digits]` of up to 19 digits as an integer and the number of digits after the point.
#[inline]
fn digits_and_point(text: &[u8]) -> Option<(u64, usize)> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let (mut value, mut point, mut digits) = (0_u64, None, 0);
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            digits += 1;
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let after = point.map_or(0, |at| text.len() - at - 1);
    (digits > 0).then_some((value, after))
}

/// Powers of ten that a DOUBLE holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A number without exponent whose digits and whose power of ten are exact DOUBLEs, so that one
/// division rounds correctly (Clinger, 1990), or the long way.
#[inline]
fn double(text: &[u8]) -> Option<f64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (digits, after) = digits_and_point(rest)?;
    if digits > 1 << 53 || after >= POWERS.len() {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let value = digits as f64 / POWERS[after];
    Some(if negative { -value } else { value })
}

/// A DECIMAL with no more digits than its column has; others are rounded or refused elsewhere.
#[inline]
fn decimal(text: &[u8], precision: usize, scale: usize) -> Option<i64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (digits, after) = digits_and_point(rest)?;
    let power = 10_u64.checked_pow(u32::try_from(scale.checked_sub(after)?).ok()?)?;
    let limit = 10_u64.checked_pow(u32::try_from(precision).ok()?)?;
    let unscaled = digits.checked_mul(power).filter(|value| *value < limit)?;
    let unscaled = i64::try_from(unscaled).ok()?;
    Some(if negative { -unscaled } else { unscaled })
}

/// The number that some digits write.
#[inline]
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u32::from(digit))
    })
}

/// `yyyy-mm-dd`.
#[inline]
fn date(text: &[u8]) -> Option<i64> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let year = i64::from(digits(&[*y0, *y1, *y2, *y3])?);
    let (month, day) = (digits(&[*m0, *m1])?, digits(&[*d0, *d1])?);
    let is_date =
        year > 0 && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    is_date.then(|| days_from_civil(year, month, day))
}

/// `yyyy-mm-dd hh:mm:ss`, with `T` for the blank, with or without `Z`.
#[inline]
fn timestamp(text: &[u8]) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let [b' ' | b'T', h0, h1, b':', m0, m1, b':', s0, s1, zone @ ..] = rest else { return None };
    if !matches!(zone, [] | [b'Z']) {
        return None;
    }
    let hour = digits(&[*h0, *h1]).filter(|hour| *hour < 24)?;
    let minute = digits(&[*m0, *m1]).filter(|minute| *minute < 60)?;
    let second = digits(&[*s0, *s1]).filter(|second| *second < 60)?;
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(date(day)? * MICROS_PER_DAY + seconds * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use grizzly_bytecode::temporal::{parse_date, parse_timestamp};

    #[test]
    fn fast_forms_are_what_casts_give() {
        for text in ["0", "-1", "123456789012345678", "42"] {
            assert_eq!(integer(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for text in ["0.1", "-2.5", "10.357019999999999", "39.02", "7", ".5", "5.", "0.30000004"] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(double(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["2024-02-29", "1970-01-01", "0001-01-01", "9999-12-31"] {
            assert_eq!(date(text.as_bytes()), parse_date(text).ok(), "{text}");
            let time = format!("{text} 23:59:58");
            assert_eq!(timestamp(time.as_bytes()), parse_timestamp(&time).ok());
        }
        for text in ["", "-", "01", "1x", "12345678901234567890", "+1"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
        for text in ["2023-02-29", "2024-13-01", "2024-1-1", "2024-01-00", "20240101"] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
        assert_eq!(double(b"1e5"), None);
        assert_eq!(double(b"."), None);
        assert_eq!(decimal(b"1.5", 15, 2), Some(150));
        assert_eq!(decimal(b"-1.555", 15, 2), None);
        assert_eq!(decimal(b"1000", 5, 2), None);
    }
}
