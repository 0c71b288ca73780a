//! Choices and their common type: CASE, IF, `??`, least, greatest, nullif, array elements.
//!
//! Branches take the least type that all convert to; a branch that never ends normally takes any
//! type.

use super::operand::{Mode, Operand, TextValue, Untyped, text_value};
use super::types;
use super::{Checker, block_diverges, diverges, retype};
use crate::diagnostics as say;
use crate::hir::{Block, Expr, ExprKind, LocalId, Step};
use crate::nullability::{Facts, Leaf, Outcome, facts};
use grizzly_bytecode::{Cmp, Type, Value};
use grizzly_grammar::{Span, ast};

/// Whether the value of a construct is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// No: it stands as a statement.
    No,
    /// It is shown where there is one: a statement at the top level.
    Maybe,
    /// Yes: a branch without one is a mistake.
    Yes,
}

/// A branch before its type is known: steps, then maybe a value.
pub(crate) struct Branch {
    pub(crate) steps: Vec<Step>,
    pub(crate) value: Option<Operand>,
    pub(crate) span: Span,
}

impl Branch {
    /// A branch that is one expression.
    pub(crate) fn of(value: Operand, span: Span) -> Branch {
        Branch { steps: Vec::new(), value: Some(value), span }
    }

    /// Whether its end is never reached.
    pub(crate) fn diverges(&self) -> bool {
        let by_value = matches!(&self.value, Some(Operand::Typed(expr)) if diverges(expr));
        by_value || self.steps_diverge()
    }

    /// Whether it ends normally without a value.
    fn lacks_value(&self) -> bool {
        let no_value = match &self.value {
            None => true,
            Some(Operand::Typed(expr)) => expr.ty == Type::Unit,
            Some(_) => false,
        };
        no_value && !self.diverges()
    }

    fn steps_diverge(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Break | Step::Continue => true,
            Step::Expr(expr) | Step::Let(_, expr) | Step::Assign(_, expr) => diverges(expr),
            Step::While(..) => {
                let alone = Block { statements: vec![step.clone()], value: None };
                block_diverges(&alone)
            }
            _ => false,
        })
    }
}

impl<'a> Checker<'a> {
    /// The least type of several operands, constants included. `want` wins where all fit it.
    /// Reports where there is none.
    pub(crate) fn common_type(&mut self, items: &[&Operand], want: Option<&Type>) -> Type {
        if let Some(want) = want
            && items.iter().all(|item| self.fits(item, want))
        {
            return want.clone();
        }
        let mut found: Option<(Type, Span)> = None;
        let typed = items.iter().filter(|item| matches!(item, Operand::Typed(_)));
        let constants = items.iter().filter(|item| matches!(item, Operand::Untyped(..)));
        for item in typed.chain(constants) {
            if item.is_error() {
                return Type::Error;
            }
            let span = self.span_of(item);
            let Some((ty, first)) = &found else {
                let ty = item.ty();
                found = (ty != Type::Null).then_some((ty, span));
                continue;
            };
            match self.join_operand(ty, item) {
                Some(joined) => found = Some((joined, *first)),
                None => {
                    self.report(say::no_common_type((*first, ty), (span, &item.ty())));
                    return Type::Error;
                }
            }
        }
        found.map_or(Type::Null, |(ty, _)| ty)
    }

    fn join_operand(&self, ty: &Type, item: &Operand) -> Option<Type> {
        match item {
            Operand::Typed(expr) if expr.ty == Type::Unit => None,
            Operand::Typed(expr) => types::join(ty, &expr.ty),
            Operand::Untyped(Untyped::Null | Untyped::Parameter(_), _) => Some(ty.clone()),
            Operand::Untyped(Untyped::Number(number), _) => types::join_number(*number, ty),
            Operand::Untyped(Untyped::Text(text), _) => {
                let fits = matches!(text_value(text, ty), TextValue::Is(_)) && !ty.is_number();
                fits.then(|| ty.clone())
            }
        }
    }

    fn fits(&self, item: &Operand, want: &Type) -> bool {
        match item {
            Operand::Typed(expr) => {
                types::conversion(&expr.ty, want) <= types::Conversion::Implicit
            }
            Operand::Untyped(Untyped::Null | Untyped::Parameter(_), _) => true,
            Operand::Untyped(Untyped::Number(number), _) => number.value(want, false).is_some(),
            Operand::Untyped(Untyped::Text(text), _) => {
                matches!(text_value(text, want), TextValue::Is(_))
            }
        }
    }

    /// A constant operand with the type that it has beside the others; any other one as it is.
    pub(crate) fn settle_among(&mut self, operand: Operand, others: &[&Operand]) -> Expr {
        if matches!(operand, Operand::Typed(ref expr) if expr.ty != Type::Null) {
            return self.settle(operand);
        }
        let mut all = vec![&operand];
        all.extend(others);
        match self.common_type(&all, None) {
            Type::Null => self.settle(operand),
            ty => self.coerce(operand, &ty, Mode::Implicit, "the operand"),
        }
    }

    /// Operands as values of one type; NULL stays where all are NULL.
    pub(crate) fn unify(&mut self, items: Vec<Operand>, want: Option<&Type>) -> (Vec<Expr>, Type) {
        let leaves = |item: &Operand| matches!(item, Operand::Typed(expr) if diverges(expr));
        let refs: Vec<&Operand> = items.iter().filter(|item| !leaves(item)).collect();
        let ty = self.common_type(&refs, want);
        let mut exprs = Vec::new();
        for item in items {
            exprs.push(match item {
                // `x ?? RAISE E`: what never gives a value has the type that is wanted.
                Operand::Typed(mut expr) if diverges(&expr) => {
                    retype(&mut expr, &ty);
                    expr
                }
                item => self.coerce(item, &ty, Mode::Implicit, "the value"),
            });
        }
        (exprs, ty)
    }

    /// Branches as expressions of one type. `used` says whether the value is needed: where it is
    /// not, all become `Unit`.
    pub(crate) fn unify_branches(
        &mut self,
        branches: Vec<Branch>,
        want: Option<&Type>,
        used: Use,
    ) -> (Vec<Expr>, Type) {
        let ty = match used {
            Use::No => Type::Unit,
            Use::Maybe if branches.iter().any(Branch::lacks_value) => Type::Unit,
            _ => self.branch_type(&branches, want),
        };
        let exprs = branches.into_iter().map(|branch| self.finish_branch(branch, &ty));
        (exprs.collect(), ty)
    }

    fn branch_type(&mut self, branches: &[Branch], want: Option<&Type>) -> Type {
        let mut values = Vec::new();
        for branch in branches {
            if branch.diverges() {
                continue;
            }
            match &branch.value {
                Some(Operand::Typed(expr)) if expr.ty == Type::Unit => {
                    let span = self.span_of(&Operand::Typed(expr.clone()));
                    self.report(say::no_value(span, "this", None));
                    return Type::Error;
                }
                Some(value) => values.push(value),
                None => {
                    let help = "end the block with the value, without `;` after it";
                    self.report(say::no_value(branch.span, "this branch", Some(help)));
                    return Type::Error;
                }
            }
        }
        if values.is_empty() {
            return want.cloned().unwrap_or(Type::Unit);
        }
        self.common_type(&values, want)
    }

    /// A branch as an expression of a type; `Unit` drops its value.
    pub(crate) fn finish_branch(&mut self, branch: Branch, ty: &Type) -> Expr {
        let leaves = branch.diverges();
        let place = self.place(branch.span);
        let value = match branch.value {
            Some(Operand::Typed(mut expr)) if leaves => {
                retype(&mut expr, ty);
                Some(expr)
            }
            Some(value) if *ty == Type::Unit => {
                let value = self.settle(value);
                if value.ty.is_error() { Some(value) } else { self.dropped(value) }
            }
            Some(value) if !leaves => Some(self.coerce(value, ty, Mode::Implicit, "the value")),
            _ => None,
        };
        match value {
            Some(value) if branch.steps.is_empty() => value,
            value => {
                let block = Block { statements: branch.steps, value };
                Expr { kind: ExprKind::Block(Box::new(block)), ty: ty.clone(), place }
            }
        }
    }

    /// A value that nobody uses, as an expression without one.
    fn dropped(&mut self, value: Expr) -> Option<Expr> {
        if value.ty == Type::Unit {
            return Some(value);
        }
        let place = value.place;
        let block = Block { statements: vec![Step::Expr(value)], value: None };
        Some(Expr { kind: ExprKind::Block(Box::new(block)), ty: Type::Unit, place })
    }

    /// `IF c { … } ELSE IF … ELSE { … }`.
    pub(crate) fn if_expr(
        &mut self,
        branches: &'a ast::If,
        span: Span,
        want: Option<&Type>,
        used: Use,
    ) -> Operand {
        let before = self.known.clone();
        let mut conditions = Vec::new();
        let mut bodies = Vec::new();
        for branch in &branches.branches {
            let condition = self.condition(&branch.condition, "the condition of IF");
            let known = self.known.clone();
            self.known.extend(&facts(&condition, Outcome::True));
            bodies.push(self.block_branch(&branch.body, want, used));
            self.forget_changes(known);
            self.known.extend(&facts(&condition, Outcome::NotTrue));
            conditions.push(condition);
        }
        match &branches.otherwise {
            Some(block) => bodies.push(self.block_branch(block, want, used)),
            None if used == Use::Yes && !bodies.iter().all(Branch::diverges) => {
                let at = Span::new(span.start, span.start.saturating_add(2).min(span.end));
                let help = "add `ELSE { … }`";
                self.report(say::no_value(at, "an IF without ELSE", Some(help)));
                return Operand::Typed(self.error(span));
            }
            None => {
                bodies.push(Branch { steps: Vec::new(), value: None, span: Span::at(span.end) })
            }
        }
        self.forget_changes(before);
        let used = if branches.otherwise.is_some() { used } else { Use::No };
        let (mut exprs, ty) = self.unify_branches(bodies, want, used);
        let last = exprs.pop().unwrap_or_else(|| self.error(span));
        Operand::Typed(self.chain(conditions, exprs, last, ty, span))
    }

    /// Goes back to what was known before a branch, without what the branch has assigned since.
    pub(crate) fn forget_changes(&mut self, mut before: Facts) {
        let nullable =
            |local: LocalId| self.locals.get(local.0 as usize).is_none_or(|known| known.nullable);
        let lost: Vec<Leaf> = before
            .leaves()
            .filter(|leaf| !self.known.holds(*leaf))
            .filter(|leaf| matches!(leaf, Leaf::Local(local) if nullable(*local)))
            .collect();
        lost.into_iter().for_each(|leaf| before.forget(leaf));
        self.known = before;
    }

    /// `IF c1 { e1 } ELSE IF c2 { e2 } … ELSE { last }`.
    pub(crate) fn chain(
        &self,
        conditions: Vec<Expr>,
        values: Vec<Expr>,
        last: Expr,
        ty: Type,
        span: Span,
    ) -> Expr {
        let failed = |e: &Expr| e.ty.is_error();
        if ty.is_error() || conditions.iter().any(failed) || values.iter().any(failed) {
            return self.error(span);
        }
        let pairs = conditions.into_iter().zip(values).rev();
        let mut result = pairs.fold(last, |otherwise, (condition, then)| {
            let place = then.place;
            let kind = ExprKind::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
            Expr { kind, ty: ty.clone(), place }
        });
        result.place = self.place(span);
        result
    }

    /// `CASE … END`.
    pub(crate) fn case(&mut self, case: &'a ast::Case, span: Span, want: Option<&Type>) -> Operand {
        let Some(subject) = &case.operand else {
            return Operand::Typed(self.case_with(case, None, span, want));
        };
        let subject = self.operand(subject, None);
        if subject.is_error() {
            return subject;
        }
        if let Operand::Untyped(..) = subject {
            return Operand::Typed(self.case_with(case, Some(subject), span, want));
        }
        let subject = self.settle(subject);
        Operand::Typed(self.share(subject, |this, shared| {
            this.case_with(case, Some(Operand::Typed(shared)), span, want)
        }))
    }

    fn case_with(
        &mut self,
        case: &'a ast::Case,
        subject: Option<Operand>,
        span: Span,
        want: Option<&Type>,
    ) -> Expr {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for branch in &case.branches {
            conditions.push(match &subject {
                None => self.condition(&branch.condition, "WHEN"),
                Some(subject) => {
                    let at = branch.condition.span;
                    let tested = self.operand(&branch.condition, None);
                    let compared = self.comparison(Cmp::Eq, at, (subject.clone(), tested), at);
                    self.settle(compared)
                }
            });
            values.push(Branch::of(self.operand(&branch.value, want), branch.value.span));
        }
        values.push(match &case.otherwise {
            Some(value) => Branch::of(self.operand(value, want), value.span),
            None => Branch::of(Operand::Untyped(Untyped::Null, span), Span::at(span.end)),
        });
        let (mut exprs, ty) = self.unify_branches(values, want, Use::Yes);
        let last = exprs.pop().unwrap_or_else(|| self.error(span));
        self.chain(conditions, exprs, last, ty, span)
    }

    /// `a ?? b`, `coalesce(a, b, …)`.
    pub(crate) fn coalesce(
        &mut self,
        items: Vec<Operand>,
        span: Span,
        want: Option<&Type>,
    ) -> Expr {
        let (exprs, ty) = self.unify(items, want);
        if ty.is_error() || exprs.iter().any(|e| e.ty.is_error()) {
            return self.error(span);
        }
        if ty == Type::Null {
            return self.null(&ty, span);
        }
        let mut rest = exprs.into_iter().rev();
        let Some(last) = rest.next() else { return self.error(span) };
        let mut result = rest.fold(last, |otherwise, value| {
            self.share(value, |this, shared| {
                let absent = this.is_null(shared.clone());
                this.choice(absent, otherwise, shared)
            })
        });
        result.place = self.place(span);
        result
    }

    /// `nullif(a, b)`.
    pub(crate) fn nullif(&mut self, first: Operand, second: Operand, span: Span) -> Expr {
        // The result is the first value: a number keeps the type that it has alone.
        let first = match first {
            number @ Operand::Untyped(Untyped::Number(_), _) => self.settle(number),
            other => self.settle_among(other, &[&second]),
        };
        self.share(first, |this, shared| {
            let sides = (Operand::Typed(shared.clone()), second);
            let equal = this.compared(Cmp::Eq, span, sides, span);
            if equal.ty.is_error() {
                return equal;
            }
            let null = this.constant(Value::Null, shared.ty.clone(), span);
            this.choice(equal, null, shared)
        })
    }

    /// `least(a, b, …)`, `greatest(a, b, …)`: NULLs are left out.
    pub(crate) fn extreme(&mut self, greatest: bool, items: Vec<Operand>, span: Span) -> Expr {
        let (exprs, ty) = self.unify(items, None);
        if ty.is_error() || exprs.iter().any(|e| e.ty.is_error()) {
            return self.error(span);
        }
        let op = if greatest { Cmp::Ge } else { Cmp::Le };
        let mut items = exprs.into_iter();
        let Some(first) = items.next() else { return self.error(span) };
        let mut result = items.fold(first, |best, next| {
            self.share(best, |this, best| {
                this.share(next, |this, next| {
                    let kind = ExprKind::Compare {
                        op,
                        left: Box::new(best.clone()),
                        right: Box::new(next.clone()),
                    };
                    let place = this.place(span);
                    let better = this.boolean(kind, place);
                    let no_next = this.is_null(next.clone());
                    let keep = ExprKind::Or(Box::new(no_next), Box::new(better));
                    let keep = this.boolean(keep, place);
                    this.choice(keep, best, next)
                })
            })
        });
        result.place = self.place(span);
        result
    }
}
