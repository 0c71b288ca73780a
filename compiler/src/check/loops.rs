//! FOR: over arrays and ranges it becomes a WHILE over a position or a number.

use super::choice::Use;
use super::operand::Mode;
use super::{Checker, Meaning};
use crate::diagnostics as say;
use crate::hir::{ArithOp, Block, Expr, ExprKind, From, LocalId, OutputColumn, Query, Step};
use crate::nullability::Facts;
use grizzly_bytecode::{Cmp, Field, StructType, Type, Value};
use grizzly_grammar::{Span, ast};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `FOR x IN source { … }`.
    pub(crate) fn for_steps(&mut self, each: &'a ast::For, steps: &mut Vec<Step>) {
        self.loop_over(each, steps, |this, variable| this.for_body(each, variable));
    }

    /// The elements that FOR goes through, as an array.
    pub(crate) fn for_elements(&mut self, each: &'a ast::For) -> Option<Expr> {
        let mut steps = Vec::new();
        let out = self.new_local("elements", Type::Error);
        let mut element = Type::Error;
        self.loop_over(each, &mut steps, |this, variable| {
            let value = this.local(variable, this.place(each.source.span));
            element = value.ty.clone();
            vec![Step::Push(out, value)]
        });
        if element.is_error() {
            return None;
        }
        let ty = Type::Array(Arc::new(element));
        if let Some(local) = self.locals.get_mut(out.0 as usize) {
            *local = crate::hir::Local { ty: ty.clone(), nullable: false, ..local.clone() };
        }
        let place = self.place(each.source.span);
        let empty = Expr { kind: ExprKind::MakeArray(Vec::new()), ty, place };
        steps.insert(0, Step::Let(out, empty));
        let made = self.local(out, place);
        Some(self.after(steps, made))
    }

    /// A loop over the source of FOR, whose rounds are the steps of `body`.
    fn loop_over(
        &mut self,
        each: &'a ast::For,
        steps: &mut Vec<Step>,
        body: impl FnOnce(&mut Self, LocalId) -> Vec<Step>,
    ) {
        match &each.source.kind {
            ast::ExprKind::Range { from, to } => self.for_range(each, (from, to), steps, body),
            ast::ExprKind::Query(query) | ast::ExprKind::Subquery(query) => {
                steps.extend(self.for_rows(each, query, body));
            }
            _ => {
                let source = self.expr(&each.source);
                let Type::Array(element) = source.ty.clone() else {
                    if !source.ty.is_error() {
                        self.report(say::not_iterable(each.source.span, &source.ty));
                    }
                    return;
                };
                let span = each.source.span;
                // The loop goes through the array as it was: a copy is a reference.
                let array = self.hidden_local("array", source, steps);
                let made = self.each_element(&array, span, |this, value| {
                    let variable = this.new_local(each.variable.name.clone(), (*element).clone());
                    let mut round = vec![Step::Let(variable, value)];
                    round.extend(body(this, variable));
                    Some(round)
                });
                steps.extend(made.into_iter().flatten());
            }
        }
    }

    /// A value that the code needs more than once, in a local without a name in scope.
    pub(crate) fn hidden_local(
        &mut self,
        name: &'static str,
        value: Expr,
        steps: &mut Vec<Step>,
    ) -> Expr {
        let place = value.place;
        let nullable = self.expr_nullable(&value);
        let local = self.new_local(name, value.ty.clone());
        if let Some(known) = self.locals.get_mut(local.0 as usize) {
            known.nullable = nullable;
        }
        steps.push(Step::Let(local, value));
        self.local(local, place)
    }

    /// The steps of a loop over the elements of an array local; a NULL array has none. `body` makes
    /// the steps of a round from the element; it gives `None` where it was reported.
    pub(crate) fn each_element(
        &mut self,
        array: &Expr,
        span: Span,
        body: impl FnOnce(&mut Self, Expr) -> Option<Vec<Step>>,
    ) -> Option<Vec<Step>> {
        let Type::Array(element) = array.ty.clone() else { return None };
        let place = self.place(span);
        let mut steps = Vec::new();
        let kind = ExprKind::Length(Box::new(array.clone()));
        let length = Expr { kind, ty: Type::Int64, place };
        let length = self.hidden_local("length", length, &mut steps);
        let zero = self.constant(Value::Int(0), Type::Int64, span);
        let position = self.hidden_local("position", zero, &mut steps);
        let kind =
            ExprKind::Element { array: Box::new(array.clone()), index: Box::new(position.clone()) };
        let value = Expr { kind, ty: (*element).clone(), place };
        let current = self.new_local("element", (*element).clone());
        let mut round = vec![Step::Let(current, value), self.increment(&position, span)];
        let current = self.local(current, place);
        let inner = self.in_loop(|this| body(this, current))?;
        round.extend(inner);
        let condition = self.compare(Cmp::Lt, position, length);
        steps.push(Step::While(condition, Block { statements: round, value: None }));
        Some(steps)
    }

    /// Checks the body of a loop: what holds before it need not hold in its later rounds.
    fn in_loop<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        self.known = Facts::default();
        let result = check(self);
        self.known = Facts::default();
        result
    }

    fn for_body(&mut self, each: &'a ast::For, variable: LocalId) -> Vec<Step> {
        let keep = self.names.len();
        self.bind(&each.variable, Meaning::Local(variable), "variable of FOR");
        self.loops += 1;
        let branch = self.block_branch(&each.body, None, Use::No);
        self.loops -= 1;
        self.unbind(keep);
        let body = self.finish_branch(branch, &Type::Unit);
        match body.kind {
            ExprKind::Block(block) if block.value.is_none() => block.statements,
            kind => vec![Step::Expr(Expr { kind, ..body })],
        }
    }

    /// `FOR row IN query`: each row is a struct, of the table's type where it is a table's row.
    fn for_rows(
        &mut self,
        each: &'a ast::For,
        query: &'a ast::Query,
        body: impl FnOnce(&mut Self, LocalId) -> Vec<Step>,
    ) -> Option<Step> {
        let rows = self.nested(|this| this.query(query, None))?;
        let ty = Type::Struct(row_type(&rows));
        let row = self.new_local(each.variable.name.clone(), ty);
        if let Some(local) = self.locals.get_mut(row.0 as usize) {
            local.nullable = false;
        }
        let statements = self.in_loop(|this| body(this, row));
        Some(Step::ForRows(row, Box::new(rows), Block { statements, value: None }))
    }

    /// `FOR x IN a..b`: both ends belong to it, also where `b` is the greatest number there is.
    fn for_range(
        &mut self,
        each: &'a ast::For,
        (from, to): (&'a ast::Expr, &'a ast::Expr),
        steps: &mut Vec<Step>,
        body: impl FnOnce(&mut Self, LocalId) -> Vec<Step>,
    ) {
        let span = each.source.span;
        let first = self.expr_as(from, &Type::Int64, Mode::Implicit, "the start of the range");
        let last = self.expr_as(to, &Type::Int64, Mode::Implicit, "the end of the range");
        if first.ty.is_error() || last.ty.is_error() {
            return;
        }
        let place = self.place(span);
        let bounded = match &last.kind {
            ExprKind::Constant(Value::Int(end)) => *end < i64::MAX,
            // A narrower integer never is the greatest INT64.
            ExprKind::Convert { operand, .. } => operand.ty.is_integer(),
            _ => false,
        };
        let next = self.hidden_local("next", first, steps);
        let last = self.hidden_local("last", last, steps);
        let inside = self.compare(Cmp::Le, next.clone(), last.clone());
        let variable = self.new_local(each.variable.name.clone(), Type::Int64);
        let mut round = vec![Step::Let(variable, next.clone())];
        let condition = if bounded {
            round.push(self.increment(&next, span));
            inside
        } else {
            let more = self.hidden_local("more", inside, steps);
            let below = self.compare(Cmp::Lt, next.clone(), last);
            let go_on = self.block_of(vec![self.increment(&next, span)], place);
            let end = match more.kind {
                ExprKind::Local(local) => {
                    let end = self.constant(Value::Bool(false), Type::Bool, span);
                    self.block_of(vec![Step::Assign(local, end)], place)
                }
                _ => self.error(span),
            };
            round.push(Step::Expr(self.choice(below, go_on, end)));
            more
        };
        let rest = self.in_loop(|this| body(this, variable));
        round.extend(rest);
        steps.push(Step::While(condition, Block { statements: round, value: None }));
    }

    /// `{ steps }`, without a value.
    pub(crate) fn block_of(&self, steps: Vec<Step>, place: grizzly_bytecode::Place) -> Expr {
        let block = Block { statements: steps, value: None };
        Expr { kind: ExprKind::Block(Box::new(block)), ty: Type::Unit, place }
    }

    pub(crate) fn compare(&self, op: Cmp, left: Expr, right: Expr) -> Expr {
        let place = left.place;
        let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
        self.boolean(kind, place)
    }

    /// `SET local = local + 1`.
    pub(crate) fn increment(&self, local: &Expr, span: Span) -> Step {
        let one = self.constant(Value::Int(1), Type::Int64, span);
        let kind = ExprKind::Arith {
            op: ArithOp::Add,
            left: Box::new(local.clone()),
            right: Box::new(one),
        };
        let sum = Expr { kind, ty: Type::Int64, place: local.place };
        match local.kind {
            ExprKind::Local(id) => Step::Assign(id, sum),
            _ => Step::Expr(sum),
        }
    }
}

/// The type of a query's rows.
fn row_type(query: &Query) -> Arc<StructType> {
    let field =
        |output: &OutputColumn| Field { name: output.name.clone(), ty: output.value.ty.clone() };
    let fields: Vec<Field> = query.outputs.iter().map(field).collect();
    if let Some(From::Table { table, .. }) = &query.from {
        let row = table.row_type();
        if row.fields == fields {
            return Arc::new(row);
        }
    }
    Arc::new(StructType { name: None, fields })
}
