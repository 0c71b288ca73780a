//! INSERT.

use super::Checker;
use super::operand::{Mode, Operand};
use super::query::plain_query;
use crate::catalog::Table;
use crate::diagnostics as say;
use crate::hir::{
    ColumnVar, Expr, ExprKind, From, Insert, OutputColumn, Query, StatementKind, TableFunction,
};
use crate::suggest::similar;
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `INSERT INTO t …`.
    pub(crate) fn insert(&mut self, insert: &'a ast::Insert) -> Option<StatementKind> {
        if let Some(with) = &insert.with {
            self.later(with.span, "WITH");
        }
        let table = self.target_table(&insert.table)?;
        let query = self.insert_rows(insert, &table)?;
        let row: Vec<ColumnVar> = query.outputs.iter().map(|output| output.variable).collect();
        let span = insert.table.span;
        let guards = self.guards(&table, &row, span);
        let target = (&insert.table, insert.alias.as_ref());
        let items = insert.returning.as_deref();
        let returning = self.returning(&table, target, &row, items)?;
        let conflict = match &insert.on_conflict {
            Some(conflict) => Some(self.on_conflict(conflict, insert, &table, &row)?),
            None => None,
        };
        let insert = Insert { table, query, guards, conflict, returning };
        Some(StatementKind::Insert(Box::new(insert)))
    }

    /// An INSERT of a query's rows that give all columns of the table.
    pub(crate) fn insert_of(
        &mut self,
        table: Arc<Table>,
        query: Query,
        span: Span,
    ) -> StatementKind {
        let row: Vec<ColumnVar> = query.outputs.iter().map(|output| output.variable).collect();
        let guards = self.guards(&table, &row, span);
        let (conflict, returning) = (None, Vec::new());
        StatementKind::Insert(Box::new(Insert { table, query, guards, conflict, returning }))
    }

    /// The rows of an INSERT: all columns of the table.
    fn insert_rows(&mut self, insert: &'a ast::Insert, table: &Arc<Table>) -> Option<Query> {
        let targets = match &insert.columns {
            Some(columns) => self.target_columns(table, columns)?,
            None => (0..table.columns.len()).collect(),
        };
        Some(match &insert.source {
            ast::InsertSource::Values(values) => {
                self.insert_values(table, &targets, values, &insert.table)?
            }
            ast::InsertSource::Query(query) => {
                let wanted: Vec<Type> = targets
                    .iter()
                    .filter_map(|i| table.columns.get(*i))
                    .map(|c| c.ty.clone())
                    .collect();
                let inner = self.query(query, Some(&wanted))?;
                self.insert_query(table, &targets, inner, query.span)?
            }
            ast::InsertSource::Default => {
                let outputs = self.all_columns(table, &[], Vec::new(), insert.table.span);
                plain_query(None, outputs)
            }
            ast::InsertSource::Struct(literal, span) => {
                let row = self.struct_row(table, &targets, literal, *span);
                self.literal_rows(table, vec![row], *span)?
            }
            ast::InsertSource::Expr(expr) => self.insert_structs(table, &targets, expr)?,
        })
    }

    /// A row of a struct literal; its fields are columns, the others take their defaults. Empty
    /// where it was reported as wrong.
    fn struct_row(
        &mut self,
        table: &Arc<Table>,
        targets: &[usize],
        literal: &'a ast::StructLiteral,
        span: Span,
    ) -> Vec<Expr> {
        let shape = table.row_type();
        let given = self.without_row("VALUES", |this| this.given_fields(literal, Some(&shape)));
        let mut values: Vec<(usize, Expr)> = Vec::new();
        let mut failed = false;
        for field in given {
            let Some(index) = self.table_column(table, &field.name, field.span) else {
                failed = true;
                continue;
            };
            if !targets.contains(&index) {
                let names = targets.iter().filter_map(|at| table.columns.get(*at));
                let names: Vec<SmolStr> = names.map(|c| c.name.clone()).collect();
                let list = Some("the list");
                self.report(say::unknown_column(field.span, &field.name, list, None, &names));
                failed = true;
                continue;
            }
            let Some(column) = table.columns.get(index) else { continue };
            let why = format!("the column `{}`", column.name);
            let value = self.coerce(field.value, &column.ty, Mode::Assign, &why);
            self.warn_null(&value, column.nullable, &column.name);
            self.forbid_writes(&value, "VALUES");
            failed |= value.ty.is_error();
            values.push((index, value));
        }
        if failed {
            return Vec::new();
        }
        let (targets, given): (Vec<usize>, Vec<Expr>) = values.into_iter().unzip();
        self.complete_row(table, &targets, given, span)
    }

    /// The values of all columns: those that are given, else defaults.
    fn complete_row(
        &mut self,
        table: &Arc<Table>,
        targets: &[usize],
        given: Vec<Expr>,
        span: Span,
    ) -> Vec<Expr> {
        let mut given: Vec<(usize, Expr)> = targets.iter().copied().zip(given).collect();
        let mut row = Vec::new();
        for index in 0..table.columns.len() {
            let position = given.iter().position(|(target, _)| *target == index);
            row.push(match position {
                Some(position) => given.swap_remove(position).1,
                None => self.default_of(table, index, span),
            });
        }
        let row: Vec<(usize, Expr)> = row.into_iter().enumerate().collect();
        self.warn_checks(table, &row, span);
        row.into_iter().map(|(_, value)| value).collect()
    }

    /// The query of rows that give all columns; `None` where one was reported as wrong.
    fn literal_rows(
        &mut self,
        table: &Arc<Table>,
        rows: Vec<Vec<Expr>>,
        span: Span,
    ) -> Option<Query> {
        if rows.is_empty() || rows.iter().any(Vec::is_empty) {
            return None;
        }
        let (mut columns, mut given) = (Vec::new(), Vec::new());
        for (index, column) in table.columns.iter().enumerate() {
            let nullable =
                rows.iter().filter_map(|row| row.get(index)).any(|value| self.expr_nullable(value));
            let variable = self.new_column(column.name.clone(), column.ty.clone(), nullable);
            columns.push(variable);
            given.push(self.column(variable, self.place(span)));
        }
        let targets: Vec<usize> = (0..columns.len()).collect();
        let outputs = self.all_columns(table, &targets, given, span);
        Some(plain_query(Some(From::Values { rows, columns }), outputs))
    }

    /// `[{ … }, { … }]`, or an expression that is a struct or an array of structs.
    fn insert_structs(
        &mut self,
        table: &Arc<Table>,
        targets: &[usize],
        expr: &'a ast::Expr,
    ) -> Option<Query> {
        if let ast::ExprKind::Array(items) = &expr.kind {
            let literals: Vec<_> = items
                .iter()
                .filter_map(|item| match &item.kind {
                    ast::ExprKind::Struct(literal) => Some((&**literal, item.span)),
                    _ => None,
                })
                .collect();
            if literals.len() == items.len() && !items.is_empty() {
                let mut rows = Vec::new();
                for (literal, span) in literals {
                    rows.push(self.struct_row(table, targets, literal, span));
                }
                return self.literal_rows(table, rows, expr.span);
            }
        }
        let row = Type::Struct(Arc::new(table.row_type()));
        let operand = self.without_row("VALUES", |this| this.operand(expr, Some(&row)));
        let value = self.settle(operand);
        self.forbid_writes(&value, "VALUES");
        let (shape, array) = match &value.ty {
            Type::Struct(shape) => (shape.clone(), false),
            Type::Array(element) => match &**element {
                Type::Struct(shape) => (shape.clone(), true),
                _ => return self.not_rows(&value),
            },
            _ => return self.not_rows(&value),
        };
        let place = value.place;
        let variable = self.new_column("row", Type::Struct(shape.clone()), false);
        let from = match array {
            true => {
                let function = TableFunction::Unnest;
                From::Function { function, arguments: vec![value], column: variable }
            }
            false => From::Values { rows: vec![vec![value]], columns: vec![variable] },
        };
        let (mut found, mut given) = (Vec::new(), Vec::new());
        for (at, field) in shape.fields.iter().enumerate() {
            let index = self.table_column(table, &field.name, expr.span)?;
            let Some(column) = table.columns.get(index) else { continue };
            let operand = Box::new(self.column(variable, place));
            let kind = ExprKind::Field { operand, index: at as u16 };
            let value = Operand::Typed(Expr { kind, ty: field.ty.clone(), place });
            let why = format!("the column `{}`", column.name);
            given.push(self.coerce(value, &column.ty, Mode::Assign, &why));
            found.push(index);
        }
        let outputs = self.all_columns(table, &found, given, expr.span);
        Some(plain_query(Some(from), outputs))
    }

    fn not_rows(&mut self, value: &Expr) -> Option<Query> {
        if !value.ty.is_error() {
            let at = Span::new(value.place.start, value.place.end);
            let help = "INSERT takes VALUES, a query, a struct or an array of structs";
            let what = format!("a row in this value of type {}", value.ty);
            self.report(say::no_value(at, &what, Some(help)));
        }
        None
    }

    /// The indices of listed columns.
    pub(crate) fn target_columns(
        &mut self,
        table: &Table,
        columns: &'a [ast::NamePart],
    ) -> Option<Vec<usize>> {
        let mut targets: Vec<(usize, Span)> = Vec::new();
        let mut failed = false;
        for column in columns {
            let name = self.part_name(column)?;
            let Some(index) = self.table_column(table, &name, column.span()) else {
                failed = true;
                continue;
            };
            if let Some((_, first)) = targets.iter().find(|(known, _)| *known == index) {
                let first = *first;
                self.report(say::assigned_twice(column.span(), first, &name));
                failed = true;
            }
            targets.push((index, column.span()));
        }
        (!failed).then(|| targets.into_iter().map(|(index, _)| index).collect())
    }

    /// The index of a table's column, or a report.
    pub(crate) fn table_column(&mut self, table: &Table, name: &str, span: Span) -> Option<usize> {
        let found = table.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
        if found.is_none() {
            let names: Vec<SmolStr> = table.columns.iter().map(|c| c.name.clone()).collect();
            let near = similar(name, names.iter());
            let owner = Some(table.name.as_str());
            self.report(say::unknown_column(span, name, owner, near.as_deref(), &names));
        }
        found
    }

    /// VALUES of an INSERT: each value takes the type of its column.
    fn insert_values(
        &mut self,
        table: &Arc<Table>,
        targets: &[usize],
        values: &'a ast::Values,
        name: &'a ast::Name,
    ) -> Option<Query> {
        let mut rows = Vec::new();
        let mut failed = false;
        for row in &values.rows {
            if row.items.len() != targets.len() {
                let what = format!("`{}`", table.name);
                let what =
                    if targets.len() == table.columns.len() { what } else { "the list".into() };
                self.report(say::wrong_width(row.span, targets.len(), row.items.len(), &what));
                failed = true;
                continue;
            }
            let mut exprs = Vec::new();
            for (item, target) in row.items.iter().zip(targets) {
                let value = self.insert_value(table, *target, item);
                failed |= value.ty.is_error();
                exprs.push(value);
            }
            let known: Vec<_> = targets.iter().copied().zip(exprs.iter().cloned()).collect();
            self.warn_checks(table, &known, row.span);
            rows.push(exprs);
        }
        if failed {
            return None;
        }
        let mut variables = Vec::new();
        let mut given = Vec::new();
        for (position, target) in targets.iter().enumerate() {
            let Some(column) = table.columns.get(*target) else { continue };
            let values = rows.iter().filter_map(|row| row.get(position));
            let nullable = values.clone().any(|value| self.expr_nullable(value));
            let variable = self.new_column(column.name.clone(), column.ty.clone(), nullable);
            variables.push(variable);
            given.push(self.column(variable, self.place(values_span(values.clone(), name.span))));
        }
        let outputs = self.all_columns(table, targets, given, name.span);
        Some(plain_query(Some(From::Values { rows, columns: variables }), outputs))
    }

    fn insert_value(
        &mut self,
        table: &Arc<Table>,
        target: usize,
        item: &'a ast::ValuesItem,
    ) -> Expr {
        let Some(column) = table.columns.get(target) else { return self.error(Span::default()) };
        match item {
            ast::ValuesItem::Default(span) => self.default_of(table, target, *span),
            ast::ValuesItem::Expr(expr) => {
                let why = format!("the column `{}`", column.name);
                let value = self.without_row("VALUES", |this| {
                    this.expr_as(expr, &column.ty, Mode::Assign, &why)
                });
                self.warn_null(&value, column.nullable, &column.name);
                self.forbid_writes(&value, "VALUES");
                value
            }
        }
    }

    pub(crate) fn warn_null(&mut self, value: &Expr, nullable: bool, column: &str) {
        if !nullable && value.kind == ExprKind::Constant(Value::Null) {
            let at = Span::new(value.place.start, value.place.end);
            self.report(say::breaks_constraint(at, column, false));
        }
    }

    /// The default of a column, NULL without one.
    pub(crate) fn default_of(&mut self, table: &Table, index: usize, span: Span) -> Expr {
        let Some(column) = table.columns.get(index) else { return self.error(span) };
        match &column.default {
            Some(default) => default.clone(),
            None => {
                if !column.nullable {
                    self.report(say::breaks_constraint(span, &column.name, true));
                }
                self.null(&column.ty, span)
            }
        }
    }

    /// One output a column of the table: what is given for it, else its default.
    fn all_columns(
        &mut self,
        table: &Arc<Table>,
        targets: &[usize],
        given: Vec<Expr>,
        span: Span,
    ) -> Vec<OutputColumn> {
        let mut given: Vec<(usize, Expr)> = targets.iter().copied().zip(given).collect();
        let mut outputs = Vec::new();
        for (index, column) in table.columns.iter().enumerate() {
            let position = given.iter().position(|(target, _)| *target == index);
            let value = match position {
                Some(position) => given.swap_remove(position).1,
                None => self.default_of(table, index, span),
            };
            outputs.push(self.output(column.name.clone(), value));
        }
        outputs
    }

    /// A query's rows, converted to the table's columns.
    pub(crate) fn insert_query(
        &mut self,
        table: &Arc<Table>,
        targets: &[usize],
        inner: Query,
        span: Span,
    ) -> Option<Query> {
        if inner.outputs.len() != targets.len() {
            let what = format!("`{}`", table.name);
            let found = inner.outputs.len();
            self.report(say::wrong_width(span, targets.len(), found, &what));
            return None;
        }
        let mut given = Vec::new();
        let mut failed = false;
        for (output, target) in inner.outputs.iter().zip(targets) {
            let Some(column) = table.columns.get(*target) else { continue };
            let mut value = output.value.clone();
            value.kind = ExprKind::Column(output.variable);
            let why = format!("the column `{}`", column.name);
            let value = self.coerce(Operand::Typed(value), &column.ty, Mode::Assign, &why);
            failed |= value.ty.is_error();
            self.warn_null(&output.value, column.nullable, &column.name);
            given.push(value);
        }
        if failed {
            return None;
        }
        let outputs = self.all_columns(table, targets, given, span);
        Some(plain_query(Some(From::Query(Box::new(inner))), outputs))
    }
}

fn values_span<'e>(mut values: impl Iterator<Item = &'e Expr>, otherwise: Span) -> Span {
    values.next().map_or(otherwise, |value| Span::new(value.place.start, value.place.end))
}
