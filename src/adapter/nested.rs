//! Arrays, structs and maps across the border, as the bytes that rows hold.

use super::datums;
use super::types::storage_type;
use grizzly_bytecode::{Builtin, Fault, StructType, StructValue, Type, Value};
use grizzly_stdlib::format::arrow::is_nested;
use grizzly_storage::{NestedReader, NestedWriter};
use std::sync::Arc;

fn broken(ty: &Type) -> Fault {
    let message = format!("internal error: a column cannot hold a value of type {ty}");
    Fault::new(Builtin::TypeError, message)
}

/// The bytes of a value that is not NULL, in place of what `out` held.
///
/// # Errors
/// An internal TypeError fault for a value that is not of the type.
pub fn encode(value: &Value, ty: &Type, out: &mut Vec<u8>) -> Result<(), Fault> {
    out.clear();
    content(value, ty, out)
}

fn content(value: &Value, ty: &Type, out: &mut Vec<u8>) -> Result<(), Fault> {
    match (value, ty) {
        (Value::Struct(value), Type::Struct(shape)) => {
            let fields = value.fields.iter().zip(&shape.fields);
            fields.into_iter().try_for_each(|(value, field)| element(value, &field.ty, out))
        }
        (Value::Array(elements), Type::Array(ty)) => {
            NestedWriter(out).count(elements.len());
            elements.iter().try_for_each(|value| element(value, ty, out))
        }
        (Value::Map(pairs), Type::Map(types)) => {
            NestedWriter(out).count(pairs.len());
            pairs.iter().try_for_each(|(key, value)| {
                NestedWriter(out).structure();
                element(key, &types.0, out)?;
                element(value, &types.1, out)
            })
        }
        _ => Err(broken(ty)),
    }
}

fn element(value: &Value, ty: &Type, out: &mut Vec<u8>) -> Result<(), Fault> {
    match value {
        Value::Null => NestedWriter(out).null(),
        value if is_nested(ty) => {
            NestedWriter(out).structure();
            content(value, ty, out)?;
        }
        value => {
            let storage = storage_type(ty).ok_or_else(|| broken(ty))?;
            let mut own = Vec::new();
            datums::prepare(value, ty, &mut own)?;
            let datum = datums::borrow(value, ty, &own)?;
            NestedWriter(out).scalar(&storage, &datum).map_err(|_| broken(ty))?;
        }
    }
    Ok(())
}

/// The value of bytes that [`encode`] made.
pub fn decode(bytes: &[u8], ty: &Type) -> Value {
    read_content(&mut NestedReader::new(bytes), ty)
}

fn read_content(reader: &mut NestedReader<'_>, ty: &Type) -> Value {
    match ty {
        Type::Struct(shape) => {
            structure(shape, shape.fields.iter().map(|field| read_element(reader, &field.ty)))
        }
        Type::Array(ty) => {
            let count = reader.count();
            Value::Array(Arc::new((0..count).map(|_| read_element(reader, ty)).collect()))
        }
        Type::Map(types) => {
            let count = reader.count();
            let pair = |_| {
                reader.present();
                (read_element(reader, &types.0), read_element(reader, &types.1))
            };
            Value::Map(Arc::new((0..count).map(pair).collect()))
        }
        _ => Value::Null,
    }
}

fn read_element(reader: &mut NestedReader<'_>, ty: &Type) -> Value {
    if is_nested(ty) {
        return if reader.present() { read_content(reader, ty) } else { Value::Null };
    }
    let datum = storage_type(ty).map(|storage| reader.scalar(&storage));
    datum.map_or(Value::Null, |datum| datums::value_of(datum, ty))
}

fn structure(shape: &Arc<StructType>, fields: impl Iterator<Item = Value>) -> Value {
    Value::Struct(Arc::new(StructValue { ty: shape.clone(), fields: fields.collect() }))
}
