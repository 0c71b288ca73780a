//! Queries inside expressions: as a value, in EXISTS, IN, ANY, ALL and ARRAY. They see the columns
//! of the queries around them.

use super::Checker;
use super::operand::Operand;
use super::operators::comparison_of;
use super::query::plain_query;
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, From, OutputColumn, Query, SubqueryKind, TableFunction};
use grizzly_bytecode::{Cmp, Type};
use grizzly_grammar::{Span, ast};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `(query)` as a value.
    pub(crate) fn scalar_query(&mut self, query: &'a ast::Query, span: Span) -> Expr {
        let Some((query, output)) = self.one_column_query(query, "as a value") else {
            return self.error(span);
        };
        self.subquery(SubqueryKind::Scalar, query, output.value.ty, span)
    }

    /// `EXISTS (query)`.
    pub(crate) fn exists(&mut self, query: &'a ast::Query, span: Span) -> Expr {
        match self.nested(|this| this.query(query, None)) {
            Some(query) => self.subquery(SubqueryKind::Exists, query, Type::Bool, span),
            None => self.error(span),
        }
    }

    /// `ARRAY(query)`.
    pub(crate) fn array_query(&mut self, query: &'a ast::Query, span: Span) -> Expr {
        let Some((query, output)) = self.one_column_query(query, "in ARRAY") else {
            return self.error(span);
        };
        let ty = Type::Array(Arc::new(output.value.ty));
        self.subquery(SubqueryKind::Array, query, ty, span)
    }

    /// `operand IN (query)`.
    pub(crate) fn in_query(
        &mut self,
        operand: &'a ast::Expr,
        query: &'a ast::Query,
        span: Span,
    ) -> Expr {
        let operand = self.operand(operand, None);
        self.quantified_query((Cmp::Eq, "IN"), false, (operand, span), query, ("after IN", span))
    }

    /// `left op ANY|ALL (…)`.
    pub(crate) fn quantified(&mut self, quantified: &'a ast::Quantified, span: Span) -> Expr {
        let op = comparison_of(quantified.op);
        match &quantified.set {
            ast::InSet::Query(query) => {
                let operand = self.operand(&quantified.left, None);
                let after = if quantified.all { "after ALL" } else { "after ANY" };
                let left = (operand, quantified.op_span);
                self.quantified_query(
                    (op, &op.to_string()),
                    quantified.all,
                    left,
                    query,
                    (after, span),
                )
            }
            ast::InSet::List(_) | ast::InSet::Value(_) if op == Cmp::Eq && !quantified.all => {
                self.in_set(&quantified.left, &quantified.set, false, span)
            }
            ast::InSet::List(_) | ast::InSet::Value(_) if op == Cmp::Ne && quantified.all => {
                self.in_set(&quantified.left, &quantified.set, true, span)
            }
            ast::InSet::List(_) => self.later(span, "ANY or ALL of a list"),
            ast::InSet::Value(array) => self.quantified_array(op, quantified, array, span),
        }
    }

    /// `left op ANY|ALL (array)`: a comparison with each element.
    fn quantified_array(
        &mut self,
        op: Cmp,
        quantified: &'a ast::Quantified,
        array: &'a ast::Expr,
        span: Span,
    ) -> Expr {
        let left = self.operand(&quantified.left, None);
        let at = array.span;
        let array = self.expr(array);
        let element = match &array.ty {
            Type::Array(element) => Type::clone(element),
            Type::Error => return self.error(span),
            other => {
                let forms = ["ANY (array: ARRAY<T>)".to_owned(), "ANY (query)".to_owned()];
                self.report(say::no_form(at, "ANY", std::slice::from_ref(other), &forms));
                return self.error(span);
            }
        };
        let column = self.new_column("element", element, true);
        let value = self.column(column, self.place(at));
        let output = self.output("element".into(), value);
        let found = self.output_operand(&output);
        let shown = op.to_string();
        let Some((left, found)) = self.paired(left, found, quantified.op_span, &shown) else {
            return self.error(span);
        };
        let function = TableFunction::Unnest;
        let from = From::Function { function, arguments: vec![array], column };
        let query = plain_query(Some(from), vec![output]);
        let query = self.with_outputs(query, vec![found]);
        let kind = SubqueryKind::Quantified { op, all: quantified.all, operand: Box::new(left) };
        self.subquery(kind, query, Type::Bool, span)
    }

    fn quantified_query(
        &mut self,
        (op, shown): (Cmp, &str),
        all: bool,
        (operand, op_span): (Operand, Span),
        query: &'a ast::Query,
        (after, span): (&str, Span),
    ) -> Expr {
        let found = self.one_column_query(query, after);
        let Some((query, output)) = found.filter(|_| !operand.is_error()) else {
            return self.error(span);
        };
        let column = self.output_operand(&output);
        let Some((operand, column)) = self.paired(operand, column, op_span, shown) else {
            return self.error(span);
        };
        let query = self.with_outputs(query, vec![column]);
        let kind = SubqueryKind::Quantified { op, all, operand: Box::new(operand) };
        self.subquery(kind, query, Type::Bool, span)
    }

    /// A query that must have one column; `what` says where it stands.
    fn one_column_query(
        &mut self,
        query: &'a ast::Query,
        what: &str,
    ) -> Option<(Query, OutputColumn)> {
        let span = query.span;
        let query = self.nested(|this| this.query(query, None))?;
        match query.outputs.as_slice() {
            [output] => {
                let output = output.clone();
                (!output.value.ty.is_error()).then_some((query, output))
            }
            outputs => {
                self.report(say::subquery_width(span, what, outputs.len()));
                None
            }
        }
    }

    fn subquery(&self, kind: SubqueryKind, query: Query, ty: Type, span: Span) -> Expr {
        let kind = ExprKind::Subquery { kind, query: Box::new(query) };
        Expr { kind, ty, place: self.place(span) }
    }
}
