//! `inline_functions`: puts the bodies of pure functions without loops, handlers and recursion in
//! place of their calls, so that a user's function in a query costs what its body costs by hand.

use crate::codegen::builder::Result;
use crate::hir::{Block, Effect, Expr, ExprKind, Function, LocalId, Step};
use crate::plan::PlanContext;
use crate::plan::logical::LogicalPlan;
use grizzly_bytecode::Type;
use hashbrown::HashMap;

/// Bodies above this many nodes, what they inline included, stay calls.
const LARGEST_BODY: usize = 400;
/// Calls inside inlined bodies are inlined down to this depth; it also ends recursion.
const DEEPEST: usize = 8;

/// The rule.
pub fn apply(mut plan: LogicalPlan, context: &mut PlanContext<'_>) -> Result<LogicalPlan> {
    inline_plan(&mut plan, context);
    Ok(plan)
}

fn inline_plan(plan: &mut LogicalPlan, context: &mut PlanContext<'_>) {
    plan.for_each_expr_mut(&mut |e| inline(e, context, &mut Vec::new()));
    for input in plan.inputs_mut() {
        inline_plan(input, context);
    }
}

fn inline(
    e: &mut Expr,
    context: &mut PlanContext<'_>,
    open: &mut Vec<crate::catalog::FunctionKey>,
) {
    e.for_each_child_mut(&mut |child| inline(child, context, open));
    let ExprKind::Call { function: key, arguments } = &e.kind else { return };
    if open.len() >= DEEPEST || open.contains(key) {
        return;
    }
    let Some(function) = context.catalog.function(key) else { return };
    let Some(value) = inlinable(&function) else { return };
    if function.parameters.iter().any(|p| !p.nullable) {
        // A NOT NULL parameter is checked at the call, which an inlined body has not.
        return;
    }
    let mut renamed = HashMap::new();
    for (index, local) in function.locals.iter().enumerate() {
        renamed.insert(LocalId(index as u32), context.fresh_local(local.clone()));
    }
    let mut body = value;
    rename(&mut body, &renamed);
    let mut taken_apart = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        let Some(local) = renamed.get(&LocalId(index as u32)) else { continue };
        if is_plain_struct(argument) && !assigns(&body, *local) {
            take_apart(&mut body, *local, argument);
            taken_apart.push(*local);
        }
    }
    open.push(key.clone());
    inline(&mut body, context, open);
    open.pop();
    let parameters = arguments.iter().enumerate().filter_map(|(index, argument)| {
        let local = renamed.get(&LocalId(index as u32))?;
        if taken_apart.contains(local) {
            return None;
        }
        Some(Step::Let(*local, argument.clone()))
    });
    let block = Block { statements: parameters.collect(), value: Some(body) };
    e.kind = ExprKind::Inlined { function: function.display.clone(), body: Box::new(block) };
}

/// The body as one expression, where it can stand in vector code.
fn inlinable(function: &Function) -> Option<Expr> {
    if function.effect > Effect::Pure || function.result.is_none() {
        return None;
    }
    let value = structured(&function.body.statements, function.body.value.as_ref())?;
    let fits = value.size() <= LARGEST_BODY && !value.any(&|e| !stands_in_vector_code(e));
    fits.then_some(value)
}

fn stands_in_vector_code(e: &Expr) -> bool {
    use ExprKind as K;
    match &e.kind {
        K::Block(block) => block.statements.iter().all(|step| match step {
            Step::Let(..) | Step::Assign(..) => true,
            Step::Expr(e) => matches!(e.kind, K::If { .. } | K::Block(_)),
            _ => false,
        }),
        K::Return(_)
        | K::Raise(_)
        | K::Try { .. }
        | K::Lambda(_)
        | K::CallValue { .. }
        | K::MakeStruct(_)
        | K::MakeArray(_)
        | K::Element { .. }
        | K::Length(_)
        | K::MakeException { .. }
        | K::Message(_)
        | K::ExceptionIs { .. }
        | K::Catchable(_)
        // Its columns are the function's, which the statement has not.
        | K::Subquery { .. }
        | K::Error => false,
        _ => true,
    }
}

/// Statements and a value as one expression without RETURN: an IF that always returns takes what
/// follows it as its other branch.
fn structured(steps: &[Step], value: Option<&Expr>) -> Option<Expr> {
    let returns = |step: &Step| match step {
        Step::Expr(e) => e.any(&|x| matches!(x.kind, ExprKind::Return(_))),
        _ => false,
    };
    let Some(at) = steps.iter().position(returns) else {
        let value = without_return(value?)?;
        return Some(block_of(steps, value));
    };
    let (before, rest) = (steps.get(..at)?, steps.get(at + 1..)?);
    let Some(Step::Expr(e)) = steps.get(at) else { return None };
    let value = match &e.kind {
        ExprKind::Return(Some(value)) => (**value).clone(),
        ExprKind::If { condition, then, otherwise } => {
            let empty = matches!(&otherwise.kind, ExprKind::Block(b)
                if b.statements.is_empty() && b.value.is_none())
                || matches!(&otherwise.kind, ExprKind::Constant(_));
            if !empty {
                return None;
            }
            let then = always_returns(then)?;
            let other = structured(rest, value)?;
            let ty = other.ty.clone();
            Expr {
                kind: ExprKind::If {
                    condition: condition.clone(),
                    then: Box::new(then),
                    otherwise: Box::new(other),
                },
                ty,
                place: e.place,
            }
        }
        _ => return None,
    };
    Some(block_of(before, value))
}

fn without_return(value: &Expr) -> Option<Expr> {
    match &value.kind {
        ExprKind::Return(Some(inner)) => Some((**inner).clone()),
        _ => Some(value.clone()),
    }
}

fn always_returns(e: &Expr) -> Option<Expr> {
    match &e.kind {
        ExprKind::Return(Some(value)) => Some((**value).clone()),
        ExprKind::Block(block) => {
            let ends = block.value.as_ref().is_some_and(|v| matches!(v.kind, ExprKind::Return(_)))
                || matches!(block.statements.last(), Some(Step::Expr(e))
                    if matches!(e.kind, ExprKind::Return(_)));
            if ends { structured(&block.statements, block.value.as_ref()) } else { None }
        }
        _ => None,
    }
}

fn block_of(steps: &[Step], value: Expr) -> Expr {
    if steps.is_empty() {
        return value;
    }
    let (ty, place): (Type, _) = (value.ty.clone(), value.place);
    let block = Block { statements: steps.to_vec(), value: Some(value) };
    Expr { kind: ExprKind::Block(Box::new(block)), ty, place }
}

/// Whether an argument is a struct of columns, locals and constants, as a table's row is.
fn is_plain_struct(e: &Expr) -> bool {
    let plain = |e: &Expr| {
        matches!(e.kind, ExprKind::Column(_) | ExprKind::Local(_) | ExprKind::Constant(_))
    };
    matches!(&e.kind, ExprKind::MakeStruct(values) if values.iter().all(plain))
}

fn assigns(e: &Expr, local: LocalId) -> bool {
    e.any(&|e| match &e.kind {
        ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
            block.statements.iter().any(|step| matches!(step, Step::Assign(id, _) if *id == local))
        }
        _ => false,
    })
}

/// Puts a struct's own expressions in place of a local's fields, and the struct in place of the
/// local where it is used as a whole: a method on a row does not build the row.
fn take_apart(e: &mut Expr, local: LocalId, value: &Expr) {
    if let (ExprKind::Field { operand, index }, ExprKind::MakeStruct(values)) =
        (&e.kind, &value.kind)
        && operand.kind == ExprKind::Local(local)
        && let Some(field) = values.get(usize::from(*index))
    {
        e.kind = field.kind.clone();
        return;
    }
    if e.kind == ExprKind::Local(local) {
        e.kind = value.kind.clone();
        return;
    }
    e.for_each_child_mut(&mut |child| take_apart(child, local, value));
}

fn rename(e: &mut Expr, renamed: &HashMap<LocalId, LocalId>) {
    let new = |id: &mut LocalId| {
        if let Some(fresh) = renamed.get(id) {
            *id = *fresh;
        }
    };
    match &mut e.kind {
        ExprKind::Local(id) => new(id),
        ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
            for step in &mut block.statements {
                if let Step::Let(id, _) | Step::Assign(id, _) = step {
                    new(id);
                }
            }
        }
        _ => {}
    }
    e.for_each_child_mut(&mut |child| rename(child, renamed));
}
