//! Operators: arithmetic with its constants, dates and DECIMAL scales, comparison, logic and `||`.

use super::Checker;
use super::operand::{Mode, Operand, TextValue, Untyped, text_value};
use super::types::{self, decimal_shape, is_comparable, number_beside};
use crate::constant::Number;
use crate::diagnostics as say;
use crate::hir::{ArithOp, ConvertMode, Expr, ExprKind};
use grizzly_bytecode::{Cmp, Type, Value};
use grizzly_grammar::{Span, ast};

/// The operator of arithmetic with its place and the whole expression's.
#[derive(Clone, Copy)]
pub(crate) struct Operator {
    pub(crate) op: ArithOp,
    pub(crate) op_span: Span,
    pub(crate) span: Span,
}

pub(crate) fn symbol(op: ArithOp) -> &'static str {
    match op {
        ArithOp::Add => "+",
        ArithOp::Subtract => "-",
        ArithOp::Multiply => "*",
        ArithOp::Divide => "/",
        ArithOp::Remainder => "%",
    }
}

impl Checker<'_> {
    /// `left op right` for `+ - * / %`.
    pub(crate) fn arithmetic(&mut self, op: Operator, left: Operand, right: Operand) -> Operand {
        if left.is_error() || right.is_error() {
            return Operand::Typed(self.error(op.span));
        }
        let null = |operand: &Operand| operand.ty() == Type::Null;
        if null(&left) && null(&right) {
            return Operand::Untyped(Untyped::Null, op.span);
        }
        let (left, right) = (untyped_null(left), untyped_null(right));
        let (left, right) = match self.composite_arithmetic(op, left, right) {
            Ok(made) => return made,
            Err(operands) => *operands,
        };
        if let (Some(a), Some(b)) = (left.number(), right.number()) {
            return self.constant_arithmetic(op, a, b, left, right);
        }
        let (left, right) = self.type_constants(op, left, right);
        if left.ty.is_error() || right.ty.is_error() {
            return Operand::Typed(self.error(op.span));
        }
        Operand::Typed(self.typed_arithmetic(op, left, right))
    }

    fn constant_arithmetic(
        &mut self,
        op: Operator,
        a: Number,
        b: Number,
        left: Operand,
        right: Operand,
    ) -> Operand {
        let exact = match op.op {
            ArithOp::Add => a.plus(b),
            ArithOp::Subtract => a.minus(b),
            ArithOp::Multiply => a.times(b),
            ArithOp::Divide => a.divided(b),
            ArithOp::Remainder => a.remainder(b),
        };
        if let Some(number) = exact {
            return Operand::Untyped(Untyped::Number(number), op.span);
        }
        if matches!(op.op, ArithOp::Divide | ArithOp::Remainder) && b.is_zero() {
            self.report(say::constant_raises(op.span, "DivisionByZero"));
        }
        let (left, right) = if a.point || b.point {
            let why = "the operand";
            let left = self.coerce(left, &Type::Double, Mode::Implicit, why);
            (left, self.coerce(right, &Type::Double, Mode::Implicit, why))
        } else {
            (self.settle(left), self.settle(right))
        };
        Operand::Typed(self.typed_arithmetic(op, left, right))
    }

    /// Gives a constant operand the type that the other one asks for.
    fn type_constants(&mut self, op: Operator, left: Operand, right: Operand) -> (Expr, Expr) {
        match (&left, &right) {
            (Operand::Typed(typed), Operand::Untyped(..)) => {
                let ty = typed.ty.clone();
                let right = self.operand_beside(op, right, &ty);
                let left = self.settle(left);
                (left, right)
            }
            (Operand::Untyped(..), Operand::Typed(typed)) => {
                let ty = typed.ty.clone();
                let left = self.operand_beside(op, left, &ty);
                let right = self.settle(right);
                (left, right)
            }
            (Operand::Untyped(a, _), Operand::Untyped(b, _)) => {
                // NULL and parameters take the type of a constant number beside them.
                let number = |u: &Untyped| match u {
                    Untyped::Number(n) => Some(n.own_type()),
                    _ => None,
                };
                let ty = number(a).or_else(|| number(b));
                match ty {
                    Some(ty)
                        if !matches!((a, b), (Untyped::Text(_), _) | (_, Untyped::Text(_))) =>
                    {
                        let why = "the operand";
                        let left = self.coerce(left, &ty, Mode::Implicit, why);
                        (left, self.coerce(right, &ty, Mode::Implicit, why))
                    }
                    _ => {
                        let left = self.settle(left);
                        (left, self.settle(right))
                    }
                }
            }
            _ => {
                let left = self.settle(left);
                (left, self.settle(right))
            }
        }
    }

    fn operand_beside(&mut self, op: Operator, operand: Operand, ty: &Type) -> Expr {
        let wanted = match &operand {
            Operand::Untyped(Untyped::Number(number), _) if ty.is_number() => {
                let decimal = matches!(ty, Type::Decimal { .. });
                // The quotient of a DECIMAL is DOUBLE, so the constant is one at once.
                let quotient = decimal && op.op == ArithOp::Divide;
                let sum = decimal && op.op != ArithOp::Multiply;
                match number_beside(*number, ty) {
                    _ if quotient => Some(Type::Double),
                    // A sum needs both at one scale: the constant has it at once.
                    Some(Type::Decimal { precision, scale }) if sum && scale < ty.scale() => {
                        let digits = u32::from(precision - scale);
                        Some(types::decimal(digits, u32::from(ty.scale())))
                    }
                    other => other,
                }
            }
            Operand::Untyped(Untyped::Text(_), _) if matches!(ty, Type::Date | Type::Timestamp) => {
                (op.op == ArithOp::Subtract).then(|| ty.clone())
            }
            Operand::Untyped(Untyped::Null | Untyped::Parameter(_), _) => match ty {
                Type::Date if op.op != ArithOp::Multiply => Some(Type::Int64),
                Type::Timestamp | Type::TimestampTz => Some(Type::Interval),
                Type::Null | Type::Unit => None,
                _ => Some(ty.clone()),
            },
            _ => None,
        };
        match wanted {
            Some(ty) => self.coerce(operand, &ty, Mode::Implicit, "the operand"),
            None => self.settle(operand),
        }
    }

    fn typed_arithmetic(&mut self, op: Operator, left: Expr, right: Expr) -> Expr {
        if left.ty.is_number() && right.ty.is_number() {
            return self.number_arithmetic(op, left, right);
        }
        if op.op == ArithOp::Add && left.ty == Type::Text && right.ty == Type::Text {
            let kind = ExprKind::Concat(Box::new(left), Box::new(right));
            return Expr { kind, ty: Type::Text, place: self.place(op.span) };
        }
        match self.temporal_arithmetic(op, left, right) {
            Ok(expr) => expr,
            Err(operands) => {
                let (left, right) = *operands;
                let spans = |e: &Expr| Span::new(e.place.start, e.place.end);
                self.report(say::no_operator(
                    op.op_span,
                    symbol(op.op),
                    (spans(&left), &left.ty),
                    (spans(&right), &right.ty),
                ));
                self.error(op.span)
            }
        }
    }

    fn number_arithmetic(&mut self, op: Operator, left: Expr, right: Expr) -> Expr {
        let implicit = ConvertMode::Implicit;
        let shapes = (decimal_shape(&left.ty), decimal_shape(&right.ty));
        let integers = left.ty.is_integer() && right.ty.is_integer();
        let (left, right, ty) = match shapes {
            (Some((p, s)), Some((q, t))) if !integers && op.op != ArithOp::Divide => {
                if op.op == ArithOp::Multiply {
                    let ty = types::decimal((p - s) + (q - t), s + t);
                    if ty.scale() != (s + t) as u8 {
                        return self.too_many_digits(op);
                    }
                    let left = self.convert(left, &types::decimal(p - s, s), implicit);
                    let right = self.convert(right, &types::decimal(q - t, t), implicit);
                    (left, right, ty)
                } else {
                    let scale = s.max(t);
                    let carry = u32::from(op.op != ArithOp::Remainder);
                    let ty = types::decimal((p - s).max(q - t) + carry, scale);
                    let left = self.at_scale(left, (p - s, s), scale);
                    let right = self.at_scale(right, (q - t, t), scale);
                    (left, right, ty)
                }
            }
            _ => {
                let ty = match types::join(&left.ty, &right.ty) {
                    Some(Type::Decimal { .. }) | None => Type::Double,
                    Some(ty) => ty,
                };
                let left = self.convert(left, &ty, implicit);
                let right = self.convert(right, &ty, implicit);
                (left, right, ty)
            }
        };
        self.arith(op, left, right, ty)
    }

    /// A DECIMAL or integer operand with the result's scale; its precision may stay smaller.
    fn at_scale(&mut self, expr: Expr, shape: (u32, u32), scale: u32) -> Expr {
        if matches!(expr.ty, Type::Decimal { .. }) && shape.1 == scale {
            return expr;
        }
        self.convert(expr, &types::decimal(shape.0, scale), ConvertMode::Implicit)
    }

    fn too_many_digits(&mut self, op: Operator) -> Expr {
        let message = "the product has more than 38 digits after the point; cast an operand to \
                       DOUBLE or to a smaller scale";
        self.report(say::bad_decimal(op.op_span, message));
        self.error(op.span)
    }

    fn arith(&self, op: Operator, left: Expr, right: Expr, ty: Type) -> Expr {
        let kind = ExprKind::Arith { op: op.op, left: Box::new(left), right: Box::new(right) };
        Expr { kind, ty, place: self.place(op.span) }
    }

    /// Arithmetic of dates, timestamps and intervals; gives the operands back where there is none.
    fn temporal_arithmetic(
        &mut self,
        op: Operator,
        left: Expr,
        right: Expr,
    ) -> Result<Expr, Box<(Expr, Expr)>> {
        use ArithOp::{Add, Multiply, Subtract};
        let stamp = |ty: &Type| matches!(ty, Type::Timestamp | Type::TimestampTz);
        let day = |ty: &Type| matches!(ty, Type::Date) || stamp(ty);
        let moment = |ty: &Type| day(ty) || *ty == Type::Time;
        let native = match (op.op, &left.ty, &right.ty) {
            (Add | Subtract, Type::Date, b) if b.is_integer() => {
                let right = self.convert(right, &Type::Int64, ConvertMode::Implicit);
                return Ok(self.arith(op, left, right, Type::Date));
            }
            (Add, a, Type::Date) if a.is_integer() => {
                let left = self.convert(left, &Type::Int64, ConvertMode::Implicit);
                return Ok(self.arith(op, right, left, Type::Date));
            }
            (Subtract, Type::Date, Type::Date) => {
                return Ok(self.arith(op, left, right, Type::Int64));
            }
            (Add, a, Type::Interval) if moment(a) => "add_interval",
            (Subtract, a, Type::Interval) if moment(a) => "subtract_interval",
            (Add, Type::Interval, b) if moment(b) => {
                return Ok(self.built_in("add_interval", vec![right, left], op.span));
            }
            (Subtract, a, b) if day(a) && day(b) => "timestamp_difference",
            (Add, Type::Interval, Type::Interval) => "interval_add",
            (Subtract, Type::Interval, Type::Interval) => "interval_subtract",
            (Multiply, Type::Interval, b) if b.is_number() => "interval_multiply",
            (Multiply, a, Type::Interval) if a.is_number() => {
                return Ok(self.built_in("interval_multiply", vec![right, left], op.span));
            }
            _ => return Err(Box::new((left, right))),
        };
        Ok(self.built_in(native, vec![left, right], op.span))
    }

    /// `-e` and `+e`.
    pub(crate) fn sign(
        &mut self,
        negate: bool,
        op_span: Span,
        operand: Operand,
        span: Span,
    ) -> Operand {
        if let Some(number) = operand.number()
            && let Some(result) = if negate { number.negated() } else { Some(number) }
        {
            return Operand::Untyped(Untyped::Number(result), span);
        }
        if operand.is_error() {
            return operand;
        }
        let operand = match untyped_null(operand) {
            operand @ Operand::Untyped(Untyped::Null | Untyped::Parameter(_), _) => {
                self.coerce(operand, &Type::Int64, Mode::Implicit, "the operand")
            }
            other => self.settle(other),
        };
        if operand.ty.is_number() {
            if !negate {
                return Operand::Typed(operand);
            }
            let ty = operand.ty.clone();
            let kind = ExprKind::Negate(Box::new(operand));
            return Operand::Typed(Expr { kind, ty, place: self.place(span) });
        }
        if operand.ty == Type::Interval {
            if !negate {
                return Operand::Typed(operand);
            }
            let factor = self.constant(Value::Int(-1), Type::Int64, span);
            return Operand::Typed(self.built_in("interval_multiply", vec![operand, factor], span));
        }
        let at = Span::new(operand.place.start, operand.place.end);
        if !operand.ty.is_error() {
            let symbol = if negate { "-" } else { "+" };
            self.report(say::no_prefix_operator(op_span, symbol, (at, &operand.ty)));
        }
        Operand::Typed(self.error(span))
    }

    /// `a || b`.
    pub(crate) fn concat(
        &mut self,
        left: Operand,
        right: Operand,
        op_span: Span,
        span: Span,
    ) -> Expr {
        if left.is_error() || right.is_error() {
            return self.error(span);
        }
        if left.ty() == Type::Bool && right.ty() == Type::Bool {
            self.report(say::concat_booleans(op_span));
            return self.error(span);
        }
        let fits = |op: &Operand| matches!(op.ty(), Type::Text | Type::Null);
        if !fits(&left) || !fits(&right) {
            let (a, b) = (self.span_of(&left), self.span_of(&right));
            let diagnostic = say::no_operator(op_span, "||", (a, &left.ty()), (b, &right.ty()));
            let odd = if fits(&left) { b } else { a };
            self.report(diagnostic.with_help("convert it to text: `…::TEXT`").with_fix(
                Span::at(odd.end),
                "::TEXT",
                "convert to TEXT",
            ));
            return self.error(span);
        }
        let left = self.coerce(left, &Type::Text, Mode::Implicit, "the operand");
        let right = self.coerce(right, &Type::Text, Mode::Implicit, "the operand");
        let kind = ExprKind::Concat(Box::new(left), Box::new(right));
        Expr { kind, ty: Type::Text, place: self.place(span) }
    }

    /// `left op right` for a comparison.
    pub(crate) fn comparison(
        &mut self,
        op: Cmp,
        op_span: Span,
        (left, right): (Operand, Operand),
        span: Span,
    ) -> Operand {
        if left.is_error() || right.is_error() {
            return Operand::Typed(self.error(span));
        }
        if left.is_null() || right.is_null() {
            let right_span = self.span_of(&right);
            let tail = (right.is_null() && matches!(op, Cmp::Eq | Cmp::Ne))
                .then(|| op_span.to(right_span));
            self.report(say::null_comparison(span, tail, op == Cmp::Ne));
        }
        Operand::Typed(self.compared(op, op_span, (left, right), span))
    }

    /// The same without a warning of NULL, for comparisons that nobody has written as such.
    pub(crate) fn compared(
        &mut self,
        op: Cmp,
        op_span: Span,
        (left, right): (Operand, Operand),
        span: Span,
    ) -> Expr {
        let json = |operand: &Operand| operand.ty() == Type::Json;
        if json(&left) || json(&right) {
            return self.json_comparison(op, (left, right), span);
        }
        match self.paired(left, right, op_span, &op.to_string()) {
            Some((left, right)) => {
                let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
                self.boolean(kind, self.place(span))
            }
            None => self.error(span),
        }
    }

    /// Two operands as values of one comparable type; reports where there is none.
    pub(crate) fn paired(
        &mut self,
        left: Operand,
        right: Operand,
        op_span: Span,
        op: &str,
    ) -> Option<(Expr, Expr)> {
        if left.is_error() || right.is_error() {
            return None;
        }
        let ty = self.comparison_type(&left, &right);
        let Some(ty) = ty.filter(is_comparable) else {
            let (a, b) = (self.span_of(&left), self.span_of(&right));
            self.report(say::no_operator(op_span, op, (a, &left.ty()), (b, &right.ty())));
            return None;
        };
        let enum_to_text = |this: &mut Self, operand: Operand| match operand {
            Operand::Typed(expr) if matches!(expr.ty, Type::Enum(_)) && ty == Type::Text => {
                this.convert(expr, &Type::Text, ConvertMode::Implicit)
            }
            other => this.coerce(other, &ty, Mode::Implicit, "the operand"),
        };
        let left = enum_to_text(self, left);
        let right = enum_to_text(self, right);
        (!left.ty.is_error() && !right.ty.is_error()).then_some((left, right))
    }

    /// The type in which two operands are compared.
    fn comparison_type(&self, left: &Operand, right: &Operand) -> Option<Type> {
        use Operand::{Typed, Untyped as Constant};
        match (left, right) {
            (Constant(Untyped::Number(a), _), Constant(Untyped::Number(b), _)) => {
                types::join_number(*a, &b.own_type())
            }
            (Constant(Untyped::Number(n), _), other) | (other, Constant(Untyped::Number(n), _)) => {
                match other {
                    Constant(Untyped::Null | Untyped::Parameter(_), _) => Some(n.own_type()),
                    Constant(Untyped::Text(text), _) => {
                        let ty = n.own_type();
                        matches!(text_value(text, &ty), TextValue::Is(_)).then_some(ty)
                    }
                    _ => types::join_number(*n, &other.ty()),
                }
            }
            (Constant(Untyped::Null | Untyped::Parameter(_), _), other)
            | (other, Constant(Untyped::Null | Untyped::Parameter(_), _)) => match other.ty() {
                Type::Null => Some(Type::Text),
                ty => Some(ty),
            },
            (Constant(Untyped::Text(text), _), Typed(expr))
            | (Typed(expr), Constant(Untyped::Text(text), _)) => match text_value(text, &expr.ty) {
                TextValue::Never => None,
                _ => Some(expr.ty.clone()),
            },
            (Typed(a), Typed(b)) => match (&a.ty, &b.ty) {
                (Type::Enum(_), Type::Text) | (Type::Text, Type::Enum(_)) => Some(Type::Text),
                (x, y) => types::join(x, y),
            },
            _ => Some(Type::Text),
        }
    }

    /// AND, OR.
    pub(crate) fn logic(&self, and: bool, left: Expr, right: Expr, span: Span) -> Expr {
        if left.ty.is_error() || right.ty.is_error() {
            return self.error(span);
        }
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = if and { ExprKind::And(left, right) } else { ExprKind::Or(left, right) };
        self.boolean(kind, self.place(span))
    }

    /// NOT.
    pub(crate) fn negation(&self, operand: Expr, span: Span) -> Expr {
        if operand.ty.is_error() {
            return operand;
        }
        self.boolean(ExprKind::Not(Box::new(operand)), self.place(span))
    }
}

/// An expression that is always NULL, such as a CASE without a value, as the constant: it takes the
/// type of what stands beside it. What it would raise is not worth a type of its own.
fn untyped_null(operand: Operand) -> Operand {
    match operand {
        Operand::Typed(expr) if expr.ty == Type::Null => {
            let span = Span::new(expr.place.start, expr.place.end);
            Operand::Untyped(Untyped::Null, span)
        }
        other => other,
    }
}

/// The comparison that an operator of the syntax tree means.
pub(crate) fn comparison_of(op: ast::CompareOp) -> Cmp {
    match op {
        ast::CompareOp::Equal => Cmp::Eq,
        ast::CompareOp::NotEqual => Cmp::Ne,
        ast::CompareOp::Less => Cmp::Lt,
        ast::CompareOp::LessOrEqual => Cmp::Le,
        ast::CompareOp::Greater => Cmp::Gt,
        ast::CompareOp::GreaterOrEqual => Cmp::Ge,
    }
}
