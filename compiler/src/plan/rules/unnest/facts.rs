//! What is known of plans: columns that are never NULL, plans of one row, expressions that raise.

use crate::codegen::fault_prone;
use crate::hir::{Aggregation, ColumnVar, ConvertMode, Expr, ExprKind, From, Query};
use crate::plan::PlanContext;
use crate::plan::logical::{Count, JoinKind, LogicalPlan};
use grizzly_bytecode::Type;
use grizzly_bytecode::query::AggregateFunction;

/// Whether an expression over the rows of a plan is never NULL.
pub fn never_null(e: &Expr, plan: &LogicalPlan) -> bool {
    match &e.kind {
        ExprKind::Constant(value) => !value.is_null(),
        ExprKind::Column(var) => column_never_null(*var, plan),
        ExprKind::Convert { operand, mode } => {
            *mode != ConvertMode::Try && never_null(operand, plan)
        }
        ExprKind::Arith { left, right, .. } => never_null(left, plan) && never_null(right, plan),
        ExprKind::IsNull(_) | ExprKind::Same(..) => true,
        _ => false,
    }
}

fn column_never_null(var: ColumnVar, plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Scan { table, columns, row_key, .. } => {
            let found = columns.iter().find(|(v, _)| *v == var);
            let stored = found.and_then(|(_, index)| table.columns.get(*index));
            *row_key == Some(var) || stored.is_some_and(|column| !column.nullable)
        }
        LogicalPlan::Values { rows, columns } => {
            let at = columns.iter().position(|v| *v == var);
            at.is_some_and(|at| {
                rows.iter().all(|row| row.get(at).is_some_and(|e| never_null(e, plan)))
            })
        }
        LogicalPlan::Project { input, columns } => {
            columns.iter().any(|(v, e)| *v == var && never_null(e, input))
        }
        LogicalPlan::Filter { input, conditions } => {
            let is_var = |e: &Expr| e.kind == ExprKind::Column(var);
            let shows = |c: &Expr| match &c.kind {
                ExprKind::Compare { left, right, .. } => is_var(left) || is_var(right),
                ExprKind::Not(e) => matches!(&e.kind, ExprKind::IsNull(e) if is_var(e)),
                _ => false,
            };
            conditions.iter().any(shows) || column_never_null(var, input)
        }
        LogicalPlan::Join { kind, left, right, .. } => {
            let in_right = *kind == JoinKind::Inner && column_never_null(var, right);
            let in_left = *kind != JoinKind::Full && column_never_null(var, left);
            *kind == JoinKind::Mark(var) || in_left || in_right
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => {
            let counted = |function| function == AggregateFunction::Count;
            keys.iter().any(|(v, e)| *v == var && never_null(e, input))
                || aggregates.iter().any(|a| a.variable == var && counted(a.function))
        }
        LogicalPlan::Union { inputs, columns } => {
            let at = columns.iter().position(|v| *v == var);
            at.is_some_and(|at| {
                let of = |(input, vars): &(LogicalPlan, Vec<ColumnVar>)| {
                    vars.get(at).is_some_and(|var| column_never_null(*var, input))
                };
                inputs.iter().all(of)
            })
        }
        LogicalPlan::Sort { input, .. }
        | LogicalPlan::Limit { input, .. }
        | LogicalPlan::Expand { input, .. }
        | LogicalPlan::With { body: input, .. } => column_never_null(var, input),
        LogicalPlan::Unit | LogicalPlan::Common { .. } => false,
    }
}

/// Whether a plan gives one row at most.
pub fn is_single(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Unit => true,
        LogicalPlan::Values { rows, .. } => rows.len() <= 1,
        LogicalPlan::Aggregate { keys, .. } => keys.is_empty(),
        LogicalPlan::Limit { input, limit, each, .. } => {
            let one = matches!(limit, Some(Count::Constant(0 | 1)));
            one && each.is_empty() || is_single(input)
        }
        LogicalPlan::Filter { input, .. }
        | LogicalPlan::Project { input, .. }
        | LogicalPlan::Sort { input, .. }
        | LogicalPlan::With { body: input, .. } => is_single(input),
        LogicalPlan::Join { kind, left, right, .. } => {
            is_single(left) && (!kind.adds_right() || is_single(right)) && *kind != JoinKind::Full
        }
        _ => false,
    }
}

/// Whether a query gives one row at most.
pub fn gives_one_row(query: &Query) -> bool {
    let grouped = query.aggregation.as_ref().is_some_and(|a| a.keys.is_empty());
    let limited = query.limit.as_ref().is_some_and(|limit| {
        matches!(limit.kind, ExprKind::Constant(grizzly_bytecode::Value::Int(0 | 1)))
    });
    grouped
        || limited
        || query.from.as_ref().is_none_or(|from| match from {
            From::Query(inner) => gives_one_row(inner),
            From::Values { rows, .. } => rows.len() <= 1,
            _ => false,
        })
}

/// Whether an aggregate may raise when it ends.
pub fn may_overflow(aggregation: &Aggregation) -> bool {
    let sums = |function| function == AggregateFunction::Sum;
    aggregation.aggregates.iter().any(|call| sums(call.function) && call.ty != Type::Double)
}

/// Whether evaluating a plan for rows that nobody needs may well raise. Sums and products that
/// leave their range do not count: they would in rows that are needed too.
pub fn may_raise(plan: &LogicalPlan) -> bool {
    let mut raises = false;
    plan.for_each_expr(&mut |e| raises |= fault_prone(e));
    raises || plan.inputs().into_iter().any(may_raise)
}

/// Rows of expressions as a concatenation of rows that are each computed by itself.
pub fn rows_one_by_one(
    rows: Vec<Vec<Expr>>,
    columns: Vec<ColumnVar>,
    context: &mut PlanContext<'_>,
) -> LogicalPlan {
    let mut inputs = Vec::with_capacity(rows.len());
    for row in rows {
        let named: Vec<(ColumnVar, Expr)> = row
            .into_iter()
            .map(|e| (context.fresh_column("value", e.ty.clone(), true), e))
            .collect();
        let vars = named.iter().map(|(var, _)| *var).collect();
        let input = Box::new(LogicalPlan::Unit);
        inputs.push((LogicalPlan::Project { input, columns: named }, vars));
    }
    LogicalPlan::Union { inputs, columns }
}
