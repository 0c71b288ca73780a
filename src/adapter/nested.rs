//! Arrays, structs and maps across the border: as the bytes that rows hold, and out of the Arrow
//! arrays of blocks. A MAP is stored as a list of structs with the fields `key` and `value`.

use super::datums;
use super::types::storage_type;
use super::vectors::Column;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use grizzly_bytecode::{Builtin, Fault, StructType, StructValue, Type, Value};
use grizzly_storage::{NestedReader, NestedWriter};
use std::sync::Arc;

/// Whether columns of a type hold a value of several parts.
pub fn is_nested(ty: &Type) -> bool {
    matches!(ty, Type::Array(_) | Type::Struct(_) | Type::Map(_))
}

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

/// A pinned array of lists or structs, whose values are made row by row.
pub struct NestedColumn {
    nulls: Option<NullBuffer>,
    parts: Parts,
}

enum Parts {
    Struct(Arc<StructType>, Vec<Part>),
    List(OffsetBuffer<i32>, Box<Part>),
    Map(OffsetBuffer<i32>, Box<(Part, Part)>),
}

/// A child array.
enum Part {
    Scalar(Column, Type),
    Nested(NestedColumn),
}

impl Part {
    fn new(array: &ArrayRef, ty: &Type) -> Result<Part, Fault> {
        if is_nested(ty) {
            return NestedColumn::new(array, ty).map(Part::Nested);
        }
        Ok(Part::Scalar(Column::new(array, ty)?, ty.clone()))
    }

    fn value(&self, row: usize) -> Value {
        match self {
            Part::Scalar(column, ty) => column.value(row, ty),
            Part::Nested(column) => column.value(row),
        }
    }
}

impl NestedColumn {
    /// Pins an array that holds values of a type.
    ///
    /// # Errors
    /// An internal fault for an array that storage does not give for the type.
    pub fn new(array: &ArrayRef, ty: &Type) -> Result<NestedColumn, Fault> {
        let parts = match ty {
            Type::Struct(shape) => {
                let array = array.as_struct_opt().ok_or_else(|| broken(ty))?;
                let pairs = shape.fields.iter().zip(array.columns());
                let parts: Result<_, _> =
                    pairs.map(|(field, column)| Part::new(column, &field.ty)).collect();
                Parts::Struct(shape.clone(), parts?)
            }
            Type::Array(element) => {
                let array = array.as_list_opt::<i32>().ok_or_else(|| broken(ty))?;
                let part = Part::new(array.values(), element)?;
                Parts::List(array.offsets().clone(), Box::new(part))
            }
            Type::Map(types) => {
                let array = array.as_list_opt::<i32>().ok_or_else(|| broken(ty))?;
                let pairs = array.values().as_struct_opt().map(|pairs| pairs.columns());
                let Some([keys, values]) = pairs else { return Err(broken(ty)) };
                let parts = (Part::new(keys, &types.0)?, Part::new(values, &types.1)?);
                Parts::Map(array.offsets().clone(), Box::new(parts))
            }
            _ => return Err(broken(ty)),
        };
        Ok(NestedColumn { nulls: array.nulls().cloned(), parts })
    }

    /// The value of a row.
    pub fn value(&self, row: usize) -> Value {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Value::Null;
        }
        // Arrow holds offsets to ascend from zero.
        let elements = |ends: &OffsetBuffer<i32>| ends[row] as usize..ends[row + 1] as usize;
        match &self.parts {
            Parts::Struct(shape, parts) => structure(shape, parts.iter().map(|p| p.value(row))),
            Parts::List(ends, part) => {
                Value::Array(Arc::new(elements(ends).map(|at| part.value(at)).collect()))
            }
            Parts::Map(ends, pair) => {
                let pair = |at| (pair.0.value(at), pair.1.value(at));
                Value::Map(Arc::new(elements(ends).map(pair).collect()))
            }
        }
    }
}
