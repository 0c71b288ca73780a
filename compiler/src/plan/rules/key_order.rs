//! `key_order`: a query over one table without ORDER BY gives rows in key order, so its scan is
//! asked for that order; below a sort, a group or a join the order does not matter.

use crate::codegen::builder::Result;
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;

/// The rule.
pub fn apply(mut plan: LogicalPlan, _: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    order(&mut plan);
    Ok(plan)
}

fn order(plan: &mut LogicalPlan) {
    match plan {
        LogicalPlan::Scan { ordered, .. } => *ordered = true,
        LogicalPlan::Filter { input, .. }
        | LogicalPlan::Project { input, .. }
        | LogicalPlan::Limit { input, .. }
        | LogicalPlan::With { body: input, .. } => order(input),
        _ => {}
    }
}
