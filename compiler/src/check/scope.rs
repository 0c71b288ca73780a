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
    /// The one of several groupings that is being checked.
    pub(crate) grouping: Option<super::grouping::GroupingSet<'a>>,
    /// The keys of GROUP BY, and whether this grouping has them.
    pub(crate) grouping_keys: Vec<(Expr, bool)>,
    /// Bindings before this one stand outside the query.
    pub(crate) first_binding: usize,
    /// The row of the query around this one, whose names are seen after its own.
    pub(crate) outer: Option<Box<QueryScope<'a>>>,
    /// The tables beside this query in FROM, which it does not see without LATERAL; for messages.
    pub(crate) beside: Vec<ScopeTable>,
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
    /// What its name alone stands for, where USING of a RIGHT or FULL JOIN joined another to it.
    pub(crate) value: Option<Expr>,
}

impl ScopeColumn {
    pub(crate) fn new(name: SmolStr, variable: ColumnVar) -> ScopeColumn {
        ScopeColumn { name, variable, merged: false, value: None }
    }
}

impl QueryScope<'_> {
    /// The tables of the row.
    pub(crate) fn rows(&self) -> &[ScopeTable] {
        self.tables.as_deref().unwrap_or(&[])
    }

    /// The table of FROM with this (folded) name or alias.
    pub(crate) fn table(&self, name: &str) -> Option<&ScopeTable> {
        self.rows().iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The columns of this name in all tables, with the names of their tables.
    pub(crate) fn columns_named(&self, name: &str) -> Vec<(SmolStr, ScopeColumn)> {
        let mut found = Vec::new();
        for table in self.rows() {
            for column in &table.columns {
                if !column.merged && column.name.eq_ignore_ascii_case(name) {
                    found.push((table.name.clone(), column.clone()));
                }
            }
        }
        found
    }

    /// Whether a column variable is one of the row's.
    pub(crate) fn owns(&self, variable: ColumnVar) -> bool {
        self.rows().iter().flat_map(|table| &table.columns).any(|c| c.variable == variable)
    }
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
    /// The rows that names are looked up in, from the innermost query outwards.
    pub(crate) fn levels(&self) -> impl Iterator<Item = &QueryScope<'a>> {
        std::iter::successors(Some(&self.scope), |level| level.outer.as_deref())
    }

    /// The tables of the current row; empty where there is none.
    pub(crate) fn tables(&self) -> &[ScopeTable] {
        self.scope.rows()
    }

    /// The table of FROM with this (folded) name or alias.
    pub(crate) fn scope_table(&self, name: &str) -> Option<&ScopeTable> {
        self.scope.table(name)
    }

    /// The names of all columns in scope, for suggestions; those of the innermost query first.
    pub(crate) fn column_names(&self) -> Vec<SmolStr> {
        let tables = self.levels().flat_map(|level| level.rows());
        let mut names: Vec<SmolStr> = Vec::new();
        for column in tables.flat_map(|table| &table.columns) {
            if !names.contains(&column.name) {
                names.push(column.name.clone());
            }
        }
        names
    }

    /// The value that a column's name alone stands for.
    pub(crate) fn column_value(&self, column: &ScopeColumn, span: Span) -> Expr {
        let place = self.place(span);
        match &column.value {
            Some(value) => Expr { place, ..value.clone() },
            None => self.column(column.variable, place),
        }
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
        // The row of a query around is there for VALUES alone; LIMIT and DEFAULT have none.
        let around = if clause == "VALUES" { self.scope.outer.take() } else { None };
        let first_binding = self.scope.first_binding;
        let inner = QueryScope { clause, first_binding, outer: around, ..QueryScope::default() };
        let mut outer = std::mem::replace(&mut self.scope, inner);
        let result = check(self);
        if clause == "VALUES" {
            outer.outer = self.scope.outer.take();
        }
        self.scope = outer;
        result
    }

    /// Checks with a scope of its own, beside the current one: what is around that one is around
    /// it.
    pub(crate) fn apart<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.outer.take();
        let first_binding = self.names.len();
        let beside = self.scope.beside.clone();
        let inner = QueryScope { first_binding, outer, beside, ..QueryScope::default() };
        let mut before = std::mem::replace(&mut self.scope, inner);
        let broken = std::mem::take(&mut self.broken_from);
        let result = check(self);
        self.broken_from = broken;
        before.outer = self.scope.outer.take();
        self.scope = before;
        result
    }

    /// Checks with a scope inside the current one, whose columns are seen in it.
    pub(crate) fn nested<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let inner = QueryScope { first_binding: self.names.len(), ..QueryScope::default() };
        let around = std::mem::replace(&mut self.scope, inner);
        self.scope.outer = Some(Box::new(around));
        let broken = std::mem::take(&mut self.broken_from);
        let result = check(self);
        self.broken_from = broken;
        if let Some(around) = self.scope.outer.take() {
            self.scope = *around;
        }
        result
    }
}
