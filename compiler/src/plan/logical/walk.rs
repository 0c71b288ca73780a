//! Walks over plans: inputs, expressions, the columns that come out and those from around.

use super::{JoinKind, LogicalPlan};
use crate::hir::{ColumnVar, CommonTableId, Expr, ExprKind, From, Query};
use hashbrown::HashSet;

impl LogicalPlan {
    /// The inputs.
    pub fn inputs(&self) -> Vec<&LogicalPlan> {
        match self {
            LogicalPlan::Unit
            | LogicalPlan::Values { .. }
            | LogicalPlan::Scan { .. }
            | LogicalPlan::Common { .. } => Vec::new(),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Expand { input, .. }
            | LogicalPlan::Aggregate { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => vec![input],
            LogicalPlan::Join { left, right, .. } => vec![left, right],
            LogicalPlan::Union { inputs, .. } => inputs.iter().map(|(plan, _)| plan).collect(),
            LogicalPlan::With { common, body } => {
                let step = common.step.iter().map(|(plan, _)| &**plan);
                std::iter::once(&*common.input).chain(step).chain([&**body]).collect()
            }
        }
    }

    /// The inputs, to change them.
    pub fn inputs_mut(&mut self) -> Vec<&mut LogicalPlan> {
        match self {
            LogicalPlan::Unit
            | LogicalPlan::Values { .. }
            | LogicalPlan::Scan { .. }
            | LogicalPlan::Common { .. } => Vec::new(),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Expand { input, .. }
            | LogicalPlan::Aggregate { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => vec![input],
            LogicalPlan::Join { left, right, .. } => vec![left, right],
            LogicalPlan::Union { inputs, .. } => inputs.iter_mut().map(|(plan, _)| plan).collect(),
            LogicalPlan::With { common, body } => {
                let step = common.step.iter_mut().map(|(plan, _)| &mut **plan);
                std::iter::once(&mut *common.input).chain(step).chain([&mut **body]).collect()
            }
        }
    }

    /// The columns that come out, in order.
    pub fn columns(&self) -> Vec<ColumnVar> {
        match self {
            LogicalPlan::Unit => Vec::new(),
            LogicalPlan::Values { columns, .. } | LogicalPlan::Union { columns, .. } => {
                columns.clone()
            }
            LogicalPlan::Scan { columns, row_key, .. } => {
                columns.iter().map(|(var, _)| *var).chain(*row_key).collect()
            }
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => input.columns(),
            LogicalPlan::Project { columns, .. } => columns.iter().map(|(var, _)| *var).collect(),
            LogicalPlan::Expand { input, column, .. } => {
                input.columns().into_iter().chain([*column]).collect()
            }
            LogicalPlan::Join { kind, left, right, .. } => {
                let mut columns = left.columns();
                if kind.adds_right() {
                    columns.extend(right.columns());
                }
                columns.extend(kind.mark());
                columns
            }
            LogicalPlan::Aggregate { keys, aggregates, .. } => {
                let keys = keys.iter().map(|(var, _)| *var);
                keys.chain(aggregates.iter().map(|a| a.variable)).collect()
            }
            LogicalPlan::With { body, .. } => body.columns(),
            LogicalPlan::Common { columns, .. } => columns.iter().map(|(var, _)| *var).collect(),
        }
    }

    /// Calls `visit` with every expression of this operator.
    pub fn for_each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            LogicalPlan::Unit
            | LogicalPlan::Scan { .. }
            | LogicalPlan::Union { .. }
            | LogicalPlan::With { .. }
            | LogicalPlan::Common { .. } => {}
            LogicalPlan::Values { rows, .. } => rows.iter().flatten().for_each(visit),
            LogicalPlan::Filter { conditions, .. } | LogicalPlan::Join { conditions, .. } => {
                conditions.iter().for_each(visit);
            }
            LogicalPlan::Project { columns, .. } => columns.iter().for_each(|(_, e)| visit(e)),
            LogicalPlan::Expand { arguments, .. } => arguments.iter().for_each(visit),
            LogicalPlan::Aggregate { keys, aggregates, .. } => {
                keys.iter().for_each(|(_, e)| visit(e));
                for aggregate in aggregates {
                    aggregate.argument.iter().for_each(&mut *visit);
                    aggregate.filter.iter().for_each(&mut *visit);
                }
            }
            LogicalPlan::Sort { keys, .. } => keys.iter().for_each(|k| visit(&k.value)),
            LogicalPlan::Limit { each, .. } => each.iter().for_each(visit),
        }
    }

    /// Calls `visit` with every expression of this operator, to change it.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            LogicalPlan::Unit
            | LogicalPlan::Scan { .. }
            | LogicalPlan::Union { .. }
            | LogicalPlan::With { .. }
            | LogicalPlan::Common { .. } => {}
            LogicalPlan::Values { rows, .. } => rows.iter_mut().flatten().for_each(visit),
            LogicalPlan::Filter { conditions, .. } | LogicalPlan::Join { conditions, .. } => {
                conditions.iter_mut().for_each(visit);
            }
            LogicalPlan::Project { columns, .. } => {
                columns.iter_mut().for_each(|(_, e)| visit(e));
            }
            LogicalPlan::Expand { arguments, .. } => arguments.iter_mut().for_each(visit),
            LogicalPlan::Aggregate { keys, aggregates, .. } => {
                keys.iter_mut().for_each(|(_, e)| visit(e));
                for aggregate in aggregates {
                    aggregate.argument.iter_mut().for_each(&mut *visit);
                    aggregate.filter.iter_mut().for_each(&mut *visit);
                }
            }
            LogicalPlan::Sort { keys, .. } => keys.iter_mut().for_each(|k| visit(&mut k.value)),
            LogicalPlan::Limit { each, .. } => each.iter_mut().for_each(visit),
        }
    }

    /// The columns from around the plan that its expressions read, each once.
    pub fn free_columns(&self) -> Vec<ColumnVar> {
        let (mut used, mut defined) = (Vec::new(), HashSet::new());
        self.note_columns(&mut used, &mut defined);
        unique(used.into_iter().filter(|var| !defined.contains(var)))
    }

    fn note_columns(&self, used: &mut Vec<ColumnVar>, defined: &mut HashSet<ColumnVar>) {
        self.for_each_expr(&mut |e| used.extend(free_columns(e)));
        match self {
            LogicalPlan::Values { .. }
            | LogicalPlan::Scan { .. }
            | LogicalPlan::Project { .. }
            | LogicalPlan::Aggregate { .. }
            | LogicalPlan::Union { .. }
            | LogicalPlan::Common { .. } => defined.extend(self.columns()),
            LogicalPlan::Expand { column, .. } => _ = defined.insert(*column),
            LogicalPlan::Join { kind: JoinKind::Mark(var) | JoinKind::MarkAny(var), .. } => {
                defined.insert(*var);
            }
            _ => {}
        }
        for input in self.inputs() {
            input.note_columns(used, defined);
        }
    }

    /// Whether the plan reads a query of WITH.
    pub fn reads_common(&self, id: CommonTableId) -> bool {
        matches!(self, LogicalPlan::Common { id: read, .. } if *read == id)
            || self.inputs().into_iter().any(|input| input.reads_common(id))
    }
}

fn unique(vars: impl Iterator<Item = ColumnVar>) -> Vec<ColumnVar> {
    let mut seen = HashSet::new();
    vars.filter(|var| seen.insert(*var)).collect()
}

/// The columns that an expression reads, without those of the queries inside it; each once.
pub fn free_columns(e: &Expr) -> Vec<ColumnVar> {
    let (mut used, mut defined) = (Vec::new(), HashSet::new());
    note(e, &mut used, &mut defined);
    if defined.is_empty() && used.len() < 2 {
        return used;
    }
    unique(used.into_iter().filter(|var| !defined.contains(var)))
}

fn note(e: &Expr, used: &mut Vec<ColumnVar>, defined: &mut HashSet<ColumnVar>) {
    match &e.kind {
        ExprKind::Column(var) => used.push(*var),
        ExprKind::Subquery { query, .. } => {
            defined.extend(query_defines(query).0);
            e.for_each_child(&mut |child| note(child, used, defined));
        }
        _ => e.for_each_child(&mut |child| note(child, used, defined)),
    }
}

/// The columns from around a query that it reads, each once.
pub fn free_columns_of_query(query: &Query) -> Vec<ColumnVar> {
    let (mut used, mut defined) = (Vec::new(), HashSet::new());
    defined.extend(query_defines(query).0);
    query.for_each_expr(&mut |e| note(e, &mut used, &mut defined));
    unique(used.into_iter().filter(|var| !defined.contains(var)))
}

/// The columns and the queries of WITH that a query defines, those of its parts included, but not
/// those of queries inside its expressions.
pub fn query_defines(query: &Query) -> (HashSet<ColumnVar>, HashSet<CommonTableId>) {
    let mut defined = (HashSet::new(), HashSet::new());
    query_into(query, &mut defined);
    defined
}

fn query_into(query: &Query, defined: &mut (HashSet<ColumnVar>, HashSet<CommonTableId>)) {
    for common in &query.with {
        defined.1.insert(common.id);
        query_into(&common.query, defined);
        common.step.iter().for_each(|step| query_into(&step.query, defined));
    }
    query.from.iter().for_each(|from| from_into(from, defined));
    if let Some(aggregation) = &query.aggregation {
        defined.0.extend(aggregation.keys.iter().map(|(var, _)| *var));
        defined.0.extend(aggregation.aggregates.iter().map(|call| call.variable));
    }
    defined.0.extend(query.outputs.iter().map(|output| output.variable));
}

fn from_into(from: &From, defined: &mut (HashSet<ColumnVar>, HashSet<CommonTableId>)) {
    match from {
        From::Table { columns, .. }
        | From::Values { columns, .. }
        | From::Common { columns, .. } => defined.0.extend(columns),
        From::Query(query) => query_into(query, defined),
        From::Set { left, right, columns, .. } => {
            defined.0.extend(columns);
            query_into(left, defined);
            query_into(right, defined);
        }
        From::Function { column, .. } => _ = defined.0.insert(*column),
        From::Join { left, right, .. } => {
            from_into(left, defined);
            from_into(right, defined);
        }
    }
}
