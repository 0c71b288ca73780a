//! Physical plans: the same operators with algorithms chosen. Joins are hash joins, and nested
//! loops where there is no equality; the side with fewer rows is built, where the kind of join
//! allows it.

mod join;

use super::PlanContext;
use super::access::{ScanPredicate, choose_index, predicate};
use super::logical::{Common, Count, JoinKind, LogicalPlan};
use crate::catalog::{Index, Table};
use crate::codegen::builder::Result;
use crate::hir::{
    AggregateCall, ColumnVar, CommonTableId, Expr, ExprKind, OrderKey, TableFunction,
};
use grizzly_bytecode::{Type, Value};
use smol_str::SmolStr;
use std::sync::Arc;

/// An operator with its algorithm.
#[derive(Clone, Debug)]
pub enum PhysicalPlan {
    /// One row without columns.
    Unit,
    /// Constant rows.
    Values {
        /// The rows.
        rows: Vec<Vec<Value>>,
        /// The variables.
        columns: Vec<ColumnVar>,
    },
    /// A scan of a table.
    Scan {
        /// The table.
        table: Arc<Table>,
        /// The variables and the indices of the table's columns.
        columns: Vec<(ColumnVar, usize)>,
        /// The variable of the row's key.
        row_key: Option<ColumnVar>,
        /// Whether rows come in key order.
        ordered: bool,
        /// What the storage may use to skip data.
        predicates: Vec<ScanPredicate>,
        /// The index that finds the rows, by the predicates on its first columns.
        index: Option<Arc<Index>>,
        /// How many rows are wanted at most.
        limit_hint: Option<u64>,
    },
    /// Rows for which the conditions are TRUE, tested one after the other.
    Filter {
        /// The rows.
        input: Box<PhysicalPlan>,
        /// The conditions.
        conditions: Vec<Expr>,
    },
    /// New columns.
    Project {
        /// The rows.
        input: Box<PhysicalPlan>,
        /// The columns.
        columns: Vec<(ColumnVar, Expr)>,
    },
    /// A table function once a row.
    Expand {
        /// The rows.
        input: Box<PhysicalPlan>,
        /// The function.
        function: TableFunction,
        /// Its arguments.
        arguments: Vec<Expr>,
        /// The variable and the type of the column that it adds.
        column: (ColumnVar, Type),
        /// Whether a row without rows of the function stays.
        outer: bool,
    },
    /// A join: the right side is built into a hash table that the left one probes, or the other way
    /// round.
    Join(Box<PhysicalJoin>),
    /// A hash aggregation.
    Aggregate {
        /// The rows.
        input: Box<PhysicalPlan>,
        /// The keys.
        keys: Vec<(ColumnVar, Expr)>,
        /// The aggregates.
        aggregates: Vec<AggregateCall>,
    },
    /// A sort; with a limit, of the first rows only.
    Sort {
        /// The rows.
        input: Box<PhysicalPlan>,
        /// The keys.
        keys: Vec<OrderKey>,
        /// How many rows are wanted from the first.
        limit: Option<u64>,
    },
    /// `limit` rows after `offset`.
    Limit {
        /// The rows.
        input: Box<PhysicalPlan>,
        /// Rows that agree in these are counted by themselves.
        each: Vec<Expr>,
        /// The most rows.
        limit: Option<Count>,
        /// The rows to skip.
        offset: Count,
    },
    /// The rows of all inputs, one after the other.
    Union {
        /// The inputs, each with the variables that become the columns.
        inputs: Vec<(PhysicalPlan, Vec<ColumnVar>)>,
        /// The columns.
        columns: Vec<ColumnVar>,
    },
    /// A query that is computed once before the body.
    With {
        /// The query.
        common: PhysicalCommon,
        /// What reads it.
        body: Box<PhysicalPlan>,
    },
    /// The rows of a query that was computed, or those of the round before.
    Common {
        /// Which.
        id: CommonTableId,
        /// Its name.
        name: SmolStr,
        /// The variables and the indices of its outputs.
        columns: Vec<(ColumnVar, usize)>,
    },
}

/// A query that is computed once, recursive ones round by round.
#[derive(Clone, Debug)]
pub struct PhysicalCommon {
    /// Which.
    pub id: CommonTableId,
    /// Its name.
    pub name: SmolStr,
    /// Its rows, or those that it begins with.
    pub input: Box<PhysicalPlan>,
    /// The variables of its outputs.
    pub outputs: Vec<ColumnVar>,
    /// The rows of a round, and the variables of its outputs.
    pub step: Option<(Box<PhysicalPlan>, Vec<ColumnVar>)>,
    /// Whether rows that were there before are left out.
    pub distinct: bool,
}

/// A join with its algorithm.
#[derive(Clone, Debug)]
pub struct PhysicalJoin {
    /// The kind, seen from the left side.
    pub kind: JoinKind,
    /// The left side.
    pub left: PhysicalPlan,
    /// The right side.
    pub right: PhysicalPlan,
    /// Whether the left side is the one that is built.
    pub builds_left: bool,
    /// Equal expressions. Without any, all pairs are tried.
    pub keys: Vec<JoinKey>,
    /// What pairs must fulfil beside equal keys.
    pub residual: Vec<Expr>,
}

/// Expressions of the two sides that are equal in a pair.
#[derive(Clone, Debug)]
pub struct JoinKey {
    /// Over the left side.
    pub left: Expr,
    /// Over the right side.
    pub right: Expr,
    /// Whether NULL equals NULL.
    pub nulls: bool,
}

/// Chooses algorithms.
///
/// # Errors
/// A part of the plan that this version cannot run.
pub fn choose(plan: &LogicalPlan, context: &mut PlanContext<'_>) -> Result<PhysicalPlan> {
    let below =
        |input: &LogicalPlan, context: &mut PlanContext<'_>| choose(input, context).map(Box::new);
    Ok(match plan {
        LogicalPlan::Unit => PhysicalPlan::Unit,
        LogicalPlan::Values { rows, columns } => values(rows, columns, context),
        LogicalPlan::Scan { .. } => scan(plan, &[], context),
        LogicalPlan::Filter { input, conditions } => {
            let input = match &**input {
                LogicalPlan::Scan { .. } => Box::new(scan(input, conditions, context)),
                _ => below(input, context)?,
            };
            PhysicalPlan::Filter { input, conditions: conditions.clone() }
        }
        LogicalPlan::Project { input, columns } => {
            PhysicalPlan::Project { input: below(input, context)?, columns: columns.clone() }
        }
        LogicalPlan::Expand { input, function, arguments, column, ty, outer } => {
            PhysicalPlan::Expand {
                input: below(input, context)?,
                function: *function,
                arguments: arguments.clone(),
                column: (*column, ty.clone()),
                outer: *outer,
            }
        }
        LogicalPlan::Join { kind, left, right, conditions } => {
            join::choose(*kind, left, right, conditions, context)?
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => PhysicalPlan::Aggregate {
            input: below(input, context)?,
            keys: keys.clone(),
            aggregates: aggregates.clone(),
        },
        LogicalPlan::Sort { input, keys, limit } => {
            PhysicalPlan::Sort { input: below(input, context)?, keys: keys.clone(), limit: *limit }
        }
        LogicalPlan::Limit { input, each, limit, offset } => {
            let mut input = below(input, context)?;
            let known = limit.and_then(Count::known).zip(offset.known());
            if each.is_empty() {
                hint_limit(&mut input, known.map(|(limit, offset)| limit.saturating_add(offset)));
            }
            PhysicalPlan::Limit { input, each: each.clone(), limit: *limit, offset: *offset }
        }
        LogicalPlan::Union { inputs, columns } => {
            let mut chosen = Vec::with_capacity(inputs.len());
            for (input, vars) in inputs {
                chosen.push((choose(input, context)?, vars.clone()));
            }
            PhysicalPlan::Union { inputs: chosen, columns: columns.clone() }
        }
        LogicalPlan::With { common, body } => PhysicalPlan::With {
            common: choose_common(common, context)?,
            body: below(body, context)?,
        },
        LogicalPlan::Common { id, name, columns } => {
            PhysicalPlan::Common { id: *id, name: name.clone(), columns: columns.clone() }
        }
    })
}

fn choose_common(common: &Common, context: &mut PlanContext<'_>) -> Result<PhysicalCommon> {
    let input = Box::new(choose(&common.input, context)?);
    let step = match &common.step {
        Some((step, vars)) => Some((Box::new(choose(step, context)?), vars.clone())),
        None => None,
    };
    Ok(PhysicalCommon {
        id: common.id,
        name: common.name.clone(),
        input,
        outputs: common.outputs.clone(),
        step,
        distinct: common.distinct,
    })
}

fn hint_limit(plan: &mut PhysicalPlan, wanted: Option<u64>) {
    match plan {
        PhysicalPlan::Scan { limit_hint, .. } => *limit_hint = wanted,
        PhysicalPlan::Project { input, .. } => hint_limit(input, wanted),
        _ => {}
    }
}

/// Constant rows are a source; others are computed each by itself.
fn values(
    rows: &[Vec<Expr>],
    columns: &[ColumnVar],
    context: &mut PlanContext<'_>,
) -> PhysicalPlan {
    let constant = |e: &Expr| match &e.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        _ => None,
    };
    let all: Option<Vec<Vec<Value>>> =
        rows.iter().map(|row| row.iter().map(constant).collect()).collect();
    if let Some(rows) = all {
        return PhysicalPlan::Values { rows, columns: columns.to_vec() };
    }
    let mut inputs = Vec::with_capacity(rows.len());
    for row in rows {
        let typed = row.iter().map(|e| context.fresh_column("value", e.ty.clone(), true));
        let vars: Vec<ColumnVar> = typed.collect();
        let columns = vars.iter().copied().zip(row.iter().cloned()).collect();
        let input = Box::new(PhysicalPlan::Unit);
        inputs.push((PhysicalPlan::Project { input, columns }, vars));
    }
    PhysicalPlan::Union { inputs, columns: columns.to_vec() }
}

fn scan(plan: &LogicalPlan, conditions: &[Expr], context: &PlanContext<'_>) -> PhysicalPlan {
    let LogicalPlan::Scan { table, columns, row_key, ordered } = plan else {
        return PhysicalPlan::Unit;
    };
    let used = if table.file.is_some() { &[] } else { conditions };
    let known = used.iter().filter_map(|c| predicate(c, table, columns));
    let predicates: Vec<ScanPredicate> = known.collect();
    let index = choose_index(table, &predicates, context);
    PhysicalPlan::Scan {
        table: table.clone(),
        columns: columns.clone(),
        row_key: *row_key,
        ordered: *ordered,
        predicates,
        index,
        limit_hint: None,
    }
}
