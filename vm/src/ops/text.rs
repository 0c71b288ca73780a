//! Text.

use super::{Machine, Next, Step};
use grizzly_bytecode::{Builtin, Instr, Value};
use smol_str::SmolStrBuilder;

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::Concat { d, a, b } => {
            let (Value::Text(first), Value::Text(second)) = (m.object(a), m.object(b)) else {
                return Err(Builtin::TypeError.into());
            };
            // Text of up to 23 bytes stays inside the value: no allocation.
            let mut text = SmolStrBuilder::new();
            text.push_str(first);
            text.push_str(second);
            let text = Value::Text(text.finish());
            m.set_object(d, text);
            Ok(Next::On)
        }
        Instr::JumpEqText { a, k, t } => {
            let equal = m.object(a) == m.constant(k)?;
            Ok(if equal { Next::Goto(t) } else { Next::On })
        }
        Instr::JumpNeText { a, k, t } => {
            let equal = m.object(a) == m.constant(k)?;
            Ok(if equal { Next::On } else { Next::Goto(t) })
        }
        _ => super::values::step(m, instr),
    }
}
