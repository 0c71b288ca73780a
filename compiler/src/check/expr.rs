//! Expressions: one small function a form, dispatched here.

use super::Checker;
use super::choice::Use;
use super::operand::{Mode, Operand, TextValue, Untyped, text_value};
use super::operators::{Operator, comparison_of};
use super::types::{Conversion, conversion};
use crate::constant::Number;
use crate::diagnostics as say;
use crate::hir::{ArithOp, ConvertMode, Expr, ExprKind};
use grizzly_bytecode::{Cmp, Type, Value, temporal};
use grizzly_grammar::{Span, ast};

impl<'a> Checker<'a> {
    /// Checks an expression. `want` is the type that its context asks for, as a hint: it types what
    /// has no type of its own, and is not enforced here.
    pub(crate) fn operand(&mut self, expr: &'a ast::Expr, want: Option<&Type>) -> Operand {
        use ast::ExprKind as K;
        let span = expr.span;
        Operand::Typed(match &expr.kind {
            K::Literal(literal) => return self.literal(literal, span),
            K::TypedLiteral(literal) => self.typed_literal(literal, span),
            K::Interval(literal) => self.interval(literal, span),
            K::Name(ident)
                if matches!(want, Some(Type::Function(_))) && self.names_function(ident) =>
            {
                self.function_value(ident, want)
            }
            K::Name(ident) => return self.name(ident),
            K::Lambda(lambda) => self.lambda_value(lambda, span, want, false),
            K::Interpolation(braces) => self.interpolation(&braces.variable, span),
            K::Parameter(parameter) => return self.parameter_ref(parameter, span),
            K::Unary { op, op_span, operand } => return self.unary(*op, *op_span, operand, span),
            K::Binary { op, op_span, left, right } => {
                return self.binary(*op, (*op_span, span), (left, right), want);
            }
            K::Compare { op, op_span, left, right } => {
                let sides = self.sides(left, right);
                return self.comparison(comparison_of(*op), *op_span, sides, span);
            }
            K::Is { operand, test, negated } => self.is_test(operand, *test, *negated, span),
            K::IsDistinct { left, right, negated } => self.is_distinct(left, right, *negated, span),
            K::In { operand, set, negated } => self.in_set(operand, set, *negated, span),
            K::Between { operand, low, high, negated } => {
                self.between(operand, (low, high), *negated, span)
            }
            K::Like(like) => self.like(like, span),
            K::Contains { left, right } => {
                let arguments = vec![self.operand(left, None), self.operand(right, None)];
                self.named_native("contains", arguments, span)
            }
            K::Case(case) => return self.case(case, span, want),
            K::Cast { operand, target, form } => self.cast(operand, target, *form, span),
            K::Field { base, field } => return self.field(base, field, span),
            K::MethodCall(call) => return self.method_call(call, span, want),
            K::Call(call) => return self.call_expr(call, None, want),
            K::Pipe { left, call } => {
                let first = self.operand(left, None);
                return self.call_expr(call, Some(first), want);
            }
            K::Index { base, index } => self.index(base, index, span),
            K::Slice(slice) => self.slice(slice, span),
            K::Map(entries) => self.map_literal(entries, span, want),
            K::If(branches) => return self.if_expr(branches, span, want, Use::Yes),
            K::Match(matching) => return self.match_expr(matching, span, want, Use::Yes),
            K::Block(block) => return self.block_expr(block, want, Use::Yes),
            K::Try(attempt) => return self.try_expr(attempt, span, want, Use::Yes),
            K::Raise(operand) => self.raise(operand, span),
            K::Return(value) => self.return_expr(value.as_deref(), span),
            K::Struct(literal) => self.struct_literal(literal, span, want),
            K::Array(items) => self.array(items, span, want),
            K::Subquery(query) | K::Query(query) => match self.wanted_table(want) {
                Some(shape) => self.table_rows(query, &shape, span),
                None => self.scalar_query(query, span),
            },
            K::Exists(query) => self.exists(query, span),
            K::ArrayQuery(query) => self.array_query(query, span),
            K::Quantified(quantified) => self.quantified(quantified, span),
            K::Error => self.error(span),
            other => self.unsupported(other, span),
        })
    }

    fn unsupported(&mut self, kind: &ast::ExprKind, span: Span) -> Expr {
        use ast::ExprKind as K;
        let what = match kind {
            K::Range { .. } => "a range as a value",
            K::Await(_) => "AWAIT",
            K::Row(_) => "a row of several values",
            K::Star => {
                let help = "`*` stands only in SELECT and in count(*)";
                self.report(say::no_value(span, "`*`", Some(help)));
                return self.error(span);
            }
            _ => "this expression",
        };
        self.later(span, what)
    }

    fn literal(&mut self, literal: &ast::Literal, span: Span) -> Operand {
        match literal {
            ast::Literal::Null => Operand::Untyped(Untyped::Null, span),
            ast::Literal::Boolean(value) => {
                Operand::Typed(self.constant(Value::Bool(*value), Type::Bool, span))
            }
            ast::Literal::Number(text) => match Number::parse(text) {
                Some(number) => Operand::Untyped(Untyped::Number(number), span),
                None => {
                    let why = "it has more digits than any number type";
                    self.report(say::bad_constant(span, text, &Type::Double, why, None));
                    Operand::Typed(self.error(span))
                }
            },
            ast::Literal::Text { value, quotes } => {
                let named = self.levels().any(|level| !level.columns_named(value).is_empty());
                if *quotes == ast::Quotes::Double && named {
                    self.report(say::quoted_column(span, value));
                    return Operand::Typed(self.error(span));
                }
                Operand::Untyped(Untyped::Text(value.clone()), span)
            }
        }
    }

    fn typed_literal(&mut self, literal: &'a ast::TypedLiteral, span: Span) -> Expr {
        let ty = self.type_named(&literal.type_name, &[], literal.type_name.span);
        let text = Operand::Untyped(Untyped::Text(literal.text.value.clone()), literal.text.span);
        let mut value = self.coerce(text, &ty, Mode::Implicit, "the literal");
        value.place = self.place(span);
        value
    }

    /// `INTERVAL '90' DAY`, `INTERVAL '1 day'`, `INTERVAL 5 DAY`.
    fn interval(&mut self, literal: &'a ast::IntervalLiteral, span: Span) -> Expr {
        let Some(unit) = &literal.unit else {
            return self.expr_as(&literal.amount, &Type::Interval, Mode::Implicit, "INTERVAL");
        };
        let Some(one) = temporal::interval_of(1, &unit.name) else {
            let why = "the units are YEAR, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, …";
            self.report(say::bad_constant(unit.span, &unit.name, &Type::Interval, why, None));
            return self.error(span);
        };
        let amount = match self.operand(&literal.amount, None) {
            Operand::Untyped(Untyped::Text(text), at) => match text_value(&text, &Type::Int64) {
                TextValue::Is(Value::Int(n)) => {
                    Operand::Untyped(Untyped::Number(Number::integer(i128::from(n))), at)
                }
                _ => {
                    let with_unit = format!("{text} {}", unit.name).into();
                    let text = Operand::Untyped(Untyped::Text(with_unit), at);
                    let why = "INTERVAL";
                    return self.coerce(text, &Type::Interval, Mode::Implicit, why);
                }
            },
            other => other,
        };
        let constant = amount.number().and_then(Number::as_integer);
        let whole = constant.and_then(|n| i64::try_from(n).ok());
        if let Some(amount) = whole
            && let Some(Ok(interval)) = temporal::interval_of(amount, &unit.name)
        {
            return self.constant(Value::Wide(interval.pack()), Type::Interval, span);
        }
        let one = one.unwrap_or_default();
        let one = self.constant(Value::Wide(one.pack()), Type::Interval, unit.span);
        let amount = self.settle(amount);
        self.built_in("interval_multiply", vec![one, amount], span)
    }

    fn unary(
        &mut self,
        op: ast::UnaryOp,
        op_span: Span,
        operand: &'a ast::Expr,
        span: Span,
    ) -> Operand {
        match op {
            ast::UnaryOp::Not => {
                let operand = self.condition(operand, "the operand of NOT");
                Operand::Typed(self.negation(operand, span))
            }
            _ => {
                let operand = self.operand(operand, None);
                self.sign(op == ast::UnaryOp::Minus, op_span, operand, span)
            }
        }
    }

    fn binary(
        &mut self,
        op: ast::BinaryOp,
        (op_span, span): (Span, Span),
        (left, right): (&'a ast::Expr, &'a ast::Expr),
        want: Option<&Type>,
    ) -> Operand {
        use ast::BinaryOp as B;
        let arithmetic = match op {
            B::Or | B::And => {
                let what = if op == B::And { "an operand of AND" } else { "an operand of OR" };
                let left = self.condition(left, what);
                let right = self.condition(right, what);
                return Operand::Typed(self.logic(op == B::And, left, right, span));
            }
            B::Coalesce => {
                let items = vec![self.operand(left, want), self.operand(right, want)];
                return Operand::Typed(self.coalesce(items, span, want));
            }
            B::Concat => {
                let (left, right) = (self.operand(left, None), self.operand(right, None));
                return Operand::Typed(self.concat(left, right, op_span, span));
            }
            B::Add => ArithOp::Add,
            B::Subtract => ArithOp::Subtract,
            B::Multiply => ArithOp::Multiply,
            B::Divide => ArithOp::Divide,
            B::Remainder => ArithOp::Remainder,
        };
        let (left, right) = (self.operand(left, None), self.operand(right, None));
        self.arithmetic(Operator { op: arithmetic, op_span, span }, left, right)
    }

    fn is_test(
        &mut self,
        operand: &'a ast::Expr,
        test: ast::IsTest,
        negated: bool,
        span: Span,
    ) -> Expr {
        let place = self.place(span);
        let tested = match test {
            ast::IsTest::Null => {
                let operand = self.expr(operand);
                if operand.ty.is_error() {
                    return operand;
                }
                self.boolean(ExprKind::IsNull(Box::new(operand)), place)
            }
            ast::IsTest::True | ast::IsTest::False => {
                let operand = self.condition(operand, "the operand of IS");
                if operand.ty.is_error() {
                    return operand;
                }
                let value = Value::Bool(test == ast::IsTest::True);
                let constant = self.constant(value, Type::Bool, span);
                self.boolean(ExprKind::Same(Box::new(operand), Box::new(constant)), place)
            }
        };
        if negated { self.negation(tested, span) } else { tested }
    }

    fn is_distinct(
        &mut self,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        negated: bool,
        span: Span,
    ) -> Expr {
        let sides = (self.operand(left, None), self.operand(right, None));
        let Some((left, right)) = self.paired(sides.0, sides.1, span, "IS DISTINCT FROM") else {
            return self.error(span);
        };
        let kind = ExprKind::Same(Box::new(left), Box::new(right));
        let same = self.boolean(kind, self.place(span));
        if negated { same } else { self.negation(same, span) }
    }

    fn between(
        &mut self,
        operand: &'a ast::Expr,
        (low, high): (&'a ast::Expr, &'a ast::Expr),
        negated: bool,
        span: Span,
    ) -> Expr {
        let low = self.operand(low, None);
        let high = self.operand(high, None);
        let tested = self.operand(operand, None);
        let tested = self.settle_among(tested, &[&low, &high]);
        let found = self.share(tested, |this, shared| {
            let side = |this: &mut Self, op, bound: Operand| {
                let at = this.span_of(&bound);
                let sides = (Operand::Typed(shared.clone()), bound);
                this.compared(op, at, sides, span)
            };
            let above = side(this, Cmp::Ge, low);
            let below = side(this, Cmp::Le, high);
            this.logic(true, above, below, span)
        });
        if negated { self.negation(found, span) } else { found }
    }

    pub(crate) fn in_set(
        &mut self,
        operand: &'a ast::Expr,
        set: &'a ast::InSet,
        negated: bool,
        span: Span,
    ) -> Expr {
        let found = match set {
            ast::InSet::List(items) => self.in_list(operand, items, span),
            ast::InSet::Query(query) => self.in_query(operand, query, span),
            ast::InSet::Value(value) => match &value.kind {
                ast::ExprKind::Range { from, to } => {
                    return self.between(operand, (from, to), negated, span);
                }
                _ => {
                    let arguments = vec![self.operand(value, None), self.operand(operand, None)];
                    self.named_native("contains", arguments, span)
                }
            },
        };
        if negated { self.negation(found, span) } else { found }
    }

    fn in_list(&mut self, operand: &'a ast::Expr, items: &'a [ast::Expr], span: Span) -> Expr {
        let items: Vec<Operand> = items.iter().map(|item| self.operand(item, None)).collect();
        let tested = self.operand(operand, None);
        let others: Vec<&Operand> = items.iter().collect();
        let tested = self.settle_among(tested, &others);
        self.share(tested, |this, shared| {
            let mut tests = Vec::new();
            for item in items {
                let at = this.span_of(&item);
                if item.is_null() {
                    // `x IN (NULL)` is NULL, not a mistaken comparison.
                    tests.push(this.constant(Value::Null, Type::Bool, at));
                    continue;
                }
                let sides = (Operand::Typed(shared.clone()), item);
                tests.push(this.compared(Cmp::Eq, at, sides, at));
            }
            this.balanced_or(tests, span)
        })
    }

    /// `a OR b OR …` as a balanced tree, so that long lists do not nest deeply.
    pub(crate) fn balanced_or(&self, mut tests: Vec<Expr>, span: Span) -> Expr {
        while tests.len() > 1 {
            let mut joined = Vec::with_capacity(tests.len().div_ceil(2));
            let mut rest = tests.into_iter();
            while let Some(left) = rest.next() {
                joined.push(match rest.next() {
                    Some(right) => self.logic(false, left, right, span),
                    None => left,
                });
            }
            tests = joined;
        }
        let none = || self.constant(Value::Bool(false), Type::Bool, span);
        tests.pop().unwrap_or_else(none)
    }

    fn like(&mut self, like: &'a ast::Like, span: Span) -> Expr {
        let what = match like.kind {
            ast::LikeKind::Like => "like",
            ast::LikeKind::ILike => "ilike",
            ast::LikeKind::Regex => "regexp_matches",
        };
        let why = "the operand of LIKE";
        let text = self.expr_as(&like.operand, &Type::Text, Mode::Implicit, why);
        let pattern = self.expr_as(&like.pattern, &Type::Text, Mode::Implicit, "the pattern");
        if text.ty.is_error() || pattern.ty.is_error() {
            return self.error(span);
        }
        let mut arguments = vec![text, pattern];
        if let Some(escape) = &like.escape {
            let why = "the character of ESCAPE";
            arguments.push(self.expr_as(escape, &Type::Text, Mode::Implicit, why));
        }
        let found = self.built_in(what, arguments, span);
        if like.negated { self.negation(found, span) } else { found }
    }

    fn cast(
        &mut self,
        operand: &'a ast::Expr,
        target: &'a ast::TypeExpr,
        form: ast::CastForm,
        span: Span,
    ) -> Expr {
        let to = self.resolve_type(target);
        let operand = self.operand(operand, Some(&to));
        if to.is_error() || operand.is_error() {
            return self.error(span);
        }
        let mode = match form {
            ast::CastForm::TryCast => ConvertMode::Try,
            _ => ConvertMode::Checked,
        };
        let at = self.span_of(&operand);
        let value = match operand {
            Operand::Untyped(Untyped::Number(number), _) => {
                if let Some(value) = number.value(&to, true) {
                    return self.constant(value, to, span);
                }
                self.settle(Operand::Untyped(Untyped::Number(number), at))
            }
            // A text that is no value of the type is left to run time, where it raises or gives
            // NULL.
            Operand::Untyped(Untyped::Text(ref text), _) => match text_value(text, &to) {
                TextValue::Is(value) if to != Type::Json => return self.constant(value, to, span),
                _ => self.settle(operand),
            },
            Operand::Untyped(..) => {
                let mut value = self.coerce(operand, &to, Mode::Implicit, "the cast");
                value.place = self.place(span);
                return value;
            }
            Operand::Typed(expr) => expr,
        };
        if value.ty == to {
            return value;
        }
        match conversion(&value.ty, &to) {
            Conversion::None => {
                self.report(say::no_cast(at, &value.ty, &to));
                self.error(span)
            }
            Conversion::Implicit => self.convert(value, &to, ConvertMode::Implicit),
            _ => {
                let mut converted = self.convert(value, &to, mode);
                converted.place = self.place(span);
                converted
            }
        }
    }
}
