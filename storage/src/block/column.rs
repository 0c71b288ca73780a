//! Arrow columns read and built value by value, or copied by ranges.
//!
//! The Arrow type of each [`Kind`] is fixed here (FORMAT.md has the table). TEXT may be `Utf8` or
//! `Dictionary(UInt16, Utf8)`; readers take both, builders choose when they finish.

use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::nested;
use crate::sync::Arc;
use crate::table::Kind;
use arrow_array::types::UInt16Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal64Array, Decimal128Array,
    DictionaryArray, FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, IntervalMonthDayNanoArray, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt16Array,
};
use arrow_buffer::{
    BooleanBuffer, BooleanBufferBuilder, Buffer, IntervalMonthDayNano, NullBuffer,
    NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::ops::Range;

/// TEXT with fewer distinct values than this in a block is a dictionary.
pub(crate) const DICTIONARY_LIMIT: usize = 4096;

/// The Arrow type of a kind; for text the plain one.
pub(crate) fn arrow_type(kind: Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Int8 => DataType::Int8,
        Kind::Int16 => DataType::Int16,
        Kind::Int32 => DataType::Int32,
        Kind::Int64 => DataType::Int64,
        Kind::Float32 => DataType::Float32,
        Kind::Float64 => DataType::Float64,
        Kind::Decimal64 { precision, scale } => DataType::Decimal64(precision, scale as i8),
        Kind::Decimal128 { precision, scale } => DataType::Decimal128(precision, scale as i8),
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Blob => DataType::Binary,
        Kind::Date => DataType::Date32,
        Kind::Time => DataType::Time64(TimeUnit::Microsecond),
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        Kind::Uuid => DataType::FixedSizeBinary(16),
        Kind::Nested(shape) => nested::arrow_type(shape),
    }
}

#[derive(Clone, Debug)]
enum Source {
    Bool(BooleanBuffer),
    Int8(ScalarBuffer<i8>),
    Int16(ScalarBuffer<i16>),
    Int32(ScalarBuffer<i32>),
    Int64(ScalarBuffer<i64>),
    Int128(ScalarBuffer<i128>),
    Float32(ScalarBuffer<f32>),
    Float64(ScalarBuffer<f64>),
    Interval(ScalarBuffer<IntervalMonthDayNano>),
    Fixed16(Buffer),
    Bytes(OffsetBuffer<i32>, Buffer),
    Dictionary(ScalarBuffer<u16>, OffsetBuffer<i32>, Buffer),
}

/// Reads an Arrow array of a kind.
#[derive(Clone, Debug)]
pub(crate) struct ColumnReader {
    source: Source,
    nulls: Option<NullBuffer>,
    /// Whether the order of the datums is that of the values.
    pub(crate) ordered: bool,
}

fn cast<T: Clone + 'static>(array: &ArrayRef) -> Option<T> {
    array.as_any().downcast_ref::<T>().cloned()
}

impl ColumnReader {
    /// A reader for an array, whose type must be one of the kind's.
    pub(crate) fn new(kind: Kind, array: &ArrayRef) -> Result<ColumnReader> {
        let source = Self::source(kind, array).ok_or_else(|| {
            Error::InvalidRequest(format!(
                "an array of type {} was given where {} is stored",
                array.data_type(),
                arrow_type(kind)
            ))
        })?;
        let ordered = !matches!(kind, Kind::Nested(_));
        Ok(ColumnReader { source, nulls: array.nulls().cloned(), ordered })
    }

    fn source(kind: Kind, array: &ArrayRef) -> Option<Source> {
        let text = matches!(kind, Kind::Text | Kind::Json);
        if text && let Some(array) = cast::<DictionaryArray<UInt16Type>>(array) {
            let values = array.values().as_any().downcast_ref::<StringArray>()?;
            return Some(Source::Dictionary(
                array.keys().values().clone(),
                values.offsets().clone(),
                values.values().clone(),
            ));
        }
        if *array.data_type() != arrow_type(kind) {
            return None;
        }
        Some(match kind {
            Kind::Bool => Source::Bool(cast::<BooleanArray>(array)?.values().clone()),
            Kind::Int8 => Source::Int8(cast::<Int8Array>(array)?.values().clone()),
            Kind::Int16 => Source::Int16(cast::<Int16Array>(array)?.values().clone()),
            Kind::Int32 => Source::Int32(cast::<Int32Array>(array)?.values().clone()),
            Kind::Date => Source::Int32(cast::<Date32Array>(array)?.values().clone()),
            Kind::Int64 => Source::Int64(cast::<Int64Array>(array)?.values().clone()),
            Kind::Decimal64 { .. } => {
                Source::Int64(cast::<Decimal64Array>(array)?.values().clone())
            }
            Kind::Time => Source::Int64(cast::<Time64MicrosecondArray>(array)?.values().clone()),
            Kind::Timestamp | Kind::TimestampTz => {
                Source::Int64(cast::<TimestampMicrosecondArray>(array)?.values().clone())
            }
            Kind::Decimal128 { .. } => {
                Source::Int128(cast::<Decimal128Array>(array)?.values().clone())
            }
            Kind::Float32 => Source::Float32(cast::<Float32Array>(array)?.values().clone()),
            Kind::Float64 => Source::Float64(cast::<Float64Array>(array)?.values().clone()),
            Kind::Interval => {
                Source::Interval(cast::<IntervalMonthDayNanoArray>(array)?.values().clone())
            }
            Kind::Uuid => Source::Fixed16(cast::<FixedSizeBinaryArray>(array)?.values().clone()),
            Kind::Text | Kind::Json => {
                let array = cast::<StringArray>(array)?;
                Source::Bytes(array.offsets().clone(), array.values().clone())
            }
            Kind::Nested(shape) => {
                let (offsets, bytes) = nested::from_arrow(shape, array).ok()?;
                Source::Bytes(offsets, bytes)
            }
            Kind::Blob => {
                let array = cast::<BinaryArray>(array)?;
                Source::Bytes(array.offsets().clone(), array.values().clone())
            }
        })
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// The value in a row.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> Datum<'_> {
        if self.is_null(row) {
            return Datum::Null;
        }
        match &self.source {
            Source::Bool(values) => Datum::Bool(values.value(row)),
            Source::Int8(values) => Datum::Int(i64::from(values[row])),
            Source::Int16(values) => Datum::Int(i64::from(values[row])),
            Source::Int32(values) => Datum::Int(i64::from(values[row])),
            Source::Int64(values) => Datum::Int(values[row]),
            Source::Int128(values) => Datum::Int128(values[row]),
            Source::Float32(values) => Datum::Float(f64::from(values[row])),
            Source::Float64(values) => Datum::Float(values[row]),
            Source::Interval(values) => Datum::Interval {
                months: values[row].months,
                days: values[row].days,
                micros: values[row].nanoseconds / 1000,
            },
            Source::Fixed16(values) => Datum::Bytes(&values[row * 16..row * 16 + 16]),
            Source::Bytes(offsets, data) => Datum::Bytes(slice(offsets, data, row)),
            Source::Dictionary(keys, offsets, data) => {
                Datum::Bytes(slice(offsets, data, usize::from(keys[row])))
            }
        }
    }

    /// The values as plain 64-bit integers, for key search; `None` for other types.
    pub(crate) fn as_int64(&self) -> Option<&[i64]> {
        match &self.source {
            Source::Int64(values) => Some(values),
            _ => None,
        }
    }

    /// The values as plain 32-bit integers, for key search; `None` for other types.
    pub(crate) fn as_int32(&self) -> Option<&[i32]> {
        match &self.source {
            Source::Int32(values) => Some(values),
            _ => None,
        }
    }
}

#[inline]
fn slice<'a>(offsets: &OffsetBuffer<i32>, data: &'a Buffer, row: usize) -> &'a [u8] {
    &data[offsets[row] as usize..offsets[row + 1] as usize]
}

#[derive(Debug)]
enum Values {
    Bool(BooleanBufferBuilder),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int128(Vec<i128>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Interval(Vec<IntervalMonthDayNano>),
    Fixed16(Vec<u8>),
    Bytes(Vec<i32>, Vec<u8>),
}

/// Builds an Arrow array of a kind.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    kind: Kind,
    values: Values,
    nulls: NullBufferBuilder,
}

impl ColumnBuilder {
    /// A builder with room for `rows` values.
    pub(crate) fn new(kind: Kind, rows: usize) -> ColumnBuilder {
        let values = match kind {
            Kind::Bool => Values::Bool(BooleanBufferBuilder::new(rows)),
            Kind::Int8 => Values::Int8(Vec::with_capacity(rows)),
            Kind::Int16 => Values::Int16(Vec::with_capacity(rows)),
            Kind::Int32 | Kind::Date => Values::Int32(Vec::with_capacity(rows)),
            Kind::Int64
            | Kind::Decimal64 { .. }
            | Kind::Time
            | Kind::Timestamp
            | Kind::TimestampTz => Values::Int64(Vec::with_capacity(rows)),
            Kind::Decimal128 { .. } => Values::Int128(Vec::with_capacity(rows)),
            Kind::Float32 => Values::Float32(Vec::with_capacity(rows)),
            Kind::Float64 => Values::Float64(Vec::with_capacity(rows)),
            Kind::Interval => Values::Interval(Vec::with_capacity(rows)),
            Kind::Uuid => Values::Fixed16(Vec::with_capacity(rows * 16)),
            Kind::Text | Kind::Json | Kind::Blob | Kind::Nested(_) => {
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                Values::Bytes(offsets, Vec::new())
            }
        };
        ColumnBuilder { kind, values, nulls: NullBufferBuilder::new(rows) }
    }

    /// Bytes of text and blobs so far; they must stay below 2 GiB.
    pub(crate) fn variable_bytes(&self) -> usize {
        match &self.values {
            Values::Bytes(_, data) => data.len(),
            _ => 0,
        }
    }

    /// Appends a value that is of the kind (others are stored as NULL, which checks on the way in
    /// rule out).
    #[inline]
    pub(crate) fn push(&mut self, value: Datum<'_>) {
        let mut valid = true;
        match (&mut self.values, value) {
            (Values::Bool(values), Datum::Bool(value)) => values.append(value),
            (Values::Int8(values), Datum::Int(value)) => values.push(value as i8),
            (Values::Int16(values), Datum::Int(value)) => values.push(value as i16),
            (Values::Int32(values), Datum::Int(value)) => values.push(value as i32),
            (Values::Int64(values), Datum::Int(value)) => values.push(value),
            (Values::Int128(values), Datum::Int128(value)) => values.push(value),
            (Values::Float32(values), Datum::Float(value)) => values.push(value as f32),
            (Values::Float64(values), Datum::Float(value)) => values.push(value),
            (Values::Interval(values), Datum::Interval { months, days, micros }) => {
                values.push(IntervalMonthDayNano::new(months, days, micros.wrapping_mul(1000)));
            }
            (Values::Fixed16(values), Datum::Bytes(bytes)) => values.extend_from_slice(bytes),
            (Values::Bytes(offsets, data), Datum::Bytes(bytes)) => {
                data.extend_from_slice(bytes);
                offsets.push(data.len() as i32);
            }
            _ => {
                self.push_blank();
                valid = false;
            }
        }
        self.nulls.append(valid);
    }

    fn push_blank(&mut self) {
        match &mut self.values {
            Values::Bool(values) => values.append(false),
            Values::Int8(values) => values.push(0),
            Values::Int16(values) => values.push(0),
            Values::Int32(values) => values.push(0),
            Values::Int64(values) => values.push(0),
            Values::Int128(values) => values.push(0),
            Values::Float32(values) => values.push(0.0),
            Values::Float64(values) => values.push(0.0),
            Values::Interval(values) => values.push(IntervalMonthDayNano::default()),
            Values::Fixed16(values) => values.extend_from_slice(&[0; 16]),
            Values::Bytes(offsets, data) => offsets.push(data.len() as i32),
        }
    }

    /// Appends the rows `range` of a column of the same kind.
    pub(crate) fn extend(&mut self, reader: &ColumnReader, range: Range<usize>) {
        match (&mut self.values, &reader.source) {
            (Values::Int8(to), Source::Int8(from)) => to.extend_from_slice(&from[range.clone()]),
            (Values::Int16(to), Source::Int16(from)) => to.extend_from_slice(&from[range.clone()]),
            (Values::Int32(to), Source::Int32(from)) => to.extend_from_slice(&from[range.clone()]),
            (Values::Int64(to), Source::Int64(from)) => to.extend_from_slice(&from[range.clone()]),
            (Values::Int128(to), Source::Int128(from)) => {
                to.extend_from_slice(&from[range.clone()]);
            }
            (Values::Float32(to), Source::Float32(from)) => {
                to.extend_from_slice(&from[range.clone()]);
            }
            (Values::Float64(to), Source::Float64(from)) => {
                to.extend_from_slice(&from[range.clone()]);
            }
            (Values::Interval(to), Source::Interval(from)) => {
                to.extend_from_slice(&from[range.clone()]);
            }
            (Values::Fixed16(to), Source::Fixed16(from)) => {
                to.extend_from_slice(&from[range.start * 16..range.end * 16]);
            }
            (Values::Bytes(offsets, data), Source::Bytes(from, bytes)) => {
                let first = from[range.start];
                let shift = data.len() as i32 - first;
                data.extend_from_slice(&bytes[first as usize..from[range.end] as usize]);
                let ends = &from[range.start + 1..=range.end];
                offsets.extend(ends.iter().map(|end| end + shift));
            }
            _ => {
                range.for_each(|row| self.push(reader.value(row)));
                return;
            }
        }
        match &reader.nulls {
            None => self.nulls.append_n_non_nulls(range.len()),
            Some(nulls) => self.nulls.append_buffer(&nulls.slice(range.start, range.len())),
        }
    }

    /// The array. With `dictionary`, text of few distinct values becomes a dictionary.
    pub(crate) fn finish(mut self, dictionary: bool) -> Result<ArrayRef> {
        let nulls = self.nulls.finish();
        Ok(match self.values {
            Values::Bool(mut values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Values::Int8(values) => Arc::new(Int8Array::new(values.into(), nulls)),
            Values::Int16(values) => Arc::new(Int16Array::new(values.into(), nulls)),
            Values::Int32(values) if self.kind == Kind::Date => {
                Arc::new(Date32Array::new(values.into(), nulls))
            }
            Values::Int32(values) => Arc::new(Int32Array::new(values.into(), nulls)),
            Values::Int64(values) => int64_array(self.kind, values.into(), nulls)?,
            Values::Int128(values) => Arc::new(
                Decimal128Array::new(values.into(), nulls).with_data_type(arrow_type(self.kind)),
            ),
            Values::Float32(values) => Arc::new(Float32Array::new(values.into(), nulls)),
            Values::Float64(values) => Arc::new(Float64Array::new(values.into(), nulls)),
            Values::Interval(values) => {
                Arc::new(IntervalMonthDayNanoArray::new(values.into(), nulls))
            }
            Values::Fixed16(values) => {
                Arc::new(FixedSizeBinaryArray::try_new(16, values.into(), nulls).map_err(arrow)?)
            }
            Values::Bytes(_, data) if data.len() > i32::MAX as usize => {
                return Err(Error::Unsupported("2 GiB of text in one block".into()));
            }
            Values::Bytes(offsets, data) => {
                if dictionary
                    && self.kind == Kind::Text
                    && let Some(array) = dictionary_array(&offsets, &data, nulls.as_ref())?
                {
                    return Ok(array);
                }
                match self.kind {
                    Kind::Nested(shape) => nested::to_arrow(shape, &offsets, &data, nulls)?,
                    kind => bytes_array(kind, offsets, data, nulls)?,
                }
            }
        })
    }
}

/// An Arrow error where none can happen unless an invariant is broken.
pub(crate) fn arrow(error: arrow_schema::ArrowError) -> Error {
    Error::Bug(format!("an array could not be built: {error}"))
}

fn int64_array(
    kind: Kind,
    values: ScalarBuffer<i64>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    Ok(match kind {
        Kind::Decimal64 { .. } => {
            Arc::new(Decimal64Array::new(values, nulls).with_data_type(arrow_type(kind)))
        }
        Kind::Time => Arc::new(Time64MicrosecondArray::new(values, nulls)),
        Kind::Timestamp => Arc::new(TimestampMicrosecondArray::new(values, nulls)),
        Kind::TimestampTz => {
            Arc::new(TimestampMicrosecondArray::new(values, nulls).with_timezone("UTC"))
        }
        _ => Arc::new(Int64Array::new(values, nulls)),
    })
}

fn bytes_array(
    kind: Kind,
    offsets: Vec<i32>,
    data: Vec<u8>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(if kind == Kind::Blob {
        Arc::new(BinaryArray::try_new(offsets, data.into(), nulls).map_err(arrow)?)
    } else {
        Arc::new(StringArray::try_new(offsets, data.into(), nulls).map_err(arrow)?)
    })
}

/// The dictionary form, or `None` when there are too many distinct values for it.
fn dictionary_array(
    offsets: &[i32],
    data: &[u8],
    nulls: Option<&NullBuffer>,
) -> Result<Option<ArrayRef>> {
    let rows = offsets.len() - 1;
    let hasher = DefaultHashBuilder::default();
    let mut table: HashTable<u16> = HashTable::with_capacity(64);
    let mut distinct: Vec<&[u8]> = Vec::new();
    let mut keys = Vec::with_capacity(rows);
    for row in 0..rows {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            keys.push(0);
            continue;
        }
        let value = &data[offsets[row] as usize..offsets[row + 1] as usize];
        let code = hasher.hash_one(value);
        let known = table.find(code, |&key| distinct[usize::from(key)] == value);
        if let Some(&key) = known {
            keys.push(key);
            continue;
        }
        // Small blocks of distinct values gain nothing from a dictionary.
        if distinct.len() + 1 >= DICTIONARY_LIMIT || distinct.len() > rows / 2 {
            return Ok(None);
        }
        let key = distinct.len() as u16;
        distinct.push(value);
        table.insert_unique(code, key, |&key| hasher.hash_one(distinct[usize::from(key)]));
        keys.push(key);
    }
    if distinct.is_empty() {
        return Ok(None);
    }
    let mut builder = ColumnBuilder::new(Kind::Json, distinct.len());
    distinct.iter().for_each(|value| builder.push(Datum::Bytes(value)));
    let values = builder.finish(false)?;
    let keys = UInt16Array::new(keys.into(), nulls.cloned());
    Ok(Some(Arc::new(DictionaryArray::try_new(keys, values).map_err(arrow)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_few_values_becomes_a_dictionary() {
        let mut builder = ColumnBuilder::new(Kind::Text, 4);
        for value in ["a", "b", "a", "a"] {
            builder.push(Datum::Bytes(value.as_bytes()));
        }
        builder.push(Datum::Null);
        let array = builder.finish(true).unwrap();
        assert_eq!(array.data_type().to_string(), "Dictionary(UInt16, Utf8)");
        let reader = ColumnReader::new(Kind::Text, &array).unwrap();
        assert_eq!(reader.value(2), Datum::Bytes(b"a"));
        assert_eq!(reader.value(4), Datum::Null);
    }

    #[test]
    fn ranges_copy_like_single_values() {
        let mut builder = ColumnBuilder::new(Kind::Blob, 4);
        for value in [Datum::Bytes(b"xy"), Datum::Null, Datum::Bytes(b"z")] {
            builder.push(value);
        }
        let array = builder.finish(false).unwrap();
        let reader = ColumnReader::new(Kind::Blob, &array).unwrap();
        let mut copy = ColumnBuilder::new(Kind::Blob, 4);
        copy.extend(&reader, 1..3);
        copy.extend(&reader, 0..1);
        let copied = copy.finish(false).unwrap();
        let reader = ColumnReader::new(Kind::Blob, &copied).unwrap();
        let values: Vec<_> = (0..3).map(|row| reader.value(row)).collect();
        assert_eq!(values, [Datum::Null, Datum::Bytes(b"z"), Datum::Bytes(b"xy")]);
    }
}
