//! The statements that change rows.
//!
//! What a written row must fulfil (CHECK) stands in them as *guards*: BOOLEAN expressions over the
//! row's variables that raise where it does not. Guards and RETURNING see the row as it is stored.

use super::{ColumnVar, Expr, From, OutputColumn, Query};
use crate::catalog::Table;
use std::sync::Arc;

/// INSERT.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: Arc<Table>,
    /// The rows: its outputs are all columns of the table, in order, of their types.
    pub query: Query,
    /// Over the outputs' variables.
    pub guards: Vec<Expr>,
    /// ON CONFLICT.
    pub conflict: Option<Conflict>,
    /// RETURNING, over the outputs' variables; empty without.
    pub returning: Vec<OutputColumn>,
}

/// ON CONFLICT.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The rule of uniqueness that is meant: `None` for all, else the table's key or the index of
    /// this number.
    pub target: Option<ConflictTarget>,
    /// DO UPDATE; `None` is DO NOTHING.
    pub update: Option<ConflictUpdate>,
}

/// A rule of uniqueness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictTarget {
    /// The primary key.
    Key,
    /// The table's index of this number.
    Index(usize),
}

/// DO UPDATE.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictUpdate {
    /// The variables of the row that is there; those of the new row are the INSERT's.
    pub existing: Vec<ColumnVar>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// SET.
    pub assignments: Vec<Assigned>,
    /// Over the row after SET.
    pub guards: Vec<Expr>,
    /// RETURNING, over the row after SET.
    pub returning: Vec<Expr>,
}

/// A new value of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// The index of the column in the table.
    pub index: usize,
    /// Stands for the new value in guards and RETURNING.
    pub variable: ColumnVar,
    /// Of the column's type.
    pub value: Expr,
}

/// UPDATE.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: Arc<Table>,
    /// Its columns' variables, before the change.
    pub columns: Vec<ColumnVar>,
    /// FROM: each of its rows is paired with the table's; the first that fits a row changes it.
    pub from: Option<From>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// SET.
    pub assignments: Vec<Assigned>,
    /// Over the row after SET.
    pub guards: Vec<Expr>,
    /// RETURNING, over the row after SET and the columns of FROM; empty without.
    pub returning: Vec<OutputColumn>,
}

/// DELETE.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: Arc<Table>,
    /// Its columns' variables.
    pub columns: Vec<ColumnVar>,
    /// USING.
    pub using: Option<From>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING; empty without.
    pub returning: Vec<OutputColumn>,
}

impl Insert {
    /// Calls `visit` with every expression outside the query.
    pub fn for_each_expr<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        self.guards.iter().for_each(&mut *visit);
        self.returning.iter().for_each(|output| visit(&output.value));
        let Some(update) = self.conflict.as_ref().and_then(|c| c.update.as_ref()) else { return };
        update.filter.iter().for_each(&mut *visit);
        update.assignments.iter().for_each(|a| visit(&a.value));
        update.guards.iter().chain(&update.returning).for_each(visit);
    }

    /// Calls `visit` with every expression outside the query, to change them.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        self.guards.iter_mut().for_each(&mut *visit);
        self.returning.iter_mut().for_each(|output| visit(&mut output.value));
        let Some(update) = self.conflict.as_mut().and_then(|c| c.update.as_mut()) else { return };
        update.filter.iter_mut().for_each(&mut *visit);
        update.assignments.iter_mut().for_each(|a| visit(&mut a.value));
        update.guards.iter_mut().chain(&mut update.returning).for_each(visit);
    }
}

impl Update {
    /// Calls `visit` with every expression outside FROM.
    pub fn for_each_expr<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        self.filter.iter().for_each(&mut *visit);
        self.assignments.iter().for_each(|a| visit(&a.value));
        self.guards.iter().for_each(&mut *visit);
        self.returning.iter().for_each(|output| visit(&output.value));
    }

    /// Calls `visit` with every expression outside FROM, to change them.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        self.filter.iter_mut().for_each(&mut *visit);
        self.assignments.iter_mut().for_each(|a| visit(&mut a.value));
        self.guards.iter_mut().for_each(&mut *visit);
        self.returning.iter_mut().for_each(|output| visit(&mut output.value));
    }
}

impl Delete {
    /// Calls `visit` with every expression outside USING.
    pub fn for_each_expr<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        self.filter.iter().for_each(&mut *visit);
        self.returning.iter().for_each(|output| visit(&output.value));
    }

    /// Calls `visit` with every expression outside USING, to change them.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        self.filter.iter_mut().for_each(&mut *visit);
        self.returning.iter_mut().for_each(|output| visit(&mut output.value));
    }
}
