//! Arrays, structs and maps out of Arrow arrays. A MAP is a list of structs with the fields `key`
//! and `value`.

use super::Column;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use grizzly_bytecode::{Builtin, Fault, StructType, StructValue, Type, Value};
use std::sync::Arc;

/// Whether columns of a type hold a value of several parts.
pub fn is_nested(ty: &Type) -> bool {
    matches!(ty, Type::Array(_) | Type::Struct(_) | Type::Map(_))
}

fn broken(ty: &Type) -> Fault {
    let message = format!("internal error: a column cannot hold a value of type {ty}");
    Fault::new(Builtin::TypeError, message)
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
