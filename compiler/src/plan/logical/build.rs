//! From a query's clauses to a plan.

use super::common::{self, CommonUse};
use super::{Count, JoinKind, LogicalPlan, filter, substitute};
use crate::codegen::builder::{Result, bug, unsupported};
use crate::hir::{self, ColumnVar, Expr, ExprKind, From, OrderKey, Query, SetOperator};
use crate::plan::PlanContext;
use grizzly_bytecode::{Place, Type, Value};

/// The plan that the clauses say.
///
/// # Errors
/// A LIMIT that is not a constant and not a parameter.
pub fn build(query: &Query, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let shared = common::open(query, context)?;
    let plan = clauses(query, context)?;
    Ok(common::close(shared, plan))
}

fn clauses(query: &Query, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let mut plan = match &query.from {
        Some(from) => build_from(from, context)?,
        None => LogicalPlan::Unit,
    };
    plan = filter(plan, query.filter.iter().cloned().collect());
    if let Some(aggregation) = &query.aggregation {
        plan = LogicalPlan::Aggregate {
            input: Box::new(plan),
            keys: aggregation.keys.clone(),
            aggregates: aggregation.aggregates.clone(),
        };
    }
    plan = filter(plan, query.having.iter().cloned().collect());
    let mut columns: Vec<(ColumnVar, Expr)> =
        query.outputs.iter().map(|o| (o.variable, o.value.clone())).collect();
    let visible = columns.len();
    let keys = sort_keys(query, &mut columns, context);
    plan = LogicalPlan::Project { input: Box::new(plan), columns: columns.clone() };
    if query.distinct {
        plan = distinct(plan, context);
    }
    let offset = count(query.offset.as_ref(), context)?.unwrap_or(Count::Constant(0));
    let limit = count(query.limit.as_ref(), context)?;
    if !keys.is_empty() {
        let known = limit.and_then(Count::known).zip(offset.known());
        let wanted = known.map(|(limit, offset)| limit.saturating_add(offset));
        plan = LogicalPlan::Sort { input: Box::new(plan), keys, limit: wanted };
    }
    if columns.len() > visible {
        columns.truncate(visible);
        plan = LogicalPlan::Project { input: Box::new(plan), columns: as_columns(&columns) };
    }
    if limit.is_some() || offset != Count::Constant(0) {
        plan = LogicalPlan::Limit { input: Box::new(plan), each: Vec::new(), limit, offset };
    }
    Ok(plan)
}

/// The plan of a row source.
///
/// # Errors
/// As for [`build`].
pub fn build_from(from: &From, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    Ok(match from {
        From::Table { table, columns } => LogicalPlan::Scan {
            table: table.clone(),
            columns: columns.iter().enumerate().map(|(index, var)| (*var, index)).collect(),
            row_key: None,
            ordered: false,
        },
        From::Values { rows, columns } => {
            LogicalPlan::Values { rows: rows.clone(), columns: columns.clone() }
        }
        From::Query(query) => build(query, context)?,
        From::Common { id, columns } => match context.commons.get(id).cloned() {
            Some(CommonUse::Shared(id, name)) => LogicalPlan::Common {
                id,
                name,
                columns: columns.iter().enumerate().map(|(index, var)| (*var, index)).collect(),
            },
            Some(CommonUse::Once(query)) => common::inline(&query, columns, context)?,
            Some(CommonUse::Copy(query)) => {
                let copy = common::fresh_copy(&query, context);
                common::inline(&copy, columns, context)?
            }
            None => return Err(bug(Place::default(), "a query of WITH that is not in scope")),
        },
        From::Set { op, all, left, right, columns } => {
            set_operation(*op, *all, (left, right), columns, context)?
        }
        From::Function { function, arguments, column } => LogicalPlan::Expand {
            input: Box::new(LogicalPlan::Unit),
            function: *function,
            arguments: arguments.clone(),
            column: *column,
            ty: context.column_type(*column),
            outer: false,
        },
        From::Join { kind, left, right, condition } => LogicalPlan::Join {
            kind: join_kind(*kind),
            left: Box::new(build_from(left, context)?),
            right: Box::new(build_from(right, context)?),
            conditions: condition.iter().cloned().collect(),
        },
    })
}

fn join_kind(kind: hir::JoinKind) -> JoinKind {
    match kind {
        hir::JoinKind::Inner => JoinKind::Inner,
        hir::JoinKind::Left => JoinKind::Left,
        hir::JoinKind::Full => JoinKind::Full,
        hir::JoinKind::Semi => JoinKind::Semi,
        hir::JoinKind::Anti => JoinKind::Anti,
    }
}

/// UNION is a concatenation; INTERSECT and EXCEPT are joins on all columns, in which NULL equals
/// NULL.
fn set_operation(
    op: SetOperator,
    all: bool,
    (left, right): (&Query, &Query),
    columns: &[ColumnVar],
    context: &mut PlanContext<'_>,
) -> Result<LogicalPlan> {
    let outputs = |query: &Query| query.outputs.iter().map(|o| o.variable).collect::<Vec<_>>();
    let (in_left, in_right) = (outputs(left), outputs(right));
    let (left, right) = (build(left, context)?, build(right, context)?);
    let plan = if op == SetOperator::Union {
        let mut inputs = Vec::new();
        for (plan, outputs) in [(left, in_left), (right, in_right)] {
            flatten(plan, outputs, &mut inputs);
        }
        LogicalPlan::Union { inputs, columns: columns.to_vec() }
    } else {
        let kind = match (op, all) {
            (SetOperator::Intersect, true) => JoinKind::IntersectAll,
            (SetOperator::Intersect, false) => JoinKind::Semi,
            (_, true) => JoinKind::ExceptAll,
            (_, false) => JoinKind::Anti,
        };
        let pairs = in_left.iter().zip(&in_right);
        let same = |(l, r): (&ColumnVar, &ColumnVar)| {
            let kind = ExprKind::Same(Box::new(context.column(*l)), Box::new(context.column(*r)));
            Expr { kind, ty: Type::Bool, place: Place::default() }
        };
        let conditions = pairs.map(same).collect();
        let join =
            LogicalPlan::Join { kind, left: Box::new(left), right: Box::new(right), conditions };
        let named = columns.iter().zip(&in_left).map(|(var, l)| (*var, context.column(*l)));
        LogicalPlan::Project { input: Box::new(join), columns: named.collect() }
    };
    Ok(if all { plan } else { distinct(plan, context) })
}

/// A concatenation of concatenations is one.
fn flatten(
    plan: LogicalPlan,
    outputs: Vec<ColumnVar>,
    inputs: &mut Vec<(LogicalPlan, Vec<ColumnVar>)>,
) {
    let inner = match plan {
        LogicalPlan::Project { input, columns } => match *input {
            LogicalPlan::Union { inputs: inner, columns: of } => {
                // Which columns of the inner one the projection hands on, in order.
                let place = |(_, e): &(ColumnVar, Expr)| match &e.kind {
                    ExprKind::Column(var) => of.iter().position(|c| c == var),
                    _ => None,
                };
                let by_output = |var: &ColumnVar| columns.iter().find(|(v, _)| v == var);
                let places: Option<Vec<usize>> =
                    outputs.iter().map(|var| by_output(var).and_then(place)).collect();
                match places {
                    Some(places) => {
                        let pick = |vars: &Vec<ColumnVar>| {
                            places.iter().filter_map(|at| vars.get(*at).copied()).collect()
                        };
                        inputs.extend(inner.into_iter().map(|(plan, vars)| {
                            let picked = pick(&vars);
                            (plan, picked)
                        }));
                        return;
                    }
                    None => LogicalPlan::Project {
                        input: Box::new(LogicalPlan::Union { inputs: inner, columns: of }),
                        columns,
                    },
                }
            }
            input => LogicalPlan::Project { input: Box::new(input), columns },
        },
        plan => plan,
    };
    inputs.push((inner, outputs));
}

/// The sort keys as columns of the projection; what is not one of the outputs becomes a hidden one.
fn sort_keys(
    query: &Query,
    columns: &mut Vec<(ColumnVar, Expr)>,
    context: &mut PlanContext<'_>,
) -> Vec<OrderKey> {
    let mut keys = Vec::new();
    for key in &query.order {
        let mut value = key.value.clone();
        let is_output = |v: &ColumnVar| query.outputs.iter().any(|o| o.variable == *v);
        if !matches!(&value.kind, ExprKind::Column(var) if is_output(var)) {
            let outputs: Vec<_> = query.outputs.iter().map(|o| (o.variable, &o.value)).collect();
            substitute(&mut value, &outputs);
            let var = context.fresh_column("sort key", value.ty.clone(), true);
            columns.push((var, value.clone()));
            value.kind = ExprKind::Column(var);
        }
        keys.push(OrderKey { value, ..key.clone() });
    }
    keys
}

/// The different rows of a plan.
fn distinct(plan: LogicalPlan, context: &PlanContext<'_>) -> LogicalPlan {
    let keys = plan.columns().into_iter().map(|var| (var, context.column(var))).collect();
    LogicalPlan::Aggregate { input: Box::new(plan), keys, aggregates: Vec::new() }
}

fn as_columns(columns: &[(ColumnVar, Expr)]) -> Vec<(ColumnVar, Expr)> {
    let column = |(var, value): &(ColumnVar, Expr)| {
        let kind = ExprKind::Column(*var);
        (*var, Expr { kind, ty: value.ty.clone(), place: value.place })
    };
    columns.iter().map(column).collect()
}

/// The value of LIMIT or OFFSET; NULL is no limit.
fn count(e: Option<&Expr>, context: &PlanContext<'_>) -> Result<Option<Count>> {
    let Some(e) = e else { return Ok(None) };
    let mut value = e.clone();
    crate::plan::rules::fold(&mut value, context);
    match (&value.kind, &value.ty) {
        (ExprKind::Constant(Value::Null), _) => Ok(None),
        (ExprKind::Constant(Value::Int(n)), t) if t.is_integer() && *n >= 0 => {
            Ok(Some(Count::Constant(*n as u64)))
        }
        (ExprKind::Constant(_), Type::Int64) => {
            Err(Box::new(crate::diagnostics_plan::negative_limit(e.place)))
        }
        (ExprKind::Parameter(index), Type::Int64) => Ok(Some(Count::Parameter(*index))),
        _ => Err(unsupported(e.place, "LIMIT or OFFSET with a value that depends on rows")),
    }
}
