//! What follows from equalities: columns that are equal to one are equal to each other, and a
//! constant that one of them equals, all of them equal.

use crate::hir::{ColumnVar, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;
use crate::plan::rules::{conjuncts, push};
use grizzly_bytecode::{Cmp, Place, Type};

/// A condition of a tree of joins.
pub struct Condition {
    /// It.
    pub expr: Expr,
    /// For an equality of columns: the number of the class that they belong to.
    pub class: Option<usize>,
    /// Whether it follows from others.
    pub implied: bool,
}

/// Up to this many columns, a class gets all its equalities.
const MOST_PAIRED: usize = 8;

/// Columns that are equal in every row that counts, and a constant or parameter that they equal.
struct Class {
    columns: Vec<(ColumnVar, usize)>,
    constant: Option<Expr>,
}

/// Adds conditions `column = constant` to the sides, and an equality between two sides for each two
/// columns of a class of three or more.
pub fn add(
    sides: &mut [LogicalPlan],
    conditions: Vec<Expr>,
    context: &PlanContext<'_>,
) -> Vec<Condition> {
    let of_side: Vec<Vec<ColumnVar>> = sides.iter().map(LogicalPlan::columns).collect();
    let side_of = |var: ColumnVar| of_side.iter().position(|columns| columns.contains(&var));
    let mut classes: Vec<Class> = Vec::new();
    for condition in conditions.iter() {
        let Some((l, r)) = equal_columns(condition) else { continue };
        if let (Some(a), Some(b)) = (side_of(l), side_of(r)) {
            unite(&mut classes, (l, a), (r, b));
        }
    }
    for side in sides.iter() {
        each_constant(side, &mut |var, constant| {
            let class = classes.iter_mut().find(|c| c.columns.iter().any(|(v, _)| *v == var));
            if let Some(class) = class
                && class.constant.is_none()
            {
                class.constant = Some(constant.clone());
            }
        });
    }
    let class_of = |e: &Expr| {
        let (var, _) = equal_columns(e)?;
        classes.iter().position(|class| class.columns.iter().any(|(v, _)| *v == var))
    };
    let known = |expr: Expr| Condition { class: class_of(&expr), expr, implied: false };
    let mut conditions: Vec<Condition> = conditions.into_iter().map(known).collect();
    for (number, class) in classes.iter().enumerate() {
        match &class.constant {
            Some(constant) => {
                for (var, side) in &class.columns {
                    add_constant(*var, constant, sides.get_mut(*side), context);
                }
            }
            None if class.columns.len() <= MOST_PAIRED => {
                add_pairs(number, class, &mut conditions, context);
            }
            None => {}
        }
    }
    conditions
}

fn equal_columns(condition: &Expr) -> Option<(ColumnVar, ColumnVar)> {
    let ExprKind::Compare { op: Cmp::Eq, left, right } = &condition.kind else { return None };
    match (&left.kind, &right.kind) {
        // One NaN equals no other: such columns are not equal to themselves.
        (ExprKind::Column(l), ExprKind::Column(r)) if left.ty == right.ty => {
            (!matches!(left.ty, Type::Double | Type::Float32)).then_some((*l, *r))
        }
        _ => None,
    }
}

fn unite(classes: &mut Vec<Class>, l: (ColumnVar, usize), r: (ColumnVar, usize)) {
    let of = |classes: &[Class], var| {
        classes.iter().position(|class| class.columns.iter().any(|(v, _)| *v == var))
    };
    match (of(classes, l.0), of(classes, r.0)) {
        (Some(a), Some(b)) if a == b => {}
        (Some(a), Some(b)) => {
            let other = classes.swap_remove(a.max(b));
            if let Some(class) = classes.get_mut(a.min(b)) {
                class.columns.extend(other.columns);
            }
        }
        (Some(at), None) => classes.get_mut(at).into_iter().for_each(|c| c.columns.push(r)),
        (None, Some(at)) => classes.get_mut(at).into_iter().for_each(|c| c.columns.push(l)),
        (None, None) => classes.push(Class { columns: vec![l, r], constant: None }),
    }
}

/// Calls `visit` with the columns that a side's own filter says to equal a constant.
fn each_constant(side: &LogicalPlan, visit: &mut dyn FnMut(ColumnVar, &Expr)) {
    let LogicalPlan::Filter { conditions, .. } = side else { return };
    let mut parts = Vec::new();
    conditions.iter().cloned().for_each(|c| conjuncts(c, &mut parts));
    for part in &parts {
        let ExprKind::Compare { op: Cmp::Eq, left, right } = &part.kind else { continue };
        match (&left.kind, &right.kind) {
            (ExprKind::Column(var), ExprKind::Constant(_) | ExprKind::Parameter(_)) => {
                visit(*var, right);
            }
            (ExprKind::Constant(_) | ExprKind::Parameter(_), ExprKind::Column(var)) => {
                visit(*var, left);
            }
            _ => {}
        }
    }
}

fn add_constant(
    var: ColumnVar,
    constant: &Expr,
    side: Option<&mut LogicalPlan>,
    context: &PlanContext<'_>,
) {
    let Some(side) = side else { return };
    let mut known = false;
    each_constant(side, &mut |v, _| known |= v == var);
    if known {
        return;
    }
    let below = std::mem::replace(side, LogicalPlan::Unit);
    *side = push(below, vec![equal(context.column(var), constant.clone())], context);
}

fn equal(left: Expr, right: Expr) -> Expr {
    let kind = ExprKind::Compare { op: Cmp::Eq, left: Box::new(left), right: Box::new(right) };
    Expr { kind, ty: Type::Bool, place: Place::default() }
}

/// Equalities between sides that are not compared directly.
fn add_pairs(
    number: usize,
    class: &Class,
    conditions: &mut Vec<Condition>,
    context: &PlanContext<'_>,
) {
    for (index, (a, of_a)) in class.columns.iter().enumerate() {
        for (b, of_b) in class.columns.iter().skip(index + 1) {
            let is_pair = |c: &Condition| {
                equal_columns(&c.expr).is_some_and(|pair| pair == (*a, *b) || pair == (*b, *a))
            };
            if of_a != of_b && !conditions.iter().any(is_pair) {
                let expr = equal(context.column(*a), context.column(*b));
                conditions.push(Condition { expr, class: Some(number), implied: true });
            }
        }
    }
}
