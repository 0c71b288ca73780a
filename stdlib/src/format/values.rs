//! Vectors that are filled value by value.

use crate::convert::convert;
use grizzly_bytecode::{Type, Value};
use grizzly_vm::vector::{Data, Vector};

/// Empties a vector, to fill it with [`push_value`].
pub(crate) fn clear(vector: &mut Vector) {
    match vector.data() {
        Data::Bool(_) => vector.owned_bool().clear(),
        Data::I64(_) => vector.owned_i64().clear(),
        Data::F64(_) => vector.owned_f64().clear(),
        Data::I128(_) => vector.owned_i128().clear(),
        Data::Bytes(_) => vector.bytes_mut().owned_references().0.clear(),
        Data::Object(_) => vector.owned_object().clear(),
    }
}

/// Appends a value that fits the vector's kind; for NULL something that is not looked at. The
/// validity stays as it is.
pub(crate) fn push_value(vector: &mut Vector, value: &Value) {
    use grizzly_vm::vector::TextRef;
    match vector.data_mut() {
        Data::Bytes(bytes) => {
            let (references, heap) = bytes.references_mut();
            let stored = match value {
                Value::Text(text) => TextRef::store(text.as_bytes(), heap),
                Value::Bytes(bytes) => TextRef::store(bytes, heap),
                _ => TextRef::default(),
            };
            references.push(stored);
        }
        Data::Bool(_) => vector.owned_bool().push(u8::from(matches!(value, Value::Bool(true)))),
        Data::I64(_) => vector.owned_i64().push(match value {
            Value::Int(value) => *value,
            _ => 0,
        }),
        Data::F64(_) => vector.owned_f64().push(match value {
            Value::Float(value) => *value,
            _ => 0.0,
        }),
        Data::I128(_) => vector.owned_i128().push(match value {
            Value::Wide(value) => *value,
            Value::Int(value) => i128::from(*value),
            _ => 0,
        }),
        Data::Object(_) => vector.owned_object().push(value.clone()),
    }
}

/// Converts the first rows of a vector from one type to another, as an assignment does.
///
/// # Errors
/// The first row whose value does not fit, and why.
pub(crate) fn convert_vector(
    vector: &mut Vector,
    rows: usize,
    from: &Type,
    to: &Type,
) -> Result<(), (usize, String)> {
    let mut converted = Vector::of_kind(to.vector_kind());
    clear(&mut converted);
    let mut nulls = Vec::new();
    for row in 0..rows {
        let value = vector.value(row, from);
        let value = convert(&value, from, to)
            .map_err(|fault| (row, fault.exception.message.to_string()))?;
        if value.is_null() {
            nulls.push(row);
        }
        push_value(&mut converted, &value);
    }
    set_nulls(&mut converted, rows, &nulls);
    *vector = converted;
    Ok(())
}

/// Says which rows are NULL.
pub(crate) fn set_nulls(vector: &mut Vector, rows: usize, nulls: &[usize]) {
    for row in nulls {
        vector.validity_mut().set(*row, false, rows);
    }
}
