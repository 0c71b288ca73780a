//! GROUP BY with several sets: ROLLUP, CUBE and GROUPING SETS. Each set is a grouping of its own
//! over the same source, and the result is UNION ALL of them.

use super::Checker;
use super::query::{Parts, plain_query};
use super::set::Combination;
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, From, OrderKey, Query};
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

/// The most sets that one GROUP BY may have.
const MOST_SETS: usize = 128;

/// One of several groupings: the keys that it groups by, and those of the others.
#[derive(Clone)]
pub(crate) struct GroupingSet<'a> {
    pub(crate) present: Vec<&'a ast::Expr>,
    pub(crate) absent: Vec<&'a ast::Expr>,
}

impl<'a> Checker<'a> {
    /// A SELECT with several sets: its rows, where it has them.
    pub(crate) fn select_sets(
        &mut self,
        select: &'a ast::Select,
        order: Option<&'a ast::OrderBy>,
        limit: Option<&'a ast::Limit>,
        want: Option<&[Type]>,
    ) -> Option<Option<Query>> {
        if self.scope.grouping.is_some() {
            return None;
        }
        let Some(ast::GroupBy::Items(items)) = &select.group_by else { return None };
        if items.iter().all(|item| matches!(item.kind, ast::GroupKind::Expr(_))) {
            return None;
        }
        Some(self.sets_of(select, items).and_then(|sets| {
            if let Some(distinct) = &select.distinct {
                self.later(distinct.span, "DISTINCT with several grouping sets");
                return None;
            }
            self.union_of_sets(select, sets, order, limit, want)
        }))
    }

    fn union_of_sets(
        &mut self,
        select: &'a ast::Select,
        sets: Vec<GroupingSet<'a>>,
        order: Option<&'a ast::OrderBy>,
        limit: Option<&'a ast::Limit>,
        want: Option<&[Type]>,
    ) -> Option<Query> {
        let mut whole: Option<Query> = None;
        for set in sets {
            let one = self.apart(|this| {
                this.scope.grouping = Some(set);
                this.select(select, order, None, want)
            })?;
            whole = Some(match whole {
                None => one,
                Some(before) => {
                    let op = ast::SetOperator::Union;
                    let how = Combination { op, all: true, op_span: select.span };
                    self.combined(how, (before, select.span), (one, select.span))?
                }
            });
        }
        let whole = whole?;
        // Each grouping has given the keys of ORDER BY as its last columns.
        let directions = order.map_or(&[][..], |order| &order.items);
        let all = order.and_then(|order| order.all);
        let hidden = match all {
            Some(_) => whole.outputs.len() / 2,
            None => directions.len(),
        };
        let shown = whole.outputs.len().saturating_sub(hidden);
        let mut outputs = Vec::new();
        for output in whole.outputs.iter().take(shown) {
            let value = self.column(output.variable, output.value.place);
            outputs.push(self.output(output.name.clone(), value));
        }
        let mut keys = Vec::new();
        for (index, output) in whole.outputs.iter().skip(shown).enumerate() {
            let direction = all.or_else(|| directions.get(index).map(|item| item.direction));
            let value = self.column(output.variable, output.value.place);
            keys.extend(self.order_key(value, direction.unwrap_or_default()));
        }
        let (limit, offset) = self.limits(limit);
        let plain = plain_query(Some(From::Query(Box::new(whole))), outputs);
        Some(Query { order: keys, limit, offset, ..plain })
    }

    /// The sets that the entries of GROUP BY make together.
    fn sets_of(
        &mut self,
        select: &'a ast::Select,
        items: &'a [ast::GroupItem],
    ) -> Option<Vec<GroupingSet<'a>>> {
        let mut sets: Vec<Vec<&'a ast::Expr>> = vec![Vec::new()];
        for item in items {
            let of_item = sets_of_item(item);
            if sets.len().saturating_mul(of_item.len()) > MOST_SETS {
                self.later(item.span, &format!("a GROUP BY with more than {MOST_SETS} sets"));
                return None;
            }
            let mut product = Vec::new();
            for before in &sets {
                for more in &of_item {
                    let mut set = before.clone();
                    set.extend(more);
                    product.push(set);
                }
            }
            sets = product;
        }
        let mut all: Vec<&'a ast::Expr> = Vec::new();
        for expr in sets.iter().flatten() {
            if !all.iter().any(|known| self.is_same_text(known, expr)) {
                all.push(expr);
            }
        }
        if sets.is_empty() {
            self.report(say::no_value(select.span, "GROUPING SETS without a set", None));
            return None;
        }
        let with_absent = sets.into_iter().map(|present| {
            let absent = all
                .iter()
                .filter(|known| !present.iter().any(|expr| self.is_same_text(expr, known)));
            GroupingSet { absent: absent.copied().collect(), present }
        });
        Some(with_absent.collect())
    }

    fn is_same_text(&self, a: &ast::Expr, b: &ast::Expr) -> bool {
        a.span == b.span || a.span.text(self.text) == b.span.text(self.text)
    }

    /// Makes the keys of ORDER BY the last columns of the rows of one of several sets.
    pub(crate) fn order_as_outputs(&mut self, parts: &mut Parts) {
        for OrderKey { value, .. } in std::mem::take(&mut parts.order) {
            let known = match value.kind {
                ExprKind::Column(v) => parts.outputs.iter().find(|o| o.variable == v),
                _ => None,
            };
            let value = known.map_or(value, |output| output.value.clone());
            let output = self.output(SmolStr::default(), value);
            parts.outputs.push(output);
        }
        // A key of another set is NULL in this one.
        for output in &parts.outputs {
            if let Some(column) = self.columns.get_mut(output.variable.0 as usize) {
                column.nullable = true;
            }
        }
    }

    /// `grouping(key, …)`: a bit a key, set where the row's set lacks it.
    pub(crate) fn grouping_call(&mut self, arguments: &'a [ast::Argument], span: Span) -> Expr {
        let mut bits: i64 = 0;
        for argument in arguments {
            let key = self.expr(&argument.value);
            if key.ty.is_error() {
                return key;
            }
            let same = |known: &&(Expr, bool)| super::walk::same(&known.0, &key);
            let Some((_, present)) = self.scope.grouping_keys.iter().find(same) else {
                let message = "`grouping` takes keys of GROUP BY".to_owned();
                let at = argument.value.span;
                self.report(say::wrong_arguments(at, message, "grouping(key, …)"));
                return self.error(span);
            };
            bits = bits.wrapping_shl(1) | i64::from(!present);
        }
        self.constant(Value::Int(bits), Type::Int64, span)
    }
}

/// The sets that one entry stands for.
fn sets_of_item(item: &ast::GroupItem) -> Vec<Vec<&ast::Expr>> {
    match &item.kind {
        ast::GroupKind::Expr(expr) => vec![vec![expr]],
        ast::GroupKind::Set(exprs) => vec![exprs.iter().collect()],
        ast::GroupKind::GroupingSets(items) => items.iter().flat_map(sets_of_item).collect(),
        ast::GroupKind::Rollup(items) => {
            let parts: Vec<Vec<&ast::Expr>> = items.iter().map(exprs_of_item).collect();
            let prefix = |n: usize| parts.iter().take(n).flatten().copied().collect();
            (0..=parts.len()).rev().map(prefix).collect()
        }
        ast::GroupKind::Cube(items) => {
            let parts: Vec<Vec<&ast::Expr>> = items.iter().map(exprs_of_item).collect();
            let count = 1_usize.checked_shl(parts.len() as u32).unwrap_or(usize::MAX);
            let subset = |chosen: usize| {
                let bit = |index: usize| chosen >> (parts.len() - 1 - index) & 1 == 1;
                let taken = parts.iter().enumerate().filter(|(index, _)| bit(*index));
                taken.flat_map(|(_, part)| part).copied().collect()
            };
            // More than may stand are not made.
            (0..count.min(MOST_SETS + 1)).rev().map(subset).collect()
        }
    }
}

/// The keys of an entry of ROLLUP or CUBE, which come and go together.
fn exprs_of_item(item: &ast::GroupItem) -> Vec<&ast::Expr> {
    match &item.kind {
        ast::GroupKind::Expr(expr) => vec![expr],
        ast::GroupKind::Set(exprs) => exprs.iter().collect(),
        ast::GroupKind::Rollup(items)
        | ast::GroupKind::Cube(items)
        | ast::GroupKind::GroupingSets(items) => items.iter().flat_map(exprs_of_item).collect(),
    }
}
