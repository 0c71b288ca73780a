//! Statements that change rows where they stand in functions: what they consist of.

use super::{Expr, Offsets, StatementKind};
use crate::catalog::Table;
use std::sync::Arc;

impl StatementKind {
    /// Calls `visit` with the expressions of a statement that changes rows.
    pub fn for_each_change_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            StatementKind::Insert(_, query) => query.for_each_expr(visit),
            StatementKind::Update { filter, assignments, .. } => {
                filter.iter().for_each(&mut *visit);
                assignments.iter().for_each(|(_, value)| visit(value));
            }
            StatementKind::Delete { filter, .. } => filter.iter().for_each(visit),
            _ => {}
        }
    }

    /// Calls `visit` with the expressions of a statement that changes rows, to change them.
    pub fn for_each_change_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            StatementKind::Insert(_, query) => query.for_each_expr_mut(visit),
            StatementKind::Update { filter, assignments, .. } => {
                filter.iter_mut().for_each(&mut *visit);
                assignments.iter_mut().for_each(|(_, value)| visit(value));
            }
            StatementKind::Delete { filter, .. } => filter.iter_mut().for_each(visit),
            _ => {}
        }
    }

    /// Calls `visit` with the tables of a statement that changes rows.
    pub fn for_each_changed_table(&self, visit: &mut dyn FnMut(&Arc<Table>)) {
        match self {
            StatementKind::Insert(table, query) => {
                visit(table);
                return query.for_each_table(visit);
            }
            StatementKind::Update { table, .. } | StatementKind::Delete { table, .. } => {
                visit(table);
            }
            _ => {}
        }
        self.for_each_change_expr(&mut |e| e.for_each_table(visit));
    }

    /// Calls `visit` with the tables of a statement that changes rows, to change them.
    pub fn for_each_changed_table_mut(&mut self, visit: &mut dyn FnMut(&mut Arc<Table>)) {
        match self {
            StatementKind::Insert(table, query) => {
                visit(table);
                return query.for_each_table_mut(visit);
            }
            StatementKind::Update { table, .. } | StatementKind::Delete { table, .. } => {
                visit(table);
            }
            _ => {}
        }
        self.for_each_change_expr_mut(&mut |e| e.for_each_table_mut(visit));
    }

    /// Adds the offsets to all variables of a statement that changes rows.
    pub(super) fn renumber_change(&mut self, by: Offsets) {
        match self {
            StatementKind::Insert(_, query) => return query.renumber(by),
            StatementKind::Update { columns, .. } | StatementKind::Delete { columns, .. } => {
                columns.iter_mut().for_each(|column| column.0 += by.columns);
            }
            _ => {}
        }
        self.for_each_change_expr_mut(&mut |e| e.renumber(by));
    }
}
