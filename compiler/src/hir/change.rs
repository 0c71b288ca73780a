//! Statements that change rows where they stand in functions: what they consist of.

use super::{Assigned, ColumnVar, Expr, From, Offsets, OutputColumn, StatementKind};
use crate::catalog::Table;
use std::sync::Arc;

impl StatementKind {
    /// Calls `visit` with the expressions of a statement that changes rows.
    pub fn for_each_change_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            StatementKind::Insert(insert) => {
                insert.query.for_each_expr(visit);
                insert.for_each_expr(visit);
            }
            StatementKind::Update(update) => {
                update.from.iter().for_each(|from| from.for_each_expr(visit));
                update.for_each_expr(visit);
            }
            StatementKind::Delete(delete) => {
                delete.using.iter().for_each(|from| from.for_each_expr(visit));
                delete.for_each_expr(visit);
            }
            _ => {}
        }
    }

    /// Calls `visit` with the expressions of a statement that changes rows, to change them.
    pub fn for_each_change_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            StatementKind::Insert(insert) => {
                insert.query.for_each_expr_mut(visit);
                insert.for_each_expr_mut(visit);
            }
            StatementKind::Update(update) => {
                update.from.iter_mut().for_each(|from| from.for_each_expr_mut(visit));
                update.for_each_expr_mut(visit);
            }
            StatementKind::Delete(delete) => {
                delete.using.iter_mut().for_each(|from| from.for_each_expr_mut(visit));
                delete.for_each_expr_mut(visit);
            }
            _ => {}
        }
    }

    /// Calls `visit` with the tables of a statement that changes rows.
    pub fn for_each_changed_table(&self, visit: &mut dyn FnMut(&Arc<Table>)) {
        match self {
            StatementKind::Insert(insert) => {
                visit(&insert.table);
                insert.query.for_each_table(visit);
                insert.for_each_expr(&mut |e| e.for_each_table(visit));
            }
            StatementKind::Update(update) => {
                visit(&update.table);
                update.from.iter().for_each(|from| from.for_each_table(visit));
                update.for_each_expr(&mut |e| e.for_each_table(visit));
            }
            StatementKind::Delete(delete) => {
                visit(&delete.table);
                delete.using.iter().for_each(|from| from.for_each_table(visit));
                delete.for_each_expr(&mut |e| e.for_each_table(visit));
            }
            _ => {}
        }
    }

    /// Calls `visit` with the tables of a statement that changes rows, to change them.
    pub fn for_each_changed_table_mut(&mut self, visit: &mut dyn FnMut(&mut Arc<Table>)) {
        match self {
            StatementKind::Insert(insert) => {
                visit(&mut insert.table);
                insert.query.for_each_table_mut(visit);
                insert.for_each_expr_mut(&mut |e| e.for_each_table_mut(visit));
            }
            StatementKind::Update(update) => {
                visit(&mut update.table);
                update.from.iter_mut().for_each(|from| from.for_each_table_mut(visit));
                update.for_each_expr_mut(&mut |e| e.for_each_table_mut(visit));
            }
            StatementKind::Delete(delete) => {
                visit(&mut delete.table);
                delete.using.iter_mut().for_each(|from| from.for_each_table_mut(visit));
                delete.for_each_expr_mut(&mut |e| e.for_each_table_mut(visit));
            }
            _ => {}
        }
    }

    /// Adds the offsets to all variables of a statement that changes rows.
    pub(super) fn renumber_change(&mut self, by: Offsets) {
        match self {
            StatementKind::Insert(insert) => {
                insert.query.renumber(by);
                move_outputs(&mut insert.returning, by);
                if let Some(update) = insert.conflict.as_mut().and_then(|c| c.update.as_mut()) {
                    move_columns(&mut update.existing, by);
                    move_assigned(&mut update.assignments, by);
                }
                insert.for_each_expr_mut(&mut |e| e.renumber(by));
            }
            StatementKind::Update(update) => {
                move_columns(&mut update.columns, by);
                move_assigned(&mut update.assignments, by);
                move_outputs(&mut update.returning, by);
                update.from.iter_mut().for_each(|from: &mut From| from.renumber(by));
                update.for_each_expr_mut(&mut |e| e.renumber(by));
            }
            StatementKind::Delete(delete) => {
                move_columns(&mut delete.columns, by);
                move_outputs(&mut delete.returning, by);
                delete.using.iter_mut().for_each(|from| from.renumber(by));
                delete.for_each_expr_mut(&mut |e| e.renumber(by));
            }
            _ => {}
        }
    }
}

fn move_columns(columns: &mut [ColumnVar], by: Offsets) {
    columns.iter_mut().for_each(|column| column.0 += by.columns);
}

fn move_assigned(assignments: &mut [Assigned], by: Offsets) {
    assignments.iter_mut().for_each(|assigned| assigned.variable.0 += by.columns);
}

fn move_outputs(outputs: &mut [OutputColumn], by: Offsets) {
    outputs.iter_mut().for_each(|output| output.variable.0 += by.columns);
}
