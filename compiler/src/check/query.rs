//! Queries: SELECT with its clauses in the order in which they are computed, and VALUES.

use super::choice::{Branch, Use};
use super::group::Key;
use super::operand::{Mode, Operand};
use super::scope::{Aggregating, Alias, AliasMode, QueryScope};
use super::{Checker, walk};
use crate::diagnostics as say;
use crate::hir::{Aggregation, ColumnVar, Expr, ExprKind, From, OrderKey, OutputColumn, Query};
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use hashbrown::HashSet;
use smol_str::SmolStr;

/// What the clauses of one SELECT have become, before grouping is applied.
#[derive(Default)]
struct Parts {
    outputs: Vec<OutputColumn>,
    having: Option<Expr>,
    order: Vec<OrderKey>,
}

impl<'a> Checker<'a> {
    /// Checks with a scope of its own.
    pub(crate) fn apart<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let inner = QueryScope { first_binding: self.names.len(), ..QueryScope::default() };
        let outer = std::mem::replace(&mut self.scope, inner);
        let broken = std::mem::take(&mut self.broken_from);
        let result = check(self);
        self.broken_from = broken;
        self.scope = outer;
        result
    }

    /// A whole query; `want` are the types that its columns should have, as hints. `None` where it
    /// was reported as wrong.
    pub(crate) fn query(&mut self, query: &'a ast::Query, want: Option<&[Type]>) -> Option<Query> {
        if let Some(with) = &query.with {
            self.later(with.span, "WITH");
            return None;
        }
        if let Some(secret) = query.secrets.first() {
            self.later(secret.span, "USING SECRET");
            return None;
        }
        if let Some(step) = query.steps.first() {
            self.later(step.span, "a pipe on a query");
            return None;
        }
        let order = query.order_by.as_ref();
        let limit = query.limit.as_ref();
        match &query.body {
            ast::QueryBody::Select(select) => {
                self.apart(|this| this.select(select, order, limit, want))
            }
            ast::QueryBody::Values(values) => {
                let inner = self.apart(|this| this.values(values, want))?;
                self.ordered(inner, order, limit)
            }
            ast::QueryBody::Nested(inner) => {
                let inner = self.query(inner, want)?;
                self.ordered(inner, order, limit)
            }
            ast::QueryBody::Set(set) => {
                self.later(set.op_span, "a set operation");
                None
            }
            ast::QueryBody::Error => None,
        }
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

    fn select(
        &mut self,
        select: &'a ast::Select,
        order: Option<&'a ast::OrderBy>,
        limit: Option<&'a ast::Limit>,
        want: Option<&[Type]>,
    ) -> Option<Query> {
        self.unsupported_clauses(select)?;
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
        let mut parts = Parts { outputs: self.outputs(select, want)?, ..Parts::default() };
        parts.having = select.having.as_ref().map(|having| {
            self.in_clause("HAVING", AliasMode::AfterColumns, Aggregating::Collect, |this| {
                this.condition(having, "HAVING")
            })
        });
        self.order_by(order, &mut parts);
        let (limit, offset) = self.limits(limit);
        let group_span = clause_span(select, ast::ClauseKind::GroupBy);
        let aggregation = self.aggregation(keys, &mut parts, group_span);
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

    /// The outputs of SELECT; `*` without one.
    fn outputs(
        &mut self,
        select: &'a ast::Select,
        want: Option<&[Type]>,
    ) -> Option<Vec<OutputColumn>> {
        match &select.items {
            Some(items) => self.item_outputs(items, want),
            None => self.star_outputs(None, select.span),
        }
    }

    /// The outputs of the items of a SELECT or a RETURNING.
    pub(crate) fn item_outputs(
        &mut self,
        items: &'a [ast::SelectItem],
        want: Option<&[Type]>,
    ) -> Option<Vec<OutputColumn>> {
        let mut outputs = Vec::new();
        for item in items {
            match item {
                ast::SelectItem::Star(star) => {
                    if !star.exclude.is_empty() || !star.replace.is_empty() {
                        self.later(star.span, "EXCLUDE and REPLACE");
                        return None;
                    }
                    let qualifier = match &star.qualifier {
                        Some(name) => Some((self.object_name(name)?, name.span)),
                        None => None,
                    };
                    outputs.extend(self.star_outputs(qualifier, star.span)?);
                }
                ast::SelectItem::Expr { value, alias } => {
                    let hint = want.and_then(|types| types.get(outputs.len()));
                    let checked =
                        self.in_clause("SELECT", AliasMode::Hidden, Aggregating::Collect, |this| {
                            let operand = this.operand(value, hint);
                            match hint {
                                Some(ty) => this.settle_near(operand, ty),
                                None => this.settle(operand),
                            }
                        });
                    let checked = self.with_value(checked);
                    let name = match alias {
                        Some(alias) => alias.name.clone(),
                        None => self.name_of(value),
                    };
                    let output = self.output(name, checked);
                    if let Some(alias) = alias {
                        let folded = alias.folded();
                        let known = self.scope.aliases.iter_mut().find(|a| a.name == folded);
                        known.into_iter().for_each(|a| a.variable = Some(output.variable));
                    }
                    outputs.push(output);
                }
            }
        }
        Some(outputs)
    }

    /// A constant takes the type that is wanted where it fits; everything else keeps its own.
    fn settle_near(&mut self, operand: Operand, want: &Type) -> Expr {
        match operand {
            Operand::Untyped(..) => self.coerce(operand, want, Mode::Assign, "the value"),
            typed => self.settle(typed),
        }
    }

    /// An output must have a value that can leave a query.
    fn with_value(&mut self, expr: Expr) -> Expr {
        let span = Span::new(expr.place.start, expr.place.end);
        match &expr.ty {
            Type::Unit => {
                self.report(say::no_value(span, "this", None));
                self.error(span)
            }
            _ => expr,
        }
    }

    pub(crate) fn output(&mut self, name: SmolStr, value: Expr) -> OutputColumn {
        let nullable = self.expr_nullable(&value);
        let variable = self.new_column(name.clone(), value.ty.clone(), nullable);
        OutputColumn { variable, name, value }
    }

    /// `*` or `t.*`.
    pub(crate) fn star_outputs(
        &mut self,
        qualifier: Option<(SmolStr, Span)>,
        span: Span,
    ) -> Option<Vec<OutputColumn>> {
        let tables = match &qualifier {
            Some((name, at)) => match self.scope_table(name) {
                Some(table) => vec![table.clone()],
                None => {
                    let names: Vec<SmolStr> =
                        self.tables().iter().map(|table| table.name.clone()).collect();
                    let near = crate::suggest::similar(name, names.iter());
                    self.report(say::unknown_table(*at, name, near.as_deref(), None));
                    return None;
                }
            },
            None => self.tables().to_vec(),
        };
        if tables.is_empty() {
            self.report(say::no_value(span, "`*` without FROM", Some("add FROM")));
            return None;
        }
        let place = self.place(span);
        let mut outputs = Vec::new();
        for column in tables.iter().flat_map(|table| &table.columns) {
            if !column.merged || qualifier.is_some() {
                let value = self.column(column.variable, place);
                outputs.push(self.output(column.name.clone(), value));
            }
        }
        Some(outputs)
    }

    /// The name of an output without an alias: its column or last field, else its text.
    pub(crate) fn name_of(&self, expr: &ast::Expr) -> SmolStr {
        match &expr.kind {
            ast::ExprKind::Name(name) => match self.columns_named(&name.name).as_slice() {
                [(_, column)] => {
                    let known = self.columns.get(column.0 as usize);
                    known.map_or(name.name.clone(), |column| column.name.clone())
                }
                _ => name.name.clone(),
            },
            ast::ExprKind::Field { field: ast::NamePart::Ident(field), .. } => field.name.clone(),
            _ => SmolStr::new(expr.span.text(self.text)),
        }
    }

    fn order_by(&mut self, order: Option<&'a ast::OrderBy>, parts: &mut Parts) {
        let Some(order) = order else { return };
        if order.all.is_some() {
            self.later(order.span, "ORDER BY ALL");
            return;
        }
        for item in &order.items {
            let value = self.order_value(&item.value, &parts.outputs);
            if !value.ty.is_error() && !super::types::is_comparable(&value.ty) {
                let at = item.value.span;
                let why = "a key of ORDER BY";
                self.report(say::type_mismatch(at, &Type::Text, &value.ty, why, false));
                continue;
            }
            let descending = item.direction.descending.unwrap_or(false);
            let nulls_first = item.direction.nulls_first.unwrap_or(descending);
            parts.order.push(OrderKey { value, descending, nulls_first });
        }
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
    fn order_by_outputs(&mut self, parts: &mut Parts) {
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
    fn aggregation(
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
        let mut columns: HashSet<ColumnVar> = keys.iter().map(|(variable, _)| *variable).collect();
        columns.extend(aggregates.iter().map(|aggregate| aggregate.variable));
        for output in &mut parts.outputs {
            self.regroup(&mut output.value, &keys, &columns, group_by);
        }
        if let Some(having) = &mut parts.having {
            self.regroup(having, &keys, &columns, group_by);
        }
        columns.extend(parts.outputs.iter().map(|output| output.variable));
        for key in &mut parts.order {
            self.regroup(&mut key.value, &keys, &columns, group_by);
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
    Query {
        with: Vec::new(),
        from,
        filter: None,
        aggregation: None,
        having: None,
        outputs,
        distinct: false,
        order: Vec::new(),
        limit: None,
        offset: None,
    }
}

fn clause_span(select: &ast::Select, kind: ast::ClauseKind) -> Option<Span> {
    select.clauses.iter().find(|clause| clause.kind == kind).map(|clause| clause.span)
}

fn aliases_of(items: Option<&[ast::SelectItem]>) -> Vec<Alias<'_>> {
    let mut aliases = Vec::new();
    for item in items.unwrap_or(&[]) {
        if let ast::SelectItem::Expr { value, alias: Some(alias) } = item {
            let (name, span) = (alias.folded(), alias.span);
            aliases.push(Alias { name, span, value, variable: None });
        }
    }
    aliases
}
