//! MATCH: its patterns become comparisons, its arms a chain of IFs.
//!
//! Names that patterns bind stand for the subject or its fields themselves, so no arm copies
//! anything. The arm that makes the MATCH exhaustive is taken without a test.

use super::choice::{Branch, Use};
use super::operand::Operand;
use super::patterns::{Pat, Slot, missing, useful};
use super::{Checker, Meaning, walk};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind};
use crate::nullability::{Outcome, facts};
use crate::suggest::similar;
use grizzly_bytecode::{Cmp, StructType, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

/// What a pattern has become.
pub(crate) struct Compiled<'a> {
    /// When it fits; `None` is always.
    pub(crate) test: Option<Expr>,
    /// What its names stand for.
    pub(crate) names: Vec<(&'a ast::Ident, Expr)>,
    /// What it covers.
    pub(crate) pat: Pat,
}

impl Compiled<'_> {
    fn of(test: Option<Expr>, pat: Pat) -> Self {
        Compiled { test, names: Vec::new(), pat }
    }
}

/// The arms so far.
#[derive(Default)]
struct Arms {
    conditions: Vec<Expr>,
    bodies: Vec<Branch>,
    /// The patterns without a guard.
    rows: Vec<Vec<Pat>>,
    spans: Vec<Span>,
    complete: bool,
    failed: bool,
}

impl<'a> Checker<'a> {
    /// `MATCH e { … }`.
    pub(crate) fn match_expr(
        &mut self,
        matching: &'a ast::Match,
        span: Span,
        want: Option<&Type>,
        used: Use,
    ) -> Operand {
        let subject = self.expr(&matching.subject);
        if subject.ty == Type::Unit {
            self.report(say::no_value(matching.subject.span, "the subject", None));
        }
        if subject.ty.is_error() || subject.ty == Type::Unit {
            return Operand::Typed(self.error(span));
        }
        let leaf = matches!(subject.kind, ExprKind::Column(_) | ExprKind::Constant(_));
        if leaf {
            return Operand::Typed(self.match_on(matching, subject, span, want, used));
        }
        // A local may be assigned to inside an arm, so it is copied, unless no arm does so.
        let nullable = self.expr_nullable(&subject);
        let local = self.new_local("", subject.ty.clone());
        if let Some(known) = self.locals.get_mut(local.0 as usize) {
            known.nullable = nullable;
        }
        let shared = self.local(local, subject.place);
        let mut result = self.match_on(matching, shared, span, want, used);
        if let ExprKind::Local(original) = subject.kind
            && !walk::assigns(&result, original)
        {
            walk::substitute(&mut result, local, &subject.kind);
            if self.locals.len() == local.0 as usize + 1 {
                self.locals.pop();
            }
            return Operand::Typed(result);
        }
        if result.ty.is_error() {
            return Operand::Typed(result);
        }
        Operand::Typed(self.with_let(local, subject, result))
    }

    fn match_on(
        &mut self,
        matching: &'a ast::Match,
        subject: Expr,
        span: Span,
        want: Option<&Type>,
        used: Use,
    ) -> Expr {
        let nullable = self.expr_nullable(&subject);
        let slots = [Slot { ty: subject.ty.clone(), nullable }];
        let before = self.known.clone();
        let mut arms = Arms::default();
        for arm in &matching.arms {
            self.arm(arm, &subject, &slots, (want, used), &mut arms);
        }
        self.forget_changes(before);
        if !arms.complete && !arms.failed {
            let lacking = missing(&arms.rows, &slots);
            let shown: Vec<String> =
                lacking.into_iter().filter_map(|row| row.into_iter().next()).collect();
            let end = matching.arms.last().map(|arm| arm.span);
            let at = matching.subject.span;
            self.report(say::not_exhaustive(at, &shown, end));
            arms.failed = true;
        }
        let (mut values, ty) = self.unify_branches(arms.bodies, want, used);
        if arms.failed {
            return self.error(span);
        }
        // The conditions are those of all arms but the last.
        let last = values.pop().unwrap_or_else(|| self.error(span));
        self.chain(arms.conditions, values, last, ty, span)
    }

    fn arm(
        &mut self,
        arm: &'a ast::MatchArm,
        subject: &Expr,
        slots: &[Slot],
        (want, used): (Option<&Type>, Use),
        arms: &mut Arms,
    ) {
        let Some(compiled) = self.pattern(&arm.pattern, subject) else {
            arms.failed = true;
            return;
        };
        let row = vec![compiled.pat.clone()];
        let reachable = !arms.complete && useful(&arms.rows, &row, slots);
        if !reachable {
            let earlier = arms.spans.last().copied();
            self.report(say::unreachable_arm(arm.pattern.span, earlier));
        }
        let keep = self.names.len();
        for (name, value) in compiled.names {
            self.bind(name, Meaning::Value(value), "name");
        }
        let known = self.known.clone();
        if let Some(test) = &compiled.test {
            self.known.extend(&facts(test, Outcome::True));
        }
        let guard = arm.guard.as_ref().map(|guard| self.condition(guard, "a guard"));
        if let Some(guard) = &guard {
            self.known.extend(&facts(guard, Outcome::True));
        }
        let body = self.arm_body(&arm.body, want, used);
        self.unbind(keep);
        self.forget_changes(known);
        if !reachable {
            return;
        }
        if guard.is_none() {
            arms.rows.push(row);
            arms.complete = missing(&arms.rows, slots).is_empty();
            if let Some(test) = &compiled.test {
                self.known.extend(&facts(test, Outcome::NotTrue));
            }
        }
        arms.spans.push(arm.pattern.span);
        arms.bodies.push(body);
        if arms.complete {
            return;
        }
        let condition = match (compiled.test, guard) {
            (Some(test), Some(guard)) => self.logic(true, test, guard, arm.span),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => self.constant(Value::Bool(true), Type::Bool, arm.span),
        };
        arms.failed |= condition.ty.is_error();
        arms.conditions.push(condition);
    }

    /// The body of an arm or a handler.
    pub(crate) fn arm_body(
        &mut self,
        body: &'a ast::Expr,
        want: Option<&Type>,
        used: Use,
    ) -> Branch {
        if let ast::ExprKind::Block(block) = &body.kind {
            return self.block_branch(block, want, used);
        }
        let operand = match self.statement_like(body, want, used) {
            Some(operand) => operand,
            None => self.operand(body, want),
        };
        Branch::of(operand, body.span)
    }

    /// A pattern against a value; `None` where it was reported.
    pub(crate) fn pattern(
        &mut self,
        pattern: &'a ast::Pattern,
        subject: &Expr,
    ) -> Option<Compiled<'a>> {
        use ast::PatternKind as P;
        let span = pattern.span;
        match &pattern.kind {
            P::Wildcard => Some(Compiled::of(None, Pat::Any)),
            P::Bind(name) => {
                let mut compiled = Compiled::of(None, Pat::Any);
                compiled.names.push((name, subject.clone()));
                Some(compiled)
            }
            P::Null => {
                let mut test = self.is_null(subject.clone());
                test.place = self.place(span);
                Some(Compiled::of(Some(test), Pat::Null))
            }
            P::Constant(constant) => self.constant_pattern(constant, subject, span),
            P::Range { from, to } => {
                self.range_pattern(from.as_deref(), to.as_deref(), subject, span)
            }
            P::Alternatives(choices) => self.alternatives(choices, subject, span),
            P::Struct { name, fields, .. } => {
                self.struct_pattern(name.as_ref(), fields, subject, span)
            }
            P::Like(text) => self.text_pattern("like", text, subject, span),
            P::Regex(text) => self.text_pattern("regexp_matches", text, subject, span),
            P::Array { elements, rest } => {
                self.array_pattern(elements, rest.as_ref(), subject, span)
            }
            P::Error => None,
        }
    }

    fn constant_pattern(
        &mut self,
        constant: &'a ast::Expr,
        subject: &Expr,
        span: Span,
    ) -> Option<Compiled<'a>> {
        let operand = self.operand(constant, Some(&subject.ty));
        let test = self.pattern_test(Cmp::Eq, operand, subject, span)?;
        let pat = match &test.kind {
            ExprKind::Compare { right, .. } => match (&right.kind, &right.ty) {
                (ExprKind::Constant(Value::Bool(value)), _) => {
                    Pat::Case(usize::from(*value), Vec::new())
                }
                (ExprKind::Constant(Value::Int(index)), Type::Enum(_)) => {
                    Pat::Case(usize::try_from(*index).unwrap_or(0), Vec::new())
                }
                (ExprKind::Constant(value), _) => Pat::Constant(value.clone()),
                _ => Pat::Some,
            },
            _ => Pat::Some,
        };
        Some(Compiled::of(Some(test), pat))
    }

    /// `subject op constant`.
    fn pattern_test(
        &mut self,
        op: Cmp,
        operand: Operand,
        subject: &Expr,
        span: Span,
    ) -> Option<Expr> {
        if operand.is_error() {
            return None;
        }
        let sides = (Operand::Typed(subject.clone()), operand);
        let test = match self.paired(sides.0, sides.1, span, &op.to_string()) {
            Some((left, right)) => {
                let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
                self.boolean(kind, self.place(span))
            }
            None => return None,
        };
        Some(test)
    }

    fn range_pattern(
        &mut self,
        from: Option<&'a ast::Expr>,
        to: Option<&'a ast::Expr>,
        subject: &Expr,
        span: Span,
    ) -> Option<Compiled<'a>> {
        let mut test: Option<Expr> = None;
        for (end, op) in [(from, Cmp::Ge), (to, Cmp::Le)] {
            let Some(end) = end else { continue };
            let operand = self.operand(end, Some(&subject.ty));
            let side = self.pattern_test(op, operand, subject, span)?;
            test = Some(match test {
                Some(before) => self.logic(true, before, side, span),
                None => side,
            });
        }
        Some(Compiled::of(test, Pat::Some))
    }

    fn alternatives(
        &mut self,
        choices: &'a [ast::Pattern],
        subject: &Expr,
        span: Span,
    ) -> Option<Compiled<'a>> {
        let mut tests = Vec::new();
        let mut pats = Vec::new();
        let mut always = false;
        for choice in choices {
            let compiled = self.pattern(choice, subject)?;
            if let Some((name, _)) = compiled.names.first() {
                self.later(name.span, "a name inside alternatives of a pattern");
                return None;
            }
            always |= compiled.test.is_none();
            tests.extend(compiled.test);
            pats.push(compiled.pat);
        }
        let test = (!always).then(|| self.balanced_or(tests, span));
        Some(Compiled::of(test, Pat::Or(pats)))
    }

    fn text_pattern(
        &mut self,
        native: &str,
        text: &ast::Text,
        subject: &Expr,
        span: Span,
    ) -> Option<Compiled<'a>> {
        if subject.ty != Type::Text {
            let at = Span::new(subject.place.start, subject.place.end);
            self.report(say::type_mismatch(at, &Type::Text, &subject.ty, "the subject", true));
            return None;
        }
        let pattern = self.constant(Value::Text(text.value.clone()), Type::Text, text.span);
        let test = self.built_in(native, vec![subject.clone(), pattern], span);
        (!test.ty.is_error()).then(|| Compiled::of(Some(test), Pat::Some))
    }

    fn struct_pattern(
        &mut self,
        name: Option<&'a ast::Name>,
        fields: &'a [ast::FieldPattern],
        subject: &Expr,
        span: Span,
    ) -> Option<Compiled<'a>> {
        if let Some(ident) = name.and_then(ast::Name::as_ident) {
            let named = self.type_named(ident, &[], ident.span);
            if named.is_error() {
                return None;
            }
            if named != subject.ty {
                let why = "the pattern";
                self.report(say::type_mismatch(ident.span, &subject.ty, &named, why, false));
                return None;
            }
        }
        let Type::Struct(shape) = subject.ty.clone() else {
            let at = name.map_or(span, |name| name.span);
            self.report(say::no_field(at, "…", &subject.ty, None, &[]));
            return None;
        };
        let mut parts = vec![Pat::Any; shape.fields.len()];
        let mut names = Vec::new();
        let mut test: Option<Expr> = None;
        if self.expr_nullable(subject) {
            let absent = self.is_null(subject.clone());
            test = Some(self.negation(absent, span));
        }
        for field in fields {
            let (index, compiled) = self.field_pattern(field, subject, &shape)?;
            if let Some(part) = parts.get_mut(index) {
                *part = compiled.pat;
            }
            names.extend(compiled.names);
            if let Some(own) = compiled.test {
                test = Some(match test {
                    Some(before) => self.logic(true, before, own, span),
                    None => own,
                });
            }
        }
        Some(Compiled { test, names, pat: Pat::Case(0, parts) })
    }

    fn field_pattern(
        &mut self,
        field: &'a ast::FieldPattern,
        subject: &Expr,
        shape: &StructType,
    ) -> Option<(usize, Compiled<'a>)> {
        let index = shape.fields.iter().position(|known| field.name.eq_name(&known.name));
        let Some(index) = index else {
            let names: Vec<SmolStr> = shape.fields.iter().map(|f| f.name.clone()).collect();
            let near = similar(&field.name.name, names.iter());
            let at = field.name.span;
            let shown = &field.name.name;
            self.report(say::no_field(at, shown, &subject.ty, near.as_deref(), &names));
            return None;
        };
        let ty = shape.fields.get(index).map_or(Type::Error, |field| field.ty.clone());
        let kind = ExprKind::Field { operand: Box::new(subject.clone()), index: index as u16 };
        let value = Expr { kind, ty, place: self.place(field.span) };
        let compiled = match &field.pattern {
            Some(pattern) => self.pattern(pattern, &value)?,
            None => {
                let mut compiled = Compiled::of(None, Pat::Any);
                compiled.names.push((&field.name, value));
                compiled
            }
        };
        Some((index, compiled))
    }
}
