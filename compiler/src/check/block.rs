//! Blocks: the statements of functions and of blocks at the top level.

use super::choice::{Branch, Use};
use super::composite::Part;
use super::operand::{Mode, Operand};
use super::{Checker, Meaning, diverges};
use crate::diagnostics as say;
use crate::hir::{Block, Expr, ExprKind, LocalId, Step};
use crate::nullability::{Facts, Leaf, Outcome, facts};
use crate::suggest::similar;
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

impl<'a> Checker<'a> {
    /// A block as an expression.
    pub(crate) fn block_expr(
        &mut self,
        block: &'a ast::Block,
        want: Option<&Type>,
        used: Use,
    ) -> Operand {
        let branch = self.block_branch(block, want, used);
        let leaves = branch.diverges();
        match (&branch.value, used) {
            (Some(_), Use::Yes | Use::Maybe) if !leaves && branch.steps.is_empty() => {
                branch.value.unwrap_or_else(|| Operand::Typed(self.error(block.span)))
            }
            _ => {
                let (mut exprs, _) = self.unify_branches(vec![branch], want, used);
                Operand::Typed(exprs.pop().unwrap_or_else(|| self.error(block.span)))
            }
        }
    }

    /// A block before its type is known.
    pub(crate) fn block_branch(
        &mut self,
        block: &'a ast::Block,
        want: Option<&Type>,
        used: Use,
    ) -> Branch {
        let keep = self.names.len();
        let mut steps = Vec::new();
        let mut left: Option<Span> = None;
        let mut warned = false;
        for statement in &block.statements {
            if let Some(leaves) = left
                && !warned
            {
                warned = true;
                self.report(say::unreachable_code(statement.span, leaves));
            }
            let before = steps.len();
            self.step(statement, &mut steps);
            let own = steps.get(before..).unwrap_or(&[]);
            if left.is_none() && own.iter().any(step_leaves) {
                left = Some(statement.span);
            }
        }
        let value = block.value.as_ref().map(|value| {
            if let Some(leaves) = left
                && !warned
            {
                self.report(say::unreachable_code(value.span, leaves));
            }
            self.block_value(value, want, used)
        });
        self.unbind(keep);
        Branch { steps, value, span: block.span }
    }

    /// The last expression of a block.
    fn block_value(&mut self, value: &'a ast::Expr, want: Option<&Type>, used: Use) -> Operand {
        match self.statement_like(value, want, used) {
            Some(operand) => operand,
            None if used == Use::No => {
                if self.warn_comparison(value) {
                    return Operand::Typed(self.error(value.span));
                }
                let operand = self.operand(value, None);
                self.warn_unused(&operand, value.span);
                operand
            }
            None => self.operand(value, want),
        }
    }

    /// IF, MATCH, TRY and blocks, which need no value where none is used.
    pub(crate) fn statement_like(
        &mut self,
        expr: &'a ast::Expr,
        want: Option<&Type>,
        used: Use,
    ) -> Option<Operand> {
        Some(match &expr.kind {
            ast::ExprKind::If(branches) => self.if_expr(branches, expr.span, want, used),
            ast::ExprKind::Match(matching) => self.match_expr(matching, expr.span, want, used),
            ast::ExprKind::Block(block) => self.block_expr(block, want, used),
            ast::ExprKind::Try(attempt) => self.try_expr(attempt, expr.span, want, used),
            _ => return None,
        })
    }

    fn step(&mut self, statement: &'a ast::Statement, steps: &mut Vec<Step>) {
        use ast::StatementKind as K;
        let span = statement.span;
        match &statement.kind {
            K::Let(binding) => self.let_step(binding, span, steps),
            K::Set(set) => steps.extend(self.set_step(set, span)),
            K::While(repeat) => steps.push(self.while_step(repeat)),
            K::For(each) => self.for_steps(each, steps),
            K::Break => self.leave_loop(span, "BREAK", Step::Break, steps),
            K::Continue => self.leave_loop(span, "CONTINUE", Step::Continue, steps),
            K::Print(value) => {
                let value = self.expr(value);
                if value.ty == Type::Unit {
                    let at = Span::new(value.place.start, value.place.end);
                    self.report(say::no_value(at, "this", None));
                }
                steps.push(Step::Print(value));
            }
            K::Expression(expr) => self.expression_step(expr, steps),
            K::Assert(assert) => steps.extend(self.assertion(assert, span).map(Step::Expr)),
            K::Insert(_) | K::Update(_) | K::Delete(_) if self.function.is_some() => {
                let change = match &statement.kind {
                    K::Insert(insert) => self.insert(insert),
                    K::Update(update) => self.update(update, span),
                    K::Delete(delete) => self.delete(delete, span),
                    _ => None,
                };
                let place = self.place(span);
                steps.extend(change.map(|change| Step::Change(Box::new(change), place)));
            }
            K::Empty | K::Error | K::Later(_) => {}
            other => self.other_step(other, span),
        }
    }

    fn leave_loop(&mut self, span: Span, keyword: &str, step: Step, steps: &mut Vec<Step>) {
        if self.loops == 0 {
            self.report(say::outside_loop(span, keyword));
        } else {
            steps.push(step);
        }
    }

    fn expression_step(&mut self, expr: &'a ast::Expr, steps: &mut Vec<Step>) {
        if let Some(operand) = self.statement_like(expr, None, Use::No) {
            let value = self.settle(operand);
            self.learn(&value);
            steps.push(Step::Expr(value));
            return;
        }
        if self.warn_comparison(expr) {
            return;
        }
        let operand = self.operand(expr, None);
        self.warn_unused(&operand, expr.span);
        let value = self.settle(operand);
        steps.push(Step::Expr(value));
    }

    /// A value that is dropped; a call may have been made for its effects.
    fn warn_unused(&mut self, operand: &Operand, span: Span) {
        let quiet = match operand {
            Operand::Untyped(..) => false,
            Operand::Typed(value) => {
                let call = matches!(value.kind, ExprKind::Call { .. } | ExprKind::Native { .. });
                call || diverges(value) || matches!(value.ty, Type::Unit | Type::Error)
            }
        };
        if !quiet {
            self.report(say::unused_result(span));
        }
    }

    /// After `IF x IS NULL { RETURN …; }` x is known not to be NULL.
    fn learn(&mut self, value: &Expr) {
        if let ExprKind::If { condition, then, otherwise } = &value.kind {
            if diverges(then) {
                self.known.extend(&facts(condition, Outcome::NotTrue));
            } else if diverges(otherwise) {
                self.known.extend(&facts(condition, Outcome::True));
            }
        }
    }

    /// `x = e;` where `x` is a local: SET was meant.
    fn warn_comparison(&mut self, expr: &'a ast::Expr) -> bool {
        let ast::ExprKind::Compare { op: ast::CompareOp::Equal, left, .. } = &expr.kind else {
            return false;
        };
        let ast::ExprKind::Name(name) = &left.kind else { return false };
        if self.target_local(name).is_none() {
            return false;
        }
        self.report(say::comparison_statement(expr.span, &name.name));
        true
    }

    fn let_step(&mut self, binding: &'a ast::Let, span: Span, steps: &mut Vec<Step>) {
        let value = match &binding.declared_type {
            Some(declared) => {
                let ty = self.resolve_type(declared);
                let why = format!("`{}`", binding.name.name);
                self.expr_as(&binding.value, &ty, Mode::Assign, &why)
            }
            None => self.expr(&binding.value),
        };
        if value.ty == Type::Unit {
            self.report(say::no_value(binding.value.span, "this", None));
        }
        if binding.not_null.is_some() && value.kind == ExprKind::Constant(Value::Null) {
            let what = format!("`{}`", binding.name.name);
            self.report(say::null_value(binding.value.span, &what));
        }
        if binding.not_null.is_some() && self.expr_nullable(&value) && !value.ty.is_error() {
            self.later(span, "NOT NULL of a local whose value may be NULL");
        }
        let ty = if value.ty == Type::Unit { Type::Error } else { value.ty.clone() };
        let nullable = self.expr_nullable(&value);
        let local = self.new_local(binding.name.name.clone(), ty);
        if let Some(known) = self.locals.get_mut(local.0 as usize) {
            known.nullable = nullable;
        }
        self.bind(&binding.name, Meaning::Local(local), "local");
        steps.push(Step::Let(local, value));
    }

    /// `SET name = e`, `SET p.x = e`.
    fn set_step(&mut self, set: &'a ast::Set, span: Span) -> Option<Step> {
        let root = &set.target.root;
        let local = match self.target_local(root) {
            Some(Ok(local)) => local,
            Some(Err(())) => {
                self.report(say::fixed_target(root.span, &root.name));
                return None;
            }
            None => {
                self.unknown_target(root, span);
                return None;
            }
        };
        if !self.may_assign(root) {
            return None;
        }
        let ty = self.locals.get(local.0 as usize).map_or(Type::Error, |local| local.ty.clone());
        let (path, end) = self.target_path(&set.target, ty.clone())?;
        let why = format!("`{}`", root.name);
        let value = self.expr_as(&set.value, &end, Mode::Assign, &why);
        let field = |part: &Part| match part {
            Part::Field(index) => Some(*index),
            Part::At(_) => None,
        };
        if let Some(fields) = path.iter().map(field).collect::<Option<Vec<u16>>>() {
            if !fields.is_empty() {
                return Some(Step::AssignField(local, fields, value));
            }
        } else {
            let kind = ExprKind::Local(local);
            let whole = Expr { kind, ty, place: self.place(root.span) };
            let value = self.with_part(whole, path.into_iter(), value, span);
            return Some(Step::Assign(local, value));
        }
        self.note_assignment(local, &value);
        Some(Step::Assign(local, value))
    }

    fn note_assignment(&mut self, local: LocalId, value: &Expr) {
        let may = self.expr_nullable(value);
        let leaf = Leaf::Local(local);
        if may {
            self.known.forget(leaf)
        } else {
            self.known.add(leaf)
        }
        if let Some(known) = self.locals.get_mut(local.0 as usize) {
            known.nullable |= may;
        }
    }

    fn unknown_target(&mut self, root: &ast::Ident, span: Span) {
        if self.function.is_none() {
            self.later(span, "SET of a session variable in a block");
            return;
        }
        let names: Vec<SmolStr> = self.names.iter().map(|binding| binding.name.clone()).collect();
        let near = similar(&root.name, names.iter());
        let word = Span::new(span.start, (span.start + 3).min(span.end));
        self.report(say::unknown_target(root.span, &root.name, near.as_deref(), word));
    }

    /// The indices of the fields that a target goes through, and the type at its end.
    fn target_path(&mut self, target: &'a ast::Target, mut ty: Type) -> Option<(Vec<Part>, Type)> {
        let mut path = Vec::new();
        for step in &target.path {
            let field = match step {
                ast::TargetStep::Field(field) => field,
                ast::TargetStep::Index(index) => {
                    let (key, element) = match &ty {
                        Type::Array(element) => (Type::Int64, (**element).clone()),
                        Type::Map(pair) => (pair.0.clone(), pair.1.clone()),
                        Type::Error => return None,
                        other => {
                            self.report(say::no_index(target.root.span, other));
                            return None;
                        }
                    };
                    let at = self.expr_as(index, &key, Mode::Implicit, "an index");
                    if at.ty.is_error() {
                        return None;
                    }
                    path.push(Part::At(at));
                    ty = element;
                    continue;
                }
            };
            let name = self.part_name(field)?;
            let Type::Struct(shape) = &ty else {
                if !ty.is_error() {
                    self.report(say::no_field(field.span(), &name, &ty, None, &[]));
                }
                return None;
            };
            let names: Vec<SmolStr> = shape.fields.iter().map(|f| f.name.clone()).collect();
            let Some(index) = names.iter().position(|known| known.eq_ignore_ascii_case(&name))
            else {
                let near = similar(&name, names.iter());
                self.report(say::no_field(field.span(), &name, &ty, near.as_deref(), &names));
                return None;
            };
            path.push(Part::Field(index as u16));
            ty = shape.fields.get(index).map_or(Type::Error, |field| field.ty.clone());
        }
        Some((path, ty))
    }

    pub(crate) fn while_step(&mut self, repeat: &'a ast::While) -> Step {
        // What holds before the loop need not hold in its later rounds.
        self.known = Facts::default();
        let condition = self.condition(&repeat.condition, "the condition of WHILE");
        self.known.extend(&facts(&condition, Outcome::True));
        self.loops += 1;
        let branch = self.block_branch(&repeat.body, None, Use::No);
        self.loops -= 1;
        self.known = Facts::default();
        let body = self.finish_branch(branch, &Type::Unit);
        let block = match body.kind {
            ExprKind::Block(block) => *block,
            kind => Block { statements: Vec::new(), value: Some(Expr { kind, ..body }) },
        };
        Step::While(condition, block)
    }

    fn other_step(&mut self, kind: &ast::StatementKind, span: Span) {
        use ast::StatementKind as K;
        let later = match kind {
            K::Query(_) => "a query in a block",
            K::Insert(_) => "INSERT in a block",
            K::Update(_) => "UPDATE in a block",
            K::Delete(_) => "DELETE in a block",
            K::Merge(_) => "MERGE",
            K::Copy(_) => "COPY",
            K::Truncate(_) => "TRUNCATE",
            K::SetGlobal(_) => "SET GLOBAL",
            _ => {
                let what = super::statement::kind_name(kind);
                let place = if self.function.is_some() { "a function" } else { "a block" };
                self.report(say::misplaced_statement(span, what, place));
                return;
            }
        };
        self.later(span, later);
    }
}

fn step_leaves(step: &Step) -> bool {
    match step {
        Step::Break | Step::Continue => true,
        Step::Expr(expr) | Step::Let(_, expr) | Step::Assign(_, expr) => diverges(expr),
        _ => false,
    }
}
