//! Numbers beyond the loop's: 128-bit integers, checks, conversions.

use super::{Machine, Next, Raised, Step};
use crate::arithmetic::{self, int, wide};
use grizzly_bytecode::{Builtin, Instr, Slot, Value, Wide};

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::MoveWide { d, a } => m.set_wide(d, m.wide(a)),
        Instr::LoadSlot { d, k } => {
            let bits = m.constant(k)?.slot_bits().ok_or(Builtin::TypeError)?;
            m.set_slot(d, bits);
        }
        Instr::LoadWide { d, k } => match m.constant(k)? {
            Value::Wide(bits) => m.set_wide(d, *bits),
            _ => return Err(Builtin::TypeError.into()),
        },
        Instr::NegI64 { d, a } => set_int(m, d, int::neg(m.int(a))?),
        Instr::DivRoundI64 { d, a, b } => set_int(m, d, int::div_round(m.int(a), m.int(b))?),
        Instr::CheckInt { a, i } => arithmetic::check_int(m.int(a), i.0)?,
        Instr::CheckDecimal { a, i } => int::check_decimal(m.int(a), i.0)?,
        Instr::RemF64 { d, a, b } => set_float(m, d, arithmetic::rem_f64(m.float(a), m.float(b))?),
        Instr::NegF64 { d, a } => set_float(m, d, -m.float(a)),
        Instr::RoundF32 { d, a } => set_float(m, d, arithmetic::round_f32(m.float(a))?),
        Instr::AddWide { d, a, b } => binary(m, d, a, b, wide::add)?,
        Instr::SubWide { d, a, b } => binary(m, d, a, b, wide::sub)?,
        Instr::MulWide { d, a, b } => binary(m, d, a, b, wide::mul)?,
        Instr::RemWide { d, a, b } => binary(m, d, a, b, wide::rem)?,
        Instr::DivRoundWide { d, a, b } => binary(m, d, a, b, wide::div_round)?,
        Instr::NegWide { d, a } => m.set_wide(d, wide::neg(m.wide(a))?),
        Instr::CheckDecimalWide { a, i } => wide::check_decimal(m.wide(a), i.0)?,
        Instr::F64ToI64 { d, a } => set_int(m, d, arithmetic::f64_to_i64(m.float(a))?),
        Instr::WidenI64 { d, a } => m.set_wide(d, m.int(a).into()),
        Instr::NarrowWide { d, a } => set_int(m, d, arithmetic::narrow(m.wide(a))?),
        Instr::WideToF64 { d, a } => set_float(m, d, m.wide(a) as f64),
        Instr::CmpWide { c, d, a, b } => {
            let holds = c.holds(m.wide(a).cmp(&m.wide(b)));
            m.set_slot(d, holds.into());
        }
        _ => return super::values::step(m, instr),
    }
    Ok(Next::On)
}

fn binary(
    m: &mut Machine<'_, '_>,
    d: Wide,
    a: Wide,
    b: Wide,
    operation: fn(i128, i128) -> Result<i128, Builtin>,
) -> Result<(), Raised> {
    let result = operation(m.wide(a), m.wide(b))?;
    m.set_wide(d, result);
    Ok(())
}

fn set_int(m: &mut Machine<'_, '_>, d: Slot, value: i64) {
    m.set_slot(d, value as u64);
}

fn set_float(m: &mut Machine<'_, '_>, d: Slot, value: f64) {
    m.set_slot(d, value.to_bits());
}
