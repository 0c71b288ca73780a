//! Arrow arrays made of vectors.

use super::schema::arrow_type;
use crate::display::write_value;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal64Array, Decimal128Array,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, IntervalMonthDayNanoArray, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{
    BooleanBufferBuilder, Buffer, IntervalMonthDayNano, NullBufferBuilder, OffsetBuffer,
    ScalarBuffer,
};
use arrow_schema::{ArrowError, DataType};
use grizzly_bytecode::{Interval, Type, Value};
use grizzly_vm::batch::Rows;
use grizzly_vm::vector::{BytesView, Data, Operand, ValidityView, Vector};
use std::sync::Arc;

/// How values of an ENUM are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnumForm {
    /// By their number, as the storage has them.
    Number,
    /// By their text, for everybody else.
    Text,
}

enum Values {
    Bool(BooleanBufferBuilder),
    I64(Vec<i64>),
    F64(Vec<f64>),
    I128(Vec<i128>),
    Bytes(Vec<i32>, Vec<u8>),
}

/// Collects rows of a column and makes an Arrow array of them.
pub struct ColumnBuilder {
    ty: Type,
    data_type: DataType,
    values: Values,
    nulls: NullBufferBuilder,
    rows: usize,
}

impl ColumnBuilder {
    /// A builder of values of a type.
    pub fn new(ty: &Type, enums: EnumForm) -> ColumnBuilder {
        let data_type = match (ty, enums) {
            (Type::Enum(_), EnumForm::Number) => DataType::Int32,
            _ => arrow_type(ty),
        };
        let values = match &data_type {
            DataType::Boolean => Values::Bool(BooleanBufferBuilder::new(0)),
            DataType::Float32 | DataType::Float64 => Values::F64(Vec::new()),
            DataType::Decimal128(..) | DataType::Interval(_) | DataType::FixedSizeBinary(_) => {
                Values::I128(Vec::new())
            }
            DataType::Utf8 | DataType::Binary => Values::Bytes(vec![0], Vec::new()),
            _ => Values::I64(Vec::new()),
        };
        let nulls = NullBufferBuilder::new(0);
        ColumnBuilder { ty: ty.clone(), data_type, values, nulls, rows: 0 }
    }

    /// The Arrow type of the array.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About the bytes that it holds.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::Bool(values) => values.len() / 8,
            Values::I64(values) => values.len() * 8,
            Values::F64(values) => values.len() * 8,
            Values::I128(values) => values.len() * 16,
            Values::Bytes(offsets, data) => offsets.len() * 4 + data.len(),
        }
    }

    /// Appends rows of a vector.
    pub fn append(&mut self, vector: &Vector, rows: Rows<'_>) {
        let count = rows.count();
        self.rows += count;
        match vector.validity() {
            ValidityView::AllValid if !matches!(vector.data(), Data::Object(_)) => {
                self.nulls.append_n_non_nulls(count);
            }
            ValidityView::AllNull => {
                self.nulls.append_n_nulls(count);
                return self.append_blank(count);
            }
            validity => {
                let is_null = |row: usize| match vector.data() {
                    Data::Object(values) => values.operand().get(row).is_null(),
                    _ => false,
                };
                rows.each(|row| self.nulls.append(validity.get(row) && !is_null(row)));
            }
        }
        match (&mut self.values, vector.data()) {
            (Values::Bool(to), Data::Bool(from)) => {
                let from = from.operand();
                rows.each(|row| to.append(*from.get(row) != 0));
            }
            (Values::I64(to), Data::I64(from)) => extend(to, from.operand(), rows),
            (Values::F64(to), Data::F64(from)) => extend(to, from.operand(), rows),
            (Values::I128(to), Data::I128(from)) => extend(to, from.operand(), rows),
            (Values::I128(to), Data::I64(from)) => {
                let from = from.operand();
                rows.each(|row| to.push(i128::from(*from.get(row))));
            }
            (Values::Bytes(offsets, data), Data::Bytes(from)) => {
                extend_bytes(offsets, data, from.view(), rows);
            }
            (Values::Bytes(offsets, data), _) => {
                let mut text = String::new();
                rows.each(|row| {
                    text.clear();
                    let value = vector.value(row, &self.ty);
                    if !value.is_null() {
                        write_value(&mut text, &value, &self.ty);
                    }
                    data.extend_from_slice(text.as_bytes());
                    // A batch of text is far below 2 GiB; builders are emptied long before.
                    offsets.push(data.len() as i32);
                });
            }
            _ => rows.each(|row| push(&mut self.values, &vector.value(row, &self.ty))),
        }
    }

    fn append_blank(&mut self, count: usize) {
        (0..count).for_each(|_| push(&mut self.values, &Value::Null));
    }

    /// The array; the builder is empty afterwards.
    ///
    /// # Errors
    /// What Arrow says of values that are none of the type, such as text that is no UTF-8.
    pub fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = self.nulls.finish();
        let data_type = self.data_type.clone();
        self.rows = 0;
        Ok(match &mut self.values {
            Values::Bool(values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Values::F64(values) => {
                let values = std::mem::take(values);
                match data_type {
                    // The values were rounded to FLOAT32 when they were made.
                    DataType::Float32 => {
                        let narrow: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
                        Arc::new(Float32Array::new(narrow.into(), nulls))
                    }
                    _ => Arc::new(Float64Array::new(values.into(), nulls)),
                }
            }
            Values::I64(values) => integers(std::mem::take(values), nulls, &data_type)?,
            Values::I128(values) => wide(std::mem::take(values), nulls, &data_type)?,
            Values::Bytes(offsets, data) => {
                let offsets = std::mem::replace(offsets, vec![0]);
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let data = Buffer::from_vec(std::mem::take(data));
                match data_type {
                    DataType::Binary => Arc::new(BinaryArray::try_new(offsets, data, nulls)?),
                    _ => Arc::new(StringArray::try_new(offsets, data, nulls)?),
                }
            }
        })
    }
}

fn extend<T: Copy>(to: &mut Vec<T>, from: Operand<'_, T>, rows: Rows<'_>) {
    match (from, rows) {
        (Operand::Flat(values), Rows::All(len)) => to.extend_from_slice(&values[..len]),
        (Operand::Flat(values), Rows::Some(rows)) => {
            to.extend(rows.iter().map(|row| values[usize::from(*row)]));
        }
        (Operand::Constant(value), rows) => {
            to.extend(std::iter::repeat_n(*value, rows.count()));
        }
    }
}

fn extend_bytes(offsets: &mut Vec<i32>, data: &mut Vec<u8>, from: BytesView<'_>, rows: Rows<'_>) {
    // A builder is emptied long before it holds 2 GiB.
    match (from, rows) {
        (BytesView::Offsets(ends, bytes), Rows::All(len)) => {
            let (first, last) = (ends[0] as usize, ends[len] as usize);
            let shift = data.len() as i32 - ends[0];
            data.extend_from_slice(&bytes[first..last]);
            offsets.extend(ends[1..=len].iter().map(|end| end + shift));
        }
        (view, rows) => rows.each(|row| {
            data.extend_from_slice(view.get(row));
            offsets.push(data.len() as i32);
        }),
    }
}

/// Appends a value, whatever the form of its vector was.
fn push(values: &mut Values, value: &Value) {
    match values {
        Values::Bool(to) => to.append(matches!(value, Value::Bool(true))),
        Values::I64(to) => to.push(match value {
            Value::Int(value) => *value,
            _ => 0,
        }),
        Values::F64(to) => to.push(match value {
            Value::Float(value) => *value,
            _ => 0.0,
        }),
        Values::I128(to) => to.push(match value {
            Value::Wide(value) => *value,
            Value::Int(value) => i128::from(*value),
            _ => 0,
        }),
        Values::Bytes(offsets, data) => {
            if let Value::Text(text) = value {
                data.extend_from_slice(text.as_bytes());
            }
            offsets.push(data.len() as i32);
        }
    }
}

type Nulls = Option<arrow_buffer::NullBuffer>;

/// Slots as the array of an integer, a date or a time. The values fit: their type says so.
fn integers(values: Vec<i64>, nulls: Nulls, ty: &DataType) -> Result<ArrayRef, ArrowError> {
    Ok(match ty {
        DataType::Int8 => Arc::new(Int8Array::new(narrow(&values, |v| v as i8), nulls)),
        DataType::Int16 => Arc::new(Int16Array::new(narrow(&values, |v| v as i16), nulls)),
        DataType::Int32 => Arc::new(Int32Array::new(narrow(&values, |v| v as i32), nulls)),
        DataType::Date32 => Arc::new(Date32Array::new(narrow(&values, |v| v as i32), nulls)),
        DataType::Time64(_) => Arc::new(Time64MicrosecondArray::new(values.into(), nulls)),
        DataType::Timestamp(_, zone) => {
            let array = TimestampMicrosecondArray::new(values.into(), nulls);
            Arc::new(array.with_timezone_opt(zone.clone()))
        }
        DataType::Decimal64(precision, scale) => Arc::new(
            Decimal64Array::new(values.into(), nulls)
                .with_precision_and_scale(*precision, *scale)?,
        ),
        _ => Arc::new(Int64Array::new(values.into(), nulls)),
    })
}

fn narrow<T: arrow_buffer::ArrowNativeType>(
    values: &[i64],
    cut: impl Fn(i64) -> T,
) -> ScalarBuffer<T> {
    values.iter().map(|value| cut(*value)).collect::<Vec<T>>().into()
}

fn wide(values: Vec<i128>, nulls: Nulls, ty: &DataType) -> Result<ArrayRef, ArrowError> {
    Ok(match ty {
        DataType::Interval(_) => {
            let unpacked = values.into_iter().map(|bits| {
                let Interval { months, days, micros } = Interval::unpack(bits);
                IntervalMonthDayNano::new(months, days, micros.wrapping_mul(1000))
            });
            let unpacked: Vec<IntervalMonthDayNano> = unpacked.collect();
            Arc::new(IntervalMonthDayNanoArray::new(unpacked.into(), nulls))
        }
        DataType::FixedSizeBinary(_) => {
            let bytes: Vec<u8> = values.into_iter().flat_map(i128::to_be_bytes).collect();
            Arc::new(FixedSizeBinaryArray::try_new(16, Buffer::from_vec(bytes), nulls)?)
        }
        DataType::Decimal128(precision, scale) => Arc::new(
            Decimal128Array::new(values.into(), nulls)
                .with_precision_and_scale(*precision, *scale)?,
        ),
        other => return Err(ArrowError::CastError(format!("{other} is not 128 bits wide"))),
    })
}
