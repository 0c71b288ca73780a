//! Calls, results and returns.

use super::{Emitter, LATER, Operand};
use crate::catalog::{FunctionKey, Native};
use crate::codegen::builder::{BodyKind, Builder, Result};
use crate::codegen::nulls::body_flow;
use crate::hir::{self, Block, Expr, ExprKind};
use crate::plan::capture::Scope;
use grizzly_bytecode as bc;
use grizzly_bytecode::{
    Builtin, Imm, Instr, Layout, Object, ObjectWindow, Place, Slot, SlotWindow, Type, Value, Wide,
};
use std::sync::Arc;

/// Whether a function has a body of its own for calls without NULLs.
fn has_no_null_body(function: &hir::Function) -> bool {
    function.parameters.iter().any(|p| p.nullable)
}

fn parameter_layouts(function: &hir::Function, kind: BodyKind) -> Vec<Layout> {
    let layout = |p: &hir::ParameterDefinition| Layout {
        ty: p.ty.clone(),
        nullable: p.nullable && kind == BodyKind::General,
    };
    function.parameters.iter().map(layout).collect()
}

impl Builder<'_> {
    fn result_layout(&self, function: &hir::Function, kind: BodyKind) -> Option<Layout> {
        let result = function.result.as_ref()?;
        let without = kind == BodyKind::NoNull || !has_no_null_body(function);
        Some(Layout { ty: result.ty.clone(), nullable: self.call_nullable(&function.key, without) })
    }
}

impl Emitter<'_, '_> {
    /// A call whose result goes to `dest`.
    pub fn call(
        &mut self,
        e: &Expr,
        key: &FunctionKey,
        arguments: &[Expr],
        dest: Operand,
    ) -> Result<()> {
        let (s, o) = self.windows()?;
        let result = self.call_at(e, key, arguments)?;
        match result {
            Some(layout) if dest != Operand::Nothing => self.take_result(s, o, &layout, dest),
            _ => Ok(()),
        }
    }

    /// A call whose result stays where it comes out: at the first free registers.
    pub fn call_at(
        &mut self,
        e: &Expr,
        key: &FunctionKey,
        arguments: &[Expr],
    ) -> Result<Option<Layout>> {
        let function = self.builder.find(key, e.place)?;
        self.builder.settle_results(&function);
        let all_valid = arguments.iter().all(|a| !self.nullable(a));
        let kind = if all_valid && has_no_null_body(&function) {
            BodyKind::NoNull
        } else {
            BodyKind::General
        };
        let f = self.builder.function(&function, kind)?;
        let (s, o) = self.windows()?;
        let layouts = parameter_layouts(&function, kind);
        let mut windows = Vec::with_capacity(layouts.len());
        for layout in &layouts {
            windows.push(self.allocate(&layout.ty, layout.nullable)?);
        }
        for (argument, window) in arguments.iter().zip(windows) {
            self.argument(argument, window)?;
        }
        self.push_at(e.place, Instr::Call { f, s: SlotWindow(s), o: ObjectWindow(o) });
        let result = self.builder.result_layout(&function, kind);
        self.cover_result(s, o, result.as_ref());
        Ok(result)
    }

    fn argument(&mut self, argument: &Expr, window: Operand) -> Result<()> {
        if window.nullable() || !self.nullable(argument) {
            return self.emit_to(argument, window);
        }
        let mark = self.mark();
        let value = self.emit(argument)?;
        let message = "a parameter that is NOT NULL was given NULL";
        let value = self.demand_valid(value, argument.place, message)?;
        self.store(window, value)?;
        self.release(mark);
        Ok(())
    }

    /// Makes sure that the frame covers the result of a call at the given windows.
    pub fn cover_result(&mut self, s: u16, o: u16, result: Option<&Layout>) {
        let (slots, objects) = result.map_or((0, 0), |r| (r.slots(), r.objects()));
        self.function.slots = self.function.slots.max(s.saturating_add(slots));
        self.function.objects = self.function.objects.max(o.saturating_add(objects));
    }

    /// Raises NotNullViolation where a value is NULL; the value without its validity.
    pub fn demand_valid(&mut self, value: Operand, place: Place, message: &str) -> Result<Operand> {
        let Some(flag) = self.valid_flag(value)? else { return Ok(value) };
        let fine = self.label();
        self.jump(fine, Instr::JumpIf { a: flag, t: LATER });
        self.raise_builtin(Builtin::NotNullViolation, message, place)?;
        self.bind(fine);
        Ok(match value {
            Operand::Slot { reg, .. } => Operand::Slot { reg, valid: None },
            Operand::Wide { reg, .. } => Operand::Wide { reg, valid: None },
            Operand::Object { reg, .. } => Operand::Object { reg, nullable: false },
            Operand::Nothing => Operand::Nothing,
        })
    }

    /// Raises a built-in exception.
    pub fn raise_builtin(&mut self, kind: Builtin, message: &str, place: Place) -> Result<()> {
        let mark = self.mark();
        let first = self.take_objects(1)?;
        let text = self.builder.constant(Value::text(message), Type::Text)?;
        self.push(Instr::LoadObject { d: Object(first), k: text });
        let k = self.builder.type_constant(Type::Exception(kind.ty()))?;
        let d = Object(first);
        self.push(Instr::MakeException { d, k, o: ObjectWindow(first) });
        self.push_at(place, Instr::Raise { a: d });
        self.release(mark);
        Ok(())
    }

    /// Copies the result of a call from its windows to `dest`.
    pub fn take_result(&mut self, s: u16, o: u16, result: &Layout, dest: Operand) -> Result<()> {
        self.cover_result(s, o, Some(result));
        self.store(dest, result_operand(s, o, result))
    }

    /// A call of a built-in.
    pub fn native(
        &mut self,
        e: &Expr,
        function: &Arc<Native>,
        arguments: &[Expr],
        dest: Operand,
    ) -> Result<()> {
        let layout = |a: &Expr| Layout { ty: a.ty.clone(), nullable: !function.strict };
        let layouts: Vec<Layout> = arguments.iter().map(layout).collect();
        let n = self.builder.native(function, &layouts, &e.ty)?;
        let nullable = function.nullable || !function.strict;
        let result = Layout { ty: e.ty.clone(), nullable };
        let mut values = Vec::new();
        if function.strict {
            // Arguments first: a NULL among them is known before the window is filled.
            for argument in arguments {
                values.push(self.emit_new(argument)?);
            }
        }
        let operands = values.clone();
        self.where_valid(dest, &operands, |this| {
            let (s, o) = this.windows()?;
            for (index, layout) in layouts.iter().enumerate() {
                let window = this.allocate(&layout.ty, layout.nullable)?;
                match (values.get(index), arguments.get(index)) {
                    (Some(value), _) => this.store(window, without_valid(*value))?,
                    (None, Some(argument)) => this.emit_to(argument, window)?,
                    (None, None) => {}
                }
            }
            this.push_at(e.place, Instr::CallNative { n, s: SlotWindow(s), o: ObjectWindow(o) });
            this.take_result(s, o, &result, dest)
        })
    }

    // Bodies.

    /// Writes the body of a user's function.
    pub fn body(&mut self, block: &Block) -> Result<()> {
        self.steps(&block.statements)?;
        match &block.value {
            Some(value) => self.tail(value),
            None if self.is_dead() => Ok(()),
            None => {
                self.push(Instr::Return {});
                Ok(())
            }
        }
    }

    /// Writes an expression whose value is the function's result.
    fn tail(&mut self, e: &Expr) -> Result<()> {
        let mark = self.mark();
        match &e.kind {
            ExprKind::If { condition, then, otherwise } => {
                let other = self.label();
                self.branch(condition, false, other)?;
                self.narrowed_to(condition, true, |this| this.tail(then))?;
                self.bind(other);
                self.narrowed_to(condition, false, |this| this.tail(otherwise))?;
            }
            ExprKind::Block(block) => {
                self.steps(&block.statements)?;
                match &block.value {
                    Some(value) => self.tail(value)?,
                    None if self.is_dead() => {}
                    None => self.push(Instr::Return {}),
                }
            }
            ExprKind::Raise(_) | ExprKind::Return(_) => self.emit_to(e, Operand::Nothing)?,
            _ => self.return_value(Some(e))?,
        }
        self.release(mark);
        Ok(())
    }

    /// `RETURN value`.
    pub fn return_value(&mut self, value: Option<&Expr>) -> Result<()> {
        let (Some(value), Some(layout)) = (value, self.result.clone()) else {
            if let Some(value) = value {
                self.emit_to_nowhere(value)?;
            }
            self.push(Instr::Return {});
            return Ok(());
        };
        let mut operand = self.emit(value)?;
        if self.is_dead() {
            return Ok(());
        }
        if !layout.nullable {
            let message = "the result is declared NOT NULL and is NULL";
            operand = self.demand_valid(operand, value.place, message)?;
        }
        let instruction = match (operand, layout.nullable) {
            (Operand::Nothing, _) => Instr::Return {},
            (Operand::Slot { reg: a, .. }, false) => Instr::ReturnSlot { a },
            (Operand::Wide { reg: a, .. }, false) => Instr::ReturnWide { a },
            (Operand::Object { reg: a, .. }, _) => Instr::ReturnObject { a },
            (Operand::Slot { reg: a, valid }, true) => {
                Instr::ReturnNullable { a, v: self.valid_or_one(valid)? }
            }
            (Operand::Wide { reg: a, valid }, true) => {
                Instr::ReturnNullableWide { a, v: self.valid_or_one(valid)? }
            }
        };
        self.push(instruction);
        Ok(())
    }

    fn valid_or_one(&mut self, valid: Option<Slot>) -> Result<Slot> {
        match valid {
            Some(v) => Ok(v),
            None => {
                let d = self.slot()?;
                self.push(Instr::LoadInt { d, i: Imm(1) });
                Ok(d)
            }
        }
    }

    /// Writes an expression for its effect.
    pub fn emit_to_nowhere(&mut self, e: &Expr) -> Result<()> {
        let mark = self.mark();
        if e.ty == Type::Unit {
            self.emit_to(e, Operand::Nothing)?;
        } else {
            self.emit(e)?;
        }
        self.release(mark);
        Ok(())
    }

    /// The beginning of a general body: where no argument is NULL, the no-null body runs instead.
    fn try_no_null(&mut self, function: &Arc<hir::Function>) -> Result<()> {
        let general = self.label();
        let mut values = Vec::new();
        for (index, parameter) in function.parameters.iter().enumerate() {
            let local = hir::LocalId(index as u32);
            let e = Expr {
                kind: ExprKind::Local(local),
                ty: parameter.ty.clone(),
                place: function.place,
            };
            let value = self.emit(&e)?;
            match value {
                Operand::Object { reg, nullable: true } => {
                    self.jump(general, Instr::JumpNull { a: reg, t: LATER });
                }
                other => {
                    if let Some(v) = other.valid() {
                        self.jump(general, Instr::JumpIfNot { a: v, t: LATER });
                    }
                }
            }
            values.push((value, parameter.ty.clone()));
        }
        let mark = self.mark();
        let (s, o) = self.windows()?;
        for (value, ty) in values {
            let window = self.allocate(&ty, false)?;
            self.store(window, without_valid(value))?;
        }
        let f = self.builder.function(function, BodyKind::NoNull)?;
        // The same call of the same function: it has no line of its own in a trace.
        self.push(Instr::Call { f, s: SlotWindow(s), o: ObjectWindow(o) });
        self.release(mark);
        let result = self.builder.result_layout(function, BodyKind::NoNull);
        self.cover_result(s, o, result.as_ref());
        self.forward_result(s, o, result)?;
        self.bind(general);
        Ok(())
    }

    fn forward_result(&mut self, s: u16, o: u16, result: Option<Layout>) -> Result<()> {
        let (Some(result), Some(own)) = (result, self.result.clone()) else {
            self.push(Instr::Return {});
            return Ok(());
        };
        // Beyond the call's windows: a validity register for a result that is never NULL.
        let (slots, _) = self.mark();
        self.take_objects(0)?;
        for _ in 0..(s + result.slots()).saturating_sub(slots) {
            self.slot()?;
        }
        let instruction = match result_operand(s, o, &result) {
            Operand::Slot { reg: a, valid } if own.nullable => {
                Instr::ReturnNullable { a, v: self.valid_or_one(valid)? }
            }
            Operand::Wide { reg: a, valid } if own.nullable => {
                Instr::ReturnNullableWide { a, v: self.valid_or_one(valid)? }
            }
            Operand::Slot { reg: a, .. } => Instr::ReturnSlot { a },
            Operand::Wide { reg: a, .. } => Instr::ReturnWide { a },
            Operand::Object { reg: a, .. } => Instr::ReturnObject { a },
            Operand::Nothing => Instr::Return {},
        };
        self.push(instruction);
        Ok(())
    }
}

/// Generates one body of a user's function.
pub fn generate(
    builder: &mut Builder<'_>,
    function: &Arc<hir::Function>,
    kind: BodyKind,
) -> Result<bc::Function> {
    builder.settle_results(function);
    let (columns, locals) = (function.columns.clone(), function.locals.clone());
    builder.scope = Scope { columns, locals };
    let flow = {
        let calls = |key: &FunctionKey, valid| builder.call_nullable(key, valid);
        body_flow(function, kind == BodyKind::NoNull, &calls)
    };
    let result = builder.result_layout(function, kind);
    let mut emitter = Emitter::new(builder, function.display.clone(), flow, result);
    emitter.parameters(parameter_layouts(function, kind))?;
    if kind == BodyKind::General && has_no_null_body(function) {
        emitter.try_no_null(function)?;
    }
    emitter.body(&function.body)?;
    emitter.finish()
}

fn without_valid(value: Operand) -> Operand {
    match value {
        Operand::Slot { reg, .. } => Operand::Slot { reg, valid: None },
        Operand::Wide { reg, .. } => Operand::Wide { reg, valid: None },
        Operand::Object { reg, .. } => Operand::Object { reg, nullable: false },
        Operand::Nothing => Operand::Nothing,
    }
}

/// Where a result lies in a call's windows.
pub fn result_operand(s: u16, o: u16, result: &Layout) -> Operand {
    match result.ty.repr() {
        bc::Repr::Nothing => Operand::Nothing,
        bc::Repr::Slot => {
            Operand::Slot { reg: Slot(s), valid: result.nullable.then_some(Slot(s + 1)) }
        }
        bc::Repr::Wide => {
            Operand::Wide { reg: Wide(s), valid: result.nullable.then_some(Slot(s + 2)) }
        }
        bc::Repr::Object => Operand::Object { reg: Object(o), nullable: result.nullable },
    }
}
