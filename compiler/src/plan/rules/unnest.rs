//! `unnest_subqueries`: turns queries inside expressions, and joins whose right side refers to the
//! left one, into joins of sides that do not know each other (Neumann and Kemper, "Unnesting
//! Arbitrary Queries", 2015).
//!
//! A query in a WHERE conjunct becomes a semi or an anti join where that means the same; elsewhere
//! its value becomes a column: of a single join, or a mark. A query stays in its expression, to be
//! asked row by row, where the expression may not reach it and it may raise, where it names locals
//! of an inlined function, and where its rows are wanted as an array.

mod attach;
mod domain;
mod facts;
mod pull;
mod push;

use crate::codegen::builder::{Result, unsupported};
use crate::codegen::vector_may_raise;
use crate::hir::{Expr, ExprKind, SubqueryKind};
use crate::plan::PlanContext;
use crate::plan::capture::reads_locals;
use crate::plan::logical::{JoinKind, LogicalPlan, filter, is_volatile};
use crate::plan::rules::conjuncts;
use attach::attach;
use grizzly_bytecode::Cmp;

/// The rule.
pub fn apply(plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    rewrite(plan, context)
}

/// Rewrites an operator, then its inputs: what stands inside sees what is around it as columns.
fn rewrite(plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let mut plan = match plan {
        LogicalPlan::Filter { input, conditions } => filters(*input, conditions, context)?,
        LogicalPlan::Join { kind, left, right, conditions } => {
            join(kind, *left, *right, conditions, context)?
        }
        LogicalPlan::Values { rows, columns } => values(rows, columns, context),
        plan => expressions(plan, context)?,
    };
    for input in plan.inputs_mut() {
        let below = std::mem::replace(input, LogicalPlan::Unit);
        *input = rewrite(below, context)?;
    }
    Ok(plan)
}

/// Whether an expression holds a query.
fn has_query(e: &Expr) -> bool {
    e.any(&|x| matches!(x.kind, ExprKind::Subquery { .. }))
}

/// Conditions without queries come first, then those with, one after the other.
fn filters(
    input: LogicalPlan,
    conditions: Vec<Expr>,
    context: &mut PlanContext<'_>,
) -> Result<LogicalPlan> {
    let mut parts = Vec::new();
    conditions.into_iter().for_each(|c| conjuncts(c, &mut parts));
    let (asking, plain): (Vec<_>, Vec<_>) = parts.into_iter().partition(has_query);
    let mut plan = filter(input, plain);
    for mut condition in asking {
        plan = match condition_as_join(plan, &condition, context)? {
            Ok(joined) => joined,
            Err(plan) => {
                let plan = extract(&mut condition, plan, false, context)?;
                filter(plan, vec![condition])
            }
        };
    }
    Ok(plan)
}

/// A conjunct that is a query or its negation as a semi or an anti join.
fn condition_as_join(
    plan: LogicalPlan,
    condition: &Expr,
    context: &mut PlanContext<'_>,
) -> Result<std::result::Result<LogicalPlan, LogicalPlan>> {
    let (negated, e) = match &condition.kind {
        ExprKind::Not(inner) => (true, &**inner),
        _ => (false, condition),
    };
    let ExprKind::Subquery { kind, query } = &e.kind else { return Ok(Err(plan)) };
    if !may_become_join(e, context) {
        return Ok(Err(plan));
    }
    let exists = *kind == SubqueryKind::Exists;
    // `NOT (x = ANY q)` and `x <> ALL q` are NULL where NULLs meet.
    let (equals, negated) = match kind {
        SubqueryKind::Quantified { op: Cmp::Eq, all: false, operand } => (Some(operand), negated),
        SubqueryKind::Quantified { op: Cmp::Ne, all: true, operand } => (Some(operand), !negated),
        _ => (None, negated),
    };
    if equals.is_some_and(|operand| has_query(operand)) || (equals.is_none() && !exists) {
        return Ok(Err(plan));
    }
    let kind = if negated { JoinKind::Anti } else { JoinKind::Semi };
    attach::filtering(plan, kind, equals.map(|e| &**e), query, context)
}

/// A join: conditions with queries become filters above an inner one, and a right side that refers
/// to the left one is freed of it.
fn join(
    kind: JoinKind,
    left: LogicalPlan,
    right: LogicalPlan,
    conditions: Vec<Expr>,
    context: &mut PlanContext<'_>,
) -> Result<LogicalPlan> {
    let (asking, plain): (Vec<_>, Vec<_>) = match kind {
        JoinKind::Inner => conditions.into_iter().partition(has_query),
        _ => (Vec::new(), conditions),
    };
    let place = plain.first().map(|c| c.place).unwrap_or_default();
    let joined = domain::unnest(kind, left, right, plain, context)
        .map_err(|_| unsupported(place, "a LATERAL side with this query in it"))?;
    if asking.is_empty() { Ok(joined) } else { filters(joined, asking, context) }
}

/// Rows with queries in them are computed one by one.
fn values(
    rows: Vec<Vec<Expr>>,
    columns: Vec<crate::hir::ColumnVar>,
    context: &mut PlanContext<'_>,
) -> LogicalPlan {
    if !rows.iter().flatten().any(has_query) {
        return LogicalPlan::Values { rows, columns };
    }
    facts::rows_one_by_one(rows, columns, context)
}

/// Takes the queries out of an operator's expressions.
fn expressions(mut plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let mut any = false;
    plan.for_each_expr(&mut |e| any |= has_query(e));
    if !any {
        return Ok(plan);
    }
    let Some(input) = plan.inputs_mut().pop() else { return Ok(plan) };
    let mut below = std::mem::replace(input, LogicalPlan::Unit);
    let mut failed = None;
    plan.for_each_expr_mut(&mut |e| {
        let input = std::mem::replace(&mut below, LogicalPlan::Unit);
        match extract(e, input, false, context) {
            Ok(extracted) => below = extracted,
            Err(problem) => failed = Some(problem),
        }
    });
    if let Some(problem) = failed {
        return Err(problem);
    }
    if let Some(input) = plan.inputs_mut().pop() {
        *input = below;
    }
    Ok(plan)
}

/// Puts columns in place of the queries in an expression, and joins what gives these to the plan.
/// `lazy` says that not every row reaches the expression.
fn extract(
    e: &mut Expr,
    plan: LogicalPlan,
    lazy: bool,
    context: &mut PlanContext<'_>,
) -> Result<LogicalPlan> {
    if !has_query(e) {
        return Ok(plan);
    }
    match &mut e.kind {
        ExprKind::Subquery { kind, .. } => {
            let mut plan = plan;
            if let SubqueryKind::Quantified { operand, .. } = kind {
                plan = extract(operand, plan, lazy, context)?;
            }
            let fits = may_become_join(e, context) && (!lazy || is_safe(e));
            if fits { attach(plan, e, context) } else { Ok(plan) }
        }
        ExprKind::And(l, r) | ExprKind::Or(l, r) => {
            let plan = extract(l, plan, lazy, context)?;
            extract(r, plan, true, context)
        }
        ExprKind::If { condition, then, otherwise } => {
            let plan = extract(condition, plan, lazy, context)?;
            let plan = extract(then, plan, true, context)?;
            extract(otherwise, plan, true, context)
        }
        ExprKind::Block(_)
        | ExprKind::Inlined { .. }
        | ExprKind::Lambda(_)
        | ExprKind::Try { .. } => Ok(plan),
        _ => {
            let (mut rest, mut failed) = (Some(plan), None);
            e.for_each_child_mut(&mut |child| {
                if let Some(plan) = rest.take() {
                    match extract(child, plan, lazy, context) {
                        Ok(plan) => rest = Some(plan),
                        Err(problem) => failed = Some(problem),
                    }
                }
            });
            match (rest, failed) {
                (Some(plan), _) => Ok(plan),
                (None, Some(problem)) => Err(problem),
                (None, None) => Ok(LogicalPlan::Unit),
            }
        }
    }
}

/// Whether a query's answer can be a column of a join at all.
fn may_become_join(e: &Expr, context: &PlanContext<'_>) -> bool {
    let ExprKind::Subquery { kind, query } = &e.kind else { return false };
    let correlated = !crate::plan::logical::free_columns_of_query(query).is_empty();
    *kind != SubqueryKind::Array
        && !reads_locals(e)
        && !(correlated && is_volatile(query, context.catalog))
}

/// Whether a query may be computed for rows that do not need it: it raises nothing.
fn is_safe(e: &Expr) -> bool {
    let ExprKind::Subquery { kind, query } = &e.kind else { return false };
    let single = *kind != SubqueryKind::Scalar || facts::gives_one_row(query);
    let mut raises = false;
    query.for_each_expr(&mut |inner| raises |= vector_may_raise(inner));
    single && !raises && !query.aggregation.as_ref().is_some_and(facts::may_overflow)
}
