//! `prune_columns`: drops the columns that nothing above reads.

use crate::codegen::builder::Result;
use crate::hir::{ColumnVar, CommonTableId};
use crate::plan::PlanContext;
use crate::plan::logical::{Common, LogicalPlan, free_columns};
use hashbrown::HashSet;

/// The rule.
pub fn apply(mut plan: LogicalPlan, _: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    let wanted = plan.columns().into_iter().collect();
    prune(&mut plan, &wanted);
    Ok(plan)
}

fn prune(plan: &mut LogicalPlan, wanted: &HashSet<ColumnVar>) {
    let mut below = wanted.clone();
    match plan {
        LogicalPlan::Scan { columns, .. } | LogicalPlan::Common { columns, .. } => {
            columns.retain(|(var, _)| wanted.contains(var));
        }
        LogicalPlan::Project { columns, .. } => {
            columns.retain(|(var, _)| wanted.contains(var));
            below = HashSet::new();
        }
        LogicalPlan::Aggregate { aggregates, .. } => {
            aggregates.retain(|a| wanted.contains(&a.variable));
            below = HashSet::new();
        }
        LogicalPlan::Union { inputs, columns } => {
            for (input, vars) in inputs {
                let mut kept = columns.iter().map(|var| wanted.contains(var));
                vars.retain(|_| kept.next().unwrap_or(false));
                prune(input, &vars.iter().copied().collect());
            }
            return columns.retain(|var| wanted.contains(var));
        }
        LogicalPlan::With { common, body } => {
            prune(body, wanted);
            return prune_common(common, body);
        }
        _ => {}
    }
    plan.for_each_expr_mut(&mut |e| below.extend(free_columns(e)));
    for input in plan.inputs_mut() {
        prune(input, &below);
    }
}

/// Drops the outputs that no use reads. A recursive query keeps them all: its rounds compare rows.
fn prune_common(common: &mut Common, body: &mut LogicalPlan) {
    if let Some((step, vars)) = &mut common.step {
        prune(step, &vars.iter().copied().collect());
    } else {
        let mut used = HashSet::new();
        each_use(body, common.id, &mut |columns| used.extend(columns.iter().map(|(_, at)| *at)));
        let kept: Vec<usize> = (0..common.outputs.len()).filter(|at| used.contains(at)).collect();
        each_use(body, common.id, &mut |columns| {
            for (_, at) in columns {
                *at = kept.iter().position(|index| index == at).unwrap_or_default();
            }
        });
        let mut index = 0..;
        common.outputs.retain(|_| index.next().is_some_and(|at| used.contains(&at)));
    }
    prune(&mut common.input, &common.outputs.iter().copied().collect());
}

/// The variables of a use of a common table, and which of its outputs they hold.
type CommonColumns = Vec<(ColumnVar, usize)>;

fn each_use(plan: &mut LogicalPlan, id: CommonTableId, visit: &mut dyn FnMut(&mut CommonColumns)) {
    if let LogicalPlan::Common { id: of, columns, .. } = plan
        && *of == id
    {
        visit(columns);
    }
    for input in plan.inputs_mut() {
        each_use(input, id, visit);
    }
}
