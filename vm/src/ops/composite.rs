//! Structs and arrays. A change copies a value that is shared and works in place on one that is
//! not.

use super::{Machine, Next, Step};
use grizzly_bytecode::{Builtin, Imm, Instr, Object, StructValue, Type, Value};
use std::sync::Arc;

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::MakeStruct { d, k, o } => {
            let Type::Struct(ty) = m.constant_type(k)?.clone() else {
                return Err(Builtin::TypeError.into());
            };
            let fields = take_window(m, o.index(), ty.fields.len());
            m.set_object(d, Value::Struct(Arc::new(StructValue { ty, fields })));
        }
        Instr::MakeArray { d, o, i } => {
            let elements = take_window(m, o.index(), usize::try_from(i.0).unwrap_or(0));
            m.set_object(d, Value::Array(Arc::new(elements)));
        }
        Instr::GetField { d, a, i } => {
            let fields = match m.object(a) {
                Value::Struct(value) => &value.fields,
                Value::Exception(value) => &value.fields,
                _ => return Err(Builtin::TypeError.into()),
            };
            let field = index(i).and_then(|i| fields.get(i)).ok_or(Builtin::TypeError)?.clone();
            m.set_object(d, field);
        }
        Instr::SetField { d, i, a } => set_field(m, d, i, a)?,
        Instr::GetElement { d, a, b } => {
            let Value::Array(elements) = m.object(a) else {
                return Err(Builtin::TypeError.into());
            };
            let at = position(m.int(b), elements.len()).ok_or(Builtin::IndexOutOfRange)?;
            let element = elements[at].clone();
            m.set_object(d, element);
        }
        Instr::PushElement { d, a } => {
            let new = m.object(a).clone();
            let Value::Array(elements) = &mut m.objects[d.index()] else {
                return Err(Builtin::TypeError.into());
            };
            Arc::make_mut(elements).push(new);
        }
        Instr::Length { d, a } => {
            let Value::Array(elements) = m.object(a) else {
                return Err(Builtin::TypeError.into());
            };
            let length = elements.len() as u64;
            m.set_slot(d, length);
        }
        _ => return super::values::step(m, instr),
    }
    Ok(Next::On)
}

fn set_field(m: &mut Machine<'_, '_>, d: Object, i: Imm, a: Object) -> Result<(), Builtin> {
    let new = m.object(a).clone();
    let Value::Struct(value) = &mut m.objects[d.index()] else {
        return Err(Builtin::TypeError);
    };
    if index(i).is_none_or(|i| i >= value.fields.len()) {
        return Err(Builtin::TypeError);
    }
    if Arc::get_mut(value).is_none() {
        *value = Arc::new(StructValue { ty: value.ty.clone(), fields: value.fields.clone() });
    }
    let place = Arc::get_mut(value).and_then(|v| v.fields.get_mut(index(i)?));
    *place.ok_or(Builtin::TypeError)? = new;
    Ok(())
}

fn index(i: Imm) -> Option<usize> {
    usize::try_from(i.0).ok()
}

/// The position of an index that counts from the end where it is negative.
fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if index < 0 { index.checked_add(length)? } else { index };
    if at < length { usize::try_from(at).ok() } else { None }
}

/// Moves the values of a window out of their registers.
pub(super) fn take_window(m: &mut Machine<'_, '_>, start: usize, count: usize) -> Vec<Value> {
    m.objects[start..start + count].iter_mut().map(std::mem::take).collect()
}
