//! Arithmetic, text concatenation and comparisons into registers.

use super::{Emitter, LATER, Operand, bug};
use crate::codegen::builder::Result;
use crate::hir::{ArithOp, Expr, ExprKind};
use grizzly_bytecode::{Cmp, Imm, Instr, Place, Repr, Slot, Type, Value, Wide};

impl Emitter<'_, '_> {
    /// `left op right`.
    pub fn arith(
        &mut self,
        e: &Expr,
        op: ArithOp,
        left: &Expr,
        right: &Expr,
        dest: Operand,
    ) -> Result<()> {
        if let Some(i) = small_step(op, e, right)
            && let Operand::Slot { reg: d, .. } = dest
        {
            let a = self.emit(left)?;
            return self.where_valid(dest, &[a], |this| {
                let Operand::Slot { reg: a, .. } = a else {
                    return Err(bug(e.place, "an integer outside a slot"));
                };
                let instruction = match op {
                    ArithOp::Multiply => Instr::MulImmI64 { d, a, i },
                    _ => Instr::AddImmI64 { d, a, i },
                };
                this.push_at(e.place, instruction);
                this.check_range(&e.ty, dest, e.place);
                Ok(())
            });
        }
        let a = self.emit_stable(left, &[right])?;
        let b = self.emit(right)?;
        self.where_valid(dest, &[a, b], |this| {
            match dest {
                Operand::Slot { reg, .. } => this.arith_slot(e, op, reg, a, b)?,
                Operand::Wide { reg, .. } => this.arith_wide(e, op, reg, a, b)?,
                _ => return Err(bug(e.place, "arithmetic outside slots")),
            }
            this.check_range(&e.ty, dest, e.place);
            Ok(())
        })
    }

    /// Sets the validity of `dest` from the operands' and runs `write` where all are valid.
    pub fn where_valid(
        &mut self,
        dest: Operand,
        operands: &[Operand],
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut flags = Vec::new();
        for operand in operands {
            flags.extend(self.valid_flag(*operand)?);
        }
        let Some((first, rest)) = flags.split_first() else {
            if let Some(valid) = dest.valid() {
                self.push(Instr::LoadInt { d: valid, i: Imm(1) });
            }
            return write(self);
        };
        let skip = self.label();
        match dest {
            Operand::Object { reg, .. } => {
                // The operands may lie in `reg` itself: it is only emptied where one is NULL.
                let null = self.label();
                for flag in &flags {
                    self.jump(null, Instr::JumpIfNot { a: *flag, t: LATER });
                }
                write(self)?;
                self.jump(skip, Instr::Jump { t: LATER });
                self.bind(null);
                self.push(Instr::LoadNull { d: reg });
            }
            _ => {
                let valid = match dest.valid() {
                    Some(valid) => valid,
                    None => self.slot()?,
                };
                if rest.is_empty() {
                    self.push(Instr::Move { d: valid, a: *first });
                }
                let mut so_far = *first;
                for flag in rest {
                    self.push(Instr::And { d: valid, a: so_far, b: *flag });
                    so_far = valid;
                }
                self.jump(skip, Instr::JumpIfNot { a: valid, t: LATER });
                write(self)?;
            }
        }
        self.bind(skip);
        Ok(())
    }

    fn arith_slot(
        &mut self,
        e: &Expr,
        op: ArithOp,
        d: Slot,
        left: Operand,
        right: Operand,
    ) -> Result<()> {
        let (Operand::Slot { reg: a, .. }, Operand::Slot { reg: b, .. }) = (left, right) else {
            return Err(bug(e.place, "operands outside slots"));
        };
        use ArithOp::{Add, Divide, Multiply, Remainder, Subtract};
        let instruction = match (e.ty.is_float(), op) {
            (true, Add) => Instr::AddF64 { d, a, b },
            (true, Subtract) => Instr::SubF64 { d, a, b },
            (true, Multiply) => Instr::MulF64 { d, a, b },
            (true, Divide) => Instr::DivF64 { d, a, b },
            (true, Remainder) => Instr::RemF64 { d, a, b },
            (false, Add) => Instr::AddI64 { d, a, b },
            (false, Subtract) => Instr::SubI64 { d, a, b },
            (false, Multiply) => Instr::MulI64 { d, a, b },
            (false, Divide) => Instr::DivI64 { d, a, b },
            (false, Remainder) => Instr::RemI64 { d, a, b },
        };
        self.push_at(e.place, instruction);
        Ok(())
    }

    fn arith_wide(
        &mut self,
        e: &Expr,
        op: ArithOp,
        d: Wide,
        left: Operand,
        right: Operand,
    ) -> Result<()> {
        let a = self.widened(left)?;
        let b = self.widened(right)?;
        let instruction = match op {
            ArithOp::Add => Instr::AddWide { d, a, b },
            ArithOp::Subtract => Instr::SubWide { d, a, b },
            ArithOp::Multiply => Instr::MulWide { d, a, b },
            ArithOp::Remainder => Instr::RemWide { d, a, b },
            ArithOp::Divide => return Err(bug(e.place, "a division of exact decimals")),
        };
        self.push_at(e.place, instruction);
        Ok(())
    }

    /// The value as a pair of slots.
    pub fn widened(&mut self, operand: Operand) -> Result<Wide> {
        match operand {
            Operand::Wide { reg, .. } => Ok(reg),
            Operand::Slot { reg, .. } => {
                let d = self.wide()?;
                self.push(Instr::WidenI64 { d, a: reg });
                Ok(d)
            }
            _ => Err(bug(Place::default(), "a number outside slots")),
        }
    }

    /// Raises where a result does not fit its type, for types narrower than their registers. The
    /// precision of a DECIMAL result leaves room for every value but where it is cut at 38 digits.
    pub fn check_range(&mut self, ty: &Type, dest: Operand, place: Place) {
        let instruction = match (ty, dest) {
            (Type::Int8, Operand::Slot { reg: a, .. }) => Instr::CheckInt { a, i: Imm(8) },
            (Type::Int16, Operand::Slot { reg: a, .. }) => Instr::CheckInt { a, i: Imm(16) },
            (Type::Int32 | Type::Date, Operand::Slot { reg: a, .. }) => {
                Instr::CheckInt { a, i: Imm(32) }
            }
            (Type::Float32, Operand::Slot { reg, .. }) => Instr::RoundF32 { d: reg, a: reg },
            (Type::Decimal { precision: 38, .. }, Operand::Wide { reg: a, .. }) => {
                Instr::CheckDecimalWide { a, i: Imm(38) }
            }
            _ => return,
        };
        self.push_at(place, instruction);
    }

    /// `-x`.
    pub fn negate(&mut self, e: &Expr, x: &Expr, dest: Operand) -> Result<()> {
        let from = self.emit(x)?;
        self.where_valid(dest, &[from], |this| {
            let instruction = match (dest, from) {
                (Operand::Slot { reg: d, .. }, Operand::Slot { reg: a, .. }) => {
                    if e.ty.is_float() {
                        Instr::NegF64 { d, a }
                    } else {
                        Instr::NegI64 { d, a }
                    }
                }
                (Operand::Wide { reg: d, .. }, Operand::Wide { reg: a, .. }) => {
                    Instr::NegWide { d, a }
                }
                _ => return Err(bug(e.place, "a number outside slots")),
            };
            this.push_at(e.place, instruction);
            if e.ty.is_integer() {
                this.check_range(&e.ty, dest, e.place);
            }
            Ok(())
        })
    }

    /// Text joined to text.
    pub fn concat(&mut self, e: &Expr, left: &Expr, right: &Expr, dest: Operand) -> Result<()> {
        let a = self.emit_stable(left, &[right])?;
        let b = self.emit(right)?;
        self.where_valid(dest, &[a, b], |this| {
            let (Operand::Object { reg: d, .. }, Operand::Object { reg: a, .. }) = (dest, a) else {
                return Err(bug(e.place, "text outside object registers"));
            };
            let Operand::Object { reg: b, .. } = b else {
                return Err(bug(e.place, "text outside object registers"));
            };
            this.push_at(e.place, Instr::Concat { d, a, b });
            Ok(())
        })
    }

    /// `left op right` as a BOOLEAN.
    pub fn compare(
        &mut self,
        e: &Expr,
        op: Cmp,
        left: &Expr,
        right: &Expr,
        dest: Operand,
    ) -> Result<()> {
        let Operand::Slot { reg, .. } = dest else {
            return Err(bug(e.place, "a BOOLEAN outside a slot"));
        };
        let a = self.emit_stable(left, &[right])?;
        let b = self.emit(right)?;
        self.where_valid(dest, &[a, b], |this| this.compare_valid(op, &left.ty, reg, a, b))
    }

    /// Compares two values that are not NULL.
    pub fn compare_valid(
        &mut self,
        c: Cmp,
        ty: &Type,
        d: Slot,
        left: Operand,
        right: Operand,
    ) -> Result<()> {
        let instruction = match (left, right) {
            (Operand::Slot { reg: a, .. }, Operand::Slot { reg: b, .. }) => {
                if ty.is_float() {
                    Instr::CmpF64 { c, d, a, b }
                } else {
                    Instr::CmpI64 { c, d, a, b }
                }
            }
            (Operand::Object { reg: a, .. }, Operand::Object { reg: b, .. }) => {
                Instr::CmpObject { c, d, a, b }
            }
            _ if ty.repr() != Repr::Object => {
                let (a, b) = (self.widened(left)?, self.widened(right)?);
                Instr::CmpWide { c, d, a, b }
            }
            _ => return Err(bug(Place::default(), "a comparison between register classes")),
        };
        self.push(instruction);
        Ok(())
    }
}

/// The immediate of `x + c`, `x - c`, `x * c` for 64-bit integers and a small constant.
fn small_step(op: ArithOp, e: &Expr, right: &Expr) -> Option<Imm> {
    if e.ty.repr() != Repr::Slot || e.ty.is_float() || right.ty.repr() != Repr::Slot {
        return None;
    }
    let ExprKind::Constant(Value::Int(value)) = &right.kind else { return None };
    let value = i16::try_from(*value).ok()?;
    match op {
        ArithOp::Add | ArithOp::Multiply => Some(Imm(value)),
        ArithOp::Subtract => value.checked_neg().map(Imm),
        ArithOp::Divide | ArithOp::Remainder => None,
    }
}
