//! Patterns of arrays: `[p, q, ...rest]`.

use super::Checker;
use super::matching::Compiled;
use super::patterns::Pat;
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind};
use grizzly_bytecode::{Cmp, Type, Value};
use grizzly_grammar::{Span, ast};

impl<'a> Checker<'a> {
    /// An array of as many elements as there are patterns, or with a rest of at least as many.
    /// Elements after the rest count from the end.
    pub(crate) fn array_pattern(
        &mut self,
        elements: &'a [ast::Pattern],
        rest: Option<&'a ast::RestPattern>,
        subject: &Expr,
        span: Span,
    ) -> Option<Compiled<'a>> {
        let Type::Array(element) = subject.ty.clone() else {
            self.report(say::no_index(span, &subject.ty));
            return None;
        };
        let count = self.constant(Value::Int(elements.len() as i64), Type::Int64, span);
        let kind = ExprKind::Length(Box::new(subject.clone()));
        let length = Expr { kind, ty: Type::Int64, place: self.place(span) };
        let op = if rest.is_some() { Cmp::Ge } else { Cmp::Eq };
        let kind = ExprKind::Compare { op, left: Box::new(length), right: Box::new(count) };
        // NULL has no length, so the comparison does not take it.
        let mut test = Expr { kind, ty: Type::Bool, place: self.place(span) };
        let mut names = Vec::new();
        let whole = elements.is_empty() && rest.is_some();
        for (at, pattern) in elements.iter().enumerate() {
            let index = match rest {
                Some(rest) if at >= rest.position => at as i64 - elements.len() as i64,
                _ => at as i64,
            };
            let index = self.constant(Value::Int(index), Type::Int64, pattern.span);
            let kind =
                ExprKind::Element { array: Box::new(subject.clone()), index: Box::new(index) };
            let place = self.place(pattern.span);
            let value = Expr { kind, ty: (*element).clone(), place };
            let compiled = self.pattern(pattern, &value)?;
            names.extend(compiled.names);
            if let Some(own) = compiled.test {
                test = self.logic(true, test, own, span);
            }
        }
        if let Some(rest) = rest
            && let Some(name) = &rest.name
        {
            names.push((name, self.rest_of(elements.len(), rest, subject)));
        }
        // Of the lengths of arrays only the pattern that takes all is known to be complete.
        let pat = if whole && !self.expr_nullable(subject) { Pat::Any } else { Pat::Some };
        Some(Compiled { test: Some(test), names, pat })
    }

    /// The elements that no pattern takes.
    fn rest_of(&mut self, count: usize, rest: &ast::RestPattern, subject: &Expr) -> Expr {
        let after = count.saturating_sub(rest.position) as i64;
        let number = |this: &Self, value| this.constant(Value::Int(value), Type::Int64, rest.span);
        let mut arguments = vec![subject.clone(), number(self, rest.position as i64)];
        if after > 0 {
            arguments.push(number(self, -after));
        }
        self.built_in("array_slice", arguments, rest.span)
    }
}
