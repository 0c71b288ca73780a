//! Physical plans: the same operators with algorithms chosen. Joins are hash joins; the side with
//! fewer rows is built, where the kind of join allows it.

use super::PlanContext;
use super::access::{ScanPredicate, choose_index, predicate};
use super::estimate::rows;
use super::logical::LogicalPlan;
use super::rules::columns_of;
use crate::catalog::{Index, Table};
use crate::codegen::builder::{Result, unsupported};
use crate::hir::{self, AggregateCall, ColumnVar, Expr, ExprKind, OrderKey};
use grizzly_bytecode::query::JoinKind;
use grizzly_bytecode::{Cmp, Value};
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
    /// A hash join.
    HashJoin {
        /// The kind, seen from the probing side.
        kind: JoinKind,
        /// The side that streams.
        probe: Box<PhysicalPlan>,
        /// The side that is built.
        build: Box<PhysicalPlan>,
        /// Equal expressions: of the probing side, of the built side. Without any, all pairs match.
        keys: Vec<(Expr, Expr)>,
    },
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
        /// The most rows.
        limit: Option<u64>,
        /// The rows to skip.
        offset: u64,
    },
}

/// Chooses algorithms.
///
/// # Errors
/// An outer join with a condition that is no equality of its sides; VALUES of several rows that are
/// not constant.
pub fn choose(plan: &LogicalPlan, context: &mut PlanContext<'_>) -> Result<PhysicalPlan> {
    Ok(match plan {
        LogicalPlan::Unit => PhysicalPlan::Unit,
        LogicalPlan::Values { rows, columns } => values(rows, columns)?,
        LogicalPlan::Scan { .. } => scan(plan, &[], context),
        LogicalPlan::Filter { input, conditions } => {
            let below = match &**input {
                LogicalPlan::Scan { .. } => scan(input, conditions, context),
                _ => choose(input, context)?,
            };
            PhysicalPlan::Filter { input: Box::new(below), conditions: conditions.clone() }
        }
        LogicalPlan::Project { input, columns } => PhysicalPlan::Project {
            input: Box::new(choose(input, context)?),
            columns: columns.clone(),
        },
        LogicalPlan::Join { kind, left, right, conditions } => {
            join(*kind, left, right, conditions, context)?
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => PhysicalPlan::Aggregate {
            input: Box::new(choose(input, context)?),
            keys: keys.clone(),
            aggregates: aggregates.clone(),
        },
        LogicalPlan::Sort { input, keys, limit } => PhysicalPlan::Sort {
            input: Box::new(choose(input, context)?),
            keys: keys.clone(),
            limit: *limit,
        },
        LogicalPlan::Limit { input, limit, offset } => {
            let mut below = choose(input, context)?;
            hint_limit(&mut below, limit.map(|l| l.saturating_add(*offset)));
            PhysicalPlan::Limit { input: Box::new(below), limit: *limit, offset: *offset }
        }
    })
}

fn hint_limit(plan: &mut PhysicalPlan, wanted: Option<u64>) {
    match plan {
        PhysicalPlan::Scan { limit_hint, .. } => *limit_hint = wanted,
        PhysicalPlan::Project { input, .. } => hint_limit(input, wanted),
        _ => {}
    }
}

fn values(rows: &[Vec<Expr>], columns: &[ColumnVar]) -> Result<PhysicalPlan> {
    let constant = |e: &Expr| match &e.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        _ => None,
    };
    let all: Option<Vec<Vec<Value>>> =
        rows.iter().map(|row| row.iter().map(constant).collect()).collect();
    if let Some(rows) = all {
        return Ok(PhysicalPlan::Values { rows, columns: columns.to_vec() });
    }
    if let [row] = rows {
        let columns = columns.iter().copied().zip(row.iter().cloned()).collect();
        return Ok(PhysicalPlan::Project { input: Box::new(PhysicalPlan::Unit), columns });
    }
    let place = rows.first().and_then(|r| r.first()).map(|e| e.place).unwrap_or_default();
    Err(unsupported(place, "VALUES of several rows that are not constant, in a query"))
}

fn scan(plan: &LogicalPlan, conditions: &[Expr], context: &PlanContext<'_>) -> PhysicalPlan {
    let LogicalPlan::Scan { table, columns, row_key, ordered } = plan else {
        return PhysicalPlan::Unit;
    };
    let known = conditions.iter().filter_map(|c| predicate(c, table, columns));
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

fn join(
    kind: hir::JoinKind,
    left: &LogicalPlan,
    right: &LogicalPlan,
    conditions: &[Expr],
    context: &mut PlanContext<'_>,
) -> Result<PhysicalPlan> {
    let place = conditions.first().map(|c| c.place).unwrap_or_default();
    let kind = match kind {
        hir::JoinKind::Inner => JoinKind::Inner,
        hir::JoinKind::Left => JoinKind::Left,
        hir::JoinKind::Semi => JoinKind::Semi,
        hir::JoinKind::Anti => JoinKind::Anti,
        hir::JoinKind::Full => return Err(unsupported(place, "FULL JOIN")),
    };
    let (in_left, in_right) = (left.columns(), right.columns());
    let (mut keys, mut residual) = (Vec::new(), Vec::new());
    for condition in conditions {
        match equality(condition, &in_left, &in_right) {
            Some(pair) => keys.push(pair),
            None => residual.push(condition.clone()),
        }
    }
    if let (Some(first), false) = (residual.first(), kind == JoinKind::Inner) {
        let what = "an outer, semi or anti join with a condition that is no equality of its sides";
        return Err(unsupported(first.place, what));
    }
    let swap = kind == JoinKind::Inner && rows(left, context) < rows(right, context);
    let (mut probe, mut build) = (choose(left, context)?, choose(right, context)?);
    if swap {
        std::mem::swap(&mut probe, &mut build);
        keys = keys.into_iter().map(|(l, r)| (r, l)).collect();
    }
    let join =
        PhysicalPlan::HashJoin { kind, probe: Box::new(probe), build: Box::new(build), keys };
    if residual.is_empty() {
        return Ok(join);
    }
    Ok(PhysicalPlan::Filter { input: Box::new(join), conditions: residual })
}

/// `a = b` with `a` of the left and `b` of the right side, or the other way round.
fn equality(condition: &Expr, left: &[ColumnVar], right: &[ColumnVar]) -> Option<(Expr, Expr)> {
    let ExprKind::Compare { op: Cmp::Eq, left: a, right: b } = &condition.kind else { return None };
    let (of_a, of_b) = (columns_of(a), columns_of(b));
    if of_a.is_empty() || of_b.is_empty() {
        return None;
    }
    let within =
        |columns: &[ColumnVar], side: &[ColumnVar]| columns.iter().all(|c| side.contains(c));
    if within(&of_a, left) && within(&of_b, right) {
        return Some(((**a).clone(), (**b).clone()));
    }
    if within(&of_a, right) && within(&of_b, left) {
        return Some(((**b).clone(), (**a).clone()));
    }
    None
}
