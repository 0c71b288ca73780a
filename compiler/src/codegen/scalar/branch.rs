//! Conditions: jumps without a BOOLEAN in between where that can be, three-valued logic where it
//! cannot.

use super::{Emitter, LATER, Label, Operand, bug};
use crate::codegen::builder::Result;
use crate::hir::{Expr, ExprKind};
use grizzly_bytecode::{Cmp, Imm, Instr, Slot, Type, Value};

impl Emitter<'_, '_> {
    /// Jumps to `label` where the condition is TRUE (`want`), or where it is not: FALSE or NULL.
    pub fn branch(&mut self, condition: &Expr, want: bool, label: Label) -> Result<()> {
        let mark = self.mark();
        match &condition.kind {
            ExprKind::And(l, r) if want => {
                let end = self.label();
                self.branch(l, false, end)?;
                self.narrowed_to(l, true, |this| this.branch(r, true, label))?;
                self.bind(end);
            }
            ExprKind::And(l, r) => {
                self.branch(l, false, label)?;
                self.narrowed_to(l, true, |this| this.branch(r, false, label))?;
            }
            ExprKind::Or(l, r) if want => {
                self.branch(l, true, label)?;
                self.branch(r, true, label)?;
            }
            ExprKind::Or(l, r) => {
                let end = self.label();
                self.branch(l, true, end)?;
                self.branch(r, false, label)?;
                self.bind(end);
            }
            ExprKind::Not(x) if !self.nullable(x) => self.branch(x, !want, label)?,
            ExprKind::Constant(value) => {
                if (*value == Value::Bool(true)) == want {
                    self.jump(label, Instr::Jump { t: LATER });
                }
            }
            ExprKind::Compare { op, left, right } => {
                self.branch_compare(*op, left, right, want, label)?;
            }
            ExprKind::IsNull(x) => self.branch_null(x, want, label)?,
            _ => self.branch_value(condition, want, label)?,
        }
        self.release(mark);
        Ok(())
    }

    fn branch_value(&mut self, condition: &Expr, want: bool, label: Label) -> Result<()> {
        let Operand::Slot { reg, valid } = self.emit(condition)? else {
            return Err(bug(condition.place, "a condition outside a slot"));
        };
        if want {
            let end = self.label();
            if let Some(v) = valid {
                self.jump(end, Instr::JumpIfNot { a: v, t: LATER });
            }
            self.jump(label, Instr::JumpIf { a: reg, t: LATER });
            self.bind(end);
        } else {
            if let Some(v) = valid {
                self.jump(label, Instr::JumpIfNot { a: v, t: LATER });
            }
            self.jump(label, Instr::JumpIfNot { a: reg, t: LATER });
        }
        Ok(())
    }

    fn branch_null(&mut self, x: &Expr, want: bool, label: Label) -> Result<()> {
        let operand = self.emit(x)?;
        match (operand, operand.valid()) {
            (Operand::Object { reg, .. }, _) if want => {
                self.jump(label, Instr::JumpNull { a: reg, t: LATER });
            }
            (Operand::Object { reg, .. }, _) => {
                self.jump(label, Instr::JumpNotNull { a: reg, t: LATER });
            }
            (_, Some(v)) if want => self.jump(label, Instr::JumpIfNot { a: v, t: LATER }),
            (_, Some(v)) => self.jump(label, Instr::JumpIf { a: v, t: LATER }),
            (_, None) if want => {}
            (_, None) => self.jump(label, Instr::Jump { t: LATER }),
        }
        Ok(())
    }

    fn branch_compare(
        &mut self,
        op: Cmp,
        left: &Expr,
        right: &Expr,
        want: bool,
        label: Label,
    ) -> Result<()> {
        let a = self.emit_stable(left, &[right])?;
        // A NULL operand makes the comparison NULL: not TRUE.
        let end = self.label();
        let null = if want { end } else { label };
        self.jump_where_null(a, null);
        let wanted = if want { op } else { op.negated() };
        if let Some(done) = self.branch_constant(wanted, left, a, right, label)? {
            self.bind(end);
            return Ok(done);
        }
        let b = self.emit(right)?;
        self.jump_where_null(b, null);
        match (a, b) {
            (Operand::Slot { reg: a, .. }, Operand::Slot { reg: b, .. }) => {
                if left.ty.is_float() {
                    self.jump_floats(op, a, b, want, label);
                } else {
                    self.jump_integers(wanted, a, b, label);
                }
            }
            _ => {
                let d = self.slot()?;
                self.compare_valid(op, &left.ty, d, a, b)?;
                let jump = if want {
                    Instr::JumpIf { a: d, t: LATER }
                } else {
                    Instr::JumpIfNot { a: d, t: LATER }
                };
                self.jump(label, jump);
            }
        }
        self.bind(end);
        Ok(())
    }

    fn jump_where_null(&mut self, operand: Operand, label: Label) {
        match operand {
            Operand::Object { reg, nullable: true } => {
                self.jump(label, Instr::JumpNull { a: reg, t: LATER });
            }
            other => {
                if let Some(v) = other.valid() {
                    self.jump(label, Instr::JumpIfNot { a: v, t: LATER });
                }
            }
        }
    }

    /// Jumps by a comparison with a constant in the instruction, where there is such an
    /// instruction.
    fn branch_constant(
        &mut self,
        op: Cmp,
        left: &Expr,
        a: Operand,
        right: &Expr,
        label: Label,
    ) -> Result<Option<()>> {
        let ExprKind::Constant(value) = &right.kind else { return Ok(None) };
        match (a, value) {
            (Operand::Slot { reg: a, .. }, Value::Int(i)) if !left.ty.is_float() => {
                let Ok(i) = i16::try_from(*i).map(Imm) else { return Ok(None) };
                self.jump(label, immediate_jump(op, a, i));
            }
            (Operand::Slot { reg: a, .. }, Value::Bool(b)) => {
                self.jump(label, immediate_jump(op, a, Imm(i16::from(*b))));
            }
            (Operand::Object { reg: a, .. }, Value::Text(_))
                if left.ty == Type::Text && matches!(op, Cmp::Eq | Cmp::Ne) =>
            {
                let k = self.builder.constant(value.clone(), Type::Text)?;
                let jump = match op {
                    Cmp::Eq => Instr::JumpEqText { a, k, t: LATER },
                    _ => Instr::JumpNeText { a, k, t: LATER },
                };
                self.jump(label, jump);
            }
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    fn jump_integers(&mut self, op: Cmp, a: Slot, b: Slot, label: Label) {
        let jump = match op {
            Cmp::Eq => Instr::JumpEqI64 { a, b, t: LATER },
            Cmp::Ne => Instr::JumpNeI64 { a, b, t: LATER },
            Cmp::Lt => Instr::JumpLtI64 { a, b, t: LATER },
            Cmp::Le => Instr::JumpLeI64 { a, b, t: LATER },
            Cmp::Gt => Instr::JumpLtI64 { a: b, b: a, t: LATER },
            Cmp::Ge => Instr::JumpLeI64 { a: b, b: a, t: LATER },
        };
        self.jump(label, jump);
    }

    /// Floats have no negated comparisons: not `<` is not `>=` where there is a NaN.
    fn jump_floats(&mut self, op: Cmp, a: Slot, b: Slot, want: bool, label: Label) {
        let jump = match (op, want) {
            (Cmp::Eq, true) | (Cmp::Ne, false) => Instr::JumpEqF64 { a, b, t: LATER },
            (Cmp::Ne, true) | (Cmp::Eq, false) => Instr::JumpNeF64 { a, b, t: LATER },
            (Cmp::Lt, true) => Instr::JumpLtF64 { a, b, t: LATER },
            (Cmp::Le, true) => Instr::JumpLeF64 { a, b, t: LATER },
            (Cmp::Gt, true) => Instr::JumpLtF64 { a: b, b: a, t: LATER },
            (Cmp::Ge, true) => Instr::JumpLeF64 { a: b, b: a, t: LATER },
            (Cmp::Lt, false) => Instr::JumpNotLtF64 { a, b, t: LATER },
            (Cmp::Le, false) => Instr::JumpNotLeF64 { a, b, t: LATER },
            (Cmp::Gt, false) => Instr::JumpNotLtF64 { a: b, b: a, t: LATER },
            (Cmp::Ge, false) => Instr::JumpNotLeF64 { a: b, b: a, t: LATER },
        };
        self.jump(label, jump);
    }

    /// AND, OR and NOT into a register, three-valued.
    pub fn logic(&mut self, e: &Expr, dest: Operand) -> Result<()> {
        let Operand::Slot { reg, valid } = dest else {
            return Err(bug(e.place, "a BOOLEAN outside a slot"));
        };
        match &e.kind {
            ExprKind::Not(x) => {
                let from = self.emit(x)?;
                let Operand::Slot { reg: a, .. } = from else {
                    return Err(bug(e.place, "a BOOLEAN outside a slot"));
                };
                self.where_valid(dest, &[from], |this| {
                    this.push(Instr::Not { d: reg, a });
                    Ok(())
                })
            }
            ExprKind::And(l, r) => self.and_or(l, r, false, reg, valid),
            ExprKind::Or(l, r) => self.and_or(l, r, true, reg, valid),
            _ => Err(bug(e.place, "no logic")),
        }
    }

    /// `l AND r` (`deciding` FALSE) or `l OR r` (`deciding` TRUE): a side with the deciding value
    /// decides; else a NULL side makes the result NULL.
    fn and_or(
        &mut self,
        l: &Expr,
        r: &Expr,
        deciding: bool,
        reg: Slot,
        valid: Option<Slot>,
    ) -> Result<()> {
        let decided = self.label();
        let end = self.label();
        let a = self.emit_stable(l, &[r])?;
        self.jump_where_is(a, deciding, decided)?;
        let b = self.emit(r)?;
        self.jump_where_is(b, deciding, decided)?;
        self.push(Instr::LoadInt { d: reg, i: Imm(i16::from(!deciding)) });
        if let Some(v) = valid {
            match (a.valid(), b.valid()) {
                (Some(x), Some(y)) => self.push(Instr::And { d: v, a: x, b: y }),
                (Some(x), None) | (None, Some(x)) => self.push(Instr::Move { d: v, a: x }),
                (None, None) => self.push(Instr::LoadInt { d: v, i: Imm(1) }),
            }
        }
        self.jump(end, Instr::Jump { t: LATER });
        self.bind(decided);
        self.push(Instr::LoadInt { d: reg, i: Imm(i16::from(deciding)) });
        if let Some(v) = valid {
            self.push(Instr::LoadInt { d: v, i: Imm(1) });
        }
        self.bind(end);
        Ok(())
    }

    fn jump_where_is(&mut self, operand: Operand, value: bool, label: Label) -> Result<()> {
        let Operand::Slot { reg, valid } = operand else {
            return Err(bug(Default::default(), "a BOOLEAN outside a slot"));
        };
        let skip = self.label();
        if let Some(v) = valid {
            self.jump(skip, Instr::JumpIfNot { a: v, t: LATER });
        }
        let jump = if value {
            Instr::JumpIf { a: reg, t: LATER }
        } else {
            Instr::JumpIfNot { a: reg, t: LATER }
        };
        self.jump(label, jump);
        self.bind(skip);
        Ok(())
    }
}

fn immediate_jump(op: Cmp, a: Slot, i: Imm) -> Instr {
    match op {
        Cmp::Eq => Instr::JumpEqImm { a, i, t: LATER },
        Cmp::Ne => Instr::JumpNeImm { a, i, t: LATER },
        Cmp::Lt => Instr::JumpLtImm { a, i, t: LATER },
        Cmp::Le => Instr::JumpLeImm { a, i, t: LATER },
        Cmp::Gt => Instr::JumpGtImm { a, i, t: LATER },
        Cmp::Ge => Instr::JumpGeImm { a, i, t: LATER },
    }
}
