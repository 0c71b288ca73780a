//! Instructions that compute: one machine operation with its checks where there is one, else the
//! host's function ([`crate::host::compute`]).

use super::{Translation, memory, more};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value, types};
use grizzly_bytecode::{Builtin, Cmp, ConstId, Constant, Imm, Instr, Slot, VerifiedProgram, Wide};

fn int_cc(c: Cmp) -> IntCC {
    match c {
        Cmp::Eq => IntCC::Equal,
        Cmp::Ne => IntCC::NotEqual,
        Cmp::Lt => IntCC::SignedLessThan,
        Cmp::Le => IntCC::SignedLessThanOrEqual,
        Cmp::Gt => IntCC::SignedGreaterThan,
        Cmp::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

/// IEEE 754: only `!=` holds for NaN.
fn float_cc(c: Cmp) -> FloatCC {
    match c {
        Cmp::Eq => FloatCC::Equal,
        Cmp::Ne => FloatCC::NotEqual,
        Cmp::Lt => FloatCC::LessThan,
        Cmp::Le => FloatCC::LessThanOrEqual,
        Cmp::Gt => FloatCC::GreaterThan,
        Cmp::Ge => FloatCC::GreaterThanOrEqual,
    }
}

impl Translation<'_, '_> {
    /// Translates an instruction that goes on behind itself.
    pub(super) fn compute(&mut self, pc: usize, instr: &Instr) -> Option<()> {
        match *instr {
            Instr::AddI64 { d, a, b } => {
                let (a, b) = (self.get(a), self.get(b));
                let checked = self.builder.ins().sadd_overflow(a, b);
                self.set_checked(d, checked, pc);
            }
            Instr::SubI64 { d, a, b } => {
                let (a, b) = (self.get(a), self.get(b));
                let checked = self.builder.ins().ssub_overflow(a, b);
                self.set_checked(d, checked, pc);
            }
            Instr::MulI64 { d, a, b } => {
                let (a, b) = (self.get(a), self.get(b));
                let checked = self.builder.ins().smul_overflow(a, b);
                self.set_checked(d, checked, pc);
            }
            Instr::AddImmI64 { d, a, i } => {
                let (a, i) = (self.get(a), self.int(i.0.into()));
                let checked = self.builder.ins().sadd_overflow(a, i);
                self.set_checked(d, checked, pc);
            }
            Instr::MulImmI64 { d, a, i } => {
                let (a, i) = (self.get(a), self.int(i.0.into()));
                let checked = self.builder.ins().smul_overflow(a, i);
                self.set_checked(d, checked, pc);
            }
            Instr::NegI64 { d, a } => {
                let (zero, a) = (self.int(0), self.get(a));
                let checked = self.builder.ins().ssub_overflow(zero, a);
                self.set_checked(d, checked, pc);
            }
            Instr::DivI64 { d, a, b } => self.divide(d, a, b, pc),
            Instr::RemI64 { d, a, b } => self.remainder(d, a, b, pc),
            Instr::CheckInt { a, i } => self.check_int(a, i, pc),
            Instr::CheckDecimal { a, i } => self.check_decimal(a, i, pc),
            Instr::AddF64 { d, a, b } => {
                let (a, b) = (self.float(a), self.float(b));
                let sum = self.builder.ins().fadd(a, b);
                self.set_float(d, sum);
            }
            Instr::SubF64 { d, a, b } => {
                let (a, b) = (self.float(a), self.float(b));
                let difference = self.builder.ins().fsub(a, b);
                self.set_float(d, difference);
            }
            Instr::MulF64 { d, a, b } => {
                let (a, b) = (self.float(a), self.float(b));
                let product = self.builder.ins().fmul(a, b);
                self.set_float(d, product);
            }
            Instr::DivF64 { d, a, b } => {
                let (a, b) = (self.float(a), self.float(b));
                let zero = self.builder.ins().f64const(0.0);
                let by_zero = self.builder.ins().fcmp(FloatCC::Equal, b, zero);
                self.raise_if(by_zero, Builtin::DivisionByZero, pc);
                let quotient = self.builder.ins().fdiv(a, b);
                self.set_float(d, quotient);
            }
            _ => return self.plain(pc, instr),
        }
        Some(())
    }

    /// What never raises, and what the host computes.
    fn plain(&mut self, pc: usize, instr: &Instr) -> Option<()> {
        match *instr {
            Instr::Move { d, a } => {
                let value = self.get(a);
                self.set(d, value);
            }
            Instr::MoveWide { d, a } => self.move_wide(d, a),
            Instr::LoadInt { d, i } => {
                let value = self.int(i.0.into());
                self.set(d, value);
            }
            Instr::LoadSlot { d, k } => {
                let value = self.int(constant(self.program, k)?.slot_bits()? as i64);
                self.set(d, value);
            }
            Instr::LoadWide { d, k } => {
                let grizzly_bytecode::Value::Wide(bits) = *constant(self.program, k)? else {
                    return None;
                };
                let (low, high) = (self.int(bits as i64), self.int((bits >> 64) as i64));
                self.set(Slot(d.0), low);
                self.set(Slot(d.0 + 1), high);
            }
            Instr::NegF64 { d, a } => {
                let a = self.float(a);
                let negated = self.builder.ins().fneg(a);
                self.set_float(d, negated);
            }
            Instr::I64ToF64 { d, a } => {
                let a = self.get(a);
                let converted = self.builder.ins().fcvt_from_sint(types::F64, a);
                self.set_float(d, converted);
            }
            Instr::WidenI64 { d, a } => {
                let (low, shift) = (self.get(a), self.int(63));
                let high = self.builder.ins().sshr(low, shift);
                self.set(Slot(d.0), low);
                self.set(Slot(d.0 + 1), high);
            }
            Instr::CmpI64 { c, d, a, b } => {
                let (a, b) = (self.get(a), self.get(b));
                let holds = self.builder.ins().icmp(int_cc(c), a, b);
                self.set_bool(d, holds);
            }
            Instr::CmpF64 { c, d, a, b } => {
                let (a, b) = (self.float(a), self.float(b));
                let holds = self.builder.ins().fcmp(float_cc(c), a, b);
                self.set_bool(d, holds);
            }
            Instr::And { d, a, b } => {
                let (a, b) = (self.get(a), self.get(b));
                let both = self.builder.ins().band(a, b);
                self.set(d, both);
            }
            Instr::Or { d, a, b } => {
                let (a, b) = (self.get(a), self.get(b));
                let either = self.builder.ins().bor(a, b);
                self.set(d, either);
            }
            Instr::Not { d, a } => {
                let (a, one) = (self.get(a), self.int(1));
                let not = self.builder.ins().bxor(a, one);
                self.set(d, not);
            }
            _ => return self.host(pc, instr),
        }
        Some(())
    }

    fn move_wide(&mut self, d: Wide, a: Wide) {
        let [low, high] = self.halves(a);
        self.set(Slot(d.0), low);
        self.set(Slot(d.0 + 1), high);
    }

    fn set_checked(&mut self, d: Slot, (value, overflow): (Value, Value), pc: usize) {
        self.raise_if(overflow, Builtin::ArithmeticOverflow, pc);
        self.set(d, value);
    }

    fn divide(&mut self, d: Slot, a: Slot, b: Slot, pc: usize) {
        let (a, b) = (self.get(a), self.get(b));
        self.raise_if_zero(b, pc);
        let (minus_one, least) = (self.int(-1), self.int(i64::MIN));
        let by_minus_one = self.builder.ins().icmp(IntCC::Equal, b, minus_one);
        let of_least = self.builder.ins().icmp(IntCC::Equal, a, least);
        let overflow = self.builder.ins().band(by_minus_one, of_least);
        self.raise_if(overflow, Builtin::ArithmeticOverflow, pc);
        let quotient = self.builder.ins().sdiv(a, b);
        self.set(d, quotient);
    }

    fn remainder(&mut self, d: Slot, a: Slot, b: Slot, pc: usize) {
        let (a, b) = (self.get(a), self.get(b));
        self.raise_if_zero(b, pc);
        // 0 where the quotient would overflow, as for the interpreter.
        let rest = self.builder.ins().srem(a, b);
        self.set(d, rest);
    }

    fn raise_if_zero(&mut self, divisor: Value, pc: usize) {
        let zero = self.int(0);
        let by_zero = self.builder.ins().icmp(IntCC::Equal, divisor, zero);
        self.raise_if(by_zero, Builtin::DivisionByZero, pc);
    }

    fn check_int(&mut self, a: Slot, i: Imm, pc: usize) {
        let (a, spare) = (self.get(a), self.int(64 - i64::from(i.0)));
        let up = self.builder.ins().ishl(a, spare);
        let kept = self.builder.ins().sshr(up, spare);
        let changed = self.builder.ins().icmp(IntCC::NotEqual, kept, a);
        self.raise_if(changed, Builtin::ArithmeticOverflow, pc);
    }

    /// `|a| < bound` is `a + (bound - 1) <= 2 * (bound - 1)` without signs.
    fn check_decimal(&mut self, a: Slot, i: Imm, pc: usize) {
        let largest = 10_i64.pow(u32::from(i.0.unsigned_abs()).min(18)) - 1;
        let (a, offset) = (self.get(a), self.int(largest));
        let shifted = self.builder.ins().iadd(a, offset);
        let most = self.int(largest * 2);
        let outside = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, shifted, most);
        self.raise_if(outside, Builtin::ArithmeticOverflow, pc);
    }

    /// Lets the host compute ([`host::compute`]).
    fn host(&mut self, pc: usize, instr: &Instr) -> Option<()> {
        let zero = self.int(0);
        let [a, b, c, d] = match *instr {
            Instr::DivRoundI64 { a, b, .. } | Instr::RemF64 { a, b, .. } => {
                [self.get(a), self.get(b), zero, zero]
            }
            Instr::RoundF32 { a, .. } | Instr::F64ToI64 { a, .. } => {
                [self.get(a), zero, zero, zero]
            }
            Instr::AddWide { a, b, .. }
            | Instr::SubWide { a, b, .. }
            | Instr::MulWide { a, b, .. }
            | Instr::RemWide { a, b, .. }
            | Instr::DivRoundWide { a, b, .. }
            | Instr::CmpWide { a, b, .. } => {
                let ([a, b], [c, d]) = (self.halves(a), self.halves(b));
                [a, b, c, d]
            }
            Instr::NegWide { a, .. } | Instr::NarrowWide { a, .. } | Instr::WideToF64 { a, .. } => {
                let [a, b] = self.halves(a);
                [a, b, zero, zero]
            }
            Instr::CheckDecimalWide { a, i } => {
                let [a, b] = self.halves(a);
                [a, b, self.int(i.0.into()), zero]
            }
            _ => return None,
        };
        let opcode = self.int(instr.opcode().into());
        let called = self.builder.ins().call(self.compute, &[self.calls, opcode, a, b, c, d]);
        let [status] = *self.builder.inst_results(called) else { return None };
        self.leave_if(status, status, pc);
        self.host_result(instr);
        Some(())
    }

    fn host_result(&mut self, instr: &Instr) {
        let low = self.builder.ins().load(types::I64, memory(), self.calls, more(0));
        match *instr {
            Instr::AddWide { d, .. }
            | Instr::SubWide { d, .. }
            | Instr::MulWide { d, .. }
            | Instr::RemWide { d, .. }
            | Instr::DivRoundWide { d, .. }
            | Instr::NegWide { d, .. } => {
                let high = self.builder.ins().load(types::I64, memory(), self.calls, more(1));
                self.set(Slot(d.0), low);
                self.set(Slot(d.0 + 1), high);
            }
            Instr::CmpWide { c, d, .. } => {
                let zero = self.int(0);
                let holds = self.builder.ins().icmp(int_cc(c), low, zero);
                self.set_bool(d, holds);
            }
            Instr::DivRoundI64 { d, .. }
            | Instr::RemF64 { d, .. }
            | Instr::RoundF32 { d, .. }
            | Instr::F64ToI64 { d, .. }
            | Instr::NarrowWide { d, .. }
            | Instr::WideToF64 { d, .. } => self.set(d, low),
            // A check has no result.
            _ => {}
        }
    }
}

/// A value among the constants.
fn constant(program: &VerifiedProgram, k: ConstId) -> Option<&grizzly_bytecode::Value> {
    match program.constants.get(k.index()) {
        Some(Constant::Value(value, _)) => Some(value),
        _ => None,
    }
}
