//! What may be NULL, derived bottom-up from the leaves.
//!
//! The no-null body of a function assumes that no parameter is NULL; what follows for its locals
//! and its result is found by iterating from "never NULL" until nothing changes, over the function
//! and all that it calls. The analysis ignores narrowing by conditions, so it never says "never"
//! where code generation, which narrows, finds a NULL.

use super::builder::Builder;
use crate::catalog::FunctionKey;
use crate::hir::{
    self, Block, ColumnVar, ConvertMode, Expr, ExprKind, LocalId, Step, SubqueryKind,
};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// What is known of the leaves.
#[derive(Clone, Debug, Default)]
pub struct NullFlow {
    /// Per local: whether it may be NULL.
    pub locals: Vec<bool>,
    /// Columns that may be NULL; one that is absent may be.
    pub columns: HashMap<ColumnVar, bool>,
    /// Locals that a condition has shown not to be NULL.
    pub known: Vec<LocalId>,
}

impl NullFlow {
    /// Whether the value of an expression may be NULL.
    pub fn nullable(&self, e: &Expr, calls: &dyn Fn(&FunctionKey, bool) -> bool) -> bool {
        use ExprKind as K;
        let either = |l: &Expr, r: &Expr| self.nullable(l, calls) || self.nullable(r, calls);
        match &e.kind {
            K::Constant(value) => value.is_null(),
            K::Local(id) => {
                !self.known.contains(id) && self.locals.get(id.0 as usize).copied().unwrap_or(true)
            }
            K::Column(var) => self.columns.get(var).copied().unwrap_or(true),
            K::Arith { left, right, .. } | K::Compare { left, right, .. } => either(left, right),
            K::Concat(l, r) | K::And(l, r) | K::Or(l, r) => either(l, r),
            K::Negate(x) | K::Not(x) | K::Length(x) => self.nullable(x, calls),
            K::Convert { operand, mode } => {
                *mode == ConvertMode::Try || self.nullable(operand, calls)
            }
            K::If { then, otherwise, .. } => either(then, otherwise),
            K::Try { body, handler, .. } => either(body, handler),
            K::Block(block) | K::Inlined { body: block, .. } => {
                block.value.as_ref().is_some_and(|v| self.nullable(v, calls))
            }
            K::Call { function, arguments } => {
                let all_valid = arguments.iter().all(|a| !self.nullable(a, calls));
                calls(function, all_valid)
            }
            K::Native { function, arguments } => {
                !function.strict
                    || function.nullable
                    || arguments.iter().any(|a| self.nullable(a, calls))
            }
            K::Subquery { kind, .. } => !matches!(kind, SubqueryKind::Exists | SubqueryKind::Array),
            K::Parameter(_) | K::Field { .. } | K::Element { .. } | K::CallValue { .. } => true,
            K::Error
            | K::IsNull(_)
            | K::Same(..)
            | K::MakeStruct(_)
            | K::MakeArray(_)
            | K::Lambda(_)
            | K::MakeException { .. }
            | K::Message(_)
            | K::Raise(_)
            | K::Return(_)
            | K::ExceptionIs { .. }
            | K::Catchable(_) => false,
        }
    }

    /// The parameters of a lambda may hold NULL.
    fn lambda_parameters(&mut self, e: &Expr) {
        let ExprKind::Lambda(lambda) = &e.kind else { return };
        for parameter in &lambda.parameters {
            if let Some(flag) = self.locals.get_mut(parameter.0 as usize) {
                *flag = true;
            }
        }
    }

    /// Marks the locals of a body that may hold NULL, to a fixed point.
    pub fn settle(&mut self, body: &Block, calls: &dyn Fn(&FunctionKey, bool) -> bool) {
        body.for_each_expr(&mut |top| top.walk(&mut |e| self.lambda_parameters(e)));
        loop {
            let mut found = Vec::new();
            body.walk_steps(&mut |step| {
                if let Step::Let(local, e) | Step::Assign(local, e) = step
                    && !self.locals.get(local.0 as usize).copied().unwrap_or(true)
                    && self.nullable(e, calls)
                {
                    found.push(*local);
                }
            });
            if found.is_empty() {
                return;
            }
            for local in found {
                if let Some(flag) = self.locals.get_mut(local.0 as usize) {
                    *flag = true;
                }
            }
        }
    }
}

/// The leaves of a function's body: parameters as given, other locals settled.
pub fn body_flow(
    function: &hir::Function,
    no_null: bool,
    calls: &dyn Fn(&FunctionKey, bool) -> bool,
) -> NullFlow {
    let mut locals = vec![false; function.locals.len()];
    for (flag, parameter) in locals.iter_mut().zip(&function.parameters) {
        *flag = parameter.nullable && !no_null;
    }
    let mut flow = NullFlow { locals, ..NullFlow::default() };
    flow.settle(&function.body, calls);
    flow
}

/// Whether the result of a body may be NULL.
fn result_nullable(
    function: &hir::Function,
    flow: &NullFlow,
    calls: &dyn Fn(&FunctionKey, bool) -> bool,
) -> bool {
    let mut nullable = function.body.value.as_ref().is_some_and(|v| flow.nullable(v, calls));
    function.body.for_each_expr(&mut |top| {
        top.walk(&mut |e| {
            if let ExprKind::Return(Some(value)) = &e.kind {
                nullable = nullable || flow.nullable(value, calls);
            }
        });
    });
    nullable
}

impl Builder<'_> {
    /// Whether a call may give NULL, by whether all arguments are known not to be NULL.
    pub fn call_nullable(&self, key: &FunctionKey, all_valid: bool) -> bool {
        let Some(function) = self.catalog.function(key) else { return true };
        let declared = function.result.as_ref().is_none_or(|r| r.nullable);
        declared && !(all_valid && self.no_null_results.get(key) == Some(&false))
    }

    /// Finds out whether the no-null bodies of a function and of all that it calls may give NULL.
    pub fn settle_results(&mut self, function: &Arc<hir::Function>) {
        if self.no_null_results.contains_key(&function.key) {
            return;
        }
        let reachable = self.reachable(function);
        for f in &reachable {
            self.no_null_results.entry(f.key.clone()).or_insert(false);
        }
        loop {
            let mut changed = false;
            for f in &reachable {
                if self.no_null_results.get(&f.key) == Some(&true) {
                    continue;
                }
                let calls = |key: &FunctionKey, valid| self.call_nullable(key, valid);
                let flow = body_flow(f, true, &calls);
                if result_nullable(f, &flow, &calls) {
                    self.no_null_results.insert(f.key.clone(), true);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn reachable(&self, function: &Arc<hir::Function>) -> Vec<Arc<hir::Function>> {
        let mut seen: HashSet<FunctionKey> = HashSet::new();
        let mut open = vec![function.clone()];
        let mut all = Vec::new();
        while let Some(next) = open.pop() {
            if !seen.insert(next.key.clone()) {
                continue;
            }
            next.body.for_each_expr(&mut |top| {
                top.walk(&mut |e| {
                    if let ExprKind::Call { function, .. } = &e.kind {
                        open.extend(self.catalog.function(function));
                    }
                });
            });
            all.push(next);
        }
        all
    }
}

/// The locals that are not NULL where `condition` is TRUE (`holds`), or where it is not TRUE.
pub fn narrowed(condition: &Expr, holds: bool, out: &mut Vec<LocalId>) {
    match (&condition.kind, holds) {
        (ExprKind::And(l, r), true) | (ExprKind::Or(l, r), false) => {
            narrowed(l, holds, out);
            narrowed(r, holds, out);
        }
        (ExprKind::Not(x), true) => match &x.kind {
            ExprKind::IsNull(inner) => out.extend(as_local(inner)),
            ExprKind::Compare { .. } => narrowed(x, true, out),
            _ => {}
        },
        (ExprKind::IsNull(x), false) => out.extend(as_local(x)),
        (ExprKind::Compare { left, right, .. }, true) => {
            out.extend(as_local(left));
            out.extend(as_local(right));
        }
        _ => {}
    }
}

fn as_local(e: &Expr) -> Option<LocalId> {
    match &e.kind {
        ExprKind::Local(id) => Some(*id),
        _ => None,
    }
}
