//! Single values across the border, in both directions.

use super::nested;
use grizzly_bytecode::{Builtin, Fault, Interval, Type, Value};
use grizzly_stdlib::format::arrow::is_nested;
use grizzly_storage::{Datum, OwnedDatum};
use grizzly_vm::vector::Vector;
use smol_str::SmolStr;
use std::sync::Arc;

/// Whether values of a type have no bytes of their own that a [`Datum`] could borrow.
pub fn needs_bytes(ty: &Type) -> bool {
    matches!(ty, Type::Uuid) || is_nested(ty)
}

/// Puts the bytes of a value in place for [`borrow`] where its type needs some.
///
/// # Errors
/// An internal TypeError fault for a value that is not of the type.
pub fn prepare(value: &Value, ty: &Type, out: &mut Vec<u8>) -> Result<(), Fault> {
    match (value, ty) {
        (Value::Null, _) => {}
        (Value::Wide(bits), Type::Uuid) => {
            out.clear();
            out.extend_from_slice(&bits.to_be_bytes());
        }
        (value, ty) if is_nested(ty) => nested::encode(value, ty, out)?,
        _ => {}
    }
    Ok(())
}

/// A value of a column's type as storage takes it. `own` was filled by [`prepare`].
///
/// # Errors
/// An internal TypeError fault for a value that columns do not hold.
pub fn borrow<'a>(value: &'a Value, ty: &Type, own: &'a [u8]) -> Result<Datum<'a>, Fault> {
    Ok(match (value, ty) {
        (Value::Null, _) => Datum::Null,
        (Value::Bool(value), _) => Datum::Bool(*value),
        (Value::Int(value), _) => Datum::Int(*value),
        (Value::Float(value), _) => Datum::Float(*value),
        (Value::Text(text), _) => Datum::Bytes(text.as_bytes()),
        (Value::Bytes(bytes), _) => Datum::Bytes(bytes),
        (Value::Wide(_), Type::Uuid) => Datum::Bytes(own),
        (Value::Array(_) | Value::Struct(_) | Value::Map(_), _) => Datum::Bytes(own),
        (Value::Wide(bits), Type::Interval) => interval_datum(*bits),
        (Value::Wide(value), _) => Datum::Int128(*value),
        _ => {
            let message = format!("internal error: a column cannot hold a value of type {ty}");
            return Err(Fault::new(Builtin::TypeError, message));
        }
    })
}

fn interval_datum(bits: i128) -> Datum<'static> {
    let Interval { months, days, micros } = Interval::unpack(bits);
    Datum::Interval { months, days, micros }
}

/// A row of a vector as storage takes it. TEXT and BLOB are borrowed from the vector.
///
/// # Errors
/// As for [`borrow`].
pub fn from_vector<'a>(
    vector: &'a Vector,
    row: usize,
    ty: &Type,
    own: &'a [u8],
) -> Result<Datum<'a>, Fault> {
    use grizzly_vm::vector::Data;
    if vector.is_null(row) {
        return Ok(Datum::Null);
    }
    Ok(match (vector.data(), ty) {
        (Data::Bool(values), _) => Datum::Bool(*values.operand().get(row) != 0),
        (Data::F64(values), _) => Datum::Float(*values.operand().get(row)),
        (Data::Bytes(_), _) => Datum::Bytes(vector.bytes(row)),
        (Data::I64(_) | Data::I128(_), Type::Uuid) => Datum::Bytes(own),
        (Data::I64(values), Type::Interval) => {
            interval_datum(i128::from(*values.operand().get(row)))
        }
        (Data::I64(values), _) => Datum::Int(*values.operand().get(row)),
        (Data::I128(values), Type::Interval) => interval_datum(*values.operand().get(row)),
        (Data::I128(values), _) => Datum::Int128(*values.operand().get(row)),
        (Data::Object(values), _) => {
            return match values.operand() {
                grizzly_vm::vector::Operand::Flat(all) => borrow(&all[row], ty, own),
                grizzly_vm::vector::Operand::Constant(value) => borrow(value, ty, own),
            };
        }
    })
}

/// A value that storage gave, in a column's type.
pub fn value_of(datum: Datum<'_>, ty: &Type) -> Value {
    match (datum, ty) {
        (Datum::Null, _) => Value::Null,
        (Datum::Bool(value), _) => Value::Bool(value),
        (Datum::Int(value), _) if ty.repr() == grizzly_bytecode::Repr::Wide => {
            Value::Wide(i128::from(value))
        }
        (Datum::Int(value), _) => Value::Int(value),
        (Datum::Int128(value), _) => Value::Wide(value),
        (Datum::Float(value), _) => Value::Float(value),
        (Datum::Bytes(bytes), Type::Blob) => Value::Bytes(Arc::from(bytes)),
        (Datum::Bytes(bytes), Type::Uuid) => match <[u8; 16]>::try_from(bytes) {
            Ok(bits) => Value::Wide(i128::from_be_bytes(bits)),
            // Storage checks the length of a UUID when it is written and when a block is read.
            Err(_) => Value::Null,
        },
        (Datum::Bytes(bytes), ty) if is_nested(ty) => nested::decode(bytes, ty),
        (Datum::Bytes(bytes), _) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(SmolStr::new(text)),
            // Storage validates UTF-8; this keeps a value readable should that ever fail.
            Err(_) => Value::Text(SmolStr::new(String::from_utf8_lossy(bytes))),
        },
        (Datum::Interval { months, days, micros }, _) => {
            Value::Wide(Interval { months, days, micros }.pack())
        }
    }
}

/// A predicate's constant; `None` where the value is not one that storage compares.
pub fn owned(value: &Value, ty: &Type) -> Option<OwnedDatum> {
    let mut own = Vec::new();
    if !value.is_null() && needs_bytes(ty) {
        if *ty != Type::Uuid {
            return None;
        }
        prepare(value, ty, &mut own).ok()?;
    }
    borrow(value, ty, &own).ok().map(|datum| datum.to_owned())
}
