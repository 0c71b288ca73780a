//! INSERT, UPDATE and DELETE.

use super::Checker;
use super::operand::{Mode, Operand};
use super::query::plain_query;
use super::scope::{Aggregating, AliasMode};
use crate::catalog::Table;
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, From, OutputColumn, Query, StatementKind};
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
        if let Some(conflict) = &insert.on_conflict {
            self.later(conflict.span, "ON CONFLICT");
        }
        if insert.returning.is_some() {
            self.later(insert.table.span, "RETURNING");
        }
        let table = self.target_table(&insert.table)?;
        let targets = match &insert.columns {
            Some(columns) => self.target_columns(&table, columns)?,
            None => (0..table.columns.len()).collect(),
        };
        let query = match &insert.source {
            ast::InsertSource::Values(values) => {
                self.insert_values(&table, &targets, values, &insert.table)?
            }
            ast::InsertSource::Query(query) => {
                let wanted: Vec<Type> = targets
                    .iter()
                    .filter_map(|i| table.columns.get(*i))
                    .map(|c| c.ty.clone())
                    .collect();
                let inner = self.query(query, Some(&wanted))?;
                self.insert_query(&table, &targets, inner, query.span)?
            }
            ast::InsertSource::Default => {
                let outputs = self.all_columns(&table, &[], Vec::new(), insert.table.span);
                plain_query(None, outputs)
            }
            ast::InsertSource::Struct(_, span) => {
                self.later(*span, "INSERT of a struct");
                return None;
            }
            ast::InsertSource::Expr(expr) => {
                self.later(expr.span, "INSERT of structs");
                return None;
            }
        };
        Some(StatementKind::Insert(table, query))
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
    fn table_column(&mut self, table: &Table, name: &str, span: Span) -> Option<usize> {
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

    fn warn_null(&mut self, value: &Expr, nullable: bool, column: &str) {
        if !nullable && value.kind == ExprKind::Constant(Value::Null) {
            let at = Span::new(value.place.start, value.place.end);
            self.report(say::breaks_constraint(at, column, false));
        }
    }

    /// The default of a column, NULL without one.
    fn default_of(&mut self, table: &Table, index: usize, span: Span) -> Expr {
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

    /// `UPDATE t SET …`.
    pub(crate) fn update(&mut self, update: &'a ast::Update, span: Span) -> Option<StatementKind> {
        if let Some(with) = &update.with {
            self.later(with.span, "WITH");
        }
        if let Some(tree) = update.from.first() {
            self.later(tree.span, "UPDATE … FROM");
            return None;
        }
        if update.returning.is_some() {
            self.later(span, "RETURNING");
        }
        let table = self.target_table(&update.table)?;
        let alias = update.alias.as_ref();
        self.apart(|this| {
            let columns = this.target_scope(&table, &update.table, alias)?;
            let mut assignments: Vec<(usize, Expr)> = Vec::new();
            let mut spans: Vec<(usize, Span)> = Vec::new();
            for assignment in &update.assignments {
                let Some((index, value)) = this.assignment(&table, assignment) else { continue };
                let at = assignment.column.span();
                if let Some((_, first)) = spans.iter().find(|(known, _)| *known == index) {
                    let (first, name) = (*first, at);
                    let shown = table.columns.get(index).map_or("", |c| c.name.as_str());
                    this.report(say::assigned_twice(name, first, shown));
                }
                spans.push((index, at));
                assignments.push((index, value));
            }
            let filter = this.write_filter(update.filter.as_ref());
            if filter.is_none() {
                this.report(say::no_where(keyword(span, 6), "UPDATE", &table.name));
            }
            Some(StatementKind::Update { table: table.clone(), columns, filter, assignments })
        })
    }

    /// Puts the table that is changed into the scope.
    fn target_scope(
        &mut self,
        table: &Arc<Table>,
        name: &ast::Name,
        alias: Option<&ast::Ident>,
    ) -> Option<Vec<crate::hir::ColumnVar>> {
        let (columns, variables) = self.table_columns(table);
        let shown = alias.map_or(table.name.clone(), |alias| alias.name.clone());
        let at = alias.map_or(name.span, |alias| alias.span);
        self.enter_table(shown, at, columns, Arc::new(table.row_type()), None)?;
        Some(variables)
    }

    fn write_filter(&mut self, filter: Option<&'a ast::Expr>) -> Option<Expr> {
        let filter = self.in_clause("WHERE", AliasMode::Hidden, Aggregating::No, |this| {
            filter.map(|filter| this.condition(filter, "WHERE"))
        });
        if let Some(filter) = &filter {
            self.forbid_writes(filter, "WHERE");
        }
        filter
    }

    fn assignment(
        &mut self,
        table: &Arc<Table>,
        assignment: &'a ast::Assignment,
    ) -> Option<(usize, Expr)> {
        let name = self.part_name(&assignment.column)?;
        let index = self.table_column(table, &name, assignment.column.span())?;
        if let Some(step) = assignment.path.first() {
            self.later(step.span(), "SET of a part of a column");
            return None;
        }
        let column = table.columns.get(index)?;
        let value = match &assignment.value {
            None => self.default_of(table, index, assignment.span),
            Some(value) => {
                let why = format!("the column `{}`", column.name);
                self.in_clause("SET", AliasMode::Hidden, Aggregating::No, |this| {
                    this.expr_as(value, &column.ty, Mode::Assign, &why)
                })
            }
        };
        if assignment.value.is_some() {
            self.warn_null(&value, column.nullable, &column.name);
        }
        self.forbid_writes(&value, "UPDATE");
        Some((index, value))
    }

    /// `DELETE FROM t …`.
    pub(crate) fn delete(&mut self, delete: &'a ast::Delete, span: Span) -> Option<StatementKind> {
        if let Some(with) = &delete.with {
            self.later(with.span, "WITH");
        }
        if let Some(tree) = delete.using.first() {
            self.later(tree.span, "DELETE … USING");
            return None;
        }
        if delete.returning.is_some() {
            self.later(span, "RETURNING");
        }
        let table = self.target_table(&delete.table)?;
        let alias = delete.alias.as_ref();
        self.apart(|this| {
            let columns = this.target_scope(&table, &delete.table, alias)?;
            let filter = this.write_filter(delete.filter.as_ref());
            if filter.is_none() {
                this.report(say::no_where(keyword(span, 6), "DELETE", &table.name));
            }
            Some(StatementKind::Delete { table: table.clone(), columns, filter })
        })
    }
}

/// The first word of a statement.
fn keyword(span: Span, length: u32) -> Span {
    Span::new(span.start, (span.start + length).min(span.end))
}

fn values_span<'e>(mut values: impl Iterator<Item = &'e Expr>, otherwise: Span) -> Span {
    values.next().map_or(otherwise, |value| Span::new(value.place.start, value.place.end))
}
