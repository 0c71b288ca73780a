//! Arrow arrays as vectors.
//!
//! A [`Column`] pins one array of a storage batch and lends windows of it: 64-bit and 128-bit
//! numbers, offsets, text, dictionary codes and validity bitmaps are shared with the block that
//! they lie in; narrower numbers, booleans and UUIDs are widened into the vector's own buffer,
//! which is reused.

use super::nested::{self, NestedColumn};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal64Type, Decimal128Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType,
    TimestampMicrosecondType, UInt16Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeBinaryArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer as Bytes, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use grizzly_bytecode::{Builtin, Fault, Interval, Repr, Type, Value};
use grizzly_vm::vector::{AsSlice, Bits, Codes, Dictionary, Shared, Vector};
use smol_str::SmolStr;
use std::sync::Arc;

/// Keeps an Arrow buffer of numbers in place.
struct Pinned<T: ArrowNativeType>(ScalarBuffer<T>);

impl<T: ArrowNativeType> AsSlice<T> for Pinned<T> {
    fn as_slice(&self) -> &[T] {
        &self.0
    }
}

/// Keeps Arrow bytes in place.
struct PinnedBytes(Bytes);

impl AsSlice<u8> for PinnedBytes {
    fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

fn pin<T: ArrowNativeType>(values: &ScalarBuffer<T>) -> Arc<dyn AsSlice<T>> {
    Arc::new(Pinned(values.clone()))
}

fn pin_bytes(bytes: &Bytes) -> Arc<dyn AsSlice<u8>> {
    Arc::new(PinnedBytes(bytes.clone()))
}

/// An array that lends windows of itself to vectors.
pub struct Column {
    form: Form,
    /// The bitmap and its offset in bits; `None` where nothing is NULL.
    validity: Option<(Arc<dyn AsSlice<u8>>, usize)>,
}

/// How the array's values reach a vector.
enum Form {
    I64(Arc<dyn AsSlice<i64>>),
    F64(Arc<dyn AsSlice<f64>>),
    I128(Arc<dyn AsSlice<i128>>),
    I8(ScalarBuffer<i8>),
    I16(ScalarBuffer<i16>),
    I32(ScalarBuffer<i32>),
    F32(ScalarBuffer<f32>),
    Bool(BooleanBuffer),
    Bytes { offsets: Arc<dyn AsSlice<i32>>, data: Arc<dyn AsSlice<u8>>, len: usize },
    Large { offsets: OffsetBuffer<i64>, data: Bytes },
    Dictionary { codes: Arc<dyn AsSlice<u16>>, values: Arc<Dictionary> },
    Uuid(FixedSizeBinaryArray),
    Interval(ArrayRef),
    Json(ArrayRef),
    Nested(NestedColumn),
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef) -> &ScalarBuffer<T::Native> {
    array.as_primitive::<T>().values()
}

impl Column {
    /// Pins an array that holds values of a type.
    ///
    /// # Errors
    /// An internal IoError fault for an array that storage does not give for the type.
    pub fn new(array: &ArrayRef, ty: &Type) -> Result<Column, Fault> {
        let validity = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let validity = validity.map(|n| (pin_bytes(n.inner().inner()), n.inner().offset()));
        Ok(Column { form: form_of(array, ty)?, validity })
    }

    /// Fills a vector with the rows from `start` on.
    pub fn lend(&self, start: usize, len: usize, vector: &mut Vector) {
        let end = start + len;
        match &self.form {
            Form::I64(owner) => vector.set_i64_shared(Shared::new(owner.clone(), start, len)),
            Form::F64(owner) => vector.set_f64_shared(Shared::new(owner.clone(), start, len)),
            Form::I128(owner) => vector.set_i128_shared(Shared::new(owner.clone(), start, len)),
            Form::I8(values) => vector.widen_i64(&values[start..end]),
            Form::I16(values) => vector.widen_i64(&values[start..end]),
            Form::I32(values) => vector.widen_i64(&values[start..end]),
            Form::F32(values) => vector.widen_f64(&values[start..end]),
            Form::Bool(bits) => {
                vector.expand_bool(Bits::new(bits.values(), bits.offset() + start), len);
            }
            Form::Bytes { offsets, data, len: bytes } => vector.set_offsets_shared(
                Shared::new(offsets.clone(), start, len + 1),
                Shared::new(data.clone(), 0, *bytes),
            ),
            Form::Large { offsets, data } => {
                let (references, heap) = vector.bytes_mut().owned_references();
                let ends = offsets[start..=end].windows(2);
                // Offsets are checked to ascend and to lie inside the data when a block is opened.
                references.extend(ends.map(|ends| {
                    let value = &data[ends[0] as usize..ends[1] as usize];
                    grizzly_vm::vector::TextRef::store(value, heap)
                }));
            }
            Form::Dictionary { codes, values } => vector.set_dictionary(
                Codes::U16(Shared::new(codes.clone(), start, len).into()),
                values.clone(),
            ),
            Form::Uuid(values) => widen(vector, start..end, |row| uuid_at(values, row)),
            Form::Interval(array) => {
                let values = numbers::<IntervalMonthDayNanoType>(array);
                widen(vector, start..end, |row| {
                    let (months, days, nanos) = {
                        let value = &values[row];
                        (value.months, value.days, value.nanoseconds)
                    };
                    Interval { months, days, micros: nanos / 1_000 }.pack()
                });
            }
            Form::Json(array) => {
                let own = vector.owned_object();
                own.clear();
                own.extend((start..end).map(|row| json_at(array, row)));
            }
            Form::Nested(column) => {
                let own = vector.owned_object();
                own.clear();
                own.extend((start..end).map(|row| column.value(row)));
            }
        }
        if let Some((bits, offset)) = &self.validity {
            let bytes = bits.as_slice().len();
            let shared = Shared::new(bits.clone(), 0, bytes);
            vector.validity_mut().set_shared(shared, offset + start);
        }
    }
}

impl Column {
    /// The value of a row.
    pub fn value(&self, row: usize, ty: &Type) -> Value {
        let is_null = self.validity.as_ref().is_some_and(|(bits, offset)| {
            let at = offset + row;
            bits.as_slice()[at / 8] & (1 << (at % 8)) == 0
        });
        match &self.form {
            _ if is_null => Value::Null,
            Form::I64(values) if ty.repr() == Repr::Slot => Value::Int(values.as_slice()[row]),
            Form::I32(values) => Value::Int(i64::from(values[row])),
            Form::F64(values) => Value::Float(values.as_slice()[row]),
            Form::Nested(column) => column.value(row),
            _ => {
                let mut vector = Vector::default();
                self.lend(row, 1, &mut vector);
                vector.value(0, ty)
            }
        }
    }
}

fn widen(vector: &mut Vector, rows: std::ops::Range<usize>, value: impl Fn(usize) -> i128) {
    let own = vector.owned_i128();
    own.clear();
    own.extend(rows.map(value));
}

fn uuid_at(values: &FixedSizeBinaryArray, row: usize) -> i128 {
    // The array's width is 16, which `form_of` has checked.
    <[u8; 16]>::try_from(values.value(row)).map_or(0, i128::from_be_bytes)
}

fn json_at(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.as_dictionary_opt::<UInt16Type>() {
        Some(dictionary) => {
            let code = usize::from(dictionary.keys().value(row));
            Value::Text(SmolStr::new(dictionary.values().as_string::<i32>().value(code)))
        }
        None => Value::Text(SmolStr::new(array.as_string::<i32>().value(row))),
    }
}

fn form_of(array: &ArrayRef, ty: &Type) -> Result<Form, Fault> {
    let data_type = array.data_type();
    if nested::is_nested(ty) {
        return Ok(Form::Nested(NestedColumn::new(array, ty)?));
    }
    if matches!(ty, Type::Json) && *data_type != DataType::LargeUtf8 {
        return Ok(Form::Json(array.clone()));
    }
    Ok(match data_type {
        DataType::Int64 => Form::I64(pin(numbers::<Int64Type>(array))),
        DataType::Decimal64(..) => Form::I64(pin(numbers::<Decimal64Type>(array))),
        DataType::Time64(TimeUnit::Microsecond) => {
            Form::I64(pin(numbers::<Time64MicrosecondType>(array)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Form::I64(pin(numbers::<TimestampMicrosecondType>(array)))
        }
        DataType::Float64 => Form::F64(pin(numbers::<Float64Type>(array))),
        DataType::Decimal128(..) => Form::I128(pin(numbers::<Decimal128Type>(array))),
        DataType::Int8 => Form::I8(numbers::<Int8Type>(array).clone()),
        DataType::Int16 => Form::I16(numbers::<Int16Type>(array).clone()),
        DataType::Int32 => Form::I32(numbers::<Int32Type>(array).clone()),
        DataType::Date32 => Form::I32(numbers::<Date32Type>(array).clone()),
        DataType::Float32 => Form::F32(numbers::<Float32Type>(array).clone()),
        DataType::Boolean => Form::Bool(boolean(array).values().clone()),
        DataType::Utf8 => {
            let text = array.as_string::<i32>();
            bytes_form(text.offsets(), text.values())
        }
        DataType::Binary => {
            let bytes = array.as_binary::<i32>();
            bytes_form(bytes.offsets(), bytes.values())
        }
        DataType::LargeUtf8 => {
            let text = array.as_string::<i64>();
            Form::Large { offsets: text.offsets().clone(), data: text.values().clone() }
        }
        DataType::LargeBinary => {
            let bytes = array.as_binary::<i64>();
            Form::Large { offsets: bytes.offsets().clone(), data: bytes.values().clone() }
        }
        DataType::Dictionary(key, value)
            if **key == DataType::UInt16 && **value == DataType::Utf8 =>
        {
            dictionary_form(array)
        }
        DataType::FixedSizeBinary(16) => Form::Uuid(array.as_fixed_size_binary().clone()),
        DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano) => {
            Form::Interval(array.clone())
        }
        other => {
            let message = format!("internal error: storage gave {other} for a column of type {ty}");
            return Err(Fault::new(Builtin::IoError, message));
        }
    })
}

fn boolean(array: &ArrayRef) -> &BooleanArray {
    array.as_boolean()
}

fn bytes_form(offsets: &OffsetBuffer<i32>, data: &Bytes) -> Form {
    Form::Bytes { offsets: pin(offsets.inner()), data: pin_bytes(data), len: data.len() }
}

fn dictionary_form(array: &ArrayRef) -> Form {
    let dictionary = array.as_dictionary::<UInt16Type>();
    let values = dictionary.values().as_string::<i32>();
    let offsets = pin(values.offsets().inner());
    let (count, bytes) = (offsets.as_slice().len(), values.values().len());
    Form::Dictionary {
        codes: pin(dictionary.keys().values()),
        values: Arc::new(Dictionary {
            offsets: Shared::new(offsets, 0, count).into(),
            data: Shared::new(pin_bytes(values.values()), 0, bytes).into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int16Array, Int64Array, StringArray};

    fn rows(array: ArrayRef, ty: &Type, start: usize, len: usize) -> Vec<Value> {
        let mut vector = Vector::default();
        Column::new(&array, ty).expect("a column").lend(start, len, &mut vector);
        (0..len).map(|row| vector.value(row, ty)).collect()
    }

    #[test]
    fn numbers_of_full_width_share_the_array_memory() {
        let array = Int64Array::from(vec![Some(1), None, Some(3), Some(4)]);
        let address = array.values().as_ptr();
        let array: ArrayRef = Arc::new(array);
        let column = Column::new(&array, &Type::Int64).expect("a column");
        let mut vector = Vector::default();
        column.lend(1, 3, &mut vector);
        let grizzly_vm::vector::Data::I64(values) = vector.data() else { panic!("not 64 bits") };
        let grizzly_vm::vector::Operand::Flat(flat) = values.operand() else { panic!("not flat") };
        assert_eq!(flat.as_ptr(), address.wrapping_add(1));
        assert_eq!(vector.value(0, &Type::Int64), Value::Null);
        assert_eq!(vector.value(2, &Type::Int64), Value::Int(4));
    }

    #[test]
    fn narrow_numbers_text_and_dictionaries_read_the_same() {
        let narrow: ArrayRef = Arc::new(Int16Array::from(vec![Some(-5), None, Some(7)]));
        let expected = [Value::Null, Value::Int(7)];
        assert_eq!(rows(narrow, &Type::Int16, 1, 2), expected);
        let text = StringArray::from(vec![Some("a"), None, Some("añb")]);
        let expected = [Value::Null, Value::text("añb")];
        assert_eq!(rows(Arc::new(text), &Type::Text, 1, 2), expected);
        let words = vec![Some("x"), None, Some("y"), Some("x")];
        let dictionary: DictionaryArray<UInt16Type> = words.into_iter().collect();
        let expected = [Value::Null, Value::text("y"), Value::text("x")];
        assert_eq!(rows(Arc::new(dictionary), &Type::Text, 1, 3), expected);
    }
}
