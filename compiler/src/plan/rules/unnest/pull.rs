//! Conditions of a join's right side that refer to the left one become conditions of the join.

use crate::hir::{ColumnVar, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::{JoinKind, LogicalPlan, filter, free_columns};
use crate::plan::rules::{conjuncts, is_movable};

/// Takes the conditions on columns of `outer` out of a plan, as far as only filters, projections
/// and left sides of joins are above them.
pub fn pull(
    plan: LogicalPlan,
    outer: &[ColumnVar],
    pulled: &mut Vec<Expr>,
    context: &PlanContext<'_>,
) -> LogicalPlan {
    match plan {
        LogicalPlan::Filter { input, conditions } => {
            let kept = split(conditions, outer, pulled, context);
            filter(pull(*input, outer, pulled, context), kept)
        }
        LogicalPlan::Project { input, mut columns } => {
            let before = pulled.len();
            let input = pull(*input, outer, pulled, context);
            let below = input.columns();
            for var in pulled.iter().skip(before).flat_map(free_columns) {
                if below.contains(&var) && !columns.iter().any(|(v, _)| *v == var) {
                    columns.push((var, context.column(var)));
                }
            }
            LogicalPlan::Project { input: Box::new(input), columns }
        }
        LogicalPlan::Join { kind, left, right, conditions } => {
            let inner = kind == JoinKind::Inner;
            let conditions = match inner {
                true => split(conditions, outer, pulled, context),
                false => conditions,
            };
            let on_left =
                !matches!(kind, JoinKind::Full | JoinKind::IntersectAll | JoinKind::ExceptAll);
            let left = if on_left { pull(*left, outer, pulled, context) } else { *left };
            let right = if inner { pull(*right, outer, pulled, context) } else { *right };
            LogicalPlan::Join { kind, left: Box::new(left), right: Box::new(right), conditions }
        }
        plan => plan,
    }
}

/// The conditions that stay; the others are pulled.
fn split(
    conditions: Vec<Expr>,
    outer: &[ColumnVar],
    pulled: &mut Vec<Expr>,
    context: &PlanContext<'_>,
) -> Vec<Expr> {
    let mut parts = Vec::new();
    conditions.into_iter().for_each(|c| conjuncts(c, &mut parts));
    let mut kept = Vec::new();
    for part in parts {
        let asks = part.any(&|x| matches!(x.kind, ExprKind::Subquery { .. }));
        let refers = free_columns(&part).iter().any(|var| outer.contains(var));
        if refers && !asks && is_movable(&part, context) {
            pulled.push(part);
        } else {
            kept.push(part);
        }
    }
    kept
}
