//! The row that a query's expressions see: the tables of FROM, the aliases of SELECT, and where
//! aggregates may stand.

use super::Checker;
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind};
use grizzly_bytecode::{StructType, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// What the innermost query offers to names.
#[derive(Clone, Default)]
pub(crate) struct QueryScope<'a> {
    /// The tables of FROM; `None` outside a query and where no row exists.
    pub(crate) tables: Option<Vec<ScopeTable>>,
    /// The clause that is being checked, for messages.
    pub(crate) clause: &'static str,
    /// Names of SELECT.
    pub(crate) aliases: Vec<Alias<'a>>,
    /// Whether they are visible.
    pub(crate) alias_mode: AliasMode,
    /// Whether aggregates may stand.
    pub(crate) aggregating: Aggregating,
    /// The aggregates seen so far.
    pub(crate) aggregates: Vec<AggregateCall>,
    /// Bindings before this one stand outside the query.
    pub(crate) first_binding: usize,
}

/// A table of FROM.
#[derive(Clone, Debug)]
pub(crate) struct ScopeTable {
    /// Its alias or name; empty for a derived table without one.
    pub(crate) name: SmolStr,
    pub(crate) span: Span,
    pub(crate) columns: Vec<ScopeColumn>,
    /// The type of its rows.
    pub(crate) row: Arc<StructType>,
}

/// A column of a table of FROM.
#[derive(Clone, Debug)]
pub(crate) struct ScopeColumn {
    pub(crate) name: SmolStr,
    pub(crate) variable: ColumnVar,
    /// Whether USING joined it to a column on its left, which stands for it.
    pub(crate) merged: bool,
}

/// A name that SELECT gives.
#[derive(Clone, Debug)]
pub(crate) struct Alias<'a> {
    /// Folded.
    pub(crate) name: SmolStr,
    pub(crate) span: Span,
    pub(crate) value: &'a ast::Expr,
    /// The output's variable, once SELECT is checked.
    pub(crate) variable: Option<ColumnVar>,
}

/// Whether the aliases of SELECT are visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AliasMode {
    /// No; a use is reported with help.
    #[default]
    Hidden,
    /// Where no column has the name.
    AfterColumns,
    /// Before the columns, as the output's variable.
    BeforeColumns,
}

/// Whether aggregates may stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Aggregating {
    /// No: this is no clause that sees groups.
    #[default]
    No,
    /// Yes; they are collected.
    Collect,
    /// No: this is the argument of one.
    Inside,
}

impl<'a> Checker<'a> {
    /// The tables of the current row; empty where there is none.
    pub(crate) fn tables(&self) -> &[ScopeTable] {
        self.scope.tables.as_deref().unwrap_or(&[])
    }

    /// The table of FROM with this (folded) name or alias.
    pub(crate) fn scope_table(&self, name: &str) -> Option<&ScopeTable> {
        self.tables().iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The columns of this name in all tables, with the names of their tables.
    pub(crate) fn columns_named(&self, name: &str) -> Vec<(SmolStr, ColumnVar)> {
        let mut found = Vec::new();
        for table in self.tables() {
            for column in &table.columns {
                if !column.merged && column.name.eq_ignore_ascii_case(name) {
                    found.push((table.name.clone(), column.variable));
                }
            }
        }
        found
    }

    /// The names of all columns in scope, for suggestions.
    pub(crate) fn column_names(&self) -> Vec<SmolStr> {
        let columns = self.tables().iter().flat_map(|table| &table.columns);
        columns.map(|column| column.name.clone()).collect()
    }

    /// The row of a table as a struct.
    pub(crate) fn row_of(&self, table: &ScopeTable, span: Span) -> Expr {
        let place = self.place(span);
        let fields = table.columns.iter().map(|c| self.column(c.variable, place)).collect();
        let ty = Type::Struct(table.row.clone());
        Expr { kind: ExprKind::MakeStruct(fields), ty, place }
    }

    /// Checks something in another clause of the same query.
    pub(crate) fn in_clause<T>(
        &mut self,
        clause: &'static str,
        alias_mode: AliasMode,
        aggregating: Aggregating,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = (self.scope.clause, self.scope.alias_mode, self.scope.aggregating);
        self.scope.clause = clause;
        self.scope.alias_mode = alias_mode;
        self.scope.aggregating = aggregating;
        let result = check(self);
        (self.scope.clause, self.scope.alias_mode, self.scope.aggregating) = before;
        result
    }

    /// Checks something where there is no row: LIMIT, DEFAULT, VALUES.
    pub(crate) fn without_row<T>(
        &mut self,
        clause: &'static str,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let inner = QueryScope {
            clause,
            first_binding: self.scope.first_binding,
            ..QueryScope::default()
        };
        let outer = std::mem::replace(&mut self.scope, inner);
        let result = check(self);
        self.scope = outer;
        result
    }
}
