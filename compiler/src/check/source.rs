//! FROM: tables, derived tables, VALUES and joins.

use super::Checker;
use super::scope::{Aggregating, AliasMode, ScopeColumn, ScopeTable};
use crate::catalog::{ObjectKind, Table};
use crate::diagnostics as say;
use crate::hir::{Column, ColumnVar, Expr, ExprKind, From, JoinKind, Query};
use crate::suggest::similar;
use grizzly_bytecode::{Cmp, Field, StructType};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// All of FROM. The tables go into the scope as they are met, so that ON sees those before it.
    pub(crate) fn all_sources(&mut self, trees: &'a [ast::FromTree]) -> Option<From> {
        let mut whole: Option<From> = None;
        for tree in trees {
            let right = self.source_tree(tree)?;
            whole = Some(match whole {
                None => right,
                Some(left) => join(JoinKind::Inner, left, right, None),
            });
        }
        whole
    }

    fn source_tree(&mut self, tree: &'a ast::FromTree) -> Option<From> {
        let start = self.tables().len();
        let mut left = self.source_item(&tree.first);
        for joined in &tree.joins {
            let middle = self.tables().len();
            let right = self.source_item(&joined.right);
            let kind = match joined.kind {
                ast::JoinKind::Inner | ast::JoinKind::Cross => JoinKind::Inner,
                ast::JoinKind::Left => JoinKind::Left,
                ast::JoinKind::Right => return self.no_join(joined.span, "RIGHT JOIN"),
                ast::JoinKind::Full => return self.no_join(joined.span, "FULL JOIN"),
                ast::JoinKind::Semi => return self.no_join(joined.span, "SEMI JOIN"),
                ast::JoinKind::Anti => return self.no_join(joined.span, "ANTI JOIN"),
            };
            let condition = self.join_condition(joined, start, middle);
            if kind == JoinKind::Left {
                let tables = self.scope.tables.as_deref().unwrap_or(&[]);
                let right = tables.get(middle..).unwrap_or(&[]).iter().flat_map(|t| &t.columns);
                let variables: Vec<ColumnVar> = right.map(|column| column.variable).collect();
                self.nulled.extend(variables);
            }
            left = match (left, right) {
                (Some(left), Some(right)) => Some(join(kind, left, right, condition)),
                _ => None,
            };
        }
        left
    }

    fn no_join(&mut self, span: Span, what: &str) -> Option<From> {
        self.later(span, what);
        None
    }

    fn join_condition(
        &mut self,
        joined: &'a ast::Join,
        start: usize,
        middle: usize,
    ) -> Option<Expr> {
        match &joined.condition {
            ast::JoinCondition::None => {
                if joined.kind != ast::JoinKind::Cross {
                    let at = joined.right.span;
                    let help = "add `ON …` or `USING (…)`, or write CROSS JOIN";
                    self.report(say::no_value(at, "the condition of this JOIN", Some(help)));
                }
                None
            }
            ast::JoinCondition::On(condition) => {
                Some(self.in_clause("ON", AliasMode::Hidden, Aggregating::No, |this| {
                    this.condition(condition, "ON")
                }))
            }
            ast::JoinCondition::Using(columns) => {
                let mut all: Option<Expr> = None;
                for column in columns {
                    let equal = self.using_column(column, start, middle)?;
                    all = Some(match all {
                        None => equal,
                        Some(before) => self.logic(true, before, equal, joined.span),
                    });
                }
                all
            }
            ast::JoinCondition::Natural => {
                self.later(joined.span, "NATURAL JOIN");
                None
            }
        }
    }

    /// `left.column = right.column`; the right one is merged into the left one.
    fn using_column(&mut self, column: &ast::Ident, start: usize, middle: usize) -> Option<Expr> {
        let find = |tables: &[ScopeTable]| -> Vec<ColumnVar> {
            let columns = tables.iter().flat_map(|table| &table.columns);
            let named = columns.filter(|c| !c.merged && column.eq_name(&c.name));
            named.map(|c| c.variable).collect()
        };
        let tables = self.scope.tables.as_deref().unwrap_or(&[]);
        let left = find(tables.get(start..middle).unwrap_or(&[]));
        let right = find(tables.get(middle..).unwrap_or(&[]));
        let (Some(left), Some(right)) = (left.first(), right.first()) else {
            let side = if left.is_empty() { "left" } else { "right" };
            let names = self.column_names();
            let near = similar(&column.name, names.iter()).filter(|n| !column.eq_name(n));
            let table = format!("the {side} side of the JOIN");
            let diagnostic =
                say::unknown_column(column.span, &column.name, Some(&table), near.as_deref(), &[]);
            self.report(diagnostic);
            return None;
        };
        let (left, right) = (*left, *right);
        let tables = self.scope.tables.as_deref_mut().unwrap_or(&mut []);
        let merged = tables.iter_mut().flat_map(|table| &mut table.columns);
        merged.filter(|c| c.variable == right).for_each(|c| c.merged = true);
        let place = self.place(column.span);
        let sides = (self.column(left, place), self.column(right, place));
        let sides =
            (super::operand::Operand::Typed(sides.0), super::operand::Operand::Typed(sides.1));
        let equal = self.comparison(Cmp::Eq, column.span, sides, column.span);
        Some(self.settle(equal))
    }

    fn source_item(&mut self, item: &'a ast::FromItem) -> Option<From> {
        if item.lateral {
            self.later(item.span, "LATERAL");
            return None;
        }
        match &item.kind {
            ast::FromKind::Table(name) => self.table_source(name, item),
            ast::FromKind::Subquery(query) => self.derived_source(query, item),
            ast::FromKind::Nested(tree) => {
                if item.alias.is_some() {
                    self.later(item.span, "an alias of a join");
                    return None;
                }
                self.source_tree(tree)
            }
            ast::FromKind::File(text) => self.file_source(text, item),
            ast::FromKind::Call { function, arguments, .. } => {
                if let Some(format) = super::file::reader(function) {
                    return self.read_call(format, function, arguments, item);
                }
                self.later(item.span, "a table function in FROM");
                None
            }
            ast::FromKind::Error => {
                self.error_table();
                None
            }
        }
    }

    /// Keeps names quiet whose table could not be understood.
    pub(crate) fn error_table(&mut self) {
        self.broken_from = true;
    }

    /// The table of a name, or a report.
    pub(crate) fn table_named(&mut self, name: &'a ast::Name) -> Option<Arc<Table>> {
        let text = self.object_name(name)?;
        if let Some(table) = self.catalog.table(&ast::fold(&text)) {
            return Some(table);
        }
        if self.open {
            self.be_late(name.span, "a table that may exist when it is reached".into());
            return None;
        }
        let names = self.catalog.names(ObjectKind::Table);
        let near = similar(&text, names.iter());
        if self.is_excused(&text, near.as_ref()) {
            return None;
        }
        let later = self.facts.tables.get(&ast::fold(&text)).copied();
        let later = later.filter(|at| at.start > name.span.start);
        self.report(say::unknown_table(name.span, &text, near.as_deref(), later));
        None
    }

    fn table_source(&mut self, name: &'a ast::Name, item: &'a ast::FromItem) -> Option<From> {
        let Some(table) = self.table_named(name) else {
            self.error_table();
            return None;
        };
        let alias = item.alias.as_ref();
        let shown = alias.map_or(table.name.clone(), |alias| alias.name.name.clone());
        let at = alias.map_or(name.span, |alias| alias.name.span);
        let (columns, variables) = self.table_columns(&table);
        let row = Arc::new(table.row_type());
        self.enter_table(shown, at, columns, row, alias)?;
        Some(From::Table { table, columns: variables })
    }

    /// New variables for the columns of a table.
    pub(crate) fn table_columns(&mut self, table: &Table) -> (Vec<ScopeColumn>, Vec<ColumnVar>) {
        let mut columns = Vec::new();
        for column in &table.columns {
            let nullable = column.nullable;
            let variable = self.new_column(column.name.clone(), column.ty.clone(), nullable);
            columns.push(ScopeColumn { name: column.name.clone(), variable, merged: false });
        }
        let variables = columns.iter().map(|column| column.variable).collect();
        (columns, variables)
    }

    fn derived_source(&mut self, query: &'a ast::Query, item: &'a ast::FromItem) -> Option<From> {
        let inner = self.apart(|this| this.query(query, None));
        let Some(inner) = inner else {
            self.error_table();
            return None;
        };
        let alias = item.alias.as_ref();
        let name = alias.map_or(SmolStr::default(), |alias| alias.name.name.clone());
        let columns: Vec<ScopeColumn> = outputs_as_columns(&inner);
        let at = alias.map_or(item.span, |alias| alias.name.span);
        let row = Arc::new(self.row_shape(&columns));
        self.enter_table(name, at, columns, row, alias)?;
        Some(From::Query(Box::new(inner)))
    }

    fn row_shape(&self, columns: &[ScopeColumn]) -> StructType {
        let of = |column: &ScopeColumn| {
            let known: Option<&Column> = self.columns.get(column.variable.0 as usize);
            let ty = known.map_or(grizzly_bytecode::Type::Error, |known| known.ty.clone());
            Field { name: column.name.clone(), ty }
        };
        StructType { name: None, fields: columns.iter().map(of).collect() }
    }

    /// Puts a table into the scope, under its alias and with the column names of the alias.
    pub(crate) fn enter_table(
        &mut self,
        name: SmolStr,
        span: Span,
        mut columns: Vec<ScopeColumn>,
        row: Arc<StructType>,
        alias: Option<&'a ast::TableAlias>,
    ) -> Option<()> {
        if let Some(alias) = alias.filter(|alias| !alias.columns.is_empty()) {
            if alias.columns.len() > columns.len() {
                let found = alias.columns.len();
                let what = format!("`{}`", alias.name.name);
                self.report(say::wrong_width(alias.name.span, columns.len(), found, &what));
                return None;
            }
            for (column, renamed) in columns.iter_mut().zip(&alias.columns) {
                column.name = renamed.name.clone();
            }
        }
        let same = self.scope_table(&name).map(|table| table.span);
        if let Some(first) = same.filter(|_| !name.is_empty()) {
            self.report(say::duplicate_name(span, first, "table", &name));
        }
        let renamed = alias.is_some_and(|alias| !alias.columns.is_empty());
        let row = if renamed { Arc::new(self.row_shape(&columns)) } else { row };
        let tables = self.scope.tables.get_or_insert_with(Vec::new);
        tables.push(ScopeTable { name, span, columns, row });
        Some(())
    }

    /// Warns of tables that a comma joins and nothing in WHERE pairs.
    pub(crate) fn warn_cross_joins(&mut self, trees: &'a [ast::FromTree], filter: Option<&Expr>) {
        if trees.len() < 2 {
            return;
        }
        let mut owner: Vec<(ColumnVar, usize)> = Vec::new();
        for table in self.tables() {
            let tree = trees
                .iter()
                .position(|t| t.span.start <= table.span.start && table.span.end <= t.span.end);
            let Some(tree) = tree else { continue };
            owner.extend(table.columns.iter().map(|c| (c.variable, tree)));
        }
        let mut group: Vec<usize> = (0..trees.len()).collect();
        if let Some(filter) = filter {
            filter.walk(&mut |expr| {
                if !matches!(expr.kind, ExprKind::And(..)) {
                    merge_trees(expr, &owner, &mut group);
                }
            });
        }
        for (index, tree) in trees.iter().enumerate().skip(1) {
            if group.get(index) != group.first() {
                self.report(say::implicit_cross_join(tree.span));
            }
        }
    }
}

/// Puts the trees whose columns one condition mentions into one group.
fn merge_trees(expr: &Expr, owner: &[(ColumnVar, usize)], group: &mut [usize]) {
    let mut first: Option<usize> = None;
    expr.walk(&mut |e| {
        let ExprKind::Column(variable) = e.kind else { return };
        let found = owner.iter().find(|(known, _)| *known == variable);
        let Some(own) = found.and_then(|(_, tree)| group.get(*tree).copied()) else { return };
        match first {
            None => first = Some(own),
            Some(kept) if kept != own => {
                group.iter_mut().filter(|g| **g == own).for_each(|g| *g = kept);
            }
            Some(_) => {}
        }
    });
}

fn join(kind: JoinKind, left: From, right: From, condition: Option<Expr>) -> From {
    From::Join { kind, left: Box::new(left), right: Box::new(right), condition }
}

/// The outputs of a query as columns of a table.
pub(crate) fn outputs_as_columns(query: &Query) -> Vec<ScopeColumn> {
    let column = |output: &crate::hir::OutputColumn| ScopeColumn {
        name: output.name.clone(),
        variable: output.variable,
        merged: false,
    };
    query.outputs.iter().map(column).collect()
}
