//! `narrow_comparisons`: compares a column in its own type where a comparison with a constant
//! widened it, so that rows cost no conversion and the storage can skip by the condition.
//!
//! `d::TIMESTAMP <= c` with a DATE column becomes `d <= day of c`; an integer column widened to
//! INT64 becomes a comparison in its type where that holds the constant.

use crate::codegen::builder::Result;
use crate::hir::{ConvertMode, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;
use grizzly_bytecode::{Cmp, Type, Value};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The rule.
pub fn apply(mut plan: LogicalPlan, _: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    narrow_plan(&mut plan);
    Ok(plan)
}

fn narrow_plan(plan: &mut LogicalPlan) {
    plan.for_each_expr_mut(&mut narrow);
    for input in plan.inputs_mut() {
        narrow_plan(input);
    }
}

fn narrow(e: &mut Expr) {
    e.for_each_child_mut(&mut narrow);
    let ExprKind::Compare { op, left, right } = &e.kind else { return };
    let narrowed = side(*op, left, right).or_else(|| side(op.swapped(), right, left));
    if let Some((op, column, constant)) = narrowed {
        e.kind = ExprKind::Compare { op, left: Box::new(column), right: Box::new(constant) };
    }
}

/// `convert(column) op constant` in the column's type.
fn side(op: Cmp, converted: &Expr, constant: &Expr) -> Option<(Cmp, Expr, Expr)> {
    let ExprKind::Convert { operand, mode: ConvertMode::Implicit } = &converted.kind else {
        return None;
    };
    let ExprKind::Constant(Value::Int(value)) = &constant.kind else { return None };
    let in_column_type = |op: Cmp, value: i64| {
        let kind = ExprKind::Constant(Value::Int(value));
        let constant = Expr { kind, ty: operand.ty.clone(), place: constant.place };
        Some((op, (**operand).clone(), constant))
    };
    match (&operand.ty, &converted.ty) {
        (Type::Date, Type::Timestamp | Type::TimestampTz) => {
            let day = value.div_euclid(MICROS_PER_DAY);
            match (op, value.rem_euclid(MICROS_PER_DAY) == 0) {
                (_, true) | (Cmp::Le | Cmp::Gt, false) => in_column_type(op, day),
                (Cmp::Lt, false) => in_column_type(Cmp::Le, day),
                (Cmp::Ge, false) => in_column_type(Cmp::Gt, day),
                // No midnight is equal to it: the comparison stays, and says so.
                (Cmp::Eq | Cmp::Ne, false) => None,
            }
        }
        (Type::Int8, t) if t.is_integer() => {
            fits(*value, i8::MIN.into(), i8::MAX.into()).then(|| in_column_type(op, *value))?
        }
        (Type::Int16, t) if t.is_integer() => {
            fits(*value, i16::MIN.into(), i16::MAX.into()).then(|| in_column_type(op, *value))?
        }
        (Type::Int32, t) if t.is_integer() => {
            fits(*value, i32::MIN.into(), i32::MAX.into()).then(|| in_column_type(op, *value))?
        }
        _ => None,
    }
}

fn fits(value: i64, least: i64, greatest: i64) -> bool {
    (least..=greatest).contains(&value)
}
