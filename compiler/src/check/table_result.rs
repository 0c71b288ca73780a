//! Functions that return a table: their value is an array of rows, which FROM takes apart again.

use super::Checker;
use super::call::Site;
use super::operand::{Mode, Operand};
use super::pipe::Pipe;
use super::query::plain_query;
use super::scope::{Aggregating, AliasMode};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, From, Query, SubqueryKind, TableFunction};
use grizzly_bytecode::{StructType, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The row type of the table that the function around returns, where that is wanted here.
    pub(super) fn wanted_table(&self, want: Option<&Type>) -> Option<Arc<StructType>> {
        let function = self.function.as_ref().filter(|function| function.table)?;
        let result = function.result.as_ref().map(|result| &result.ty);
        match (want, result) {
            (Some(Type::Array(row)), Some(Type::Array(own))) if row == own => match &**row {
                Type::Struct(shape) => Some(shape.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The rows of a query as the table that a function returns.
    pub(super) fn table_rows(
        &mut self,
        query: &'a ast::Query,
        shape: &Arc<StructType>,
        span: Span,
    ) -> Expr {
        let types: Vec<Type> = shape.fields.iter().map(|field| field.ty.clone()).collect();
        let made = self.nested(|this| {
            let rows = this.query(query, Some(&types))?;
            if rows.outputs.len() != types.len() {
                let found = rows.outputs.len();
                this.report(say::wrong_width(span, types.len(), found, "RETURNS TABLE"));
                return None;
            }
            let tables = vec![this.unnamed(&rows.outputs, span)];
            let columns: Vec<Expr> = rows
                .outputs
                .iter()
                .map(|output| this.column(output.variable, output.value.place))
                .collect();
            let mut query = this.source_of(Pipe { rows, tables });
            let mut values = Vec::new();
            for (column, field) in columns.into_iter().zip(&shape.fields) {
                let why = format!("the column `{}`", field.name);
                values.push(this.coerce(Operand::Typed(column), &field.ty, Mode::Assign, &why));
            }
            let failed = values.iter().any(|value| value.ty.is_error());
            let kind = ExprKind::MakeStruct(values);
            let row = Expr { kind, ty: Type::Struct(shape.clone()), place: this.place(span) };
            query.outputs = vec![this.output(SmolStr::new_static("row"), row)];
            (!failed).then_some(query)
        });
        let Some(query) = made else { return self.error(span) };
        let kind = ExprKind::Subquery { kind: SubqueryKind::Array, query: Box::new(query) };
        let ty = Type::Array(Arc::new(Type::Struct(shape.clone())));
        Expr { kind, ty, place: self.place(span) }
    }

    /// `f(…)` in FROM, where `f` is a user's function that gives rows; `None` where it is none, or
    /// was reported.
    pub(super) fn rows_of_function(
        &mut self,
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
        item: &'a ast::FromItem,
    ) -> Option<From> {
        let span = item.span;
        let called = self.in_clause("FROM", AliasMode::Hidden, Aggregating::No, |this| {
            let called = this.call(Site::plain(name, arguments, name.span), None);
            this.settle(called)
        });
        let row = match &called.ty {
            Type::Array(row) => (**row).clone(),
            Type::Error => return None,
            ty => {
                let wanted = Type::Array(Arc::new(Type::Text));
                self.report(say::type_mismatch(name.span, &wanted, ty, "FROM", false));
                return None;
            }
        };
        let column = self.new_column("row", row.clone(), true);
        let rows =
            From::Function { function: TableFunction::Unnest, arguments: vec![called], column };
        let whole = self.column(column, self.place(span));
        let mut outputs = Vec::new();
        match &row {
            Type::Struct(shape) => {
                for (index, field) in shape.fields.iter().enumerate() {
                    let operand = Box::new(whole.clone());
                    let kind = ExprKind::Field { operand, index: index as u16 };
                    let value = Expr { kind, ty: field.ty.clone(), place: self.place(span) };
                    outputs.push(self.output(field.name.clone(), value));
                }
            }
            _ => outputs.push(self.output(name.name.clone(), whole)),
        }
        let query: Query = plain_query(Some(rows), outputs);
        let columns = super::source::outputs_as_columns(&query);
        let alias = item.alias.as_ref();
        let shown = alias.map_or(name.name.clone(), |alias| alias.name.name.clone());
        let at = alias.map_or(name.span, |alias| alias.name.span);
        let row = Arc::new(self.row_shape(&columns));
        self.enter_table(shown, at, columns, row, alias)?;
        Some(From::Query(Box::new(query)))
    }
}
