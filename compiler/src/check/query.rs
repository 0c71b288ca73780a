//! Queries: SELECT with its clauses in the order in which they are computed, and VALUES.

use super::choice::{Branch, Use};
use super::group::Key;
use super::operand::{Mode, Operand};
use super::scope::{Aggregating, Alias, AliasMode};
use super::{Checker, walk};
use crate::diagnostics as say;
use crate::hir::{Aggregation, ColumnVar, Expr, ExprKind, From, OrderKey, OutputColumn, Query};
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

/// What the clauses of one SELECT have become, before grouping is applied.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) outputs: Vec<OutputColumn>,
    pub(crate) having: Option<Expr>,
    pub(crate) order: Vec<OrderKey>,
}

impl<'a> Checker<'a> {
    /// A whole query; `want` are the types that its columns should have, as hints. `None` where it
    /// was reported as wrong.
    pub(crate) fn query(&mut self, query: &'a ast::Query, want: Option<&[Type]>) -> Option<Query> {
        if let Some(secret) = query.secrets.first() {
            self.later(secret.span, "USING SECRET");
            return None;
        }
        let outside = self.commons.len();
        let with = match &query.with {
            Some(with) => self.with_tables(with),
            None => Some(Vec::new()),
        };
        let rows = self.rows(query, want);
        self.commons.truncate(outside);
        let (with, mut rows) = (with?, rows?);
        rows.with.splice(0..0, with);
        Some(rows)
    }

    /// The rows of a query whose WITH is in scope.
    fn rows(&mut self, query: &'a ast::Query, want: Option<&[Type]>) -> Option<Query> {
        if let ast::QueryBody::Select(select) = &query.body {
            let order = query.order_by.as_ref();
            let limit = query.limit.as_ref();
            let (rows, tables) = self.apart(|this| {
                let rows = this.select(select, order, limit, want)?;
                // The tables of FROM keep their names in the steps of a query without SELECT.
                let tables = this.scope.tables.take().filter(|_| select.items.is_none());
                Some((rows, tables))
            })?;
            return self.piped(rows, tables, query);
        }
        let rows = self.core(&query.body, want)?;
        self.finished(rows, query)
    }

    /// The rows of a query's body without what stands after it.
    pub(crate) fn core(
        &mut self,
        body: &'a ast::QueryBody,
        want: Option<&[Type]>,
    ) -> Option<Query> {
        match body {
            ast::QueryBody::Select(select) => {
                self.apart(|this| this.select(select, None, None, want))
            }
            ast::QueryBody::Values(values) => self.apart(|this| this.values(values, want)),
            ast::QueryBody::Nested(inner) => self.query(inner, want),
            ast::QueryBody::Set(set) => self.set_operation(set, want),
            ast::QueryBody::Error => None,
        }
    }

    /// The rows of a body with the ORDER BY, LIMIT and pipes of its query.
    pub(crate) fn finished(&mut self, rows: Query, query: &'a ast::Query) -> Option<Query> {
        let rows = self.ordered(rows, query.order_by.as_ref(), query.limit.as_ref())?;
        self.piped(rows, None, query)
    }

    /// A query with ORDER BY and LIMIT around another one.
    fn ordered(
        &mut self,
        inner: Query,
        order: Option<&'a ast::OrderBy>,
        limit: Option<&'a ast::Limit>,
    ) -> Option<Query> {
        if order.is_none() && limit.is_none() {
            return Some(inner);
        }
        let columns = super::source::outputs_as_columns(&inner);
        self.apart(|this| {
            let row = std::sync::Arc::new(grizzly_bytecode::StructType {
                name: None,
                fields: Vec::new(),
            });
            this.enter_table(SmolStr::default(), Span::default(), columns, row, None)?;
            let outputs = this.star_outputs(None, Span::default())?;
            let mut parts = Parts { outputs, ..Parts::default() };
            this.order_by(order, &mut parts);
            let (limit, offset) = this.limits(limit);
            let from = Some(From::Query(Box::new(inner)));
            let Parts { outputs, order, .. } = parts;
            let plain = plain_query(from, outputs);
            Some(Query { order, limit, offset, ..plain })
        })
    }

    pub(crate) fn select(
        &mut self,
        select: &'a ast::Select,
        order: Option<&'a ast::OrderBy>,
        limit: Option<&'a ast::Limit>,
        want: Option<&[Type]>,
    ) -> Option<Query> {
        self.unsupported_clauses(select)?;
        if let Some(rows) = self.select_sets(select, order, limit, want) {
            return rows;
        }
        self.scope.tables = Some(Vec::new());
        let from = self.all_sources(&select.from);
        if self.broken_from || (from.is_none() && !select.from.is_empty()) {
            // Nothing is known of the columns, so nothing sensible can be said of the other
            // clauses.
            return None;
        }
        self.scope.aliases = aliases_of(select.items.as_deref());
        let filter = select.filter.as_ref().map(|filter| {
            self.in_clause("WHERE", AliasMode::Hidden, Aggregating::No, |this| {
                this.condition(filter, "WHERE")
            })
        });
        self.warn_cross_joins(&select.from, filter.as_ref());
        let items = select.items.as_deref();
        let keys = match &select.group_by {
            Some(group_by) => Some(self.group_keys(group_by, items)?),
            None => None,
        };
        let one_of_several = self.scope.grouping.is_some();
        let mut parts =
            Parts { outputs: self.outputs(items, select.span, want)?, ..Parts::default() };
        parts.having = select.having.as_ref().map(|having| {
            self.in_clause("HAVING", AliasMode::AfterColumns, Aggregating::Collect, |this| {
                this.condition(having, "HAVING")
            })
        });
        self.order_by(order, &mut parts);
        let (limit, offset) = self.limits(limit);
        let listed = matches!(select.group_by, Some(ast::GroupBy::Items(_)));
        let group_span = clause_span(select, ast::ClauseKind::GroupBy).filter(|_| listed);
        let aggregation = self.aggregation(keys, &mut parts, group_span);
        if one_of_several {
            self.order_as_outputs(&mut parts);
        }
        let distinct = select.distinct.is_some();
        if distinct {
            self.order_by_outputs(&mut parts);
        }
        let Parts { outputs, having, order } = parts;
        let query = Query {
            from,
            filter,
            aggregation,
            having,
            distinct,
            order,
            limit,
            offset,
            ..plain_query(None, outputs)
        };
        self.query_effects(&query);
        Some(query)
    }

    fn unsupported_clauses(&mut self, select: &'a ast::Select) -> Option<()> {
        let later = if let Some(distinct) = &select.distinct
            && !distinct.on.is_empty()
        {
            (distinct.span, "DISTINCT ON")
        } else if !select.windows.is_empty() {
            (clause_span(select, ast::ClauseKind::Window).unwrap_or(select.span), "WINDOW")
        } else if let Some(qualify) = &select.qualify {
            (qualify.span, "QUALIFY")
        } else {
            return Some(());
        };
        self.later(later.0, later.1);
        None
    }

    pub(crate) fn order_by(&mut self, order: Option<&'a ast::OrderBy>, parts: &mut Parts) {
        let Some(order) = order else { return };
        if let Some(direction) = &order.all {
            let all: Vec<Expr> = parts
                .outputs
                .iter()
                .map(|output| self.column(output.variable, output.value.place))
                .collect();
            all.into_iter().for_each(|value| parts.order.extend(self.order_key(value, *direction)));
            return;
        }
        for item in &order.items {
            let value = self.order_value(&item.value, &parts.outputs);
            parts.order.extend(self.order_key(value, item.direction));
        }
    }

    pub(crate) fn order_key(
        &mut self,
        value: Expr,
        direction: ast::OrderDirection,
    ) -> Option<OrderKey> {
        if !value.ty.is_error() && !super::types::is_comparable(&value.ty) {
            let at = Span::new(value.place.start, value.place.end);
            let why = "a key of ORDER BY";
            self.report(say::type_mismatch(at, &Type::Text, &value.ty, why, false));
            return None;
        }
        let descending = direction.descending.unwrap_or(false);
        let nulls_first = direction.nulls_first.unwrap_or(descending);
        Some(OrderKey { value, descending, nulls_first })
    }

    fn order_value(&mut self, expr: &'a ast::Expr, outputs: &[OutputColumn]) -> Expr {
        if let ast::ExprKind::Literal(ast::Literal::Number(text)) = &expr.kind {
            let index = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            return match index.and_then(|i| outputs.get(i)) {
                Some(output) => self.column(output.variable, self.place(expr.span)),
                None => {
                    let count = outputs.len();
                    self.report(say::bad_ordinal(expr.span, text, count, "ORDER BY"));
                    self.error(expr.span)
                }
            };
        }
        self.in_clause("ORDER BY", AliasMode::BeforeColumns, Aggregating::Collect, |this| {
            this.expr(expr)
        })
    }

    /// After DISTINCT only outputs are left to order by.
    pub(crate) fn order_by_outputs(&mut self, parts: &mut Parts) {
        for key in &mut parts.order {
            let is_output =
                |v: &ColumnVar| parts.outputs.iter().any(|output| output.variable == *v);
            if key.value.ty.is_error()
                || matches!(&key.value.kind, ExprKind::Column(v) if is_output(v))
            {
                continue;
            }
            match parts.outputs.iter().find(|output| walk::same(&output.value, &key.value)) {
                Some(output) => key.value.kind = ExprKind::Column(output.variable),
                None => {
                    let at = Span::new(key.value.place.start, key.value.place.end);
                    self.report(say::not_in_distinct(at));
                }
            }
        }
    }

    pub(crate) fn limits(&mut self, limit: Option<&'a ast::Limit>) -> (Option<Expr>, Option<Expr>) {
        let Some(limit) = limit else { return (None, None) };
        let mut check = |expr: &'a Option<ast::Expr>, clause: &'static str| {
            let expr = expr.as_ref()?;
            Some(self.without_row(clause, |this| {
                this.expr_as(expr, &Type::Int64, Mode::Implicit, clause)
            }))
        };
        (check(&limit.count, "LIMIT"), check(&limit.offset, "OFFSET"))
    }

    /// Applies grouping to what is computed after it.
    pub(crate) fn aggregation(
        &mut self,
        keys: Option<Vec<Key>>,
        parts: &mut Parts,
        group_by: Option<Span>,
    ) -> Option<Aggregation> {
        let aggregates = std::mem::take(&mut self.scope.aggregates);
        if keys.is_none() && aggregates.is_empty() && parts.having.is_none() {
            return None;
        }
        let keys = keys.unwrap_or_default();
        let after = parts.outputs.iter_mut().map(|output| &mut output.value);
        let after = after.chain(&mut parts.having);
        for expr in after.chain(parts.order.iter_mut().map(|key| &mut key.value)) {
            self.regroup(expr, &keys, group_by);
        }
        Some(Aggregation { keys, aggregates })
    }

    /// `VALUES (…), (…)`: columns `col0`, `col1`, … of the least type of their values.
    pub(crate) fn values(
        &mut self,
        values: &'a ast::Values,
        want: Option<&[Type]>,
    ) -> Option<Query> {
        let width = values.rows.first().map_or(0, |row| row.items.len());
        let mut table: Vec<Vec<Operand>> = vec![Vec::new(); width];
        for row in &values.rows {
            if row.items.len() != width {
                let what = "the first row";
                self.report(say::wrong_width(row.span, width, row.items.len(), what));
                return None;
            }
            for (index, item) in row.items.iter().enumerate() {
                let hint = want.and_then(|types| types.get(index));
                let operand = match item {
                    ast::ValuesItem::Expr(expr) => {
                        self.without_row("VALUES", |this| this.operand(expr, hint))
                    }
                    ast::ValuesItem::Default(span) => {
                        let help = "DEFAULT stands only in VALUES of an INSERT";
                        self.report(say::no_value(*span, "DEFAULT", Some(help)));
                        Operand::Typed(self.error(*span))
                    }
                };
                table.get_mut(index).into_iter().for_each(|column| column.push(operand.clone()));
            }
        }
        let mut columns = Vec::new();
        for (index, operands) in table.into_iter().enumerate() {
            let hint = want.and_then(|types| types.get(index));
            let branches: Vec<Branch> = operands
                .into_iter()
                .map(|operand| {
                    let span = self.span_of(&operand);
                    Branch::of(operand, span)
                })
                .collect();
            let (mut exprs, mut ty) = self.unify_branches(branches, hint, Use::Yes);
            if ty == Type::Null {
                ty = Type::Text;
                exprs.iter_mut().for_each(|expr| expr.ty = Type::Text);
            }
            columns.push((ty, exprs));
        }
        Some(self.values_query(columns, values.rows.len(), values.span))
    }

    fn values_query(&mut self, columns: Vec<(Type, Vec<Expr>)>, count: usize, span: Span) -> Query {
        let mut rows: Vec<Vec<Expr>> = vec![Vec::new(); count];
        let mut variables = Vec::new();
        let mut outputs = Vec::new();
        for (index, (ty, exprs)) in columns.into_iter().enumerate() {
            let name = SmolStr::from(format!("col{index}"));
            let nullable = exprs.iter().any(|expr| self.expr_nullable(expr));
            let variable = self.new_column(name.clone(), ty, nullable);
            variables.push(variable);
            let value = self.column(variable, self.place(span));
            outputs.push(self.output(name, value));
            rows.iter_mut().zip(exprs).for_each(|(row, expr)| row.push(expr));
        }
        plain_query(Some(From::Values { rows, columns: variables }), outputs)
    }

    /// The constant NULL of a type.
    pub(crate) fn null(&self, ty: &Type, span: Span) -> Expr {
        self.constant(Value::Null, ty.clone(), span)
    }
}

/// A query that only computes its outputs.
pub(crate) fn plain_query(from: Option<From>, outputs: Vec<OutputColumn>) -> Query {
    Query { from, outputs, ..Query::default() }
}

fn clause_span(select: &ast::Select, kind: ast::ClauseKind) -> Option<Span> {
    select.clauses.iter().find(|clause| clause.kind == kind).map(|clause| clause.span)
}

pub(crate) fn aliases_of(items: Option<&[ast::SelectItem]>) -> Vec<Alias<'_>> {
    let mut aliases = Vec::new();
    for item in items.unwrap_or(&[]) {
        if let ast::SelectItem::Expr { value, alias: Some(alias) } = item {
            let (name, span) = (alias.folded(), alias.span);
            aliases.push(Alias { name, span, value, variable: None });
        }
    }
    aliases
}
