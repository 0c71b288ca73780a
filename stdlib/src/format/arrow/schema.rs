//! Which Arrow type holds values of which type of the language; the table stands in the storage's
//! FORMAT.md.

use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use grizzly_bytecode::Type;

/// The Arrow type of a type. ENUMs and composite values are text; composite values as JSON.
pub(crate) fn arrow_type(ty: &Type) -> DataType {
    match ty {
        Type::Bool => DataType::Boolean,
        Type::Int8 => DataType::Int8,
        Type::Int16 => DataType::Int16,
        Type::Int32 => DataType::Int32,
        Type::Int64 => DataType::Int64,
        Type::Float32 => DataType::Float32,
        Type::Double => DataType::Float64,
        // A scale is at most 38.
        Type::Decimal { precision, scale } if *precision <= 18 => {
            DataType::Decimal64(*precision, *scale as i8)
        }
        Type::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        Type::Blob => DataType::Binary,
        Type::Date => DataType::Date32,
        Type::Time => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        Type::Uuid => DataType::FixedSizeBinary(16),
        _ => DataType::Utf8,
    }
}

/// The type of the values of an Arrow type; `None` where this version reads none.
pub(crate) fn language_type(ty: &DataType) -> Option<Type> {
    Some(match ty {
        DataType::Boolean => Type::Bool,
        DataType::Int8 => Type::Int8,
        DataType::Int16 | DataType::UInt8 => Type::Int16,
        DataType::Int32 | DataType::UInt16 => Type::Int32,
        DataType::Int64 | DataType::UInt32 => Type::Int64,
        DataType::UInt64 => Type::Decimal { precision: 20, scale: 0 },
        DataType::Float32 => Type::Float32,
        DataType::Float64 => Type::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            let scale = u8::try_from(*scale).ok().filter(|scale| scale <= precision)?;
            Type::Decimal { precision: *precision, scale }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Null => Type::Text,
        DataType::Binary | DataType::LargeBinary => Type::Blob,
        DataType::Date32 => Type::Date,
        DataType::Date64 => Type::Date,
        DataType::Time32(_) | DataType::Time64(_) => Type::Time,
        DataType::Timestamp(_, None) => Type::Timestamp,
        DataType::Timestamp(_, Some(_)) => Type::TimestampTz,
        DataType::Interval(IntervalUnit::MonthDayNano) => Type::Interval,
        DataType::FixedSizeBinary(16) => Type::Uuid,
        DataType::Dictionary(_, value) => match **value {
            DataType::Utf8 | DataType::LargeUtf8 => Type::Text,
            _ => return None,
        },
        _ => return None,
    })
}
