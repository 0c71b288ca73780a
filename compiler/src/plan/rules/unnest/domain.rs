//! Frees the right side of a join of the left one.
//!
//! The different bindings that the right side needs, its *domain*, are joined to the leaves of the
//! right side, and carried up with its rows to the join, which then compares them with the left
//! row's. Where the right side compares every one of them with a column of its own, that column
//! stands for it and no domain is needed; this is preferred where the left side is not much smaller
//! than the right one.

use super::facts::may_raise;
use super::pull::pull;
use super::push::{Bindings, Pushing, rebind};
use crate::hir::{AggregateCall, ColumnVar, CommonTableId, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::estimate;
use crate::plan::logical::{Common, JoinKind, LogicalPlan, filter, free_columns};
use grizzly_bytecode::{Cmp, Type};
use smol_str::SmolStr;

/// A domain is preferred to grouping the whole right side from that many times fewer left rows on.
const MUCH_SMALLER: f64 = 4.0;

/// A join of sides that do not know each other; the left side comes back where that cannot be.
pub fn unnest(
    kind: JoinKind,
    left: LogicalPlan,
    right: LogicalPlan,
    mut conditions: Vec<Expr>,
    context: &mut PlanContext<'_>,
) -> std::result::Result<LogicalPlan, LogicalPlan> {
    let mut outer = references(&right, &left);
    let mut right = right;
    if !outer.is_empty() && !matches!(kind, JoinKind::Full | JoinKind::MarkAny(_)) {
        right = pull(right, &outer, &mut conditions, context);
        outer = references(&right, &left);
    }
    if outer.is_empty() {
        return Ok(join(kind, left, right, conditions));
    }
    if matches!(kind, JoinKind::Full | JoinKind::MarkAny(_)) {
        return Err(left);
    }
    if kind == JoinKind::Inner || (kind == JoinKind::Left && conditions.is_empty()) {
        match over_left(left, right, kind == JoinKind::Left, context) {
            Ok(plan) => return Ok(filter(plan, conditions)),
            Err(sides) => {
                let (back, same) = *sides;
                return with_domain(kind, back, same, conditions, &outer, context);
            }
        }
    }
    with_domain(kind, left, right, conditions, &outer, context)
}

/// Aggregates over rows that refer to the left side: a group for each binding, joined to it. A left
/// row without a group has NULLs.
pub fn grouped(
    left: LogicalPlan,
    input: LogicalPlan,
    aggregates: Vec<AggregateCall>,
    context: &mut PlanContext<'_>,
) -> std::result::Result<LogicalPlan, LogicalPlan> {
    let outer = references(&input, &left);
    let free_arguments = aggregates.iter().flat_map(|call| {
        call.argument.iter().chain(&call.filter).flat_map(free_columns).collect::<Vec<_>>()
    });
    let in_left = left.columns();
    let mut all = outer;
    for var in free_arguments.filter(|var| in_left.contains(var)) {
        if !all.contains(&var) {
            all.push(var);
        }
    }
    let outer = all;
    if outer.is_empty() {
        let input = Box::new(input);
        let group = LogicalPlan::Aggregate { input, keys: Vec::new(), aggregates };
        return Ok(join(JoinKind::Left, left, group, Vec::new()));
    }
    let group = |input: LogicalPlan, bindings: &Bindings, context: &PlanContext<'_>| {
        let mut group = LogicalPlan::Aggregate {
            input: Box::new(input),
            keys: bindings.iter().map(|(_, new)| (*new, context.column(*new))).collect(),
            aggregates: aggregates.clone(),
        };
        rebind(&mut group, bindings, context);
        group
    };
    if prefers_own_columns(&left, &input, context) {
        let mut pushing = Pushing { outer: &outer, shared: None, context };
        if let Some((pushed, bindings)) = pushing.push(input.clone()) {
            let grouped = group(pushed, &bindings, context);
            let conditions = equalities(&bindings, context);
            return Ok(join(JoinKind::Left, left, grouped, conditions));
        }
    }
    let shared = Shared::of(left, context);
    let mut pushing = Pushing { outer: &outer, shared: Some(&shared), context };
    match pushing.push(input) {
        Some((pushed, bindings)) => {
            let grouped = group(pushed, &bindings, context);
            let conditions = sames(&bindings, context);
            let left = shared.left.clone();
            Ok(shared.around(join(JoinKind::Left, left, grouped, conditions)))
        }
        None => Err(shared.undo()),
    }
}

fn join(
    kind: JoinKind,
    left: LogicalPlan,
    right: LogicalPlan,
    conditions: Vec<Expr>,
) -> LogicalPlan {
    LogicalPlan::Join { kind, left: Box::new(left), right: Box::new(right), conditions }
}

/// The columns of the left side that the right one names.
fn references(right: &LogicalPlan, left: &LogicalPlan) -> Vec<ColumnVar> {
    let in_left = left.columns();
    right.free_columns().into_iter().filter(|var| in_left.contains(var)).collect()
}

/// Whether the right side is grouped by its own columns rather than joined with a domain.
fn prefers_own_columns(left: &LogicalPlan, right: &LogicalPlan, context: &PlanContext<'_>) -> bool {
    let few = estimate::rows(left, context) * MUCH_SMALLER < estimate::rows(right, context);
    !few && !may_raise(right)
}

fn with_domain(
    kind: JoinKind,
    left: LogicalPlan,
    right: LogicalPlan,
    mut conditions: Vec<Expr>,
    outer: &[ColumnVar],
    context: &mut PlanContext<'_>,
) -> std::result::Result<LogicalPlan, LogicalPlan> {
    if prefers_own_columns(&left, &right, context) {
        let mut pushing = Pushing { outer, shared: None, context };
        if let Some((pushed, bindings)) = pushing.push(right.clone()) {
            conditions.extend(equalities(&bindings, context));
            return Ok(join(kind, left, pushed, conditions));
        }
    }
    let shared = Shared::of(left, context);
    let mut pushing = Pushing { outer, shared: Some(&shared), context };
    match pushing.push(right) {
        Some((pushed, bindings)) => {
            conditions.extend(sames(&bindings, context));
            let left = shared.left.clone();
            Ok(shared.around(join(kind, left, pushed, conditions)))
        }
        None => Err(shared.undo()),
    }
}

fn equalities(bindings: &Bindings, context: &PlanContext<'_>) -> Vec<Expr> {
    let equal = |(l, r): &(ColumnVar, ColumnVar)| {
        let (left, right) = (Box::new(context.column(*l)), Box::new(context.column(*r)));
        let kind = ExprKind::Compare { op: Cmp::Eq, left, right };
        Expr { kind, ty: Type::Bool, place: Default::default() }
    };
    bindings.iter().map(equal).collect()
}

/// Conditions that columns are the same, NULL included.
pub fn sames(bindings: &Bindings, context: &PlanContext<'_>) -> Vec<Expr> {
    let same = |(l, r): &(ColumnVar, ColumnVar)| {
        let kind = ExprKind::Same(Box::new(context.column(*l)), Box::new(context.column(*r)));
        Expr { kind, ty: Type::Bool, place: Default::default() }
    };
    bindings.iter().map(same).collect()
}

/// A left and a right side.
type Sides = (LogicalPlan, LogicalPlan);

/// A right side of filters, projections and table functions over something that does not refer to
/// the left side takes the left side itself in its place. Both come back where it is more.
fn over_left(
    left: LogicalPlan,
    right: LogicalPlan,
    outer: bool,
    context: &mut PlanContext<'_>,
) -> std::result::Result<LogicalPlan, Box<Sides>> {
    match right {
        LogicalPlan::Unit => Ok(left),
        LogicalPlan::Expand { input, function, arguments, column, ty, .. }
            if !outer || matches!(*input, LogicalPlan::Unit) =>
        {
            match over_left(left, *input, outer, context) {
                Ok(input) => {
                    let input = Box::new(input);
                    Ok(LogicalPlan::Expand { input, function, arguments, column, ty, outer })
                }
                Err(sides) => {
                    let (left, input) = *sides;
                    let (input, outer) = (Box::new(input), false);
                    let same =
                        LogicalPlan::Expand { input, function, arguments, column, ty, outer };
                    Err(Box::new((left, same)))
                }
            }
        }
        LogicalPlan::Filter { input, conditions } if !outer => {
            match over_left(left, *input, outer, context) {
                Ok(input) => Ok(filter(input, conditions)),
                Err(sides) => {
                    let (left, input) = *sides;
                    Err(Box::new((left, filter(input, conditions))))
                }
            }
        }
        LogicalPlan::Project { input, columns } if !outer => {
            let mut kept: Vec<(ColumnVar, Expr)> =
                left.columns().into_iter().map(|var| (var, context.column(var))).collect();
            match over_left(left, *input, outer, context) {
                Ok(input) => {
                    kept.extend(columns);
                    Ok(LogicalPlan::Project { input: Box::new(input), columns: kept })
                }
                Err(sides) => {
                    let (left, input) = *sides;
                    Err(Box::new((left, LogicalPlan::Project { input: Box::new(input), columns })))
                }
            }
        }
        right if !outer && references(&right, &left).is_empty() => {
            Ok(join(JoinKind::Inner, left, right, Vec::new()))
        }
        right => Err(Box::new((left, right))),
    }
}

/// The left side, computed once for itself and for the domain.
pub struct Shared {
    common: Common,
    /// The use in place of the left side.
    left: LogicalPlan,
    original: LogicalPlan,
}

impl Shared {
    fn of(plan: LogicalPlan, context: &mut PlanContext<'_>) -> Shared {
        let id = context.fresh_common();
        let name = SmolStr::new_static("outer rows");
        let columns = plan.columns();
        let mut outputs = Vec::with_capacity(columns.len());
        for var in &columns {
            let (name, ty) = (context.column_name(*var), context.column_type(*var));
            outputs.push(context.fresh_column(&name, ty, true));
        }
        let named = outputs.iter().zip(&columns).map(|(new, var)| (*new, context.column(*var)));
        let input =
            LogicalPlan::Project { columns: named.collect(), input: Box::new(plan.clone()) };
        let left = LogicalPlan::Common {
            id,
            name: name.clone(),
            columns: columns.into_iter().enumerate().map(|(at, var)| (var, at)).collect(),
        };
        let common =
            Common { id, name, input: Box::new(input), outputs, step: None, distinct: false };
        Shared { common, left, original: plan }
    }

    fn around(self, body: LogicalPlan) -> LogicalPlan {
        LogicalPlan::With { common: self.common, body: Box::new(body) }
    }

    fn undo(self) -> LogicalPlan {
        self.original
    }

    fn id(&self) -> CommonTableId {
        self.common.id
    }

    /// The different bindings of some columns, as columns of their own.
    pub fn domain(
        &self,
        outer: &[ColumnVar],
        context: &mut PlanContext<'_>,
    ) -> (LogicalPlan, Bindings) {
        let in_left = self.left.columns();
        let (mut read, mut keys, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
        for var in outer {
            let (name, ty) = (context.column_name(*var), context.column_type(*var));
            let source = context.fresh_column(&name, ty.clone(), true);
            let new = context.fresh_column(&name, ty, true);
            let at = in_left.iter().position(|v| v == var).unwrap_or_default();
            read.push((source, at));
            keys.push((new, context.column(source)));
            bindings.push((*var, new));
        }
        let rows =
            LogicalPlan::Common { id: self.id(), name: self.common.name.clone(), columns: read };
        let input = Box::new(rows);
        (LogicalPlan::Aggregate { input, keys, aggregates: Vec::new() }, bindings)
    }
}
