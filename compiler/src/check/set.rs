//! Set operations, and the conversion of a query's columns to other types.

use super::Checker;
use super::operand::{Mode, Operand};
use super::query::plain_query;
use super::types::is_comparable;
use crate::diagnostics as say;
use crate::hir::{ColumnVar, Expr, ExprKind, From, OutputColumn, Query, SetOperator};
use grizzly_bytecode::Type;
use grizzly_grammar::{Span, ast};

/// A set operation as it stands.
#[derive(Clone, Copy)]
pub(crate) struct Combination {
    pub(crate) op: ast::SetOperator,
    pub(crate) all: bool,
    pub(crate) op_span: Span,
}

impl<'a> Checker<'a> {
    /// UNION, INTERSECT, EXCEPT.
    pub(crate) fn set_operation(
        &mut self,
        set: &'a ast::SetOperation,
        want: Option<&[Type]>,
    ) -> Option<Query> {
        let left = self.core(&set.left, want);
        let right = self.core(&set.right, want);
        let left = (left?, body_span(&set.left));
        let right = (right?, body_span(&set.right));
        let how = Combination { op: set.op, all: set.all, op_span: set.op_span };
        self.combined(how, left, right)
    }

    /// Two queries' rows as those of one query.
    pub(crate) fn combined(
        &mut self,
        how: Combination,
        (left, left_span): (Query, Span),
        (right, right_span): (Query, Span),
    ) -> Option<Query> {
        let types = self.common_types((&left, left_span), (&right, right_span), how)?;
        let (left, right) = (self.retyped(left, &types), self.retyped(right, &types));
        let mut columns = Vec::new();
        let mut outputs = Vec::new();
        for (a, b) in left.outputs.iter().zip(&right.outputs) {
            let (x, y) = (self.may_be_null(a.variable), self.may_be_null(b.variable));
            let nullable = match how.op {
                ast::SetOperator::Union => x || y,
                ast::SetOperator::Intersect => x && y,
                ast::SetOperator::Except => x,
            };
            let variable = self.new_column(a.name.clone(), a.value.ty.clone(), nullable);
            columns.push(variable);
            let value = self.column(variable, a.value.place);
            let output = self.output(a.name.clone(), value);
            if let (Some(first), true) = (self.untyped.get(&a.variable), self.is_null_column(b)) {
                self.untyped.insert(output.variable, first.clone());
            }
            outputs.push(output);
        }
        let op = match how.op {
            ast::SetOperator::Union => SetOperator::Union,
            ast::SetOperator::Intersect => SetOperator::Intersect,
            ast::SetOperator::Except => SetOperator::Except,
        };
        let (left, right) = (Box::new(left), Box::new(right));
        let from = From::Set { op, all: how.all, left, right, columns };
        Some(plain_query(Some(from), outputs))
    }

    /// The least types that the columns of both sides convert to; reports where there are none.
    pub(crate) fn common_types(
        &mut self,
        left: (&Query, Span),
        right: (&Query, Span),
        how: Combination,
    ) -> Option<Vec<Type>> {
        let ((left, left_span), (right, right_span)) = (left, right);
        let widths = (left.outputs.len(), right.outputs.len());
        if widths.0 != widths.1 {
            let (left, right) = ((left_span, widths.0), (right_span, widths.1));
            self.report(say::set_width(how.op_span, keyword(how.op), left, right));
            return None;
        }
        let mut types = Vec::new();
        for (a, b) in left.outputs.iter().zip(&right.outputs) {
            let (x, y) = (self.output_operand(a), self.output_operand(b));
            let ty = match self.common_type(&[&x, &y], None) {
                Type::Null => Type::Text,
                ty => ty,
            };
            if !how.all && !ty.is_error() && !is_comparable(&ty) {
                let at = Span::new(a.value.place.start, a.value.place.end);
                let why = format!("a column of {}", keyword(how.op));
                self.report(say::type_mismatch(at, &Type::Text, &ty, &why, false));
                return None;
            }
            types.push(ty);
        }
        (!types.iter().any(Type::is_error)).then_some(types)
    }

    /// Whether every value of a column is the constant NULL.
    fn is_null_column(&self, output: &OutputColumn) -> bool {
        let untyped = self.untyped.get(&output.variable);
        matches!(untyped, Some(super::operand::Untyped::Null))
    }

    pub(crate) fn may_be_null(&self, variable: ColumnVar) -> bool {
        let known = self.columns.get(variable.0 as usize);
        known.is_none_or(|column| column.nullable) || self.nulled.contains(&variable)
    }

    /// A query's column as an operand: its variable, or the constant that has no type yet.
    pub(crate) fn output_operand(&self, output: &OutputColumn) -> Operand {
        let place = output.value.place;
        match self.untyped.get(&output.variable) {
            Some(untyped) => Operand::Untyped(untyped.clone(), Span::new(place.start, place.end)),
            None => Operand::Typed(self.column(output.variable, place)),
        }
    }

    /// The query with its columns converted implicitly to these types.
    pub(crate) fn retyped(&mut self, query: Query, types: &[Type]) -> Query {
        let mut values = Vec::new();
        for (output, ty) in query.outputs.iter().zip(types) {
            let operand = self.output_operand(output);
            values.push(self.coerce(operand, ty, Mode::Implicit, "the column"));
        }
        self.with_outputs(query, values)
    }

    /// The query with other values for its columns, which are made of its output variables.
    /// Constants take their type in place; all else is computed in a query around it.
    pub(crate) fn with_outputs(&mut self, mut query: Query, values: Vec<Expr>) -> Query {
        let leaf = |e: &Expr| matches!(e.kind, ExprKind::Constant(_) | ExprKind::Parameter(_));
        let mut computed = Vec::new();
        for (output, value) in query.outputs.iter_mut().zip(values) {
            let same = matches!(value.kind, ExprKind::Column(v) if v == output.variable);
            if leaf(&value) && leaf(&output.value) {
                if let Some(column) = self.columns.get_mut(output.variable.0 as usize) {
                    column.ty = value.ty.clone();
                }
                output.value = value;
                computed.push(None);
            } else {
                computed.push((!same).then_some(value));
            }
        }
        if computed.iter().all(Option::is_none) {
            return query;
        }
        let mut outputs = Vec::new();
        for (output, value) in query.outputs.iter().zip(computed) {
            let below = self.column(output.variable, output.value.place);
            outputs.push(self.output(output.name.clone(), value.unwrap_or(below)));
        }
        plain_query(Some(From::Query(Box::new(query))), outputs)
    }
}

/// As it is written.
pub(crate) const fn keyword(op: ast::SetOperator) -> &'static str {
    match op {
        ast::SetOperator::Union => "UNION",
        ast::SetOperator::Intersect => "INTERSECT",
        ast::SetOperator::Except => "EXCEPT",
    }
}

pub(crate) fn body_span(body: &ast::QueryBody) -> Span {
    match body {
        ast::QueryBody::Select(select) => select.span,
        ast::QueryBody::Values(values) => values.span,
        ast::QueryBody::Set(set) => set.span,
        ast::QueryBody::Nested(query) => query.span,
        ast::QueryBody::Error => Span::default(),
    }
}
