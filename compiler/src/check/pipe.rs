//! Pipes on queries: each step is a query over the rows of the step before.
//!
//! The tables of FROM keep their names until a step computes all columns anew. An order that a step
//! made holds for the steps after it, as long as they keep the rows apart.

use super::Checker;
use super::query::{Parts, aliases_of, plain_query};
use super::scope::{Aggregating, AliasMode, ScopeColumn, ScopeTable};
use super::set::Combination;
use crate::diagnostics as say;
use crate::hir::{ColumnVar, ExprKind, From, OrderKey, OutputColumn, Query};
use crate::suggest::similar;
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The rows so far, and what their columns are called.
pub(super) struct Pipe {
    pub(super) rows: Query,
    pub(super) tables: Vec<ScopeTable>,
}

impl<'a> Checker<'a> {
    /// The rows after all steps; `tables` are those of FROM, where SELECT has not hidden them.
    pub(crate) fn piped(
        &mut self,
        rows: Query,
        tables: Option<Vec<ScopeTable>>,
        query: &'a ast::Query,
    ) -> Option<Query> {
        if query.steps.is_empty() {
            return Some(rows);
        }
        let tables = match tables {
            Some(tables) => self.carried(tables, &rows.outputs),
            None => vec![self.unnamed(&rows.outputs, query.span)],
        };
        let mut pipe = Pipe { rows, tables };
        for step in &query.steps {
            pipe = self.step_of_pipe(pipe, step)?;
        }
        Some(pipe.rows)
    }

    /// One table without a name for all outputs.
    pub(super) fn unnamed(&self, outputs: &[OutputColumn], span: Span) -> ScopeTable {
        let columns = outputs.iter();
        let columns: Vec<ScopeColumn> =
            columns.map(|output| ScopeColumn::new(output.name.clone(), output.variable)).collect();
        let row = Arc::new(self.row_shape(&columns));
        ScopeTable { name: SmolStr::default(), span, columns, row }
    }

    /// The tables with the outputs in the place of their columns: one output a column that is not
    /// merged into another one, in order.
    fn carried(&self, tables: Vec<ScopeTable>, outputs: &[OutputColumn]) -> Vec<ScopeTable> {
        let mut outputs = outputs.iter();
        let mut carried = Vec::new();
        for mut table in tables {
            let whole = table.columns.iter().all(|column| !column.merged);
            table.columns.retain(|column| !column.merged);
            for column in &mut table.columns {
                column.value = None;
                column.variable = outputs.next().map_or(column.variable, |o| o.variable);
            }
            if !whole {
                table.row = Arc::new(self.row_shape(&table.columns));
            }
            carried.push(table);
        }
        carried
    }

    fn step_of_pipe(&mut self, mut pipe: Pipe, step: &'a ast::PipeStep) -> Option<Pipe> {
        use ast::PipeStepKind as K;
        let span = step.span;
        if let K::Limit(limit) = &step.kind
            && pipe.rows.limit.is_none()
            && pipe.rows.offset.is_none()
        {
            (pipe.rows.limit, pipe.rows.offset) = self.limits(Some(limit));
            return Some(pipe);
        }
        self.apart(|this| match &step.kind {
            K::Where(condition) => this.passed(pipe, span, |this, query| {
                let filter = this.in_clause("WHERE", AliasMode::Hidden, Aggregating::No, |this| {
                    this.condition(condition, "WHERE")
                });
                query.filter = Some(filter);
                Some(())
            }),
            K::Limit(limit) => this.passed(pipe, span, |this, query| {
                (query.limit, query.offset) = this.limits(Some(limit));
                Some(())
            }),
            K::OrderBy(order) => this.ordered_step(pipe, order, span),
            K::Distinct(distinct) => this.distinct_step(pipe, distinct),
            K::Select { distinct, items } => this.select_step(pipe, distinct.as_ref(), items, span),
            K::Extend(items) => this.extend_step(pipe, items, span),
            K::Set(assignments) => this.replace_step(pipe, assignments, span),
            K::Drop(names) => this.drop_step(pipe, names, span),
            K::Aggregate { items, group_by } => {
                this.aggregate_step(pipe, items, group_by.as_ref(), span)
            }
            K::Join(joined) => this.join_step(pipe, joined, span),
            K::SetOperation { op, all, right } => {
                let right = (this.query(right, None)?, right.span);
                let how = Combination { op: *op, all: *all, op_span: span };
                let rows = this.combined(how, (pipe.rows, Span::default()), right)?;
                let tables = vec![this.unnamed(&rows.outputs, span)];
                Some(Pipe { rows, tables })
            }
            K::Alias(name) => Some(this.alias_step(pipe, name)),
            K::Call { function, .. } => {
                this.later(function.span, "|> CALL");
                None
            }
            K::Function(call) => this.function_step(pipe, call),
        })
    }

    /// Makes the rows so far the source of a query; gives it with the order that it goes on with.
    pub(super) fn source_of(&mut self, pipe: Pipe) -> Query {
        let Pipe { mut rows, tables } = pipe;
        self.scope.tables = Some(tables);
        let order = self.order_of(&mut rows);
        let plain = plain_query(Some(From::Query(Box::new(rows))), Vec::new());
        Query { order, ..plain }
    }

    /// The order of rows over their outputs, which get hidden columns for other keys.
    fn order_of(&mut self, rows: &mut Query) -> Vec<OrderKey> {
        let mut order = Vec::new();
        for key in &rows.order {
            let known = match key.value.kind {
                ExprKind::Column(v) => rows.outputs.iter().find(|o| o.variable == v),
                _ => None,
            };
            let variable = match known {
                Some(output) => output.variable,
                None => {
                    let hidden = self.output(SmolStr::default(), key.value.clone());
                    let variable = hidden.variable;
                    rows.outputs.push(hidden);
                    variable
                }
            };
            let value = self.column(variable, key.value.place);
            order.push(OrderKey { value, ..key.clone() });
        }
        if rows.limit.is_none() && rows.offset.is_none() {
            rows.order.clear();
        }
        order
    }

    /// A step that keeps all columns.
    pub(super) fn passed(
        &mut self,
        pipe: Pipe,
        span: Span,
        check: impl FnOnce(&mut Self, &mut Query) -> Option<()>,
    ) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        check(self, &mut query)?;
        query.outputs = self.star_outputs(None, span)?;
        self.query_effects(&query);
        let tables = self.scope.tables.take().unwrap_or_default();
        let tables = self.carried(tables, &query.outputs);
        Some(Pipe { rows: query, tables })
    }

    fn ordered_step(&mut self, pipe: Pipe, order: &'a ast::OrderBy, span: Span) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        query.order.clear();
        let outputs = self.star_outputs(None, span)?;
        let mut parts = Parts { outputs, ..Parts::default() };
        self.order_by(Some(order), &mut parts);
        (query.outputs, query.order) = (parts.outputs, parts.order);
        if !self.scope.aggregates.is_empty() {
            let help = "compute it in `|> AGGREGATE` before";
            self.report(say::no_value(order.span, "an aggregate in ORDER BY", Some(help)));
            return None;
        }
        self.query_effects(&query);
        let tables = self.scope.tables.take().unwrap_or_default();
        let tables = self.carried(tables, &query.outputs);
        Some(Pipe { rows: query, tables })
    }

    fn distinct_step(&mut self, pipe: Pipe, distinct: &'a ast::Distinct) -> Option<Pipe> {
        if !distinct.on.is_empty() {
            self.later(distinct.span, "DISTINCT ON");
            return None;
        }
        self.passed(pipe, distinct.span, |_, query| {
            query.distinct = true;
            query.order.clear();
            Some(())
        })
    }

    fn select_step(
        &mut self,
        pipe: Pipe,
        distinct: Option<&'a ast::Distinct>,
        items: &'a [ast::SelectItem],
        span: Span,
    ) -> Option<Pipe> {
        if let Some(on) = distinct.filter(|distinct| !distinct.on.is_empty()) {
            self.later(on.span, "DISTINCT ON");
            return None;
        }
        let mut query = self.source_of(pipe);
        self.scope.aliases = aliases_of(Some(items));
        let outputs = self.outputs(Some(items), span, None)?;
        let mut parts = Parts { outputs, ..Parts::default() };
        query.aggregation = self.aggregation(None, &mut parts, None);
        query.distinct = distinct.is_some();
        if query.distinct || query.aggregation.is_some() {
            query.order.clear();
        }
        query.outputs = parts.outputs;
        self.query_effects(&query);
        let tables = vec![self.unnamed(&query.outputs, span)];
        Some(Pipe { rows: query, tables })
    }

    fn extend_step(
        &mut self,
        pipe: Pipe,
        items: &'a [ast::SelectItem],
        span: Span,
    ) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        query.outputs = self.star_outputs(None, span)?;
        let kept = query.outputs.len();
        for item in items {
            let ast::SelectItem::Expr { value, alias } = item else {
                let help = "EXTEND adds columns to those that are there";
                self.report(say::no_value(item.span(), "`*` in EXTEND", Some(help)));
                return None;
            };
            let checked = self
                .in_clause("EXTEND", AliasMode::Hidden, Aggregating::No, |this| this.expr(value));
            let checked = self.with_value(checked);
            let name =
                alias.as_ref().map_or_else(|| self.name_of(value, &checked), |a| a.name.clone());
            query.outputs.push(self.output(name, checked));
        }
        self.query_effects(&query);
        let (old, new) = query.outputs.split_at(kept);
        let tables = self.scope.tables.take().unwrap_or_default();
        let mut tables = self.carried(tables, old);
        tables.push(self.unnamed(new, span));
        Some(Pipe { rows: query, tables })
    }

    /// The place of a column among the outputs of all tables, or a report.
    fn output_named(&mut self, outputs: &[OutputColumn], name: &str, span: Span) -> Option<usize> {
        let named = |output: &OutputColumn| output.name.eq_ignore_ascii_case(name);
        let found: Vec<usize> =
            (0..outputs.len()).filter(|index| outputs.get(*index).is_some_and(named)).collect();
        match found.as_slice() {
            [one] => Some(*one),
            [] => {
                let names: Vec<SmolStr> = outputs.iter().map(|o| o.name.clone()).collect();
                let near = similar(name, names.iter());
                self.report(say::unknown_column(span, name, None, near.as_deref(), &names));
                None
            }
            _ => {
                self.report(say::ambiguous_column(span, name, &[]));
                None
            }
        }
    }

    fn replace_step(
        &mut self,
        pipe: Pipe,
        assignments: &'a [ast::Assignment],
        span: Span,
    ) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        let mut outputs = self.star_outputs(None, span)?;
        let mut set: Vec<(usize, Span)> = Vec::new();
        for assignment in assignments {
            let at = assignment.column.span();
            let name = self.part_name(&assignment.column)?;
            let index = self.output_named(&outputs, &name, at)?;
            if let Some((_, first)) = set.iter().find(|(known, _)| *known == index) {
                let first = *first;
                self.report(say::assigned_twice(at, first, &name));
            }
            set.push((index, at));
            if let Some(part) = assignment.path.first() {
                self.later(part.span(), "SET of a part of a column");
                return None;
            }
            let Some(value) = &assignment.value else {
                let help = "DEFAULT stands only in UPDATE";
                self.report(say::no_value(assignment.span, "DEFAULT", Some(help)));
                return None;
            };
            let value =
                self.in_clause("SET", AliasMode::Hidden, Aggregating::No, |this| this.expr(value));
            let value = self.with_value(value);
            let output = self.output(name, value);
            outputs.get_mut(index).into_iter().for_each(|known| *known = output.clone());
        }
        query.outputs = outputs;
        self.query_effects(&query);
        let tables = self.scope.tables.take().unwrap_or_default();
        let mut tables = self.carried(tables, &query.outputs);
        for table in &mut tables {
            if table.columns.iter().any(|c| set.iter().any(|(i, _)| self.is_at(&query, *i, c))) {
                table.row = Arc::new(self.row_shape(&table.columns));
            }
        }
        Some(Pipe { rows: query, tables })
    }

    fn is_at(&self, query: &Query, index: usize, column: &ScopeColumn) -> bool {
        query.outputs.get(index).is_some_and(|output| output.variable == column.variable)
    }

    fn drop_step(&mut self, pipe: Pipe, names: &'a [ast::NamePart], span: Span) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        query.outputs = self.star_outputs(None, span)?;
        let tables = self.scope.tables.take().unwrap_or_default();
        let mut tables = self.carried(tables, &query.outputs);
        for name in names {
            let text = self.part_name(name)?;
            let index = self.output_named(&query.outputs, &text, name.span())?;
            let dropped: ColumnVar = query.outputs.remove(index).variable;
            for table in &mut tables {
                let before = table.columns.len();
                table.columns.retain(|column| column.variable != dropped);
                if table.columns.len() < before {
                    table.row = Arc::new(self.row_shape(&table.columns));
                }
            }
        }
        if query.outputs.is_empty() {
            self.report(say::no_value(span, "this DROP", Some("it leaves no column")));
            return None;
        }
        Some(Pipe { rows: query, tables })
    }

    fn aggregate_step(
        &mut self,
        pipe: Pipe,
        items: &'a [ast::SelectItem],
        group_by: Option<&'a ast::GroupBy>,
        span: Span,
    ) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        query.order.clear();
        let keys = match group_by {
            Some(ast::GroupBy::All(all)) => {
                self.later(*all, "GROUP BY ALL in AGGREGATE");
                return None;
            }
            Some(group_by) => self.group_keys(group_by, Some(items))?,
            None => Vec::new(),
        };
        let mut outputs = Vec::new();
        for (variable, key) in &keys {
            let known = self.columns.get(variable.0 as usize);
            let name = known.map(|column| column.name.clone()).unwrap_or_default();
            outputs.push(self.output(name, key.clone()));
        }
        if !items.is_empty() {
            outputs.extend(self.outputs(Some(items), span, None)?);
        }
        let mut parts = Parts { outputs, ..Parts::default() };
        query.aggregation = self.aggregation(Some(keys), &mut parts, Some(span));
        query.outputs = parts.outputs;
        self.query_effects(&query);
        let tables = vec![self.unnamed(&query.outputs, span)];
        Some(Pipe { rows: query, tables })
    }

    fn join_step(&mut self, pipe: Pipe, joined: &'a ast::Join, span: Span) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        query.order.clear();
        let from = self.joined(query.from.take(), joined, 0);
        if self.broken_from {
            return None;
        }
        query.from = Some(from?);
        query.outputs = self.star_outputs(None, span)?;
        self.query_effects(&query);
        let tables = self.scope.tables.take().unwrap_or_default();
        let tables = self.carried(tables, &query.outputs);
        Some(Pipe { rows: query, tables })
    }

    fn alias_step(&mut self, pipe: Pipe, name: &'a ast::Ident) -> Pipe {
        let columns = pipe.tables.into_iter().flat_map(|table| table.columns);
        let columns: Vec<ScopeColumn> = columns.collect();
        let row = Arc::new(self.row_shape(&columns));
        let table = ScopeTable { name: name.name.clone(), span: name.span, columns, row };
        Pipe { rows: pipe.rows, tables: vec![table] }
    }
}
