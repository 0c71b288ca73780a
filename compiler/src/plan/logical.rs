//! Logical plans: relational operators over column variables.

use super::PlanContext;
use crate::catalog::Table;
use crate::codegen::builder::{Result, unsupported};
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind, From, JoinKind, OrderKey, Query};
use grizzly_bytecode::{Place, Type, Value};
use std::sync::Arc;

/// A relational operator over its inputs.
#[derive(Clone, Debug)]
pub enum LogicalPlan {
    /// One row without columns.
    Unit,
    /// Rows of expressions without columns.
    Values {
        /// The rows.
        rows: Vec<Vec<Expr>>,
        /// The variables.
        columns: Vec<ColumnVar>,
    },
    /// A table.
    Scan {
        /// The table.
        table: Arc<Table>,
        /// The variables and the indices of the table's columns that they hold.
        columns: Vec<(ColumnVar, usize)>,
        /// The variable of the row's key, where it is needed.
        row_key: Option<ColumnVar>,
        /// Whether rows must come in key order.
        ordered: bool,
    },
    /// Rows for which all conditions are TRUE.
    Filter {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The conditions.
        conditions: Vec<Expr>,
    },
    /// New columns in place of the input's.
    Project {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The columns.
        columns: Vec<(ColumnVar, Expr)>,
    },
    /// A join.
    Join {
        /// The kind, seen from the left.
        kind: JoinKind,
        /// The left side.
        left: Box<LogicalPlan>,
        /// The right side.
        right: Box<LogicalPlan>,
        /// What pairs must fulfil.
        conditions: Vec<Expr>,
    },
    /// Groups: keys, then aggregates.
    Aggregate {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The keys.
        keys: Vec<(ColumnVar, Expr)>,
        /// The aggregates.
        aggregates: Vec<AggregateCall>,
    },
    /// Sorted rows.
    Sort {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The keys.
        keys: Vec<OrderKey>,
        /// How many rows are wanted from the first.
        limit: Option<u64>,
    },
    /// `limit` rows after `offset`.
    Limit {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The most rows.
        limit: Option<u64>,
        /// The rows to skip.
        offset: u64,
    },
}

/// The plan that the clauses say.
///
/// # Errors
/// A LIMIT that is not a constant.
pub fn build(query: &Query, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let mut plan = match &query.from {
        Some(from) => build_from(from, context)?,
        None => LogicalPlan::Unit,
    };
    plan = filtered(plan, query.filter.as_ref());
    if let Some(aggregation) = &query.aggregation {
        plan = LogicalPlan::Aggregate {
            input: Box::new(plan),
            keys: aggregation.keys.clone(),
            aggregates: aggregation.aggregates.clone(),
        };
    }
    plan = filtered(plan, query.having.as_ref());
    let mut columns: Vec<(ColumnVar, Expr)> =
        query.outputs.iter().map(|o| (o.variable, o.value.clone())).collect();
    let visible = columns.len();
    let keys = sort_keys(query, &mut columns, context);
    plan = LogicalPlan::Project { input: Box::new(plan), columns: columns.clone() };
    if query.distinct {
        plan = distinct(plan, &columns);
    }
    let offset = count(query.offset.as_ref(), context)?.unwrap_or(0);
    let limit = count(query.limit.as_ref(), context)?;
    if !keys.is_empty() {
        let wanted = limit.map(|l| l.saturating_add(offset));
        plan = LogicalPlan::Sort { input: Box::new(plan), keys, limit: wanted };
    }
    if columns.len() > visible {
        columns.truncate(visible);
        plan = LogicalPlan::Project { input: Box::new(plan), columns: as_columns(&columns) };
    }
    if limit.is_some() || offset > 0 {
        plan = LogicalPlan::Limit { input: Box::new(plan), limit, offset };
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
        From::Common { .. } => return Err(unsupported(Place::default(), "WITH")),
        From::Set { .. } => return Err(unsupported(Place::default(), "a set operation")),
        From::Function { .. } => return Err(unsupported(Place::default(), "a table function")),
        From::Join { kind, left, right, condition } => LogicalPlan::Join {
            kind: *kind,
            left: Box::new(build_from(left, context)?),
            right: Box::new(build_from(right, context)?),
            conditions: condition.iter().cloned().collect(),
        },
    })
}

fn filtered(plan: LogicalPlan, condition: Option<&Expr>) -> LogicalPlan {
    match condition {
        Some(condition) => {
            LogicalPlan::Filter { input: Box::new(plan), conditions: vec![condition.clone()] }
        }
        None => plan,
    }
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

/// Puts expressions in place of column variables.
pub fn substitute(e: &mut Expr, values: &[(ColumnVar, &Expr)]) {
    if let ExprKind::Column(var) = &e.kind {
        if let Some((_, value)) = values.iter().find(|(v, _)| v == var) {
            *e = (*value).clone();
        }
        return;
    }
    e.for_each_child_mut(&mut |child| substitute(child, values));
}

fn distinct(plan: LogicalPlan, columns: &[(ColumnVar, Expr)]) -> LogicalPlan {
    LogicalPlan::Aggregate {
        input: Box::new(plan),
        keys: as_columns(columns),
        aggregates: Vec::new(),
    }
}

fn as_columns(columns: &[(ColumnVar, Expr)]) -> Vec<(ColumnVar, Expr)> {
    let column = |(var, value): &(ColumnVar, Expr)| {
        let kind = ExprKind::Column(*var);
        (*var, Expr { kind, ty: value.ty.clone(), place: value.place })
    };
    columns.iter().map(column).collect()
}

/// The value of LIMIT or OFFSET; NULL is no limit.
fn count(e: Option<&Expr>, context: &PlanContext<'_>) -> Result<Option<u64>> {
    let Some(e) = e else { return Ok(None) };
    let mut value = e.clone();
    super::rules::fold(&mut value, context);
    match (&value.kind, &value.ty) {
        (ExprKind::Constant(Value::Null), _) => Ok(None),
        (ExprKind::Constant(Value::Int(n)), t) if t.is_integer() && *n >= 0 => Ok(Some(*n as u64)),
        (ExprKind::Constant(_), Type::Int64) => {
            Err(Box::new(crate::diagnostics_plan::negative_limit(e.place)))
        }
        _ => Err(unsupported(e.place, "LIMIT or OFFSET with a value that is not a constant")),
    }
}

impl LogicalPlan {
    /// The inputs.
    pub fn inputs(&self) -> Vec<&LogicalPlan> {
        match self {
            LogicalPlan::Unit | LogicalPlan::Values { .. } | LogicalPlan::Scan { .. } => Vec::new(),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Aggregate { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => vec![input],
            LogicalPlan::Join { left, right, .. } => vec![left, right],
        }
    }

    /// The inputs, to change them.
    pub fn inputs_mut(&mut self) -> Vec<&mut LogicalPlan> {
        match self {
            LogicalPlan::Unit | LogicalPlan::Values { .. } | LogicalPlan::Scan { .. } => Vec::new(),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Aggregate { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => vec![input],
            LogicalPlan::Join { left, right, .. } => vec![left, right],
        }
    }

    /// The columns that come out, in order.
    pub fn columns(&self) -> Vec<ColumnVar> {
        match self {
            LogicalPlan::Unit => Vec::new(),
            LogicalPlan::Values { columns, .. } => columns.clone(),
            LogicalPlan::Scan { columns, row_key, .. } => {
                columns.iter().map(|(var, _)| *var).chain(*row_key).collect()
            }
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => input.columns(),
            LogicalPlan::Project { columns, .. } => columns.iter().map(|(var, _)| *var).collect(),
            LogicalPlan::Join { kind, left, right, .. } => {
                let mut columns = left.columns();
                if !matches!(kind, JoinKind::Semi | JoinKind::Anti) {
                    columns.extend(right.columns());
                }
                columns
            }
            LogicalPlan::Aggregate { keys, aggregates, .. } => {
                let keys = keys.iter().map(|(var, _)| *var);
                keys.chain(aggregates.iter().map(|a| a.variable)).collect()
            }
        }
    }

    /// Calls `visit` with every expression of this operator, to change it.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            LogicalPlan::Unit | LogicalPlan::Scan { .. } | LogicalPlan::Limit { .. } => {}
            LogicalPlan::Values { rows, .. } => rows.iter_mut().flatten().for_each(visit),
            LogicalPlan::Filter { conditions, .. } | LogicalPlan::Join { conditions, .. } => {
                conditions.iter_mut().for_each(visit);
            }
            LogicalPlan::Project { columns, .. } => {
                columns.iter_mut().for_each(|(_, e)| visit(e));
            }
            LogicalPlan::Aggregate { keys, aggregates, .. } => {
                keys.iter_mut().for_each(|(_, e)| visit(e));
                for aggregate in aggregates {
                    aggregate.argument.iter_mut().for_each(&mut *visit);
                    aggregate.filter.iter_mut().for_each(&mut *visit);
                }
            }
            LogicalPlan::Sort { keys, .. } => keys.iter_mut().for_each(|k| visit(&mut k.value)),
        }
    }
}
