//! `fold_constants`: evaluates what has no leaves but constants, once, with the machine itself.
//! What would raise is left as it is, to raise when it is reached.

use crate::codegen::builder::Result;
use crate::hir::{Effect, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;

/// The rule.
pub fn apply(mut plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    fold_plan(&mut plan, context);
    Ok(plan)
}

fn fold_plan(plan: &mut LogicalPlan, context: &PlanContext<'_>) {
    plan.for_each_expr_mut(&mut |e| fold(e, context));
    for input in plan.inputs_mut() {
        fold_plan(input, context);
    }
}

/// Folds the constant parts of an expression.
pub fn fold(e: &mut Expr, context: &PlanContext<'_>) {
    if matches!(e.kind, ExprKind::Constant(_)) {
        return;
    }
    if !is_constant(e) {
        e.for_each_child_mut(&mut |child| fold(child, context));
        return;
    }
    let Ok(program) = crate::codegen::statement::constant_program(e, context.catalog) else {
        return;
    };
    if let Ok(value) = context.evaluate.evaluate(program) {
        e.kind = ExprKind::Constant(value);
    }
}

/// Whether an expression depends on nothing, has no effect, and ends.
fn is_constant(e: &Expr) -> bool {
    use ExprKind as K;
    let own = match &e.kind {
        K::Constant(_)
        | K::Arith { .. }
        | K::Concat(..)
        | K::Negate(_)
        | K::Not(_)
        | K::And(..)
        | K::Or(..)
        | K::Compare { .. }
        | K::IsNull(_)
        | K::Same(..)
        | K::Convert { .. }
        | K::If { .. } => true,
        K::Native { function, .. } => function.effect == Effect::Pure,
        _ => false,
    };
    let mut all = own;
    e.for_each_child(&mut |child| all = all && is_constant(child));
    all
}
