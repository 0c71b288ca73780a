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
        Type::Array(element) => StorageType::List(Box::new(storage_type(element)?)),
        Type::Struct(shape) if !shape.fields.is_empty() => {
            let fields = shape.fields.iter();
            let fields = fields.map(|f| Some((f.name.to_string(), storage_type(&f.ty)?)));
            StorageType::Struct(fields.collect::<Option<_>>()?)
        }
        Type::Map(types) => {
            let key = ("key".to_owned(), storage_type(&types.0)?);
            let value = ("value".to_owned(), storage_type(&types.1)?);
            StorageType::List(Box::new(StorageType::Struct(vec![key, value])))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn tasks_have_no_column_nor_arrays_of_them() {
        let task = Type::Task(Arc::new(Type::Int64));
        assert_eq!(storage_type(&Type::Array(Arc::new(task))), None);
        let expected = StorageType::List(Box::new(StorageType::Int64));
        assert_eq!(storage_type(&Type::Array(Arc::new(Type::Int64))), Some(expected));
        assert_eq!(storage_type(&Type::Unit), None);
        assert_eq!(storage_type(&Type::Date), Some(StorageType::Date));
    }
}
