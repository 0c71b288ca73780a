//! Questions about expressions of the typed form: errors, assignments, substitution, and sameness
//! up to places and the numbering of inner locals.

use crate::hir::{Block, Expr, ExprKind, LocalId, Step};
use hashbrown::HashMap;

/// Whether an expression contains a reported error.
pub fn has_error(expr: &Expr) -> bool {
    expr.any(&|e| matches!(e.kind, ExprKind::Error) || e.ty.is_error())
}

/// Whether a local is assigned to after its first value, anywhere in the expression.
pub fn assigns(expr: &Expr, local: LocalId) -> bool {
    expr.any(&|e| match &e.kind {
        ExprKind::Block(block) => block_assigns(block, local),
        _ => false,
    })
}

fn block_assigns(block: &Block, local: LocalId) -> bool {
    block.statements.iter().any(|step| match step {
        Step::Assign(target, _) | Step::AssignField(target, _, _) | Step::Push(target, _) => {
            *target == local
        }
        Step::While(_, body) | Step::ForRows(_, _, body) => block_assigns(body, local),
        _ => false,
    })
}

/// Puts `with` in the place of each use of a local.
pub fn substitute(expr: &mut Expr, local: LocalId, with: &ExprKind) {
    if expr.kind == ExprKind::Local(local) {
        expr.kind = with.clone();
        return;
    }
    expr.for_each_child_mut(&mut |child| substitute(child, local, with));
}

/// Whether two expressions are the same but for places and the numbers of locals that they bind.
pub fn same(a: &Expr, b: &Expr) -> bool {
    same_in(a, b, &mut HashMap::new())
}

fn same_in(a: &Expr, b: &Expr, bound: &mut HashMap<LocalId, LocalId>) -> bool {
    if a.ty != b.ty || !same_head(&a.kind, &b.kind, bound) {
        return false;
    }
    if let (ExprKind::Block(x), ExprKind::Block(y)) = (&a.kind, &b.kind)
        && !same_steps(x, y, bound)
    {
        return false;
    }
    let mut left = Vec::new();
    a.for_each_child(&mut |child| left.push(child));
    let mut right = Vec::new();
    b.for_each_child(&mut |child| right.push(child));
    left.len() == right.len() && left.iter().zip(right).all(|(x, y)| same_in(x, y, bound))
}

/// Whether two blocks have the same kinds of steps; their locals are paired.
fn same_steps(a: &Block, b: &Block, bound: &mut HashMap<LocalId, LocalId>) -> bool {
    a.statements.len() == b.statements.len()
        && a.value.is_some() == b.value.is_some()
        && a.statements.iter().zip(&b.statements).all(|(x, y)| match (x, y) {
            (Step::Let(i, _), Step::Let(j, _)) => {
                bound.insert(*i, *j);
                true
            }
            // Loops and assignments do not stand in what queries compare; they count as different.
            (Step::Expr(_), Step::Expr(_)) => true,
            _ => false,
        })
}

fn same_head(a: &ExprKind, b: &ExprKind, bound: &HashMap<LocalId, LocalId>) -> bool {
    use ExprKind as K;
    match (a, b) {
        (K::Constant(x), K::Constant(y)) => x == y,
        (K::Local(x), K::Local(y)) => bound.get(x).unwrap_or(x) == y,
        (K::Column(x), K::Column(y)) => x == y,
        (K::Parameter(x), K::Parameter(y)) => x == y,
        (K::Arith { op: x, .. }, K::Arith { op: y, .. }) => x == y,
        (K::Compare { op: x, .. }, K::Compare { op: y, .. }) => x == y,
        (K::Convert { mode: x, .. }, K::Convert { mode: y, .. }) => x == y,
        (K::Call { function: x, .. }, K::Call { function: y, .. }) => x == y,
        (K::Native { function: x, .. }, K::Native { function: y, .. }) => x.name == y.name,
        (K::Field { index: x, .. }, K::Field { index: y, .. }) => x == y,
        (K::ExceptionIs { name: x, .. }, K::ExceptionIs { name: y, .. }) => x == y,
        // Each query has variables of its own.
        (K::Try { .. } | K::Error | K::Subquery { .. }, _) => false,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
