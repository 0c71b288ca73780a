//! What a query takes from the code around it becomes its parameters, so that it runs by itself:
//! parameters of the statement, locals, columns of a row around it, and counts of LIMIT that are
//! computed.

use crate::hir::{ColumnVar, Expr, ExprKind, From, Local, LocalId, Query};
use crate::plan::logical::query_defines;
use grizzly_bytecode::Parameter;
use hashbrown::HashSet;

/// Puts parameters in place of what a query takes from around it, and returns what they stand for,
/// after those that there are.
pub fn capture(query: &mut Query, mut captured: Vec<Expr>) -> Vec<Expr> {
    let mut own = Own::default();
    own.note(query);
    capture_counts(query, &mut captured);
    query.for_each_expr_mut(&mut |e| own.capture(e, &mut captured));
    captured
}

/// The parameters of a statement as expressions.
pub fn statement_parameters(parameters: &[Parameter]) -> Vec<Expr> {
    let parameter = |(index, p): (usize, &Parameter)| Expr {
        kind: ExprKind::Parameter(index as u16),
        ty: p.ty.clone(),
        place: Default::default(),
    };
    parameters.iter().enumerate().map(parameter).collect()
}

/// The index of an expression among those captured.
fn index_of(e: &Expr, captured: &mut Vec<Expr>) -> u16 {
    let known = captured.iter().position(|c| c.kind == e.kind && c.ty == e.ty);
    let index = known.unwrap_or_else(|| {
        captured.push(e.clone());
        captured.len() - 1
    });
    // More than that many are a limit that code generation reports.
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// From here on the numbers of locals stand for counts that have been captured.
const COUNTS: u32 = 1 << 31;

/// What a query defines itself.
#[derive(Default)]
struct Own {
    columns: HashSet<ColumnVar>,
    locals: HashSet<LocalId>,
}

impl Own {
    fn note(&mut self, query: &Query) {
        self.columns.extend(query_defines(query).0);
        query.for_each_expr(&mut |e| self.note_expr(e));
    }

    fn note_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Subquery { query, .. } => self.columns.extend(query_defines(query).0),
            ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
                block.walk_steps(&mut |step| self.locals.extend(step.declares()));
            }
            ExprKind::Lambda(lambda) => {
                self.locals.extend(&lambda.parameters);
                lambda.body.walk_steps(&mut |step| self.locals.extend(step.declares()));
            }
            ExprKind::Try { exception, .. } => _ = self.locals.insert(*exception),
            _ => {}
        }
        e.for_each_child(&mut |child| self.note_expr(child));
    }

    fn capture(&self, e: &mut Expr, captured: &mut Vec<Expr>) {
        if let ExprKind::Local(LocalId(number @ COUNTS..)) = &e.kind {
            // At most as large as a parameter's index.
            e.kind = ExprKind::Parameter((number - COUNTS) as u16);
            return;
        }
        let around = match &e.kind {
            ExprKind::Parameter(_) => true,
            ExprKind::Local(id) => !self.locals.contains(id),
            ExprKind::Column(var) => !self.columns.contains(var),
            _ => false,
        };
        if around {
            e.kind = ExprKind::Parameter(index_of(e, captured));
            return;
        }
        if let ExprKind::Subquery { query, .. } = &mut e.kind {
            capture_counts(query, captured);
        }
        e.for_each_child_mut(&mut |child| self.capture(child, captured));
    }
}

/// LIMIT and OFFSET see no columns: they are computed before the query runs.
fn capture_counts(query: &mut Query, captured: &mut Vec<Expr>) {
    for count in query.limit.iter_mut().chain(&mut query.offset) {
        let computed = count.any(&|e| {
            let leaf = matches!(e.kind, ExprKind::Subquery { .. } | ExprKind::Call { .. });
            leaf || matches!(e.kind, ExprKind::Parameter(_) | ExprKind::Local(_))
        });
        if computed && !matches!(count.kind, ExprKind::Parameter(_)) {
            let index = u32::from(index_of(count, captured));
            count.kind = ExprKind::Local(LocalId(COUNTS + index));
        }
    }
    for common in &mut query.with {
        capture_counts(&mut common.query, captured);
        common.step.iter_mut().for_each(|step| capture_counts(&mut step.query, captured));
    }
    query.from.iter_mut().for_each(|from| capture_counts_of_from(from, captured));
}

fn capture_counts_of_from(from: &mut From, captured: &mut Vec<Expr>) {
    match from {
        From::Query(query) => capture_counts(query, captured),
        From::Set { left, right, .. } => {
            capture_counts(left, captured);
            capture_counts(right, captured);
        }
        From::Join { left, right, .. } => {
            capture_counts_of_from(left, captured);
            capture_counts_of_from(right, captured);
        }
        _ => {}
    }
}

/// Whether any local is read in an expression that it does not declare.
pub fn reads_locals(e: &Expr) -> bool {
    let mut own = Own::default();
    own.note_expr(e);
    e.any(&|x| matches!(&x.kind, ExprKind::Local(id) if !own.locals.contains(id)))
}

/// The columns and locals of code around queries.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The column variables.
    pub columns: Vec<crate::hir::Column>,
    /// The locals.
    pub locals: Vec<Local>,
}
