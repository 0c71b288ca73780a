//! FROM: tables and derived tables, and the names that they give.

use super::Checker;
use super::scope::{ScopeColumn, ScopeTable};
use crate::catalog::{ObjectKind, Table, View};
use crate::diagnostics as say;
use crate::hir::{Column, ColumnVar, Expr, ExprKind, From, JoinKind, Query};
use crate::suggest::similar;
use grizzly_bytecode::{Field, StructType, Value};
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

    pub(crate) fn source_item(&mut self, item: &'a ast::FromItem) -> Option<From> {
        match &item.kind {
            ast::FromKind::Table(name) => self.table_source(name, item),
            ast::FromKind::Subquery(query) => self.derived_source(query, item),
            ast::FromKind::Nested(tree) => self.nested_join(tree, item.alias.as_ref()),
            ast::FromKind::File(text) => self.file_source(text, item),
            ast::FromKind::Call { function, arguments, ordinality } => {
                if *ordinality {
                    self.later(item.span, "WITH ORDINALITY");
                    return None;
                }
                match super::file::reader(function) {
                    Some(format) => self.read_call(format, function, arguments, item),
                    None => self.function_source(function, arguments, item),
                }
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
        let folded = ast::fold(&text);
        if let Some(table) = self.catalog.table(&folded) {
            self.uses.insert((ObjectKind::Table, folded));
            return Some(table);
        }
        if self.catalog.view(&folded).is_some() {
            self.report(say::view_not_table(name.span, &text));
            return None;
        }
        // A function may be called once the script has made its tables.
        if self.function.is_some()
            && let Some(table) = self.facts.shapes.get(&folded)
        {
            return Some(table.clone());
        }
        if self.open {
            self.be_late(name.span, "a table that may exist when it is reached".into());
            return None;
        }
        let mut names = self.catalog.names(ObjectKind::Table);
        names.extend(self.catalog.names(ObjectKind::View));
        let near = similar(&text, names.iter());
        if self.is_excused(&text, near.as_ref()) {
            return None;
        }
        let later = self.facts.tables.get(&ast::fold(&text)).copied();
        let later = later.filter(|at| at.start > name.span.start);
        self.report(say::unknown_table(name.span, &text, near.as_deref(), later));
        None
    }

    /// The table of a name that a statement changes, or a report.
    pub(crate) fn target_table(&mut self, name: &'a ast::Name) -> Option<Arc<Table>> {
        let table = self.table_named(name)?;
        if table.name.starts_with("system.") {
            self.report(say::read_only_table(name.span, &table.name));
            return None;
        }
        Some(table)
    }

    /// The view of a name, where it has no parts that need a report.
    fn view_named(&mut self, name: &ast::Name) -> Option<Arc<View>> {
        let [part] = name.parts.as_slice() else { return None };
        let text = match part {
            ast::NamePart::Ident(ident) => ident.folded(),
            ast::NamePart::Interpolation(braces) => {
                let known = self.catalog.variable(&braces.variable.folded())?;
                match known.value {
                    Some(Value::Text(text)) => ast::fold(&text),
                    _ => return None,
                }
            }
        };
        let made = self.catalog.view(&text);
        // A function may be called once the script has made its views.
        made.or_else(|| self.facts.view(&text).filter(|_| self.function.is_some()).cloned())
    }

    fn table_source(&mut self, name: &'a ast::Name, item: &'a ast::FromItem) -> Option<From> {
        if let Some(ident) = name.as_ident()
            && let Some(found) = self.common_source(ident, item)
        {
            return found;
        }
        if let Some(view) = self.view_named(name) {
            return self.view_source(&view, name, item);
        }
        let Some(table) = self.table_named(name) else {
            self.error_table();
            return None;
        };
        let alias = item.alias.as_ref();
        let own = table.name.strip_prefix("system.").unwrap_or(&table.name);
        let shown = alias.map_or(own.into(), |alias| alias.name.name.clone());
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
            columns.push(ScopeColumn::new(column.name.clone(), variable));
        }
        let variables = columns.iter().map(|column| column.variable).collect();
        (columns, variables)
    }

    fn derived_source(&mut self, query: &'a ast::Query, item: &'a ast::FromItem) -> Option<From> {
        let inner = if item.lateral {
            self.nested(|this| this.query(query, None))
        } else {
            let beside = self.tables().to_vec();
            self.apart(|this| {
                this.scope.beside = beside;
                this.query(query, None)
            })
        };
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

    pub(crate) fn row_shape(&self, columns: &[ScopeColumn]) -> StructType {
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
            // What is computed a row of those before it is paired with that row.
            let dependent =
                tree.first.lateral || matches!(tree.first.kind, ast::FromKind::Call { .. });
            if group.get(index) != group.first() && !dependent {
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

pub(crate) fn join(kind: JoinKind, left: From, right: From, condition: Option<Expr>) -> From {
    From::Join { kind, left: Box::new(left), right: Box::new(right), condition }
}

/// The outputs of a query as columns of a table.
pub(crate) fn outputs_as_columns(query: &Query) -> Vec<ScopeColumn> {
    let outputs = query.outputs.iter();
    outputs.map(|output| ScopeColumn::new(output.name.clone(), output.variable)).collect()
}
