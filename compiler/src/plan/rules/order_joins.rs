//! `order_joins`: puts inner joins into the order that is expected to make the fewest rows in
//! between. Conditions go to the lowest join that has their columns; what follows from equalities
//! (`a = b AND b = 5`: `a = 5`) is added first. Sides that no condition connects are joined last.
//!
//! Up to ten sides, all orders are weighed, bushy ones included, by dynamic programming over
//! connected sets of sides (Moerkotte and Neumann, "Analysis of Two Existing and One New Dynamic
//! Programming Algorithm", 2006); more are joined greedily, the pair with the fewest rows first.

mod graph;
mod implied;

use crate::codegen::builder::Result;
use crate::hir::Expr;
use crate::plan::PlanContext;
use crate::plan::logical::{JoinKind, LogicalPlan, filter};
use crate::plan::rules::{conjuncts, is_movable};
use graph::{Graph, MOST_SIDES, Set, Tree};
use implied::Condition;

/// The rule.
pub fn apply(plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    Ok(order(plan, context))
}

fn order(plan: LogicalPlan, context: &mut PlanContext<'_>) -> LogicalPlan {
    if !is_ordered(&plan, context) || count_sides(&plan, context) > MOST_SIDES {
        let mut plan = plan;
        for input in plan.inputs_mut() {
            let below = std::mem::replace(input, LogicalPlan::Unit);
            *input = order(below, context);
        }
        return plan;
    }
    let (mut sides, mut conditions) = (Vec::new(), Vec::new());
    take_apart(plan, &mut sides, &mut conditions, context);
    let conditions = implied::add(&mut sides, conditions, context);
    let graph = Graph::new(&sides, conditions, context);
    let tree = graph.best();
    let mut sides: Vec<Option<LogicalPlan>> = sides.into_iter().map(Some).collect();
    let mut left = graph.into_conditions();
    let joined = build(&tree, &mut sides, &mut left);
    // Conditions without columns belong to no join.
    filter(joined, left.into_iter().map(|(_, condition)| condition.expr).collect())
}

/// Whether a plan is a join whose sides may be joined in another order.
fn is_ordered(plan: &LogicalPlan, context: &PlanContext<'_>) -> bool {
    match plan {
        LogicalPlan::Join { kind: JoinKind::Inner, conditions, .. } => {
            conditions.iter().all(|condition| is_movable(condition, context))
        }
        _ => false,
    }
}

fn count_sides(plan: &LogicalPlan, context: &PlanContext<'_>) -> usize {
    match plan {
        LogicalPlan::Join { left, right, .. } if is_ordered(plan, context) => {
            count_sides(left, context) + count_sides(right, context)
        }
        _ => 1,
    }
}

/// The sides of a tree of inner joins, and its conditions.
fn take_apart(
    plan: LogicalPlan,
    sides: &mut Vec<LogicalPlan>,
    conditions: &mut Vec<Expr>,
    context: &mut PlanContext<'_>,
) {
    let ordered = is_ordered(&plan, context);
    match plan {
        LogicalPlan::Join { left, right, conditions: own, .. } if ordered => {
            take_apart(*left, sides, conditions, context);
            take_apart(*right, sides, conditions, context);
            own.into_iter().for_each(|c| conjuncts(c, conditions));
        }
        plan => sides.push(order(plan, context)),
    }
}

/// The joins of a tree, each with the conditions that it is the first to have all columns of.
fn build(
    tree: &Tree,
    sides: &mut [Option<LogicalPlan>],
    conditions: &mut Vec<(Set, Condition)>,
) -> LogicalPlan {
    match tree {
        Tree::Side(index) => {
            sides.get_mut(*index).and_then(Option::take).unwrap_or(LogicalPlan::Unit)
        }
        Tree::Join(set, left, right) => {
            let left = Box::new(build(left, sides, conditions));
            let right = Box::new(build(right, sides, conditions));
            let fits = |(needed, _): &(Set, Condition)| *needed != 0 && needed & !set == 0;
            let (own, others): (Vec<_>, Vec<_>) =
                std::mem::take(conditions).into_iter().partition(fits);
            *conditions = others;
            let own = without_repeats(own.into_iter().map(|(_, condition)| condition).collect());
            LogicalPlan::Join { kind: JoinKind::Inner, left, right, conditions: own }
        }
    }
}

/// The conditions without those implied ones that say nothing new beside the others.
fn without_repeats(conditions: Vec<Condition>) -> Vec<Expr> {
    let (implied, mut kept): (Vec<_>, Vec<_>) = conditions.into_iter().partition(|c| c.implied);
    for condition in implied {
        if !kept.iter().any(|other| other.class == condition.class) {
            kept.push(condition);
        }
    }
    kept.into_iter().map(|condition| condition.expr).collect()
}
