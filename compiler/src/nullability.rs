//! Which expressions may be NULL, bottom-up from the leaves, with what conditions tell along the
//! way.
//!
//! [`is_nullable`] answers for an expression; [`infer_locals`] for the locals of a body, from all
//! their assignments; [`facts`] gives what a condition's outcome says of locals and columns, which
//! a lowering can carry into the branches itself. Everything is conservative: "may be NULL" is the
//! safe answer.
//!
//! Deliberately absent: what fields of structs and elements of arrays hold (always "may be NULL").

use crate::catalog::FunctionKey;
use crate::hir::{
    Block, ColumnVar, ConvertMode, Expr, ExprKind, Local, LocalId, Query, Step, SubqueryKind,
};
use grizzly_bytecode::{Type, Value};

/// What is known of the leaves.
pub struct Env<'e> {
    /// Whether a local may be NULL.
    pub locals: &'e dyn Fn(LocalId) -> bool,
    /// Whether a column may be NULL, outer joins included.
    pub columns: &'e dyn Fn(ColumnVar) -> bool,
    /// Whether a call of a user's function may give NULL.
    pub calls: &'e dyn Fn(&FunctionKey) -> bool,
}

/// A leaf that a condition can tell something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A local.
    Local(LocalId),
    /// A column.
    Column(ColumnVar),
}

/// The leaves that are known not to be NULL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    present: Vec<Leaf>,
}

/// How a condition ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// TRUE.
    True,
    /// FALSE, and not NULL.
    False,
    /// FALSE or NULL: what the ELSE of an IF knows.
    NotTrue,
}

impl Facts {
    /// Whether a leaf is known not to be NULL.
    pub fn holds(&self, leaf: Leaf) -> bool {
        self.present.contains(&leaf)
    }

    /// The leaves that are known not to be NULL.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> + '_ {
        self.present.iter().copied()
    }

    /// Adds what another set knows.
    pub fn extend(&mut self, other: &Facts) {
        for leaf in &other.present {
            self.add(*leaf);
        }
    }

    /// Notes that a leaf is not NULL.
    pub fn add(&mut self, leaf: Leaf) {
        if !self.holds(leaf) {
            self.present.push(leaf);
        }
    }

    /// Forgets a leaf, as it is assigned to.
    pub fn forget(&mut self, leaf: Leaf) {
        self.present.retain(|known| *known != leaf);
    }
}

/// What a condition's outcome says.
pub fn facts(condition: &Expr, outcome: Outcome) -> Facts {
    let mut found = Facts::default();
    collect(condition, outcome, &mut found);
    found
}

fn collect(condition: &Expr, outcome: Outcome, found: &mut Facts) {
    match (&condition.kind, outcome) {
        (ExprKind::And(a, b), Outcome::True)
        | (ExprKind::Or(a, b), Outcome::False | Outcome::NotTrue) => {
            collect(a, outcome, found);
            collect(b, outcome, found);
        }
        (ExprKind::Not(inner), Outcome::True) => collect(inner, Outcome::False, found),
        (ExprKind::Not(inner), Outcome::False) => collect(inner, Outcome::True, found),
        (ExprKind::Not(inner), Outcome::NotTrue) if never_null(inner) => {
            collect(inner, Outcome::True, found);
        }
        (ExprKind::IsNull(operand), Outcome::False | Outcome::NotTrue) => present(operand, found),
        (ExprKind::Compare { left, right, .. }, Outcome::True | Outcome::False) => {
            present(left, found);
            present(right, found);
        }
        (ExprKind::Native { function, arguments }, Outcome::True | Outcome::False)
            if function.strict =>
        {
            arguments.iter().for_each(|argument| present(argument, found));
        }
        (ExprKind::Local(_) | ExprKind::Column(_), Outcome::True | Outcome::False) => {
            present(condition, found);
        }
        (ExprKind::Same(a, b), Outcome::True) => {
            // Same as a constant that is not NULL.
            let constant = |e: &Expr| matches!(&e.kind, ExprKind::Constant(v) if !v.is_null());
            if constant(b) {
                present(a, found);
            }
            if constant(a) {
                present(b, found);
            }
        }
        _ => {}
    }
}

/// The leaves of an expression that is not NULL and would be if they were.
fn present(expr: &Expr, found: &mut Facts) {
    match &expr.kind {
        ExprKind::Local(local) => found.add(Leaf::Local(*local)),
        ExprKind::Column(column) => found.add(Leaf::Column(*column)),
        ExprKind::Convert { operand, .. } | ExprKind::Field { operand, .. } => {
            present(operand, found);
        }
        ExprKind::Negate(operand) | ExprKind::Length(operand) => present(operand, found),
        ExprKind::Arith { left, right, .. } => {
            present(left, found);
            present(right, found);
        }
        ExprKind::Concat(a, b) => {
            present(a, found);
            present(b, found);
        }
        ExprKind::Native { function, arguments } if function.strict => {
            arguments.iter().for_each(|argument| present(argument, found));
        }
        _ => {}
    }
}

/// Whether a query gives at least one row, whatever the tables hold.
fn has_a_row(query: &Query) -> bool {
    let grouped = query.aggregation.as_ref().is_some_and(|a| a.keys.is_empty());
    let plain = query.from.is_none() && query.filter.is_none();
    (grouped || plain) && query.having.is_none() && query.limit.is_none() && query.offset.is_none()
}

/// Whether a condition is TRUE or FALSE whatever its leaves are.
fn never_null(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::IsNull(_)
        | ExprKind::Same(..)
        | ExprKind::ExceptionIs { .. }
        | ExprKind::Catchable(_)
        | ExprKind::Subquery { kind: SubqueryKind::Exists, .. } => true,
        ExprKind::Not(inner) => never_null(inner),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => never_null(a) && never_null(b),
        _ => false,
    }
}

/// Whether an expression may be NULL.
pub fn is_nullable(expr: &Expr, env: &Env<'_>) -> bool {
    is_nullable_given(expr, env, &Facts::default())
}

/// Whether an expression may be NULL where `known` holds.
pub fn is_nullable_given(expr: &Expr, env: &Env<'_>, known: &Facts) -> bool {
    let mut flow = Flow { env, assigned: &mut |_, _| {} };
    flow.expr(expr, &mut known.clone())
}

/// Whether each local may ever hold NULL, from all its assignments in the body. `start` says it of
/// the parameters (the first locals); all others begin without NULL.
pub fn infer_locals(body: &Block, locals: &[Local], start: &[bool], env: &Env<'_>) -> Vec<bool> {
    let mut nullable: Vec<bool> =
        (0..locals.len()).map(|i| start.get(i).copied().unwrap_or(false)).collect();
    loop {
        let before = nullable.clone();
        let of = |local: LocalId| before.get(local.0 as usize).copied().unwrap_or(true);
        let inner = Env { locals: &of, columns: env.columns, calls: env.calls };
        let mut changed = false;
        let mut assigned = |local: LocalId, may: bool| {
            if let Some(known) = nullable.get_mut(local.0 as usize)
                && may
                && !*known
            {
                *known = true;
                changed = true;
            }
        };
        let mut flow = Flow { env: &inner, assigned: &mut assigned };
        flow.block(body, &mut Facts::default());
        // Each round adds at least one local, so this ends.
        if !changed {
            return nullable;
        }
    }
}

/// One walk in the order of evaluation.
struct Flow<'f> {
    env: &'f Env<'f>,
    assigned: &'f mut dyn FnMut(LocalId, bool),
}

impl Flow<'_> {
    fn all(&mut self, exprs: &[&Expr], known: &mut Facts) -> bool {
        let mut may = false;
        for expr in exprs {
            may |= self.expr(expr, known);
        }
        may
    }

    fn expr(&mut self, expr: &Expr, known: &mut Facts) -> bool {
        match &expr.kind {
            ExprKind::Error | ExprKind::Parameter(_) => true,
            ExprKind::Constant(value) => matches!(value, Value::Null),
            ExprKind::Local(local) => {
                !known.holds(Leaf::Local(*local)) && (self.env.locals)(*local)
            }
            ExprKind::Column(column) => {
                !known.holds(Leaf::Column(*column)) && (self.env.columns)(*column)
            }
            ExprKind::If { condition, then, otherwise } => {
                self.choice(condition, then, otherwise, known)
            }
            ExprKind::Block(block) => self.block(block, known),
            ExprKind::And(a, b) => self.logic(a, b, Outcome::True, known),
            ExprKind::Or(a, b) => self.logic(a, b, Outcome::NotTrue, known),
            ExprKind::Field { operand, index } => self.field(operand, *index, known),
            ExprKind::Convert { operand, mode } => {
                let from_json = operand.ty == Type::Json;
                self.expr(operand, known) || *mode == ConvertMode::Try || from_json
            }
            ExprKind::Call { function, arguments } => {
                arguments.iter().for_each(|argument| {
                    self.expr(argument, known);
                });
                (self.env.calls)(function)
            }
            ExprKind::Native { function, arguments } => {
                let arguments: Vec<&Expr> = arguments.iter().collect();
                let may = self.all(&arguments, known);
                function.nullable || (function.strict && may)
            }
            ExprKind::Element { array, index } => {
                self.all(&[array, index], known);
                true
            }
            ExprKind::Lambda(lambda) => {
                lambda.parameters.iter().for_each(|parameter| (self.assigned)(*parameter, true));
                self.block(&lambda.body, &mut known.clone());
                false
            }
            ExprKind::CallValue { callee, arguments } => {
                let arguments: Vec<&Expr> = arguments.iter().collect();
                self.expr(callee, known);
                self.all(&arguments, known);
                true
            }
            ExprKind::Try { body, exception, handler, .. } => {
                (self.assigned)(*exception, false);
                let mut inside = known.clone();
                let body = self.expr(body, &mut inside);
                // The body may have stopped anywhere: only what it does not assign stays known.
                forget_assigned(expr, known);
                body | self.expr(handler, &mut known.clone())
            }
            ExprKind::Subquery { kind, query } => self.subquery(kind, query, known),
            _ => self.plain(expr, known),
        }
    }

    fn subquery(&mut self, kind: &SubqueryKind, query: &Query, known: &mut Facts) -> bool {
        let operand = match kind {
            SubqueryKind::Quantified { operand, .. } => self.expr(operand, known),
            _ => false,
        };
        // What its expressions assign to are locals of their own.
        query.for_each_expr(&mut |e| {
            self.expr(e, &mut known.clone());
        });
        let output = query.outputs.first().is_none_or(|o| (self.env.columns)(o.variable));
        match kind {
            SubqueryKind::Scalar => output || !has_a_row(query),
            SubqueryKind::Exists | SubqueryKind::Array => false,
            SubqueryKind::Quantified { .. } => operand || output,
        }
    }

    /// What is NULL exactly when an operand is, or never.
    fn plain(&mut self, expr: &Expr, known: &mut Facts) -> bool {
        let mut may = false;
        expr.for_each_child(&mut |child| may |= self.expr(child, known));
        match &expr.kind {
            ExprKind::Arith { .. }
            | ExprKind::Concat(..)
            | ExprKind::Negate(_)
            | ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::Length(_) => may,
            _ => false,
        }
    }

    fn field(&mut self, operand: &Expr, index: u16, known: &mut Facts) -> bool {
        let ExprKind::MakeStruct(values) = &operand.kind else {
            self.expr(operand, known);
            return true;
        };
        let mut may = true;
        for (at, value) in values.iter().enumerate() {
            let value = self.expr(value, known);
            if at == usize::from(index) {
                may = value;
            }
        }
        may
    }

    fn logic(&mut self, a: &Expr, b: &Expr, outcome: Outcome, known: &mut Facts) -> bool {
        let left = self.expr(a, known);
        let mut inner = known.clone();
        // The right side is only evaluated where the left is not decided; a NULL left decides
        // nothing.
        if !left {
            inner.extend(&facts(a, outcome));
        }
        left | self.expr(b, &mut inner)
    }

    fn choice(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        known: &mut Facts,
    ) -> bool {
        self.expr(condition, known);
        let mut yes = known.clone();
        yes.extend(&facts(condition, Outcome::True));
        let mut no = known.clone();
        no.extend(&facts(condition, Outcome::NotTrue));
        let (a, b) = (self.expr(then, &mut yes), self.expr(otherwise, &mut no));
        let (a_leaves, b_leaves) =
            (crate::check::diverges(then), crate::check::diverges(otherwise));
        *known = match (a_leaves, b_leaves) {
            (true, _) => no,
            (_, true) => yes,
            _ => Facts { present: yes.present.into_iter().filter(|l| no.holds(*l)).collect() },
        };
        (a && !a_leaves) | (b && !b_leaves)
    }

    fn block(&mut self, block: &Block, known: &mut Facts) -> bool {
        for step in &block.statements {
            self.step(step, known);
        }
        block.value.as_ref().is_some_and(|value| self.expr(value, known))
    }

    fn step(&mut self, step: &Step, known: &mut Facts) {
        match step {
            Step::Let(local, value) | Step::Assign(local, value) => {
                let may = self.expr(value, known);
                (self.assigned)(*local, may);
                let leaf = Leaf::Local(*local);
                if may { known.forget(leaf) } else { known.add(leaf) }
            }
            Step::AssignField(_, _, value)
            | Step::Push(_, value)
            | Step::Expr(value)
            | Step::Print(value) => {
                self.expr(value, known);
            }
            Step::While(condition, body) => {
                forget_assigned_in(body, known);
                forget_assigned(condition, known);
                self.expr(condition, known);
                let mut inside = known.clone();
                inside.extend(&facts(condition, Outcome::True));
                self.block(body, &mut inside);
            }
            Step::Change(..) => {}
            Step::ForRows(row, _, body) => {
                (self.assigned)(*row, false);
                forget_assigned_in(body, known);
                self.block(body, &mut known.clone());
            }
            Step::Break | Step::Continue => {}
        }
    }
}

fn forget_assigned(expr: &Expr, known: &mut Facts) {
    expr.walk(&mut |e| {
        if let ExprKind::Block(block) = &e.kind {
            forget_steps(block, known);
        }
    });
}

fn forget_assigned_in(block: &Block, known: &mut Facts) {
    forget_steps(block, known);
    block.for_each_expr(&mut |e| forget_assigned(e, known));
}

fn forget_steps(block: &Block, known: &mut Facts) {
    for step in &block.statements {
        match step {
            Step::Let(local, _) | Step::Assign(local, _) => known.forget(Leaf::Local(*local)),
            Step::While(_, body) | Step::ForRows(_, _, body) => forget_steps(body, known),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::hir::StatementKind;

    /// Whether each output of the last query may be NULL.
    fn outputs(text: &str) -> Vec<bool> {
        let (_, checked) = crate::check::testing::check(text);
        let Some(statement) = checked.statements.last() else { return Vec::new() };
        let StatementKind::Query(query) = &statement.kind else { return Vec::new() };
        let nullable = |variable: crate::hir::ColumnVar| {
            statement.columns.get(variable.0 as usize).is_none_or(|column| column.nullable)
        };
        query.outputs.iter().map(|output| nullable(output.variable)).collect()
    }

    #[test]
    fn conditions_narrow_what_they_test() {
        let table = "CREATE TABLE t (a INT64, b INT64 NOT NULL);\n";
        for (expression, nullable) in [
            ("a", true),
            ("b", false),
            ("a + b", true),
            ("b * 2 > 3", false),
            ("a ?? b", false),
            ("a ?? NULL", true),
            ("CASE WHEN a IS NULL THEN 0 ELSE a END", false),
            ("CASE WHEN a > 1 THEN a ELSE 0 END", false),
            ("CASE WHEN a > 1 THEN 0 ELSE a END", true),
            ("CASE WHEN NOT a > 1 THEN a ELSE 0 END", false),
            ("CASE WHEN a IS NULL OR b > 1 THEN 0 ELSE a END", false),
            ("CASE WHEN a IS NULL AND b > 1 THEN 0 ELSE a END", true),
            ("CASE WHEN a IS NOT NULL AND b > 1 THEN a + b ELSE b END", false),
            ("CASE WHEN b > 1 THEN b END", true),
            ("a IS NULL", false),
            ("TRY_CAST('x' AS INT64)", true),
            ("MATCH a { NULL => 0, n => n }", false),
        ] {
            let found = outputs(&format!("{table}SELECT {expression} FROM t;"));
            assert_eq!(found, [nullable], "{expression}");
        }
    }

    #[test]
    fn locals_may_be_null_if_any_assignment_is() {
        let text = "CREATE FUNCTION f(x: INT64) RETURNS INT64 {
            LET a = 1; LET b = 2; LET c = 0;
            WHILE a < 10 { SET c = b; SET b = x; SET a = a + 1; }
            IF x IS NULL { RETURN c; }
            LET d = x;
            d
        }";
        let (_, checked) = crate::check::testing::check(text);
        let Some(StatementKind::CreateFunction(function)) =
            checked.statements.first().map(|statement| &statement.kind)
        else {
            panic!("{:#?}", checked.diagnostics);
        };
        let nullable: Vec<(&str, bool)> =
            function.locals.iter().map(|l| (l.name.as_str(), l.nullable)).collect();
        let expected = [("x", true), ("a", false), ("b", true), ("c", true), ("d", false)];
        assert_eq!(nullable, expected);
    }
}
