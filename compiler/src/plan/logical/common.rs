//! The queries of WITH: one that is used once is put where it is used, one that is used more often
//! is computed once.

use super::build::build;
use super::{Common, LogicalPlan, query_defines};
use crate::catalog::Catalog;
use crate::codegen::builder::Result;
use crate::hir::{
    ColumnVar, CommonTable, CommonTableId, Effect, Expr, ExprKind, From, Offsets, Query,
};
use crate::plan::PlanContext;
use crate::plan::logical::walk::free_columns_of_query;
use smol_str::SmolStr;
use std::sync::Arc;

/// What a use of a query of WITH stands for.
#[derive(Clone, Debug)]
pub enum CommonUse {
    /// Rows that are there when the use is reached: which, and the name.
    Shared(CommonTableId, SmolStr),
    /// The query itself, in its only place.
    Once(Arc<Query>),
    /// A copy of the query.
    Copy(Arc<Query>),
}

/// Makes the queries of WITH known, and plans those that are computed once.
pub fn open(query: &Query, context: &mut PlanContext<'_>) -> Result<Vec<Common>> {
    let mut shared = Vec::new();
    for (index, common) in query.with.iter().enumerate() {
        context.definitions.insert(common.id, common.clone());
        let uses = uses_in(query, index, common.id);
        if uses == 0 {
            continue;
        }
        let correlated = !free_columns_of_query(&common.query).is_empty();
        let inlined = correlated || (uses == 1 && !is_volatile(&common.query, context.catalog));
        if common.step.is_none() && inlined {
            let query = Arc::new((*common.query).clone());
            let kind = if uses == 1 { CommonUse::Once(query) } else { CommonUse::Copy(query) };
            context.commons.insert(common.id, kind);
        } else {
            shared.push(compute(common, context)?);
        }
    }
    Ok(shared)
}

/// Puts the queries that are computed once around what uses them.
pub fn close(shared: Vec<Common>, body: LogicalPlan) -> LogicalPlan {
    let around = |body, common| LogicalPlan::With { common, body: Box::new(body) };
    shared.into_iter().rev().fold(body, around)
}

fn compute(common: &CommonTable, context: &mut PlanContext<'_>) -> Result<Common> {
    let outputs = |query: &Query| query.outputs.iter().map(|o| o.variable).collect();
    let input = Box::new(build(&common.query, context)?);
    context.commons.insert(common.id, CommonUse::Shared(common.id, common.name.clone()));
    let step = match &common.step {
        Some(step) => Some((Box::new(build(&step.query, context)?), outputs(&step.query))),
        None => None,
    };
    Ok(Common {
        id: common.id,
        name: common.name.clone(),
        input,
        outputs: outputs(&common.query),
        step,
        distinct: common.step.as_ref().is_some_and(|step| !step.all),
    })
}

/// The query in place of a use.
pub fn inline(
    query: &Query,
    columns: &[ColumnVar],
    context: &mut PlanContext<'_>,
) -> Result<LogicalPlan> {
    let plan = build(query, context)?;
    let named = columns.iter().zip(&query.outputs);
    let columns = named.map(|(var, output)| (*var, context.column(output.variable))).collect();
    Ok(LogicalPlan::Project { input: Box::new(plan), columns })
}

/// A copy of a query with new variables for what it defines.
pub fn fresh_copy(query: &Query, context: &mut PlanContext<'_>) -> Query {
    let by = Offsets {
        columns: context.columns.len() as u32,
        locals: context.locals.len() as u32,
        commons: context.next_common,
    };
    let (free, around) = (free_columns_of_query(query), free_commons(query));
    context.columns.extend_from_within(..);
    context.locals.extend_from_within(..);
    let mut highest = 0;
    each_use(query, &mut |id| highest = highest.max(id.0));
    highest = query_defines(query).1.iter().fold(highest, |highest, id| highest.max(id.0));
    context.next_common += highest + 1;
    let mut copy = query.clone();
    copy.renumber(by);
    copy.for_each_expr_mut(&mut |e| restore_free(e, by, &free));
    for id in around {
        let renamed = CommonTableId(id.0 + by.commons);
        if let Some(known) = context.commons.get(&id).cloned() {
            context.commons.insert(renamed, known);
        }
        if let Some(definition) = context.definitions.get(&id).cloned() {
            context.definitions.insert(renamed, definition);
        }
    }
    copy
}

/// Gives columns from around the query their own variables back.
fn restore_free(e: &mut Expr, by: Offsets, free: &[ColumnVar]) {
    if let ExprKind::Column(var) = &mut e.kind {
        let before = ColumnVar(var.0.wrapping_sub(by.columns));
        if free.contains(&before) {
            *var = before;
        }
        return;
    }
    e.for_each_child_mut(&mut |child| restore_free(child, by, free));
}

/// How often a query of WITH is used by those after it and by the rest of its query.
fn uses_in(query: &Query, index: usize, id: CommonTableId) -> usize {
    let mut uses = 0;
    let mut count = |used: CommonTableId| uses += usize::from(used == id);
    for common in query.with.iter().skip(index + 1) {
        each_use(&common.query, &mut count);
        common.step.iter().for_each(|step| each_use(&step.query, &mut count));
    }
    each_use_outside_with(query, &mut count);
    uses
}

/// Calls `visit` with the queries of WITH that a query uses, once a use.
pub fn each_use(query: &Query, visit: &mut dyn FnMut(CommonTableId)) {
    for common in &query.with {
        each_use(&common.query, visit);
        common.step.iter().for_each(|step| each_use(&step.query, visit));
    }
    each_use_outside_with(query, visit);
}

fn each_use_outside_with(query: &Query, visit: &mut dyn FnMut(CommonTableId)) {
    query.from.iter().for_each(|from| each_use_of_from(from, visit));
    let own = Query { with: Vec::new(), from: None, ..query.clone() };
    own.for_each_expr(&mut |e| each_use_of_expr(e, visit));
}

fn each_use_of_from(from: &From, visit: &mut dyn FnMut(CommonTableId)) {
    match from {
        From::Table { .. } => {}
        From::Values { .. } | From::Function { .. } => {
            from.for_each_expr(&mut |e| each_use_of_expr(e, visit));
        }
        From::Query(query) => each_use(query, visit),
        From::Common { id, .. } => visit(*id),
        From::Set { left, right, .. } => {
            each_use(left, visit);
            each_use(right, visit);
        }
        From::Join { left, right, condition, .. } => {
            each_use_of_from(left, visit);
            each_use_of_from(right, visit);
            condition.iter().for_each(|e| each_use_of_expr(e, visit));
        }
    }
}

fn each_use_of_expr(e: &Expr, visit: &mut dyn FnMut(CommonTableId)) {
    match &e.kind {
        ExprKind::Subquery { kind, query } => {
            if let crate::hir::SubqueryKind::Quantified { operand, .. } = kind {
                each_use_of_expr(operand, visit);
            }
            each_use(query, visit);
        }
        _ => e.for_each_child(&mut |child| each_use_of_expr(child, visit)),
    }
}

/// The queries of WITH around a query that it uses.
pub fn free_commons(query: &Query) -> Vec<CommonTableId> {
    let mut used = Vec::new();
    each_use(query, &mut |id| {
        if !used.contains(&id) {
            used.push(id);
        }
    });
    let (_, own) = query_defines(query);
    used.retain(|id| !own.contains(id));
    used
}

/// Whether a query gives other rows each time.
pub fn is_volatile(query: &Query, catalog: &dyn Catalog) -> bool {
    let mut volatile = false;
    query.for_each_expr(&mut |e| {
        volatile |= e.any(&|x| match &x.kind {
            ExprKind::Native { function, .. } => function.effect > Effect::Reads,
            ExprKind::Call { function, .. } => {
                catalog.function(function).is_none_or(|f| f.effect > Effect::Reads)
            }
            _ => false,
        });
    });
    volatile
}
