//! `push_filters`: brings every condition as near to the tables as it can go, and makes equalities
//! between two sides conditions of their join.

use crate::codegen::builder::Result;
use crate::hir::{AggregateCall, ColumnVar, Effect, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::{JoinKind, LogicalPlan, filter, free_columns, substitute};

/// The rule.
pub fn apply(plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    Ok(push(plan, Vec::new(), context))
}

/// The parts of a condition that AND joins.
pub fn conjuncts(condition: Expr, out: &mut Vec<Expr>) {
    match condition.kind {
        ExprKind::And(l, r) => {
            conjuncts(*l, out);
            conjuncts(*r, out);
        }
        _ => out.push(condition),
    }
}

/// Whether an expression may be evaluated for other rows, or another number of times, than written.
pub fn is_movable(e: &Expr, context: &PlanContext<'_>) -> bool {
    !e.any(&|x| match &x.kind {
        ExprKind::Native { function, .. } => function.effect > Effect::Reads,
        ExprKind::Call { function, .. } => {
            context.catalog.function(function).is_none_or(|f| f.effect > Effect::Reads)
        }
        _ => false,
    })
}

/// Brings conditions and those of the plan itself down.
pub fn push(
    plan: LogicalPlan,
    mut conditions: Vec<Expr>,
    context: &PlanContext<'_>,
) -> LogicalPlan {
    match plan {
        LogicalPlan::Filter { input, conditions: own } => {
            let mut parts = Vec::new();
            own.into_iter().for_each(|c| conjuncts(c, &mut parts));
            let (movable, fixed): (Vec<_>, Vec<_>) =
                parts.into_iter().partition(|c| is_movable(c, context));
            if fixed.is_empty() {
                // The filter's own conditions come first: they may guard those from above.
                let all = movable.into_iter().chain(conditions).collect();
                return push(*input, all, context);
            }
            conditions.splice(0..0, fixed);
            filter(push(*input, movable, context), conditions)
        }
        LogicalPlan::Project { input, columns } => {
            let all_movable = columns.iter().all(|(_, e)| is_movable(e, context));
            if !all_movable {
                let project = LogicalPlan::Project {
                    input: Box::new(push(*input, Vec::new(), context)),
                    columns,
                };
                return filter(project, conditions);
            }
            let values: Vec<_> = columns.iter().map(|(var, e)| (*var, e)).collect();
            conditions.iter_mut().for_each(|c| substitute(c, &values));
            let input = Box::new(push(*input, conditions, context));
            LogicalPlan::Project { input, columns }
        }
        LogicalPlan::Join { kind, left, right, conditions: on } => {
            push_join(kind, *left, *right, on, conditions, context)
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => {
            push_aggregate(*input, keys, aggregates, conditions, context)
        }
        LogicalPlan::Union { inputs, columns } => push_union(inputs, columns, &conditions, context),
        LogicalPlan::With { mut common, body } => {
            *common.input = push(*common.input, Vec::new(), context);
            common.step =
                common.step.map(|(step, vars)| (Box::new(push(*step, Vec::new(), context)), vars));
            LogicalPlan::With { common, body: Box::new(push(*body, conditions, context)) }
        }
        LogicalPlan::Expand { input, function, arguments, column, ty, outer } => {
            let (above, below): (Vec<_>, Vec<_>) =
                conditions.into_iter().partition(|c| free_columns(c).contains(&column));
            let input = Box::new(push(*input, below, context));
            filter(LogicalPlan::Expand { input, function, arguments, column, ty, outer }, above)
        }
        LogicalPlan::Sort { input, keys, limit: None } => {
            let input = Box::new(push(*input, conditions, context));
            LogicalPlan::Sort { input, keys, limit: None }
        }
        mut other => {
            for input in other.inputs_mut() {
                let below = std::mem::replace(input, LogicalPlan::Unit);
                *input = push(below, Vec::new(), context);
            }
            filter(other, conditions)
        }
    }
}

/// Conditions over the keys of groups hold for their rows.
fn push_aggregate(
    input: LogicalPlan,
    keys: Vec<(ColumnVar, Expr)>,
    aggregates: Vec<AggregateCall>,
    conditions: Vec<Expr>,
    context: &PlanContext<'_>,
) -> LogicalPlan {
    let over_keys = |c: &Expr| {
        let read = free_columns(c);
        !keys.is_empty()
            && !read.is_empty()
            && read.iter().all(|v| keys.iter().any(|(k, _)| k == v))
    };
    let (mut below, above): (Vec<_>, Vec<_>) = conditions.into_iter().partition(over_keys);
    let values: Vec<_> = keys.iter().map(|(var, e)| (*var, e)).collect();
    below.iter_mut().for_each(|c| substitute(c, &values));
    let input = Box::new(push(input, below, context));
    filter(LogicalPlan::Aggregate { input, keys, aggregates }, above)
}

/// Conditions over a concatenation hold for the rows of each input.
fn push_union(
    inputs: Vec<(LogicalPlan, Vec<ColumnVar>)>,
    columns: Vec<ColumnVar>,
    conditions: &[Expr],
    context: &PlanContext<'_>,
) -> LogicalPlan {
    let pushed = |(input, vars): (LogicalPlan, Vec<ColumnVar>)| {
        let as_columns: Vec<Expr> = vars.iter().map(|var| context.column(*var)).collect();
        let values: Vec<_> = columns.iter().copied().zip(&as_columns).collect();
        let mut below = conditions.to_vec();
        below.iter_mut().for_each(|c| substitute(c, &values));
        (push(input, below, context), vars)
    };
    let inputs = inputs.into_iter().map(pushed).collect();
    LogicalPlan::Union { inputs, columns }
}

fn push_join(
    mut kind: JoinKind,
    left: LogicalPlan,
    right: LogicalPlan,
    on: Vec<Expr>,
    conditions: Vec<Expr>,
    context: &PlanContext<'_>,
) -> LogicalPlan {
    let (in_left, in_right) = (left.columns(), right.columns());
    let within = |c: &Expr, side: &[ColumnVar]| free_columns(c).iter().all(|v| side.contains(v));
    if kind == JoinKind::Left && conditions.iter().any(|c| rejects_null(c, &in_right)) {
        kind = JoinKind::Inner;
    }
    let (mut to_left, mut to_right) = (Vec::new(), Vec::new());
    let (mut join, mut above) = (Vec::new(), Vec::new());
    let mut parts = Vec::new();
    on.into_iter().for_each(|c| conjuncts(c, &mut parts));
    use JoinKind as K;
    for part in parts {
        let movable = is_movable(&part, context);
        let right_filters =
            !matches!(kind, K::Full | K::MarkAny(_) | K::IntersectAll | K::ExceptAll);
        match kind {
            K::Inner | K::Semi if movable && within(&part, &in_left) => to_left.push(part),
            _ if movable && right_filters && within(&part, &in_right) => to_right.push(part),
            _ => join.push(part),
        }
    }
    for condition in conditions {
        if kind != K::Full && within(&condition, &in_left) {
            to_left.push(condition);
        } else if kind == K::Inner && within(&condition, &in_right) {
            to_right.push(condition);
        } else if kind == K::Inner {
            join.push(condition);
        } else {
            above.push(condition);
        }
    }
    let join = LogicalPlan::Join {
        kind,
        left: Box::new(push(left, to_left, context)),
        right: Box::new(push(right, to_right, context)),
        conditions: join,
    };
    filter(join, above)
}

/// Whether a condition is not TRUE wherever the columns of a side are NULL: a comparison with one
/// of them.
fn rejects_null(condition: &Expr, side: &[ColumnVar]) -> bool {
    let strict = |e: &Expr| {
        let mut e = e;
        while let ExprKind::Convert { operand, .. } = &e.kind {
            e = operand;
        }
        matches!(&e.kind, ExprKind::Column(var) if side.contains(var))
    };
    match &condition.kind {
        ExprKind::Compare { left, right, .. } => strict(left) || strict(right),
        ExprKind::Not(inner) => match &inner.kind {
            ExprKind::IsNull(e) => strict(e),
            _ => false,
        },
        _ => false,
    }
}
