//! Functions inside expressions: the code of function values, and scalar code for the expressions
//! of a query that have no vector form. Both see what their surroundings hold as arguments: a
//! function value captures it when it is made, a row's code is given it with the row.

use super::{Emitter, Operand, bug};
use crate::codegen::builder::{Builder, Result, index_u16};
use crate::codegen::nulls::NullFlow;
use crate::hir::{Expr, ExprKind, Lambda, LocalId, StatementKind};
use crate::plan::logical::query_defines;
use grizzly_bytecode::{
    ClosureShape, FunctionId, FunctionType, Imm, Instr, Layout, ObjectWindow, Place, PlaceId,
    SlotWindow, Type, closure_layouts,
};
use hashbrown::HashSet;
use smol_str::SmolStr;
use std::sync::Arc;

/// What an expression names of its surroundings: columns, parameters, and locals that it does not
/// make itself, each once, in the order of their first use.
fn leaves<'e>(exprs: impl Iterator<Item = &'e Expr>, own: HashSet<LocalId>) -> Vec<Expr> {
    let mut own = own;
    let mut own_columns = HashSet::new();
    let mut found: Vec<Expr> = Vec::new();
    let mut used: Vec<&Expr> = Vec::new();
    for expr in exprs {
        expr.walk(&mut |e| match &e.kind {
            ExprKind::Local(_) | ExprKind::Column(_) | ExprKind::Parameter(_) => used.push(e),
            ExprKind::Lambda(lambda) => own.extend(&lambda.parameters),
            ExprKind::Subquery { query, .. } => own_columns.extend(query_defines(query).0),
            ExprKind::Try { exception, .. } => {
                own.insert(*exception);
            }
            ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
                block.walk_steps(&mut |step| own.extend(step.declares()));
            }
            _ => {}
        });
    }
    for e in used {
        let inner = match e.kind {
            ExprKind::Local(id) => own.contains(&id),
            ExprKind::Column(var) => own_columns.contains(&var),
            _ => false,
        };
        if !inner && !found.iter().any(|known| known.kind == e.kind) {
            found.push(e.clone());
        }
    }
    found
}

/// The function of an expression over what it names, and that, in the order of its parameters.
///
/// # Errors
/// As for code generation.
pub fn row_function(
    builder: &mut Builder<'_>,
    e: &Expr,
    name: &SmolStr,
    inlined_at: Option<PlaceId>,
) -> Result<(FunctionId, Vec<Expr>)> {
    let given = leaves(std::iter::once(e), HashSet::new());
    let id = builder.reserve()?;
    let result = Layout { ty: e.ty.clone(), nullable: true };
    // Nothing is known of the rows: every leaf may be NULL.
    let mut emitter = Emitter::new(builder, name.clone(), NullFlow::default(), Some(result));
    emitter.inlined_at = inlined_at;
    emitter.take_given(&given)?;
    emitter.return_value(Some(e))?;
    let function = emitter.finish()?;
    builder.define(id, function);
    Ok((id, given))
}

/// A function over leaves, with a BOOLEAN result, whose body `write` writes.
///
/// # Errors
/// As for code generation.
pub fn row_code<'a>(
    builder: &mut Builder<'a>,
    given: &[Expr],
    write: impl FnOnce(&mut Emitter<'_, 'a>) -> Result<()>,
) -> Result<FunctionId> {
    let id = builder.reserve()?;
    let result = Layout { ty: Type::Bool, nullable: true };
    let mut emitter = Emitter::new(builder, SmolStr::default(), NullFlow::default(), Some(result));
    emitter.take_given(given)?;
    write(&mut emitter)?;
    let function = emitter.finish()?;
    builder.define(id, function);
    Ok(id)
}

impl Emitter<'_, '_> {
    /// Notes where a leaf of the surroundings lies.
    fn settle_leaf(&mut self, leaf: &Expr, home: Operand) {
        match leaf.kind {
            ExprKind::Local(id) => drop(self.homes.insert(id, home)),
            ExprKind::Column(id) => drop(self.columns.insert(id, home)),
            ExprKind::Parameter(index) => drop(self.given.insert(index, home)),
            _ => {}
        }
    }

    /// A statement that changes rows: code of its own, given the locals that it names.
    pub fn change(&mut self, kind: &StatementKind, place: Place) -> Result<()> {
        let mut exprs = Vec::new();
        kind.for_each_change_expr(&mut |e| exprs.push(e));
        let mut given = leaves(exprs.into_iter(), HashSet::new());
        given.retain(|leaf| matches!(leaf.kind, ExprKind::Local(_)));
        let name = self.name.clone();
        let f =
            crate::codegen::statement::change_function(self.builder, kind, place, name, &given)?;
        let mark = self.mark();
        let (s, o) = self.windows()?;
        let mut windows = Vec::with_capacity(given.len());
        for leaf in &given {
            windows.push(self.allocate(&leaf.ty, true)?);
        }
        for (leaf, window) in given.iter().zip(windows) {
            self.emit_to(leaf, window)?;
        }
        // Its instructions have places of their own in this function: the call has none.
        self.push(Instr::Call { f, s: SlotWindow(s), o: ObjectWindow(o) });
        self.release(mark);
        Ok(())
    }

    /// Takes the locals of the code around as parameters.
    pub fn take_given(&mut self, given: &[Expr]) -> Result<()> {
        let layout = |leaf: &Expr| Layout { ty: leaf.ty.clone(), nullable: true };
        self.function.parameters = given.iter().map(layout).collect();
        for leaf in given {
            let home = self.allocate(&leaf.ty, true)?;
            self.settle_leaf(leaf, home);
        }
        Ok(())
    }

    /// A function value with what it captures.
    pub fn lambda(&mut self, e: &Expr, lambda: &Lambda, dest: Operand) -> Result<()> {
        let (Type::Function(ty), Operand::Object { reg: d, .. }) = (&e.ty, dest) else {
            return Err(bug(e.place, "a function value outside object registers"));
        };
        let mut own: HashSet<LocalId> = lambda.parameters.iter().copied().collect();
        lambda.body.walk_steps(&mut |step| own.extend(step.declares()));
        let mut exprs = Vec::new();
        lambda.body.for_each_expr(&mut |expr| exprs.push(expr));
        let captured = leaves(exprs.into_iter(), own);
        let f = self.lambda_code(ty, lambda, &captured)?;
        let first = self.emit_boxed(&captured)?;
        self.push_at(e.place, Instr::MakeClosure { d, f, o: ObjectWindow(first) });
        Ok(())
    }

    /// The code of a function value: its captures are taken out of the value at its beginning.
    fn lambda_code(
        &mut self,
        ty: &Arc<FunctionType>,
        lambda: &Lambda,
        captured: &[Expr],
    ) -> Result<FunctionId> {
        let id = self.builder.reserve()?;
        let (layouts, result) = closure_layouts(ty);
        let name = match self.name.as_str() {
            "" => SmolStr::new_static("a lambda"),
            outer => SmolStr::from(format!("a lambda in {outer}")),
        };
        let flow = NullFlow { known: Vec::new(), ..self.flow.clone() };
        let nullable: Vec<bool> = captured.iter().map(|leaf| self.nullable(leaf)).collect();
        let mut inner = Emitter::new(&mut *self.builder, name, flow, result);
        let mut homes = Vec::with_capacity(layouts.len());
        for layout in &layouts {
            homes.push(inner.allocate(&layout.ty, layout.nullable)?);
        }
        inner.function.parameters = layouts;
        let Some(Operand::Object { reg: itself, .. }) = homes.pop() else {
            return Err(bug(Default::default(), "a function value without a register"));
        };
        inner.homes.extend(lambda.parameters.iter().copied().zip(homes));
        for (index, (leaf, nullable)) in captured.iter().zip(nullable).enumerate() {
            let home = inner.allocate(&leaf.ty, nullable)?;
            let mark = inner.mark();
            let d = inner.object()?;
            let i = Imm(index_u16(index, "captured values")? as i16);
            inner.push_at(leaf.place, Instr::GetCapture { d, a: itself, i });
            inner.unbox(d, home, leaf.place)?;
            inner.release(mark);
            inner.settle_leaf(leaf, home);
        }
        inner.body(&lambda.body)?;
        let captures = index_u16(captured.len(), "captured values")?;
        inner.function.closure = Some(ClosureShape { ty: ty.clone(), captures });
        let function = inner.finish()?;
        self.builder.define(id, function);
        Ok(id)
    }

    /// A call of a function value.
    pub fn call_value(
        &mut self,
        e: &Expr,
        callee: &Expr,
        arguments: &[Expr],
        dest: Operand,
    ) -> Result<()> {
        let Type::Function(ty) = &callee.ty else {
            return Err(bug(e.place, "a call of no function value"));
        };
        let (layouts, result) = closure_layouts(ty);
        let k = self.builder.type_constant(callee.ty.clone())?;
        let (s, o) = self.windows()?;
        let mut windows = Vec::with_capacity(layouts.len());
        for layout in &layouts {
            windows.push(self.allocate(&layout.ty, layout.nullable)?);
        }
        for (argument, window) in arguments.iter().zip(&windows) {
            self.emit_to(argument, *window)?;
        }
        if let Some(window) = windows.last() {
            self.emit_to(callee, *window)?;
        }
        let (s_window, o_window) = (SlotWindow(s), ObjectWindow(o));
        self.push_at(e.place, Instr::CallClosure { k, s: s_window, o: o_window });
        match result {
            Some(layout) => {
                self.cover_result(s, o, Some(&layout));
                if dest == Operand::Nothing {
                    Ok(())
                } else {
                    self.take_result(s, o, &layout, dest)
                }
            }
            None => Ok(()),
        }
    }
}
