//! `prune_columns`: drops the columns that nothing above reads.

use super::push_filters::columns_of;
use crate::codegen::builder::Result;
use crate::hir::ColumnVar;
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;
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
        LogicalPlan::Scan { columns, .. } => columns.retain(|(var, _)| wanted.contains(var)),
        LogicalPlan::Project { columns, .. } => {
            columns.retain(|(var, _)| wanted.contains(var));
            below = HashSet::new();
        }
        LogicalPlan::Aggregate { aggregates, .. } => {
            aggregates.retain(|a| wanted.contains(&a.variable));
            below = HashSet::new();
        }
        _ => {}
    }
    plan.for_each_expr_mut(&mut |e| below.extend(columns_of(e)));
    for input in plan.inputs_mut() {
        prune(input, &below);
    }
}
