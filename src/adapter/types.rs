//! The one table of types: how storage keeps values of a type of the language.

use grizzly_bytecode::Type;
use grizzly_storage::StorageType;

/// How storage keeps values of a type; `None` for types that no column may have (yet).
pub fn storage_type(ty: &Type) -> Option<StorageType> {
    Some(match ty {
        Type::Bool => StorageType::Bool,
        Type::Int8 => StorageType::Int8,
        Type::Int16 => StorageType::Int16,
        // An ENUM's column holds the index of the value; ADD VALUE only appends.
        Type::Int32 | Type::Enum(_) => StorageType::Int32,
        Type::Int64 => StorageType::Int64,
        Type::Float32 => StorageType::Float32,
        Type::Double => StorageType::Float64,
        Type::Decimal { precision, scale } => {
            StorageType::Decimal { precision: *precision, scale: *scale }
        }
        Type::Text => StorageType::Text,
        Type::Blob => StorageType::Blob,
        Type::Date => StorageType::Date,
        Type::Time => StorageType::Time,
        Type::Timestamp => StorageType::Timestamp,
        Type::TimestampTz => StorageType::TimestampTz,
        Type::Interval => StorageType::Interval,
        Type::Uuid => StorageType::Uuid,
        Type::Json => StorageType::Json,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn composites_and_exceptions_have_no_column_yet() {
        assert_eq!(storage_type(&Type::Array(Arc::new(Type::Int64))), None);
        assert_eq!(storage_type(&Type::Unit), None);
        assert_eq!(storage_type(&Type::Date), Some(StorageType::Date));
    }
}
