//! Row estimates: from the tables' statistics and the usual guesses of a textbook (Selinger et al.,
//! 1979). They decide which side of a join is built.

use super::PlanContext;
use super::logical::LogicalPlan;
use crate::hir::{Expr, ExprKind};
use grizzly_bytecode::Cmp;

/// Rows of a table of which nothing is known.
const UNKNOWN_TABLE: f64 = 1000.0;

/// About how many rows a plan gives.
pub fn rows(plan: &LogicalPlan, context: &PlanContext<'_>) -> f64 {
    match plan {
        LogicalPlan::Unit => 1.0,
        LogicalPlan::Values { rows, .. } => rows.len() as f64,
        LogicalPlan::Scan { table, .. } => {
            context.catalog.statistics(table).rows.map_or(UNKNOWN_TABLE, |r| r as f64)
        }
        LogicalPlan::Filter { input, conditions } => {
            let part: f64 = conditions.iter().map(selectivity).product();
            (rows(input, context) * part).max(1.0)
        }
        LogicalPlan::Project { input, .. } | LogicalPlan::Sort { input, .. } => {
            rows(input, context)
        }
        LogicalPlan::Join { left, right, conditions, .. } => {
            let (l, r) = (rows(left, context), rows(right, context));
            if conditions.is_empty() { l * r } else { l.max(r) }
        }
        LogicalPlan::Aggregate { input, keys, .. } if keys.is_empty() => {
            rows(input, context).min(1.0)
        }
        LogicalPlan::Aggregate { input, .. } => rows(input, context).sqrt().max(1.0),
        LogicalPlan::Limit { input, limit, .. } => {
            let wanted = limit.map_or(f64::INFINITY, |l| l as f64);
            rows(input, context).min(wanted)
        }
    }
}

fn selectivity(condition: &Expr) -> f64 {
    match &condition.kind {
        ExprKind::Compare { op: Cmp::Eq, .. } => 0.1,
        ExprKind::Compare { .. } => 0.33,
        ExprKind::IsNull(_) => 0.1,
        _ => 0.5,
    }
}
