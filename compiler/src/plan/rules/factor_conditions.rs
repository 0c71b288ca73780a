//! `factor_conditions`: takes what all alternatives of a condition share out of them: `(a AND b)
//! OR (a AND c)` becomes `a AND (b OR c)`, so that a shared equality can become a join's. Only
//! conditions of filters and joins, where NULL counts as FALSE.

use crate::codegen::builder::Result;
use crate::codegen::fingerprint::fingerprint;
use crate::hir::{Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;
use crate::plan::rules::{conjuncts, is_movable};
use grizzly_bytecode::Type;

/// The rule.
pub fn apply(mut plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    factor_plan(&mut plan, context);
    Ok(plan)
}

fn factor_plan(plan: &mut LogicalPlan, context: &PlanContext<'_>) {
    if let LogicalPlan::Filter { conditions, .. } | LogicalPlan::Join { conditions, .. } = plan {
        let mut parts = Vec::new();
        std::mem::take(conditions).into_iter().for_each(|c| conjuncts(c, &mut parts));
        parts.into_iter().for_each(|part| factor(part, conditions, context));
    }
    for input in plan.inputs_mut() {
        factor_plan(input, context);
    }
}

/// Adds a condition, or what its alternatives share and what is left of them.
fn factor(condition: Expr, out: &mut Vec<Expr>, context: &PlanContext<'_>) {
    if !matches!(condition.kind, ExprKind::Or(..)) || !is_movable(&condition, context) {
        return out.push(condition);
    }
    let (place, whole) = (condition.place, condition.clone());
    let mut alternatives = Vec::new();
    disjuncts(condition, &mut alternatives);
    let mut split: Vec<Vec<(Option<String>, Expr)>> = Vec::new();
    for alternative in alternatives {
        let mut parts = Vec::new();
        conjuncts(alternative, &mut parts);
        split.push(parts.into_iter().map(|part| (fingerprint(&part), part)).collect());
    }
    let Some((first, others)) = split.split_first() else { return out.push(whole) };
    let in_all = |print: &Option<String>| {
        print.is_some() && others.iter().all(|parts| parts.iter().any(|(p, _)| p == print))
    };
    let shared: Vec<(Option<String>, Expr)> =
        first.iter().filter(|(print, _)| in_all(print)).cloned().collect();
    if shared.is_empty() {
        return out.push(whole);
    }
    let rest = |parts: &Vec<(Option<String>, Expr)>| {
        let own = parts.iter().filter(|(print, _)| !shared.iter().any(|(s, _)| s == print));
        let own = own.map(|(_, part)| part.clone());
        own.reduce(|l, r| boolean(ExprKind::And(Box::new(l), Box::new(r)), place))
    };
    let rests: Option<Vec<Expr>> = split.iter().map(rest).collect();
    out.extend(shared.iter().map(|(_, part)| part.clone()));
    // An alternative of shared parts alone makes the others say nothing more.
    let either = |l, r| boolean(ExprKind::Or(Box::new(l), Box::new(r)), place);
    out.extend(rests.and_then(|rests| rests.into_iter().reduce(either)));
}

fn boolean(kind: ExprKind, place: grizzly_bytecode::Place) -> Expr {
    Expr { kind, ty: Type::Bool, place }
}

fn disjuncts(condition: Expr, out: &mut Vec<Expr>) {
    match condition.kind {
        ExprKind::Or(l, r) => {
            disjuncts(*l, out);
            disjuncts(*r, out);
        }
        _ => out.push(condition),
    }
}
