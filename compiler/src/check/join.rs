//! Joins: which rows are paired, what the sides' columns are called afterwards, and which of them
//! may be NULL.

use super::Checker;
use super::operand::Operand;
use super::scope::{Aggregating, AliasMode, ScopeColumn, ScopeTable};
use super::source::join;
use crate::diagnostics as say;
use crate::hir::{ColumnVar, Expr, ExprKind, From, JoinKind};
use crate::suggest::similar;
use grizzly_bytecode::Cmp;
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::ops::Range;
use std::sync::Arc;

/// The tables of the two sides of a join, as ranges of those in scope.
struct Sides {
    left: Range<usize>,
    right: Range<usize>,
}

impl<'a> Checker<'a> {
    /// An entry of FROM with what is joined to it.
    pub(crate) fn source_tree(&mut self, tree: &'a ast::FromTree) -> Option<From> {
        let start = self.tables().len();
        let mut left = self.source_item(&tree.first);
        for joined in &tree.joins {
            left = self.joined(left, joined, start);
        }
        left
    }

    /// `left JOIN right ON …`; the tables from `start` on belong to the left side.
    pub(crate) fn joined(
        &mut self,
        left: Option<From>,
        joined: &'a ast::Join,
        start: usize,
    ) -> Option<From> {
        let middle = self.tables().len();
        let right = self.source_item(&joined.right);
        let sides = Sides { left: start..middle, right: middle..self.tables().len() };
        let condition = self.join_condition(joined, &sides);
        use ast::JoinKind as K;
        if matches!(joined.kind, K::Left | K::Full) {
            self.null_tables(&sides.right);
        }
        if matches!(joined.kind, K::Right | K::Full) {
            if right.as_ref().is_some_and(|right| self.refers_to(right, &sides.left)) {
                let what = "a LATERAL item on the right of a RIGHT or FULL JOIN";
                self.later(joined.right.span, what);
                return None;
            }
            self.null_tables(&sides.left);
        }
        if matches!(joined.kind, K::Semi | K::Anti) {
            self.scope.tables.iter_mut().for_each(|tables| tables.truncate(middle));
        }
        let (left, right) = (left?, right?);
        Some(match joined.kind {
            K::Inner | K::Cross => join(JoinKind::Inner, left, right, condition),
            K::Left => join(JoinKind::Left, left, right, condition),
            K::Right => join(JoinKind::Left, right, left, condition),
            K::Full => join(JoinKind::Full, left, right, condition),
            K::Semi => join(JoinKind::Semi, left, right, condition),
            K::Anti => join(JoinKind::Anti, left, right, condition),
        })
    }

    /// A join in parentheses; an alias hides the names of its tables.
    pub(crate) fn nested_join(
        &mut self,
        tree: &'a ast::FromTree,
        alias: Option<&'a ast::TableAlias>,
    ) -> Option<From> {
        let start = self.tables().len();
        let from = self.source_tree(tree)?;
        let Some(alias) = alias else { return Some(from) };
        let inner: Vec<ScopeTable> =
            self.scope.tables.iter_mut().flat_map(|tables| tables.drain(start..)).collect();
        let columns = inner.into_iter().flat_map(|table| table.columns);
        let columns: Vec<ScopeColumn> = columns.filter(|column| !column.merged).collect();
        let row = Arc::new(self.row_shape(&columns));
        let (name, at) = (alias.name.name.clone(), alias.name.span);
        self.enter_table(name, at, columns, row, Some(alias))?;
        Some(from)
    }

    fn side(&self, range: &Range<usize>) -> &[ScopeTable] {
        self.tables().get(range.clone()).unwrap_or(&[])
    }

    /// The columns of a side may be NULL from here on.
    fn null_tables(&mut self, side: &Range<usize>) {
        let columns = self.side(side).iter().flat_map(|table| &table.columns);
        let variables: Vec<ColumnVar> = columns.map(|column| column.variable).collect();
        self.nulled.extend(variables);
    }

    /// Whether a row source uses columns of these tables.
    fn refers_to(&self, from: &From, tables: &Range<usize>) -> bool {
        let mut found = false;
        from.for_each_expr(&mut |expr| found |= self.first_of(expr, tables).is_some());
        found
    }

    /// The first of these tables that an expression uses a column of, and where.
    fn first_of(&self, expr: &Expr, tables: &Range<usize>) -> Option<(SmolStr, Span)> {
        let tables = self.side(tables);
        let mut found = None;
        expr.walk(&mut |e| {
            let ExprKind::Column(variable) = e.kind else { return };
            let owns = |table: &&ScopeTable| table.columns.iter().any(|c| c.variable == variable);
            if let Some(table) = tables.iter().find(owns) {
                let span = Span::new(e.place.start, e.place.end);
                found.get_or_insert((table.name.clone(), span));
            }
        });
        found
    }

    fn join_condition(&mut self, joined: &'a ast::Join, sides: &Sides) -> Option<Expr> {
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
                let on = self.in_clause("ON", AliasMode::Hidden, Aggregating::No, |this| {
                    this.condition(condition, "ON")
                });
                // A comma binds more loosely than JOIN: what stands before it is not there yet.
                if let Some((table, span)) = self.first_of(&on, &(0..sides.left.start)) {
                    self.report(say::outside_join(span, &table, joined.span));
                    return None;
                }
                Some(on)
            }
            ast::JoinCondition::Using(columns) => {
                let mut all: Option<Expr> = None;
                for column in columns {
                    let equal = self.using_column(column, sides, joined.kind)?;
                    all = self.both(all, equal, joined.span);
                }
                all
            }
            ast::JoinCondition::Natural => self.natural_condition(joined, sides),
        }
    }

    fn both(&self, before: Option<Expr>, next: Expr, span: Span) -> Option<Expr> {
        Some(match before {
            None => next,
            Some(before) => self.logic(true, before, next, span),
        })
    }

    /// All columns that both sides have.
    fn natural_condition(&mut self, joined: &'a ast::Join, sides: &Sides) -> Option<Expr> {
        let right: Vec<ScopeColumn> = visible(self.side(&sides.right));
        let mut all: Option<Expr> = None;
        for column in right {
            let left = visible_named(self.side(&sides.left), &column.name);
            match left.as_slice() {
                [] => {}
                [(_, left)] => {
                    let pair = (left.clone(), column);
                    let equal = self.merge_columns(pair, joined.kind, joined.span)?;
                    all = self.both(all, equal, joined.span);
                }
                several => {
                    let owners: Vec<SmolStr> = several.iter().map(|(t, _)| t.clone()).collect();
                    self.report(say::ambiguous_column(joined.span, &column.name, &owners));
                    return None;
                }
            }
        }
        if all.is_none() {
            let help = "the two sides have no column of the same name; write `ON …` or CROSS JOIN";
            let at = joined.right.span;
            self.report(say::no_value(at, "the condition of this NATURAL JOIN", Some(help)));
        }
        all
    }

    /// `left.column = right.column`; the two become one column.
    fn using_column(
        &mut self,
        column: &ast::Ident,
        sides: &Sides,
        kind: ast::JoinKind,
    ) -> Option<Expr> {
        let left = visible_named(self.side(&sides.left), &column.name);
        let right = visible_named(self.side(&sides.right), &column.name);
        if let Some(several) = [&left, &right].into_iter().find(|found| found.len() > 1) {
            let owners: Vec<SmolStr> = several.iter().map(|(t, _)| t.clone()).collect();
            self.report(say::ambiguous_column(column.span, &column.name, &owners));
            return None;
        }
        let (Some((_, left)), Some((_, right))) = (left.first(), right.first()) else {
            let side = if left.is_empty() { "left" } else { "right" };
            let names = self.column_names();
            let near = similar(&column.name, names.iter()).filter(|n| !column.eq_name(n));
            let table = format!("the {side} side of the JOIN");
            let diagnostic =
                say::unknown_column(column.span, &column.name, Some(&table), near.as_deref(), &[]);
            self.report(diagnostic);
            return None;
        };
        self.merge_columns((left.clone(), right.clone()), kind, column.span)
    }

    /// Two columns are equal, and their name alone stands for the one that is there.
    fn merge_columns(
        &mut self,
        (left, right): (ScopeColumn, ScopeColumn),
        kind: ast::JoinKind,
        span: Span,
    ) -> Option<Expr> {
        let (first, second) = (self.column_value(&left, span), self.column_value(&right, span));
        let sides = (Operand::Typed(first.clone()), Operand::Typed(second.clone()));
        let equal = self.comparison(Cmp::Eq, span, sides, span);
        let equal = self.settle(equal);
        if equal.ty.is_error() {
            return None;
        }
        let value = match kind {
            ast::JoinKind::Right => Some(second),
            ast::JoinKind::Full => {
                let values = vec![Operand::Typed(first), Operand::Typed(second)];
                Some(self.coalesce(values, span, None))
            }
            _ => left.value.clone(),
        };
        let tables = self.scope.tables.as_deref_mut().unwrap_or(&mut []);
        for column in tables.iter_mut().flat_map(|table| &mut table.columns) {
            if column.variable == left.variable {
                column.value.clone_from(&value);
            } else if column.variable == right.variable {
                column.merged = true;
            }
        }
        Some(equal)
    }
}

/// The columns of tables that their names alone stand for.
fn visible(tables: &[ScopeTable]) -> Vec<ScopeColumn> {
    let columns = tables.iter().flat_map(|table| &table.columns);
    columns.filter(|column| !column.merged).cloned().collect()
}

/// Those of a name, with the names of their tables.
fn visible_named(tables: &[ScopeTable], name: &str) -> Vec<(SmolStr, ScopeColumn)> {
    let mut found = Vec::new();
    for table in tables {
        let columns = table.columns.iter().filter(|c| !c.merged);
        let named = columns.filter(|c| c.name.eq_ignore_ascii_case(name));
        found.extend(named.map(|column| (table.name.clone(), column.clone())));
    }
    found
}
