//! Arrow arrays in the widths and units that columns of the machine have: what other programs write
//! differently is converted here.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringArray, new_null_array};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use grizzly_bytecode::Type;
use std::sync::Arc;

const MILLIS_PER_DAY: i64 = 86_400_000;

fn too_far(value: i64) -> ArrowError {
    ArrowError::ComputeError(format!("the time {value} is out of range"))
}

/// The array with the values of a type of the language as its columns hold them.
///
/// # Errors
/// A value that is out of range.
pub(super) fn usual(array: &ArrayRef, ty: &Type) -> Result<ArrayRef, ArrowError> {
    Ok(match array.data_type() {
        DataType::UInt8 => map::<UInt8Type, Int16Type>(array, i16::from),
        DataType::UInt16 => map::<UInt16Type, Int32Type>(array, i32::from),
        DataType::UInt32 => map::<UInt32Type, Int64Type>(array, i64::from),
        DataType::UInt64 => {
            let wide = array.as_primitive::<UInt64Type>().unary(i128::from);
            let wide: PrimitiveArray<Decimal128Type> = wide;
            Arc::new(wide.with_precision_and_scale(20, 0)?)
        }
        DataType::Decimal32(precision, scale) => {
            let wide = array.as_primitive::<Decimal32Type>().unary(i64::from);
            let wide: PrimitiveArray<Decimal64Type> = wide;
            Arc::new(wide.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Decimal128(precision, scale) if *precision <= 18 => {
            let fits = |value: i128| {
                let message = "a DECIMAL has more digits than its type says";
                i64::try_from(value).map_err(|_| ArrowError::ComputeError(message.into()))
            };
            let narrow = array.as_primitive::<Decimal128Type>().try_unary(fits)?;
            let narrow: PrimitiveArray<Decimal64Type> = narrow;
            Arc::new(narrow.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Decimal64(precision, scale) if *precision > 18 => {
            let wide = array.as_primitive::<Decimal64Type>().unary(i128::from);
            let wide: PrimitiveArray<Decimal128Type> = wide;
            Arc::new(wide.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Date64 => {
            let days = |millis: i64| {
                i32::try_from(millis.div_euclid(MILLIS_PER_DAY)).map_err(|_| too_far(millis))
            };
            let days: PrimitiveArray<Date32Type> =
                array.as_primitive::<Date64Type>().try_unary(days)?;
            Arc::new(days)
        }
        DataType::Time32(TimeUnit::Second) => {
            let micros = |seconds: i32| i64::from(seconds) * 1_000_000;
            map::<Time32SecondType, Time64MicrosecondType>(array, micros)
        }
        DataType::Time32(_) => {
            let micros = |millis: i32| i64::from(millis) * 1_000;
            map::<Time32MillisecondType, Time64MicrosecondType>(array, micros)
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            map::<Time64NanosecondType, Time64MicrosecondType>(array, |nanos| nanos / 1_000)
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled::<TimestampSecondType>(array, 1_000_000)?
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled::<TimestampMillisecondType>(array, 1_000)?
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let micros = |nanos: i64| nanos.div_euclid(1_000);
            map::<TimestampNanosecondType, TimestampMicrosecondType>(array, micros)
        }
        DataType::Dictionary(key, value)
            if **key != DataType::UInt16 || **value != DataType::Utf8 =>
        {
            plain_text(array)
        }
        DataType::Null if *ty == Type::Text => new_null_array(&DataType::Utf8, array.len()),
        _ => array.clone(),
    })
}

fn map<F: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    convert: impl Fn(F::Native) -> T::Native,
) -> ArrayRef {
    Arc::new(array.as_primitive::<F>().unary::<_, T>(convert))
}

fn scaled<F: ArrowPrimitiveType<Native = i64>>(
    array: &ArrayRef,
    factor: i64,
) -> Result<ArrayRef, ArrowError> {
    let micros = |value: i64| value.checked_mul(factor).ok_or_else(|| too_far(value));
    let micros = array.as_primitive::<F>().try_unary::<_, TimestampMicrosecondType, _>(micros)?;
    Ok(Arc::new(micros))
}

/// A dictionary of texts as texts.
fn plain_text(array: &ArrayRef) -> ArrayRef {
    let dictionary = array.as_any_dictionary();
    let keys = dictionary.normalized_keys();
    let values = dictionary.values();
    let text = |at: usize| match values.data_type() {
        DataType::LargeUtf8 => values.as_string::<i64>().value(at),
        _ => values.as_string::<i32>().value(at),
    };
    let row = |(row, key): (usize, usize)| {
        let valid = array.is_valid(row) && values.is_valid(key);
        valid.then(|| text(key))
    };
    let all: StringArray = match values.is_empty() {
        true => (0..array.len()).map(|_| None::<&str>).collect(),
        false => keys.into_iter().enumerate().map(row).collect(),
    };
    Arc::new(all)
}
