//! Exceptions as values. Where they continue is [`super::unwind`]'s business.

use super::{Machine, Next, Raised, Step};
use grizzly_bytecode::fault::{exception_is, is_catchable};
use grizzly_bytecode::{Builtin, ExceptionValue, Instr, Object, Type, Value};
use std::sync::Arc;

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::MakeException { d, k, o } => {
            let Type::Exception(ty) = m.constant_type(k)?.clone() else {
                return Err(Builtin::TypeError.into());
            };
            let message = match std::mem::take(&mut m.objects[o.index()]) {
                Value::Text(message) => message,
                Value::Null => ty.message.clone(),
                _ => return Err(Builtin::TypeError.into()),
            };
            let fields = super::composite::take_window(m, o.index() + 1, ty.fields.len());
            m.set_object(d, Value::Exception(Arc::new(ExceptionValue { ty, message, fields })));
        }
        Instr::GetMessage { d, a } => {
            let message = exception(m, a)?.message.clone();
            m.set_object(d, Value::Text(message));
        }
        Instr::Raise { a } => return Err(Raised::Exception(exception(m, a)?.clone())),
        Instr::ExceptionIs { d, a, k } => {
            let Value::Text(name) = m.constant(k)? else {
                return Err(Builtin::TypeError.into());
            };
            let holds = exception_is(&exception(m, a)?.ty, name);
            m.set_slot(d, holds.into());
        }
        Instr::Catchable { d, a } => {
            let holds = is_catchable(&exception(m, a)?.ty);
            m.set_slot(d, holds.into());
        }
        _ => return super::values::step(m, instr),
    }
    Ok(Next::On)
}

fn exception<'m>(m: &'m Machine<'_, '_>, a: Object) -> Result<&'m Arc<ExceptionValue>, Raised> {
    match m.object(a) {
        Value::Exception(exception) => Ok(exception),
        _ => Err(Builtin::TypeError.into()),
    }
}
