//! The algorithms of joins.

use super::{JoinKey, PhysicalJoin, PhysicalPlan, choose as choose_plan};
use crate::codegen::builder::Result;
use crate::hir::{ColumnVar, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::estimate::rows;
use crate::plan::logical::{JoinKind, LogicalPlan, free_columns};
use grizzly_bytecode::Cmp;

/// A semi or anti join builds its left side where the right one has that many times its rows: the
/// probe then only notes matches.
const NOTED: f64 = 4.0;

pub(super) fn choose(
    kind: JoinKind,
    left: &LogicalPlan,
    right: &LogicalPlan,
    conditions: &[Expr],
    context: &mut PlanContext<'_>,
) -> Result<PhysicalPlan> {
    let (in_left, in_right) = (left.columns(), right.columns());
    let (mut keys, mut residual) = (Vec::new(), Vec::new());
    for condition in conditions {
        match equality(condition, &in_left, &in_right) {
            Some(key) => keys.push(key),
            None => residual.push(condition.clone()),
        }
    }
    let (of_left, of_right) = (rows(left, context), rows(right, context));
    let builds_left = match kind {
        JoinKind::Inner => of_left < of_right,
        JoinKind::Left => of_left * 2.0 < of_right && !keys.is_empty(),
        JoinKind::Semi | JoinKind::Anti => of_left * NOTED < of_right && !keys.is_empty(),
        _ => false,
    };
    Ok(PhysicalPlan::Join(Box::new(PhysicalJoin {
        kind,
        left: choose_plan(left, context)?,
        right: choose_plan(right, context)?,
        builds_left,
        keys,
        residual,
    })))
}

/// `a = b` or `a IS NOT DISTINCT FROM b` with `a` of the left and `b` of the right side, or the
/// other way round.
fn equality(condition: &Expr, left: &[ColumnVar], right: &[ColumnVar]) -> Option<JoinKey> {
    let (a, b, nulls) = match &condition.kind {
        ExprKind::Compare { op: Cmp::Eq, left: a, right: b } => (a, b, false),
        ExprKind::Same(a, b) => (a, b, true),
        _ => return None,
    };
    let (of_a, of_b) = (free_columns(a), free_columns(b));
    // Keys are compared as they are held.
    let alike = a.ty.vector_kind() == b.ty.vector_kind();
    if of_a.is_empty() && of_b.is_empty() || !alike {
        return None;
    }
    let within =
        |columns: &[ColumnVar], side: &[ColumnVar]| columns.iter().all(|c| side.contains(c));
    let (a, b) = ((**a).clone(), (**b).clone());
    if within(&of_a, left) && within(&of_b, right) {
        return Some(JoinKey { left: a, right: b, nulls });
    }
    if within(&of_a, right) && within(&of_b, left) {
        return Some(JoinKey { left: b, right: a, nulls });
    }
    None
}
