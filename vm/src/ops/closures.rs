//! Function values: code of the program with what it captured, called through their handle.

use super::{Machine, Next, Step, composite::take_window};
use grizzly_bytecode::{Builtin, Closure, Fault, Instr, Type, Value};
use std::sync::Arc;

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::MakeClosure { d, f, o } => {
            // The verifier proved that the function is the code of function values.
            let shape = m.executable.program().functions[f.index()].closure.clone();
            let shape = shape.ok_or(Builtin::TypeError)?;
            let captures = take_window(m, o.index(), usize::from(shape.captures));
            let closure = Closure { function: f, ty: shape.ty, captures };
            m.set_object(d, Value::Closure(Arc::new(closure)));
        }
        Instr::GetCapture { d, a, i } => {
            let Value::Closure(closure) = m.object(a) else {
                return Err(Builtin::TypeError.into());
            };
            let at = usize::try_from(i.0).ok();
            let captured = at.and_then(|at| closure.captures.get(at)).ok_or(Builtin::TypeError)?;
            let captured = captured.clone();
            m.set_object(d, captured);
        }
        Instr::CallClosure { k, s, o } => {
            m.poll()?;
            let Type::Function(ty) = m.constant_type(k)? else {
                return Err(Builtin::TypeError.into());
            };
            let repr = |ty: &&Type| ty.repr() == grizzly_bytecode::Repr::Object;
            let behind = o.index() + ty.parameters.iter().filter(repr).count();
            let closure = match &m.objects[behind] {
                Value::Closure(closure) => closure,
                Value::Null => {
                    let message = "a function value is NULL, so it cannot be called";
                    return Err(Fault::new(Builtin::TypeError, message).into());
                }
                _ => return Err(Builtin::TypeError.into()),
            };
            let same = closure.ty.parameters == ty.parameters && closure.ty.result == ty.result;
            // A value of another program would name another function.
            let function = m.executable.program().functions.get(closure.function.index());
            let shape = function.and_then(|function| function.closure.as_ref());
            if !same || shape.is_none_or(|shape| shape.ty != closure.ty) {
                return Err(Builtin::TypeError.into());
            }
            return Ok(Next::Enter(closure.function, s, o));
        }
        _ => return super::values::step(m, instr),
    }
    Ok(Next::On)
}
