//! Effects: what expressions do beside giving a value, and where that is allowed.

use super::Checker;
use crate::catalog::FunctionKey;
use crate::diagnostics as say;
use crate::hir::{Block, Effect, Expr, ExprKind, From, Query, Step};
use crate::nullability::{Env, is_nullable_given};
use grizzly_grammar::Span;
use smol_str::SmolStr;

/// The strongest effect of an expression, with calls as `of` says.
pub(crate) fn effect_of(expr: &Expr, of: &dyn Fn(&FunctionKey) -> Effect) -> Effect {
    let mut strongest = Effect::Pure;
    expr.walk(&mut |e| strongest = strongest.max(own_effect(e, of)));
    strongest
}

/// The strongest effect of a block.
pub(crate) fn block_effect(block: &Block, of: &dyn Fn(&FunctionKey) -> Effect) -> Effect {
    let mut strongest = steps_effect(block);
    block.for_each_expr(&mut |e| strongest = strongest.max(effect_of(e, of)));
    strongest
}

fn own_effect(expr: &Expr, of: &dyn Fn(&FunctionKey) -> Effect) -> Effect {
    match &expr.kind {
        ExprKind::Call { function, .. } => of(function),
        ExprKind::Native { function, .. } => function.effect,
        ExprKind::Block(block) => steps_effect(block),
        ExprKind::Subquery { query, .. } => {
            let mut reads = false;
            query.for_each_table(&mut |_| reads = true);
            if reads { Effect::Reads } else { Effect::Pure }
        }
        _ => Effect::Pure,
    }
}

/// What the steps of a block do themselves.
fn steps_effect(block: &Block) -> Effect {
    let step = |step: &Step| match step {
        Step::Print(_) | Step::Change(..) => Effect::Writes,
        Step::While(_, body) => steps_effect(body),
        Step::ForRows(_, _, body) => Effect::Reads.max(steps_effect(body)),
        _ => Effect::Pure,
    };
    block.statements.iter().map(step).max().unwrap_or(Effect::Pure)
}

/// Notes at every TRY whether its body changes data, which is then undone where an exception leaves
/// it; with calls as `of` says.
pub(crate) fn mark_undo(block: &mut Block, of: &dyn Fn(&FunctionKey) -> Effect) {
    block.for_each_expr_mut(&mut |e| mark_undo_in(e, of));
}

/// The same for the TRYs of an expression.
pub(crate) fn mark_undo_in(e: &mut Expr, of: &dyn Fn(&FunctionKey) -> Effect) {
    e.for_each_child_mut(&mut |child| mark_undo_in(child, of));
    if let ExprKind::Try { body, undo, .. } = &mut e.kind {
        *undo = effect_of(body, of) == Effect::Writes;
    }
}

impl Checker<'_> {
    /// Reports a call that writes or prints where `clause` allows at most VOLATILE.
    pub(crate) fn forbid_writes(&mut self, expr: &Expr, clause: &str) {
        let of = |key: &FunctionKey| self.catalog.function(key).map_or(Effect::Pure, |f| f.effect);
        let mut found: Option<(Span, SmolStr)> = None;
        expr.walk(&mut |e| {
            if found.is_some() || own_effect(e, &of) != Effect::Writes {
                return;
            }
            let name = match &e.kind {
                ExprKind::Call { function, .. } => function.name.clone(),
                ExprKind::Native { function, .. } => function.function.clone(),
                _ => "PRINT".into(),
            };
            found = Some((Span::new(e.place.start, e.place.end), name));
        });
        if let Some((span, name)) = found {
            self.report(say::misplaced_effect(span, &name, clause));
        }
    }

    /// A query with FROM may not write; a SELECT list without FROM may.
    pub(crate) fn query_effects(&mut self, query: &Query) {
        if query.from.is_none() {
            return;
        }
        let mut exprs: Vec<(&Expr, &str)> = Vec::new();
        exprs.extend(query.filter.iter().map(|e| (e, "WHERE")));
        if let Some(aggregation) = &query.aggregation {
            exprs.extend(aggregation.keys.iter().map(|(_, e)| (e, "GROUP BY")));
            for aggregate in &aggregation.aggregates {
                let inner = aggregate.argument.iter().chain(&aggregate.filter);
                exprs.extend(inner.map(|e| (e, "an aggregate")));
            }
        }
        exprs.extend(query.having.iter().map(|e| (e, "HAVING")));
        exprs.extend(query.outputs.iter().map(|o| (&o.value, "a SELECT with FROM")));
        exprs.extend(query.order.iter().map(|o| (&o.value, "ORDER BY")));
        for (expr, clause) in exprs {
            self.forbid_writes(expr, clause);
        }
        query.from.iter().for_each(|from| self.join_effects(from));
    }

    fn join_effects(&mut self, from: &From) {
        match from {
            From::Join { left, right, condition, .. } => {
                self.join_effects(left);
                self.join_effects(right);
                condition.iter().for_each(|condition| self.forbid_writes(condition, "ON"));
            }
            From::Function { arguments, .. } => {
                arguments.iter().for_each(|argument| self.forbid_writes(argument, "FROM"));
            }
            // Those of inner queries were seen with them.
            From::Table { .. }
            | From::Values { .. }
            | From::Query(_)
            | From::Common { .. }
            | From::Set { .. } => {}
        }
    }

    /// Whether an expression may be NULL where it stands.
    pub(crate) fn expr_nullable(&self, expr: &Expr) -> bool {
        let locals = |local: crate::hir::LocalId| {
            self.locals.get(local.0 as usize).is_none_or(|local| local.nullable)
        };
        let columns = |column: crate::hir::ColumnVar| {
            let known = self.columns.get(column.0 as usize);
            self.nulled.contains(&column) || known.is_none_or(|column| column.nullable)
        };
        let calls = |key: &FunctionKey| {
            let function = self.catalog.function(key);
            function.and_then(|f| f.result.clone()).is_none_or(|result| result.nullable)
        };
        let env = Env { locals: &locals, columns: &columns, calls: &calls };
        is_nullable_given(expr, &env, &self.known)
    }
}
