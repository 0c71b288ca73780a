//! Walks over expressions of the typed form: children, substitution, and sameness up to places and
//! the numbering of inner locals.

use crate::hir::{Block, Expr, ExprKind, LocalId, Step};
use hashbrown::HashMap;

/// Calls `visit` for each direct child, those in blocks' steps included.
pub fn each_child<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Error
        | ExprKind::Constant(_)
        | ExprKind::Local(_)
        | ExprKind::Column(_)
        | ExprKind::Parameter(_)
        | ExprKind::Return(None) => {}
        ExprKind::Arith { left, right, .. } | ExprKind::Compare { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Concat(a, b)
        | ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Same(a, b) => {
            visit(a);
            visit(b);
        }
        ExprKind::Negate(e)
        | ExprKind::Not(e)
        | ExprKind::IsNull(e)
        | ExprKind::Length(e)
        | ExprKind::Message(e)
        | ExprKind::Raise(e)
        | ExprKind::Catchable(e)
        | ExprKind::Return(Some(e)) => visit(e),
        ExprKind::Convert { operand, .. }
        | ExprKind::Field { operand, .. }
        | ExprKind::ExceptionIs { operand, .. } => visit(operand),
        ExprKind::If { condition, then, otherwise } => {
            visit(condition);
            visit(then);
            visit(otherwise);
        }
        ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
            each_block_child(block, visit);
        }
        ExprKind::Call { arguments, .. } | ExprKind::Native { arguments, .. } => {
            arguments.iter().for_each(visit);
        }
        ExprKind::MakeStruct(items) | ExprKind::MakeArray(items) => items.iter().for_each(visit),
        ExprKind::Element { array, index } => {
            visit(array);
            visit(index);
        }
        ExprKind::MakeException { message, fields } => {
            message.iter().for_each(|m| visit(m));
            fields.iter().for_each(visit);
        }
        ExprKind::Try { body, handler, .. } => {
            visit(body);
            visit(handler);
        }
    }
}

/// Calls `visit` for each direct expression of a block and of the blocks of its loops.
pub fn each_block_child<'e>(block: &'e Block, visit: &mut dyn FnMut(&'e Expr)) {
    for step in &block.statements {
        match step {
            Step::Let(_, e)
            | Step::Assign(_, e)
            | Step::AssignField(_, _, e)
            | Step::Expr(e)
            | Step::Print(e) => visit(e),
            Step::While(condition, body) => {
                visit(condition);
                each_block_child(body, visit);
            }
            Step::Break | Step::Continue => {}
        }
    }
    block.value.iter().for_each(visit);
}

/// Calls `visit` for each direct child, for change.
pub fn each_child_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Error
        | ExprKind::Constant(_)
        | ExprKind::Local(_)
        | ExprKind::Column(_)
        | ExprKind::Parameter(_)
        | ExprKind::Return(None) => {}
        ExprKind::Arith { left, right, .. } | ExprKind::Compare { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Concat(a, b)
        | ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Same(a, b) => {
            visit(a);
            visit(b);
        }
        ExprKind::Negate(e)
        | ExprKind::Not(e)
        | ExprKind::IsNull(e)
        | ExprKind::Length(e)
        | ExprKind::Message(e)
        | ExprKind::Raise(e)
        | ExprKind::Catchable(e)
        | ExprKind::Return(Some(e)) => visit(e),
        ExprKind::Convert { operand, .. }
        | ExprKind::Field { operand, .. }
        | ExprKind::ExceptionIs { operand, .. } => visit(operand),
        ExprKind::If { condition, then, otherwise } => {
            visit(condition);
            visit(then);
            visit(otherwise);
        }
        ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
            each_block_child_mut(block, visit);
        }
        ExprKind::Call { arguments, .. } | ExprKind::Native { arguments, .. } => {
            arguments.iter_mut().for_each(visit);
        }
        ExprKind::MakeStruct(items) | ExprKind::MakeArray(items) => {
            items.iter_mut().for_each(visit);
        }
        ExprKind::Element { array, index } => {
            visit(array);
            visit(index);
        }
        ExprKind::MakeException { message, fields } => {
            message.iter_mut().for_each(|m| visit(m));
            fields.iter_mut().for_each(visit);
        }
        ExprKind::Try { body, handler, .. } => {
            visit(body);
            visit(handler);
        }
    }
}

/// Calls `visit` for each direct expression of a block, for change.
pub fn each_block_child_mut(block: &mut Block, visit: &mut dyn FnMut(&mut Expr)) {
    for step in &mut block.statements {
        match step {
            Step::Let(_, e)
            | Step::Assign(_, e)
            | Step::AssignField(_, _, e)
            | Step::Expr(e)
            | Step::Print(e) => visit(e),
            Step::While(condition, body) => {
                visit(condition);
                each_block_child_mut(body, visit);
            }
            Step::Break | Step::Continue => {}
        }
    }
    block.value.iter_mut().for_each(visit);
}

/// Whether `test` holds for the expression or one below it.
pub fn any(expr: &Expr, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    if test(expr) {
        return true;
    }
    let mut found = false;
    each_child(expr, &mut |child| found = found || any(child, test));
    found
}

/// Calls `visit` for the expression and all below it, parents first.
pub fn each<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    visit(expr);
    each_child(expr, &mut |child| each(child, visit));
}

/// Whether an expression contains a reported error.
pub fn has_error(expr: &Expr) -> bool {
    any(expr, &mut |e| matches!(e.kind, ExprKind::Error) || e.ty.is_error())
}

/// Whether a local is assigned to after its first value, anywhere in the expression.
pub fn assigns(expr: &Expr, local: LocalId) -> bool {
    any(expr, &mut |e| match &e.kind {
        ExprKind::Block(block) => block_assigns(block, local),
        _ => false,
    })
}

fn block_assigns(block: &Block, local: LocalId) -> bool {
    block.statements.iter().any(|step| match step {
        Step::Assign(target, _) | Step::AssignField(target, _, _) => *target == local,
        Step::While(_, body) => block_assigns(body, local),
        _ => false,
    })
}

/// Puts `with` in the place of each use of a local.
pub fn substitute(expr: &mut Expr, local: LocalId, with: &ExprKind) {
    if expr.kind == ExprKind::Local(local) {
        expr.kind = with.clone();
        return;
    }
    each_child_mut(expr, &mut |child| substitute(child, local, with));
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
    each_child(a, &mut |child| left.push(child));
    let mut right = Vec::new();
    each_child(b, &mut |child| right.push(child));
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
        (K::Try { .. }, _) | (K::Error, _) => false,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
