//! Object registers: moves, constants, NULL, boxing.

use super::{Machine, Next, Step};
use grizzly_bytecode::{Builtin, Instr, Value};

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::MoveObject { d, a } => {
            let value = m.object(a).clone();
            m.set_object(d, value);
        }
        Instr::LoadObject { d, k } => {
            let value = m.constant(k)?.clone();
            m.set_object(d, value);
        }
        Instr::LoadNull { d } => m.set_object(d, Value::Null),
        Instr::LoadParam { d, p } => {
            // Instances of queries' functions run without parameters; they cannot name any.
            let value = m.context.parameters.get(p.index()).ok_or(Builtin::TypeError)?.clone();
            m.set_object(d, value);
        }
        Instr::CmpObject { c, d, a, b } => {
            let holds = c.holds(m.object(a).total_cmp(m.object(b)));
            m.set_slot(d, holds.into());
        }
        Instr::IsNullObject { d, a } => {
            let null = m.object(a).is_null();
            m.set_slot(d, null.into());
        }
        Instr::JumpNull { a, t } if m.object(a).is_null() => return Ok(Next::Goto(t)),
        Instr::JumpNotNull { a, t } if !m.object(a).is_null() => return Ok(Next::Goto(t)),
        Instr::JumpNull { .. } | Instr::JumpNotNull { .. } => {}
        Instr::BoxInt { d, a } => m.set_object(d, Value::Int(m.int(a))),
        Instr::BoxFloat { d, a } => m.set_object(d, Value::Float(m.float(a))),
        Instr::BoxBool { d, a } => m.set_object(d, Value::Bool(m.slot(a) != 0)),
        Instr::BoxWide { d, a } => m.set_object(d, Value::Wide(m.wide(a))),
        Instr::UnboxSlot { d, a } => {
            let bits = m.object(a).slot_bits().ok_or(Builtin::TypeError)?;
            m.set_slot(d, bits);
        }
        Instr::UnboxWide { d, a } => match m.object(a) {
            Value::Wide(bits) => m.set_wide(d, *bits),
            _ => return Err(Builtin::TypeError.into()),
        },
        other => return super::queries::step(m, other),
    }
    Ok(Next::On)
}
