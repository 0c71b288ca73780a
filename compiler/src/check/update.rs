//! UPDATE, DELETE and TRUNCATE.

use super::Checker;
use super::conflict::after;
use super::operand::Mode;
use super::scope::{Aggregating, AliasMode};
use crate::catalog::Table;
use crate::diagnostics as say;
use crate::hir::{Assigned, ColumnVar, Delete, Expr, From, OutputColumn, StatementKind, Update};
use grizzly_grammar::{Span, ast};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `UPDATE t SET …`.
    pub(crate) fn update(&mut self, update: &'a ast::Update, span: Span) -> Option<StatementKind> {
        if let Some(with) = &update.with {
            self.later(with.span, "WITH");
        }
        let table = self.target_table(&update.table)?;
        let target = (&update.table, update.alias.as_ref());
        self.apart(|this| {
            let (_, columns) = this.table_columns(&table);
            this.enter_row(&table, target, &columns)?;
            let from = this.other_sources(&update.from)?;
            let assignments = this.assignments(&table, &update.assignments, span)?;
            let filter = this.write_filter(update.filter.as_ref());
            if filter.is_none() && from.is_none() {
                this.report(say::no_where(keyword(span, 6), "UPDATE", &table.name));
            }
            let row = after(&columns, &assignments);
            let guards = this.guards(&table, &row, update.table.span);
            let returning = this.change_returning(target, &row, update.returning.as_deref())?;
            let table = table.clone();
            let update = Update { table, columns, from, filter, assignments, guards, returning };
            Some(StatementKind::Update(Box::new(update)))
        })
    }

    /// RETURNING of an UPDATE or DELETE: the written row in place of the one before, and the tables
    /// of FROM.
    fn change_returning(
        &mut self,
        (name, alias): (&'a ast::Name, Option<&'a ast::Ident>),
        row: &[ColumnVar],
        items: Option<&'a [ast::SelectItem]>,
    ) -> Option<Vec<OutputColumn>> {
        let Some(items) = items else { return Some(Vec::new()) };
        let at = alias.map_or(name.span, |alias| alias.span);
        let tables = self.scope.tables.as_deref_mut().unwrap_or(&mut []);
        for table in tables.iter_mut().filter(|table| table.span == at) {
            for (column, variable) in table.columns.iter_mut().zip(row) {
                column.variable = *variable;
            }
        }
        self.returning_items(items)
    }

    /// FROM of an UPDATE, USING of a DELETE; `None` where it was reported as wrong.
    fn other_sources(&mut self, trees: &'a [ast::FromTree]) -> Option<Option<From>> {
        if trees.is_empty() {
            return Some(None);
        }
        let from = self.all_sources(trees);
        (!self.broken_from && from.is_some()).then_some(from)
    }

    pub(crate) fn write_filter(&mut self, filter: Option<&'a ast::Expr>) -> Option<Expr> {
        let filter = self.in_clause("WHERE", AliasMode::Hidden, Aggregating::No, |this| {
            filter.map(|filter| this.condition(filter, "WHERE"))
        });
        if let Some(filter) = &filter {
            self.forbid_writes(filter, "WHERE");
        }
        filter
    }

    /// SET, each column once.
    pub(crate) fn assignments(
        &mut self,
        table: &Arc<Table>,
        given: &'a [ast::Assignment],
        span: Span,
    ) -> Option<Vec<Assigned>> {
        let mut assignments: Vec<Assigned> = Vec::new();
        let mut spans: Vec<(usize, Span)> = Vec::new();
        for assignment in given {
            let Some((index, value)) = self.assignment(table, assignment) else { continue };
            let at = assignment.column.span();
            let shown = table.columns.get(index).map_or("", |c| c.name.as_str());
            if let Some((_, first)) = spans.iter().find(|(known, _)| *known == index) {
                let first = *first;
                self.report(say::assigned_twice(at, first, shown));
            }
            spans.push((index, at));
            let nullable = self.expr_nullable(&value);
            let variable = self.new_column(shown, value.ty.clone(), nullable);
            assignments.push(Assigned { index, variable, value });
        }
        let known: Vec<_> = assignments.iter().map(|a| (a.index, a.value.clone())).collect();
        self.warn_checks(table, &known, spans.first().map_or(span, |(_, at)| *at));
        Some(assignments)
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
        let table = self.target_table(&delete.table)?;
        let target = (&delete.table, delete.alias.as_ref());
        self.apart(|this| {
            let (_, columns) = this.table_columns(&table);
            this.enter_row(&table, target, &columns)?;
            let using = this.other_sources(&delete.using)?;
            let filter = this.write_filter(delete.filter.as_ref());
            if filter.is_none() && using.is_none() {
                this.report(say::no_where(keyword(span, 6), "DELETE", &table.name));
            }
            let returning = this.change_returning(target, &columns, delete.returning.as_deref())?;
            let delete = Delete { table: table.clone(), columns, using, filter, returning };
            Some(StatementKind::Delete(Box::new(delete)))
        })
    }

    /// `TRUNCATE t`: a DELETE of all rows.
    pub(crate) fn truncate(&mut self, names: &'a [ast::Name]) -> Option<StatementKind> {
        let [name] = names else {
            let at = names.get(1).map_or(Span::default(), |name| name.span);
            self.later(at, "TRUNCATE of several tables");
            return None;
        };
        let table = self.target_table(name)?;
        let (_, columns) = self.table_columns(&table);
        let delete = Delete { table, columns, using: None, filter: None, returning: Vec::new() };
        Some(StatementKind::Delete(Box::new(delete)))
    }
}

/// The first word of a statement.
fn keyword(span: Span, length: u32) -> Span {
    Span::new(span.start, (span.start + length).min(span.end))
}
