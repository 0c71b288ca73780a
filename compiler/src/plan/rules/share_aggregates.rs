//! `share_aggregates`: aggregates of one group that are the same are computed once.

use crate::codegen::builder::Result;
use crate::codegen::fingerprint::fingerprint;
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::{LogicalPlan, substitute};

/// The rule.
pub fn apply(plan: LogicalPlan, _: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let mut plan = plan;
    share(&mut plan);
    Ok(plan)
}

/// Rewrites the aggregates of every group below, and returns which variables stand for which
/// others.
fn share(plan: &mut LogicalPlan) -> Vec<(ColumnVar, Expr)> {
    let mut renamed = Vec::new();
    for input in plan.inputs_mut() {
        renamed.extend(share(input));
    }
    if !renamed.is_empty() {
        let values: Vec<_> = renamed.iter().map(|(var, e)| (*var, e)).collect();
        plan.for_each_expr_mut(&mut |e| substitute(e, &values));
    }
    match plan {
        LogicalPlan::Aggregate { aggregates, .. } => {
            let mut kept: Vec<AggregateCall> = Vec::new();
            let mut new = Vec::new();
            for call in std::mem::take(aggregates) {
                match kept.iter().find(|k| same(k, &call)) {
                    Some(k) => new.push((call.variable, column(k))),
                    None => kept.push(call),
                }
            }
            *aggregates = kept;
            new
        }
        LogicalPlan::Project { .. } => Vec::new(),
        _ => renamed,
    }
}

fn column(call: &AggregateCall) -> Expr {
    let place = call.argument.as_ref().map(|a| a.place).unwrap_or_default();
    Expr { kind: ExprKind::Column(call.variable), ty: call.ty.clone(), place }
}

fn same(a: &AggregateCall, b: &AggregateCall) -> bool {
    let equal = |x: &Option<Expr>, y: &Option<Expr>| match (x, y) {
        (None, None) => true,
        (Some(x), Some(y)) => fingerprint(x).is_some_and(|f| Some(f) == fingerprint(y)),
        _ => false,
    };
    a.function == b.function
        && a.distinct == b.distinct
        && a.ty == b.ty
        && equal(&a.argument, &b.argument)
        && equal(&a.filter, &b.filter)
}
