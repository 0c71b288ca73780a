//! The joins that stand for queries in expressions.

use super::domain::{self, unnest};
use super::facts::{is_single, may_raise, never_null};
use crate::codegen::builder::Result;
use crate::codegen::quantified;
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind, Query, SubqueryKind};
use crate::plan::PlanContext;
use crate::plan::logical::{Count, JoinKind, LogicalPlan, build, free_columns, substitute};
use grizzly_bytecode::query::AggregateFunction;
use grizzly_bytecode::{Cmp, Place, Type, Value};

fn boolean(kind: ExprKind, place: Place) -> Expr {
    Expr { kind, ty: Type::Bool, place }
}

/// `operand = the query's output`.
fn equality(operand: &Expr, query: &Query, context: &PlanContext<'_>) -> Option<Expr> {
    let output = context.column(query.outputs.first()?.variable);
    let (left, right) = (Box::new(operand.clone()), Box::new(output));
    Some(boolean(ExprKind::Compare { op: Cmp::Eq, left, right }, operand.place))
}

/// The rows of a plan for which a query has a row that, with an operand, equals it: or, of an anti
/// join, has none. The plan comes back where that cannot be a join.
pub fn filtering(
    plan: LogicalPlan,
    kind: JoinKind,
    operand: Option<&Expr>,
    query: &Query,
    context: &mut PlanContext<'_>,
) -> Result<std::result::Result<LogicalPlan, LogicalPlan>> {
    let mut right = build(query, context)?;
    let mut conditions = Vec::new();
    match operand {
        None => right = existence(right),
        Some(operand) => {
            let Some(equal) = equality(operand, query, context) else { return Ok(Err(plan)) };
            let ExprKind::Compare { right: output, .. } = &equal.kind else {
                return Ok(Err(plan));
            };
            let never = never_null(operand, &plan) && never_null(output, &right);
            if kind == JoinKind::Anti && !never {
                return Ok(Err(plan));
            }
            right = unordered(right);
            conditions.push(equal);
        }
    }
    Ok(match unnest(kind, plan, right, conditions, context) {
        Ok(joined) => Ok(joined),
        Err(back) => Err(back),
    })
}

/// Joins what a query in an expression gives to a plan, and puts the column in its place.
pub fn attach(
    plan: LogicalPlan,
    e: &mut Expr,
    context: &mut PlanContext<'_>,
) -> Result<LogicalPlan> {
    let ExprKind::Subquery { kind, query } = &e.kind else { return Ok(plan) };
    let attached = match kind {
        SubqueryKind::Array => return Ok(plan),
        SubqueryKind::Exists => mark(plan, None, query, context)?,
        SubqueryKind::Scalar => scalar(plan, query, e.place, context)?,
        SubqueryKind::Quantified { op: Cmp::Eq, all: false, operand } => {
            match mark(plan, Some(operand), query, context)? {
                Ok(marked) => Ok(marked),
                Err(plan) => by_counting(plan, (Cmp::Eq, false), operand, query, context)?,
            }
        }
        SubqueryKind::Quantified { op, all, operand } => {
            by_counting(plan, (*op, *all), operand, query, context)?
        }
    };
    Ok(match attached {
        Ok((plan, value)) => {
            e.kind = value.kind;
            plan
        }
        Err(plan) => plan,
    })
}

/// A plan with more columns and the value over it, or the plan as it was.
type Attached = std::result::Result<(LogicalPlan, Expr), LogicalPlan>;

/// Whether there is a row, or one that equals the operand.
fn mark(
    plan: LogicalPlan,
    operand: Option<&Expr>,
    query: &Query,
    context: &mut PlanContext<'_>,
) -> Result<Attached> {
    let mut right = build(query, context)?;
    let var = context.fresh_column("mark", Type::Bool, operand.is_some());
    let mut kind = JoinKind::Mark(var);
    let mut conditions = Vec::new();
    if let Some(operand) = operand {
        let Some(equal) = equality(operand, query, context) else { return Ok(Err(plan)) };
        let ExprKind::Compare { right: output, .. } = &equal.kind else { return Ok(Err(plan)) };
        if !(never_null(operand, &plan) && never_null(output, &right)) {
            let alike = operand.ty.vector_kind() == output.ty.vector_kind();
            if !alike || !right.free_columns().is_empty() || free_columns(operand).is_empty() {
                return Ok(Err(plan));
            }
            kind = JoinKind::MarkAny(var);
        }
        right = unordered(right);
        conditions.push(equal);
    } else {
        right = existence(right);
    }
    Ok(match unnest(kind, plan, right, conditions, context) {
        Ok(joined) => Ok((joined, context.column(var))),
        Err(plan) => Err(plan),
    })
}

/// A quantified comparison as the value of a query that counts how its rows compare.
fn by_counting(
    plan: LogicalPlan,
    (op, all): (Cmp, bool),
    operand: &Expr,
    query: &Query,
    context: &mut PlanContext<'_>,
) -> Result<Attached> {
    let counting = quantified(op, all, operand, query.clone(), context);
    scalar(plan, &counting, operand.place, context)
}

/// The value of a query's only row.
fn scalar(
    plan: LogicalPlan,
    query: &Query,
    place: Place,
    context: &mut PlanContext<'_>,
) -> Result<Attached> {
    let right = build(query, context)?;
    let Some(output) = query.outputs.first().map(|output| output.variable) else {
        return Ok(Err(plan));
    };
    match right {
        LogicalPlan::Project { input, columns } => match *input {
            LogicalPlan::Aggregate { input, keys, aggregates } if keys.is_empty() => {
                let value = columns.into_iter().find(|(var, _)| *var == output);
                let Some((_, value)) = value else { return Ok(Err(plan)) };
                Ok(of_group(plan, *input, aggregates, value, context))
            }
            input => {
                let right = LogicalPlan::Project { input: Box::new(input), columns };
                Ok(of_row(plan, right, output, place, context))
            }
        },
        right => Ok(of_row(plan, right, output, place, context)),
    }
}

/// The value over aggregates: one group for the whole query, or one for each binding.
fn of_group(
    plan: LogicalPlan,
    input: LogicalPlan,
    aggregates: Vec<AggregateCall>,
    mut value: Expr,
    context: &mut PlanContext<'_>,
) -> Attached {
    let mut counts: Vec<(ColumnVar, Expr)> = Vec::new();
    for call in aggregates.iter().filter(|call| call.function == AggregateFunction::Count) {
        counts.push((call.variable, or_zero(context.column(call.variable))));
    }
    let joined = domain::grouped(plan, input, aggregates, context)?;
    let values: Vec<_> = counts.iter().map(|(var, e)| (*var, e)).collect();
    substitute(&mut value, &values);
    Ok((joined, value))
}

/// A count of a group that may not be there.
pub fn or_zero(count: Expr) -> Expr {
    let (ty, place) = (count.ty.clone(), count.place);
    let zero = ExprKind::Constant(Value::Int(0));
    let kind = ExprKind::If {
        condition: Box::new(boolean(ExprKind::IsNull(Box::new(count.clone())), place)),
        then: Box::new(Expr { kind: zero, ty: ty.clone(), place }),
        otherwise: Box::new(count),
    };
    Expr { kind, ty, place }
}

/// The value of a row. What may raise is computed for rows of the plan only, after the join.
fn of_row(
    plan: LogicalPlan,
    right: LogicalPlan,
    output: ColumnVar,
    place: Place,
    context: &mut PlanContext<'_>,
) -> Attached {
    let kind = if is_single(&right) { JoinKind::Left } else { JoinKind::Single };
    let correlated = !right.free_columns().is_empty();
    let raises = correlated && may_raise(&right);
    match right {
        LogicalPlan::Project { input, columns } if raises => {
            let found = columns.iter().find(|(var, _)| *var == output);
            let Some((_, value)) = found.cloned() else { return Err(plan) };
            let there = context.fresh_column("found", Type::Bool, true);
            let mut kept: Vec<(ColumnVar, Expr)> =
                input.columns().into_iter().map(|var| (var, context.column(var))).collect();
            let yes = boolean(ExprKind::Constant(Value::Bool(true)), place);
            kept.push((there, yes));
            let right = LogicalPlan::Project { input, columns: kept };
            let joined = unnest(kind, plan, right, Vec::new(), context)?;
            let null = ExprKind::Constant(Value::Null);
            let ty = value.ty.clone();
            let chosen = ExprKind::If {
                condition: Box::new(context.column(there)),
                then: Box::new(value),
                otherwise: Box::new(Expr { kind: null, ty: ty.clone(), place }),
            };
            Ok((joined, Expr { kind: chosen, ty, place }))
        }
        right => {
            let joined = unnest(kind, plan, unordered(right), Vec::new(), context)?;
            Ok((joined, context.column(output)))
        }
    }
}

/// A plan whose rows' contents do not matter.
fn existence(plan: LogicalPlan) -> LogicalPlan {
    let free = plan.free_columns();
    let stripped = strip(plan);
    if !free.is_empty() {
        return stripped;
    }
    let (limit, offset) = (Some(Count::Constant(1)), Count::Constant(0));
    LogicalPlan::Limit { input: Box::new(stripped), each: Vec::new(), limit, offset }
}

fn strip(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Sort { input, .. } => strip(*input),
        LogicalPlan::Project { input, .. } => strip(*input),
        LogicalPlan::Aggregate { input, keys, aggregates }
            if !keys.is_empty() && aggregates.is_empty() =>
        {
            strip(*input)
        }
        LogicalPlan::Limit { input, limit, offset: Count::Constant(0), each }
            if each.is_empty() && limit.and_then(Count::known).is_some_and(|n| n > 0) =>
        {
            strip(*input)
        }
        plan => plan,
    }
}

/// A plan whose rows' order does not matter.
fn unordered(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Sort { input, .. } => unordered(*input),
        LogicalPlan::Project { input, columns } => {
            LogicalPlan::Project { input: Box::new(unordered(*input)), columns }
        }
        plan => plan,
    }
}
