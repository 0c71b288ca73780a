//! Row estimates: from the tables' statistics and the usual guesses of a textbook (Selinger et al.,
//! 1979). They decide the order of joins and which side of a join is built.

use super::PlanContext;
use super::logical::{JoinKind, LogicalPlan};
use crate::hir::{ColumnVar, Expr, ExprKind};
use grizzly_bytecode::{Cmp, Value};

/// Rows of a table of which nothing is known.
const UNKNOWN_TABLE: f64 = 1000.0;
/// Rows of a round of a recursive query.
const UNKNOWN_ROUND: f64 = 100.0;
/// How many times the base's rows a recursive query has.
const ROUNDS: f64 = 10.0;

/// About how many rows a plan gives.
pub fn rows(plan: &LogicalPlan, context: &PlanContext<'_>) -> f64 {
    match plan {
        LogicalPlan::Unit => 1.0,
        LogicalPlan::Values { rows, .. } => rows.len() as f64,
        LogicalPlan::Scan { table, .. } => {
            context.statistics(table).rows.map_or(UNKNOWN_TABLE, |r| r as f64)
        }
        LogicalPlan::Filter { input, conditions } => {
            let part: f64 = conditions.iter().map(|c| selectivity(c, input, context)).product();
            (rows(input, context) * part).max(1.0)
        }
        LogicalPlan::Project { input, .. } | LogicalPlan::Sort { input, .. } => {
            rows(input, context)
        }
        LogicalPlan::Expand { input, .. } => rows(input, context) * 10.0,
        LogicalPlan::Join { kind, left, right, conditions } => {
            let (l, r) = (rows(left, context), rows(right, context));
            joined(*kind, (left, l), (right, r), conditions, context)
        }
        LogicalPlan::Aggregate { keys, .. } if keys.is_empty() => 1.0,
        LogicalPlan::Aggregate { input, keys, .. } => {
            let all = rows(input, context);
            let groups = |(_, key): &(ColumnVar, Expr)| {
                distinct(key, input, context).unwrap_or_else(|| all.sqrt())
            };
            keys.iter().map(groups).product::<f64>().min(all).max(1.0)
        }
        LogicalPlan::Limit { input, limit, each, .. } => {
            let known = limit.and_then(super::logical::Count::known);
            let wanted = if each.is_empty() { known } else { None };
            rows(input, context).min(wanted.map_or(f64::INFINITY, |l| l as f64))
        }
        LogicalPlan::Union { inputs, .. } => {
            inputs.iter().map(|(input, _)| rows(input, context)).sum()
        }
        LogicalPlan::With { common, body } => {
            let base = rows(&common.input, context);
            let all = if common.step.is_some() { base * ROUNDS } else { base };
            context.common_rows.borrow_mut().insert(common.id, all);
            rows(body, context)
        }
        LogicalPlan::Common { id, .. } => {
            context.common_rows.borrow().get(id).copied().unwrap_or(UNKNOWN_ROUND)
        }
    }
}

fn joined(
    kind: JoinKind,
    (left, l): (&LogicalPlan, f64),
    (right, r): (&LogicalPlan, f64),
    conditions: &[Expr],
    context: &PlanContext<'_>,
) -> f64 {
    let part = |c: &Expr| join_selectivity(c, (left, l), (right, r), context);
    let pairs = l * r * conditions.iter().map(part).product::<f64>();
    match kind {
        JoinKind::Inner => pairs.max(1.0),
        JoinKind::Left => pairs.max(l),
        JoinKind::Full => pairs.max(l + r),
        JoinKind::Semi | JoinKind::IntersectAll => (l * 0.5).min(pairs).max(1.0),
        JoinKind::Anti | JoinKind::ExceptAll => (l * 0.5).max(1.0),
        JoinKind::Single | JoinKind::Mark(_) | JoinKind::MarkAny(_) => l,
    }
}

/// The part of all pairs of two sides that fulfil a condition.
pub fn join_selectivity(
    condition: &Expr,
    (left, l): (&LogicalPlan, f64),
    (right, r): (&LogicalPlan, f64),
    context: &PlanContext<'_>,
) -> f64 {
    let (ExprKind::Compare { op: Cmp::Eq, left: a, right: b } | ExprKind::Same(a, b)) =
        &condition.kind
    else {
        return guess(condition);
    };
    let of = |e: &Expr| {
        distinct(e, left, context)
            .map(|d| d.min(l))
            .or_else(|| distinct(e, right, context).map(|d| d.min(r)))
    };
    // As many as the larger side's keys, where nothing is known the smaller side's rows.
    let most = match (of(a), of(b)) {
        (Some(a), Some(b)) => a.max(b),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => l.min(r),
    };
    1.0 / most.max(1.0)
}

/// About how many different values an expression has in the rows of a plan, where that is known.
pub fn distinct(e: &Expr, plan: &LogicalPlan, context: &PlanContext<'_>) -> Option<f64> {
    let mut e = e;
    while let ExprKind::Convert { operand, .. } = &e.kind {
        e = operand;
    }
    let ExprKind::Column(var) = &e.kind else { return None };
    distinct_of(*var, plan, context)
}

fn distinct_of(var: ColumnVar, plan: &LogicalPlan, context: &PlanContext<'_>) -> Option<f64> {
    match plan {
        LogicalPlan::Scan { table, columns, .. } => {
            let (_, index) = columns.iter().find(|(v, _)| *v == var)?;
            let statistics = context.statistics(table);
            if table.key.as_slice() == [*index] {
                return statistics.rows.map(|rows| rows as f64);
            }
            let distinct = statistics.columns.get(*index)?.distinct;
            (distinct > 0).then_some(distinct as f64)
        }
        LogicalPlan::Project { input, columns } => {
            let (_, value) = columns.iter().find(|(v, _)| *v == var)?;
            distinct(value, input, context)
        }
        LogicalPlan::Aggregate { input, keys, .. } => {
            let (_, value) = keys.iter().find(|(v, _)| *v == var)?;
            if keys.len() == 1 {
                return Some(rows(plan, context));
            }
            distinct(value, input, context)
        }
        LogicalPlan::Union { .. } | LogicalPlan::With { .. } | LogicalPlan::Common { .. } => None,
        _ => plan.inputs().into_iter().find_map(|input| distinct_of(var, input, context)),
    }
}

/// The part of a plan's rows for which a condition is TRUE.
fn selectivity(condition: &Expr, plan: &LogicalPlan, context: &PlanContext<'_>) -> f64 {
    match &condition.kind {
        ExprKind::And(l, r) => selectivity(l, plan, context) * selectivity(r, plan, context),
        ExprKind::Or(l, r) => {
            let (l, r) = (selectivity(l, plan, context), selectivity(r, plan, context));
            (l + r - l * r).clamp(0.0, 1.0)
        }
        ExprKind::Not(e) => 1.0 - selectivity(e, plan, context),
        ExprKind::Compare { op: Cmp::Eq, left, right } => {
            let known = [left, right].into_iter().find_map(|e| distinct(e, plan, context));
            known.map_or(0.1, |d| 1.0 / d.max(1.0))
        }
        ExprKind::Compare { op: Cmp::Ne, .. } => 0.9,
        ExprKind::Compare { op, left, right } => {
            let ranged = range(*op, left, right, plan, context);
            ranged.or_else(|| range(op.swapped(), right, left, plan, context)).unwrap_or(0.33)
        }
        _ => guess(condition),
    }
}

/// The part of a column's range below or above a constant.
fn range(
    op: Cmp,
    column: &Expr,
    constant: &Expr,
    plan: &LogicalPlan,
    context: &PlanContext<'_>,
) -> Option<f64> {
    let (ExprKind::Column(var), ExprKind::Constant(Value::Int(at))) =
        (&column.kind, &constant.kind)
    else {
        return None;
    };
    let (low, high) = bounds_of(*var, plan, context)?;
    let below = ((*at as f64 - low) / (high - low).max(1.0)).clamp(0.001, 0.999);
    Some(if matches!(op, Cmp::Lt | Cmp::Le) { below } else { 1.0 - below })
}

fn bounds_of(var: ColumnVar, plan: &LogicalPlan, context: &PlanContext<'_>) -> Option<(f64, f64)> {
    match plan {
        LogicalPlan::Scan { table, columns, .. } => {
            let (_, index) = columns.iter().find(|(v, _)| *v == var)?;
            let statistics = context.statistics(table);
            let column = statistics.columns.get(*index)?;
            match (&column.min, &column.max) {
                (Some(Value::Int(min)), Some(Value::Int(max))) => Some((*min as f64, *max as f64)),
                _ => None,
            }
        }
        LogicalPlan::Filter { input, .. } => bounds_of(var, input, context),
        _ => None,
    }
}

fn guess(condition: &Expr) -> f64 {
    match &condition.kind {
        ExprKind::Compare { op: Cmp::Eq, .. } | ExprKind::IsNull(_) | ExprKind::Same(..) => 0.1,
        ExprKind::Compare { .. } => 0.33,
        _ => 0.5,
    }
}
