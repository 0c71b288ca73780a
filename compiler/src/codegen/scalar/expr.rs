//! Expressions: every form of [`ExprKind`] finds its writer here.

use super::{Emitter, LATER, Operand, bug};
use crate::codegen::builder::Result;
use crate::codegen::nulls::narrowed;
use crate::hir::{Block, Expr, ExprKind, LocalId};
use grizzly_bytecode::{Cmp, Imm, Instr, ParamId, Slot, Type, Value};

impl Emitter<'_, '_> {
    /// Whether the value of an expression may be NULL here.
    pub fn nullable(&self, e: &Expr) -> bool {
        self.flow.nullable(e, &|key, valid| self.builder.call_nullable(key, valid))
    }

    /// Writes an expression and says where its value lies: in its home for locals and columns, else
    /// in registers taken for it.
    pub fn emit(&mut self, e: &Expr) -> Result<Operand> {
        match &e.kind {
            ExprKind::Local(id) => self.home(*id, e),
            ExprKind::Column(var) => {
                let found = self.columns.get(var).copied();
                found.ok_or_else(|| bug(e.place, "a column without a register"))
            }
            _ => self.emit_new(e),
        }
    }

    /// Writes an expression into registers taken for it.
    pub fn emit_new(&mut self, e: &Expr) -> Result<Operand> {
        if let ExprKind::Call { function, arguments } = &e.kind {
            // The result comes out at the first free registers: exactly where it is wanted.
            let mark = self.mark();
            let result = self.call_at(e, function, arguments)?;
            self.release(mark);
            return match result {
                Some(layout) => self.allocate(&layout.ty, layout.nullable),
                None => Ok(Operand::Nothing),
            };
        }
        let dest = self.allocate(&e.ty, self.nullable(e))?;
        self.emit_to(e, dest)?;
        Ok(dest)
    }

    /// Writes an operand whose registers stay as they are while `later` is evaluated.
    pub fn emit_stable(&mut self, e: &Expr, later: &[&Expr]) -> Result<Operand> {
        let leaf = matches!(e.kind, ExprKind::Local(_) | ExprKind::Column(_));
        if leaf && later.iter().any(|l| l.any(&|x| matches!(x.kind, ExprKind::Block(_)))) {
            return self.emit_new(e);
        }
        self.emit(e)
    }

    fn home(&self, id: LocalId, e: &Expr) -> Result<Operand> {
        let home = self.homes.get(&id).copied();
        let home = home.ok_or_else(|| bug(e.place, "a local without a register"))?;
        if !self.flow.known.contains(&id) {
            return Ok(home);
        }
        Ok(match home {
            Operand::Slot { reg, .. } => Operand::Slot { reg, valid: None },
            Operand::Wide { reg, .. } => Operand::Wide { reg, valid: None },
            Operand::Object { reg, .. } => Operand::Object { reg, nullable: false },
            Operand::Nothing => Operand::Nothing,
        })
    }

    /// Writes an expression into given registers. They have a validity wherever the value may be
    /// NULL.
    pub fn emit_to(&mut self, e: &Expr, dest: Operand) -> Result<()> {
        let mark = self.mark();
        self.emit_kind(e, dest)?;
        self.release(mark);
        Ok(())
    }

    fn emit_kind(&mut self, e: &Expr, dest: Operand) -> Result<()> {
        use ExprKind as K;
        match &e.kind {
            K::Error => Err(bug(e.place, "an expression with an error")),
            K::Constant(value) => self.constant(value, &e.ty, dest),
            K::Local(_) | K::Column(_) => {
                let from = self.emit(e)?;
                self.store(dest, from)
            }
            K::Subquery { kind, query } => self.ask(e, kind, query, dest),
            K::Parameter(index) => self.parameter(*index, e, dest),
            K::Arith { op, left, right } => self.arith(e, *op, left, right, dest),
            K::Concat(l, r) => self.concat(e, l, r, dest),
            K::Negate(x) => self.negate(e, x, dest),
            K::And(..) | K::Or(..) | K::Not(_) => self.logic(e, dest),
            K::Compare { op, left, right } => self.compare(e, *op, left, right, dest),
            K::IsNull(x) => self.is_null(x, dest),
            K::Same(l, r) => self.same(e, l, r, dest),
            K::Convert { operand, mode } => self.convert(e, operand, *mode, dest),
            K::If { condition, then, otherwise } => self.choose(condition, then, otherwise, dest),
            K::Block(block) => self.block_to(block, dest),
            K::Inlined { body, .. } => self.block_to(body, dest),
            K::Call { function, arguments } => self.call(e, function, arguments, dest),
            K::Native { function, arguments } => self.native(e, function, arguments, dest),
            K::MakeStruct(_)
            | K::Field { .. }
            | K::MakeArray(_)
            | K::Element { .. }
            | K::Length(_) => self.composite(e, dest),
            K::MakeException { .. } | K::Message(_) | K::ExceptionIs { .. } | K::Catchable(_) => {
                self.exception(e, dest)
            }
            K::Lambda(lambda) => self.lambda(e, lambda, dest),
            K::CallValue { callee, arguments } => self.call_value(e, callee, arguments, dest),
            K::Raise(x) => self.raise(e, x),
            K::Return(value) => self.return_value(value.as_deref()),
            K::Try { body, exception, handler, undo } => {
                self.try_catch(body, *exception, handler, *undo, dest)
            }
        }
    }

    fn constant(&mut self, value: &Value, ty: &Type, dest: Operand) -> Result<()> {
        if let Some(valid) = dest.valid() {
            self.push(Instr::LoadInt { d: valid, i: Imm(i16::from(!value.is_null())) });
        }
        match dest {
            Operand::Nothing => Ok(()),
            Operand::Slot { reg, .. } => self.slot_constant(reg, value, ty),
            Operand::Wide { reg, .. } => {
                let wide = match value {
                    Value::Int(i) => Value::Wide(i128::from(*i)),
                    Value::Wide(_) => value.clone(),
                    _ => Value::Wide(0),
                };
                let k = self.builder.constant(wide, ty.clone())?;
                self.push(Instr::LoadWide { d: reg, k });
                Ok(())
            }
            Operand::Object { reg, .. } if value.is_null() => {
                self.push(Instr::LoadNull { d: reg });
                Ok(())
            }
            Operand::Object { reg, .. } => {
                let k = self.builder.constant(value.clone(), ty.clone())?;
                self.push(Instr::LoadObject { d: reg, k });
                Ok(())
            }
        }
    }

    fn slot_constant(&mut self, reg: Slot, value: &Value, ty: &Type) -> Result<()> {
        let small = match value {
            Value::Null => Some(0),
            Value::Bool(b) => Some(i16::from(*b)),
            Value::Int(i) => i16::try_from(*i).ok(),
            _ => None,
        };
        if let Some(i) = small {
            self.push(Instr::LoadInt { d: reg, i: Imm(i) });
        } else {
            let k = self.builder.constant(value.clone(), ty.clone())?;
            self.push(Instr::LoadSlot { d: reg, k });
        }
        Ok(())
    }

    fn parameter(&mut self, index: u16, e: &Expr, dest: Operand) -> Result<()> {
        if let Some(given) = self.given.get(&index).copied() {
            return self.store(dest, given);
        }
        if let Operand::Object { reg, .. } = dest {
            self.push(Instr::LoadParam { d: reg, p: ParamId(index) });
            return Ok(());
        }
        let boxed = self.object()?;
        self.push(Instr::LoadParam { d: boxed, p: ParamId(index) });
        self.unbox(boxed, dest, e.place)
    }

    /// Copies a value between registers of one class.
    pub fn store(&mut self, dest: Operand, from: Operand) -> Result<()> {
        if dest == from {
            return Ok(());
        }
        if let Some(valid) = dest.valid() {
            match from.valid() {
                Some(v) => self.push(Instr::Move { d: valid, a: v }),
                None => self.push(Instr::LoadInt { d: valid, i: Imm(1) }),
            }
        }
        match (dest, from) {
            (Operand::Slot { reg: d, .. }, Operand::Slot { reg: a, .. }) => {
                self.push(Instr::Move { d, a });
            }
            (Operand::Wide { reg: d, .. }, Operand::Wide { reg: a, .. }) => {
                self.push(Instr::MoveWide { d, a });
            }
            (Operand::Object { reg: d, .. }, Operand::Object { reg: a, .. }) => {
                self.push(Instr::MoveObject { d, a });
            }
            (Operand::Nothing, _) => {}
            _ => return Err(bug(Default::default(), "a copy between register classes")),
        }
        Ok(())
    }

    fn choose(&mut self, condition: &Expr, then: &Expr, other: &Expr, dest: Operand) -> Result<()> {
        let otherwise = self.label();
        let end = self.label();
        self.branch(condition, false, otherwise)?;
        self.narrowed_to(condition, true, |this| this.emit_to(then, dest))?;
        if !self.is_dead() && !is_empty(other) {
            self.jump(end, Instr::Jump { t: LATER });
        }
        self.bind(otherwise);
        if !is_empty(other) {
            self.narrowed_to(condition, false, |this| this.emit_to(other, dest))?;
        }
        self.bind(end);
        Ok(())
    }

    /// Runs `write` with what the outcome of a condition says of NULLs.
    pub fn narrowed_to(
        &mut self,
        condition: &Expr,
        holds: bool,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let before = self.flow.known.clone();
        narrowed(condition, holds, &mut self.flow.known);
        write(self)?;
        // What was assigned in between is no longer known.
        let after = std::mem::replace(&mut self.flow.known, before);
        self.flow.known.retain(|local| after.contains(local));
        Ok(())
    }

    /// Writes a block; its value goes to `dest`.
    pub fn block_to(&mut self, block: &Block, dest: Operand) -> Result<()> {
        self.steps(&block.statements)?;
        if let Some(value) = &block.value {
            self.emit_to(value, dest)?;
        }
        Ok(())
    }

    fn is_null(&mut self, x: &Expr, dest: Operand) -> Result<()> {
        let Operand::Slot { reg, valid } = dest else {
            return Err(bug(x.place, "a BOOLEAN outside a slot"));
        };
        if let Some(valid) = valid {
            self.push(Instr::LoadInt { d: valid, i: Imm(1) });
        }
        match self.emit(x)? {
            Operand::Object { reg: a, .. } => self.push(Instr::IsNullObject { d: reg, a }),
            other => match other.valid() {
                Some(v) => self.push(Instr::Not { d: reg, a: v }),
                None => self.push(Instr::LoadInt { d: reg, i: Imm(0) }),
            },
        }
        Ok(())
    }

    fn same(&mut self, e: &Expr, left: &Expr, right: &Expr, dest: Operand) -> Result<()> {
        let Operand::Slot { reg, valid } = dest else {
            return Err(bug(e.place, "a BOOLEAN outside a slot"));
        };
        if let Some(valid) = valid {
            self.push(Instr::LoadInt { d: valid, i: Imm(1) });
        }
        let a = self.emit_stable(left, &[right])?;
        let b = self.emit(right)?;
        let (va, vb) = (self.valid_flag(a)?, self.valid_flag(b)?);
        let end = self.label();
        if let (Some(va), Some(vb)) = (va, vb) {
            self.push(Instr::CmpI64 { c: Cmp::Eq, d: reg, a: va, b: vb });
            self.jump(end, Instr::JumpIfNot { a: reg, t: LATER });
            self.jump(end, Instr::JumpIfNot { a: va, t: LATER });
        } else if let Some(v) = va.or(vb) {
            self.push(Instr::Move { d: reg, a: v });
            self.jump(end, Instr::JumpIfNot { a: reg, t: LATER });
        }
        self.compare_valid(Cmp::Eq, &left.ty, reg, a, b)?;
        self.bind(end);
        Ok(())
    }

    /// A slot that says whether a value is valid; `None` where it always is.
    pub fn valid_flag(&mut self, operand: Operand) -> Result<Option<Slot>> {
        match operand {
            Operand::Object { reg, nullable: true } => {
                let d = self.slot()?;
                self.push(Instr::IsNullObject { d, a: reg });
                self.push(Instr::Not { d, a: d });
                Ok(Some(d))
            }
            other => Ok(other.valid()),
        }
    }
}

/// Whether an expression does nothing and has no value (an ELSE that was not written).
pub fn is_empty(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Block(block) => block.statements.is_empty() && block.value.is_none(),
        ExprKind::Constant(_) => e.ty == Type::Unit,
        _ => false,
    }
}
