//! Composite values, exceptions, and the way between slots and values.

use super::{Emitter, LATER, Operand, bug};
use crate::codegen::builder::{Result, index_u16};
use crate::hir::{Expr, ExprKind, LocalId};
use grizzly_bytecode::{
    Handler, Imm, Instr, Object, ObjectWindow, Place, Repr, Target, Type, Value,
};

impl Emitter<'_, '_> {
    /// Puts a value into an object register, NULL included.
    pub fn box_to(&mut self, value: Operand, ty: &Type, d: Object) -> Result<()> {
        let end = self.label();
        if let Some(v) = value.valid() {
            self.push(Instr::LoadNull { d });
            self.jump(end, Instr::JumpIfNot { a: v, t: LATER });
        }
        match value {
            Operand::Slot { reg: a, .. } => self.push(match ty {
                Type::Bool => Instr::BoxBool { d, a },
                t if t.is_float() => Instr::BoxFloat { d, a },
                _ => Instr::BoxInt { d, a },
            }),
            Operand::Wide { reg: a, .. } => self.push(Instr::BoxWide { d, a }),
            Operand::Object { reg: a, .. } if a != d => self.push(Instr::MoveObject { d, a }),
            Operand::Object { .. } => {}
            Operand::Nothing => self.push(Instr::LoadNull { d }),
        }
        self.bind(end);
        Ok(())
    }

    /// Takes a value out of an object register that may hold NULL.
    pub fn unbox(&mut self, a: Object, dest: Operand, place: Place) -> Result<()> {
        let end = self.label();
        if let Some(valid) = dest.valid() {
            self.push(Instr::IsNullObject { d: valid, a });
            self.push(Instr::Not { d: valid, a: valid });
            self.jump(end, Instr::JumpIfNot { a: valid, t: LATER });
        }
        match dest {
            Operand::Slot { reg: d, .. } => self.push_at(place, Instr::UnboxSlot { d, a }),
            Operand::Wide { reg: d, .. } => self.push_at(place, Instr::UnboxWide { d, a }),
            Operand::Object { reg: d, .. } if d != a => self.push(Instr::MoveObject { d, a }),
            _ => {}
        }
        self.bind(end);
        Ok(())
    }

    /// Writes expressions as values into consecutive object registers and returns the first.
    pub fn emit_boxed(&mut self, values: &[Expr]) -> Result<u16> {
        let first = self.take_objects(index_u16(values.len(), "registers")?)?;
        for (index, value) in values.iter().enumerate() {
            self.emit_boxed_to(value, Object(first + index as u16))?;
        }
        Ok(first)
    }

    /// Writes an expression as a value into an object register.
    pub fn emit_boxed_to(&mut self, value: &Expr, d: Object) -> Result<()> {
        if let ExprKind::Column(var) = &value.kind
            && let Some(a) = self.boxed.get(var).copied()
        {
            self.push(Instr::MoveObject { d, a });
            return Ok(());
        }
        if value.ty.repr() == Repr::Object {
            return self.emit_to(value, Operand::Object { reg: d, nullable: true });
        }
        let mark = self.mark();
        let operand = self.emit(value)?;
        self.box_to(operand, &value.ty, d)?;
        self.release(mark);
        Ok(())
    }

    /// Structs and arrays.
    pub fn composite(&mut self, e: &Expr, dest: Operand) -> Result<()> {
        match (&e.kind, dest) {
            (ExprKind::MakeStruct(fields), Operand::Object { reg: d, .. }) => {
                let first = self.emit_boxed(fields)?;
                let k = self.builder.type_constant(e.ty.clone())?;
                self.push_at(e.place, Instr::MakeStruct { d, k, o: ObjectWindow(first) });
                Ok(())
            }
            (ExprKind::MakeArray(elements), Operand::Object { reg: d, .. }) => {
                let first = self.emit_boxed(elements)?;
                let count = i16::try_from(elements.len())
                    .map_err(|_| super::super::builder::unsupported(e.place, "so long an array"))?;
                let i = Imm(count);
                self.push_at(e.place, Instr::MakeArray { d, o: ObjectWindow(first), i });
                Ok(())
            }
            (ExprKind::Field { operand, index }, _) => {
                let from = self.emit(operand)?;
                self.where_valid(dest, &[from], |this| {
                    let Operand::Object { reg: a, .. } = from else {
                        return Err(bug(e.place, "a struct outside object registers"));
                    };
                    let d = this.object()?;
                    this.push_at(e.place, Instr::GetField { d, a, i: Imm(*index as i16) });
                    this.unbox(d, dest, e.place)
                })
            }
            (ExprKind::Element { array, index }, _) => self.element(e, array, index, dest),
            (ExprKind::Length(array), Operand::Slot { reg: d, .. }) => {
                let from = self.emit(array)?;
                self.where_valid(dest, &[from], |this| {
                    let Operand::Object { reg: a, .. } = from else {
                        return Err(bug(e.place, "an array outside object registers"));
                    };
                    this.push_at(e.place, Instr::Length { d, a });
                    Ok(())
                })
            }
            _ => Err(bug(e.place, "a composite in the wrong register class")),
        }
    }

    fn element(&mut self, e: &Expr, array: &Expr, index: &Expr, dest: Operand) -> Result<()> {
        let from = self.emit_stable(array, &[index])?;
        let at = self.emit(index)?;
        self.where_valid(dest, &[from, at], |this| {
            let (Operand::Object { reg: a, .. }, Operand::Slot { reg: b, .. }) = (from, at) else {
                return Err(bug(e.place, "an array outside object registers"));
            };
            let d = this.object()?;
            this.push_at(e.place, Instr::GetElement { d, a, b });
            this.unbox(d, dest, e.place)
        })
    }

    /// Exceptions as values.
    pub fn exception(&mut self, e: &Expr, dest: Operand) -> Result<()> {
        match (&e.kind, dest) {
            (ExprKind::MakeException { message, fields }, Operand::Object { reg: d, .. }) => {
                let first = self.take_objects(index_u16(fields.len() + 1, "registers")?)?;
                match message {
                    Some(text) => self.emit_boxed_to(text, Object(first))?,
                    None => self.push(Instr::LoadNull { d: Object(first) }),
                }
                for (index, field) in fields.iter().enumerate() {
                    self.emit_boxed_to(field, Object(first + 1 + index as u16))?;
                }
                let k = self.builder.type_constant(e.ty.clone())?;
                self.push_at(e.place, Instr::MakeException { d, k, o: ObjectWindow(first) });
                Ok(())
            }
            (ExprKind::Message(x), Operand::Object { reg: d, .. }) => {
                let a = self.emit_object(x)?;
                self.push_at(e.place, Instr::GetMessage { d, a });
                Ok(())
            }
            (ExprKind::ExceptionIs { operand, name }, Operand::Slot { reg: d, .. }) => {
                let a = self.emit_object(operand)?;
                let k = self.builder.constant(Value::Text(name.clone()), Type::Text)?;
                self.push(Instr::ExceptionIs { d, a, k });
                self.set_valid(dest);
                Ok(())
            }
            (ExprKind::Catchable(x), Operand::Slot { reg: d, .. }) => {
                let a = self.emit_object(x)?;
                self.push(Instr::Catchable { d, a });
                self.set_valid(dest);
                Ok(())
            }
            _ => Err(bug(e.place, "an exception in the wrong register class")),
        }
    }

    fn set_valid(&mut self, dest: Operand) {
        if let Some(d) = dest.valid() {
            self.push(Instr::LoadInt { d, i: Imm(1) });
        }
    }

    fn emit_object(&mut self, e: &Expr) -> Result<Object> {
        match self.emit(e)? {
            Operand::Object { reg, .. } => Ok(reg),
            _ => Err(bug(e.place, "an object outside object registers")),
        }
    }

    /// RAISE.
    pub fn raise(&mut self, e: &Expr, x: &Expr) -> Result<()> {
        let a = self.emit_object(x)?;
        self.push_at(e.place, Instr::Raise { a });
        Ok(())
    }

    /// TRY … CATCH.
    pub fn try_catch(
        &mut self,
        body: &Expr,
        exception: LocalId,
        handler: &Expr,
        undo: bool,
        dest: Operand,
    ) -> Result<()> {
        let register = self.object()?;
        self.homes.insert(exception, Operand::Object { reg: register, nullable: false });
        let end_label = self.label();
        let start = self.here()?;
        if undo {
            self.push_at(body.place, Instr::Savepoint {});
        }
        self.emit_to(body, dest)?;
        let end = self.here()?;
        if !self.is_dead() {
            self.jump(end_label, Instr::Jump { t: LATER });
        }
        let target_label = self.label();
        self.bind(target_label);
        let target = self.here()?;
        if start != end {
            self.function.handlers.push(Handler { start, end, target, exception: register, undo });
        }
        self.emit_to(handler, dest)?;
        self.bind(end_label);
        Ok(())
    }

    /// The index of the next instruction.
    pub fn here(&self) -> Result<Target> {
        index_u16(self.function.code.len(), "instructions").map(Target)
    }
}
