//! Operands: expressions whose constants have no type yet, and how they get one.
//!
//! An expression is checked into an [`Operand`]; what it meets decides a constant's type.
//! [`Checker`]'s `coerce` turns an operand into an expression of a given type, `settle` into one of
//! its own type.

use super::Checker;
use super::types::{Conversion, conversion};
use crate::constant::Number;
use crate::diagnostics as say;
use crate::hir::{ConvertMode, Expr, ExprKind};
use crate::suggest::similar;
use grizzly_bytecode::{StructType, Type, Value, temporal};
use grizzly_grammar::Span;
use smol_str::SmolStr;
use std::sync::Arc;

/// A checked expression, or a constant without a type.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// An expression with a type.
    Typed(Expr),
    /// A constant or a parameter without one.
    Untyped(Untyped, Span),
}

/// What has no type until it is used.
#[derive(Clone, Debug)]
pub(crate) enum Untyped {
    /// NULL.
    Null,
    /// A number.
    Number(Number),
    /// A text.
    Text(SmolStr),
    /// A parameter of the statement.
    Parameter(u16),
}

/// How willing a context is to convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Implicit conversions only.
    Implicit,
    /// Those of assignment too.
    Assign,
}

impl Operand {
    /// The type that it has alone; NULL for NULL.
    pub(crate) fn ty(&self) -> Type {
        match self {
            Operand::Typed(expr) => expr.ty.clone(),
            Operand::Untyped(Untyped::Null, _) => Type::Null,
            Operand::Untyped(Untyped::Number(number), _) => number.own_type(),
            Operand::Untyped(Untyped::Text(_) | Untyped::Parameter(_), _) => Type::Text,
        }
    }

    /// The constant number, if it is one.
    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Operand::Untyped(Untyped::Number(number), _) => Some(*number),
            _ => None,
        }
    }

    /// Whether it is the constant NULL.
    pub(crate) fn is_null(&self) -> bool {
        match self {
            Operand::Untyped(Untyped::Null, _) => true,
            Operand::Typed(expr) => expr.kind == ExprKind::Constant(Value::Null),
            Operand::Untyped(..) => false,
        }
    }

    /// Whether an error was reported inside it.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Operand::Typed(expr) if expr.ty.is_error())
    }
}

impl Checker<'_> {
    /// The place of an operand.
    pub(crate) fn span_of(&self, operand: &Operand) -> Span {
        match operand {
            Operand::Typed(expr) => Span::new(expr.place.start, expr.place.end),
            Operand::Untyped(_, span) => *span,
        }
    }

    /// The operand with the type that it has alone. NULL alone is TEXT.
    pub(crate) fn settle(&mut self, operand: Operand) -> Expr {
        let ty = operand.ty();
        let known = super::composite::without_null(&ty);
        let ty = match &known {
            Some(known) => known.clone(),
            None => ty,
        };
        match operand {
            Operand::Typed(expr) if known.is_none() => expr,
            other => self.coerce(other, &ty, Mode::Implicit, "the value"),
        }
    }

    /// The operand as a value of type `to`; `why` names what asks for it, for the message.
    pub(crate) fn coerce(&mut self, operand: Operand, to: &Type, mode: Mode, why: &str) -> Expr {
        match operand {
            Operand::Typed(expr) => self.coerce_typed(expr, to, mode, why),
            Operand::Untyped(untyped, span) => self.coerce_constant(untyped, span, to, mode, why),
        }
    }

    fn coerce_typed(&mut self, mut expr: Expr, to: &Type, mode: Mode, why: &str) -> Expr {
        if to.is_error() || expr.ty.is_error() {
            expr.ty = if expr.ty.is_error() { Type::Error } else { expr.ty };
            return expr;
        }
        if expr.ty == Type::Null {
            super::retype(&mut expr, to);
            return expr;
        }
        let how = conversion(&expr.ty, to);
        if how == Conversion::Same {
            return expr;
        }
        if how == Conversion::Implicit {
            return self.convert(expr, to, ConvertMode::Implicit);
        }
        if how == Conversion::Assignment && mode == Mode::Assign {
            return self.convert(expr, to, ConvertMode::Checked);
        }
        let span = Span::new(expr.place.start, expr.place.end);
        if expr.ty == Type::Unit {
            self.report(say::no_value(span, "this", None));
        } else {
            let castable = how <= Conversion::Cast;
            self.report(say::type_mismatch(span, to, &expr.ty, why, castable));
        }
        self.error(span)
    }

    /// The expression converted, without a check whether that is allowed. Structs are taken apart
    /// and put together again in the other order.
    pub(crate) fn convert(&mut self, expr: Expr, to: &Type, mode: ConvertMode) -> Expr {
        if expr.ty == *to || expr.ty.is_error() {
            return expr;
        }
        if expr.ty == Type::Null {
            let mut expr = expr;
            super::retype(&mut expr, to);
            return expr;
        }
        if let (Type::Struct(from), Type::Struct(shape)) = (&expr.ty, to) {
            let (from, shape) = (from.clone(), shape.clone());
            return self.convert_struct(expr, &from, &shape, mode);
        }
        if let (ExprKind::MakeArray(_), Type::Array(from), Type::Array(element)) =
            (&expr.kind, &expr.ty, to)
            && super::composite::without_null(from).is_some()
        {
            return self.retyped_array(expr, element);
        }
        if matches!((&expr.ty, to), (Type::Function(_), Type::Function(_))) {
            return Expr { ty: to.clone(), ..expr };
        }
        let place = expr.place;
        Expr { kind: ExprKind::Convert { operand: Box::new(expr), mode }, ty: to.clone(), place }
    }

    /// An array literal of NULLs and of arrays of them, or of nothing, with a type.
    fn retyped_array(&mut self, expr: Expr, element: &Type) -> Expr {
        let ExprKind::MakeArray(values) = expr.kind else { return expr };
        let mut typed = Vec::with_capacity(values.len());
        for mut value in values {
            if value.ty == Type::Null {
                super::retype(&mut value, element);
            } else {
                value = self.convert(value, element, ConvertMode::Implicit);
            }
            typed.push(value);
        }
        let ty = Type::Array(Arc::new(element.clone()));
        Expr { kind: ExprKind::MakeArray(typed), ty, place: expr.place }
    }

    fn convert_struct(
        &mut self,
        expr: Expr,
        from: &Arc<StructType>,
        to: &Arc<StructType>,
        mode: ConvertMode,
    ) -> Expr {
        let order: Vec<Option<usize>> = to
            .fields
            .iter()
            .map(|f| from.fields.iter().position(|g| g.name.eq_ignore_ascii_case(&f.name)))
            .collect();
        let place = expr.place;
        let ty = Type::Struct(to.clone());
        if let ExprKind::MakeStruct(values) = expr.kind {
            let mut values: Vec<Option<Expr>> = values.into_iter().map(Some).collect();
            let mut fields = Vec::new();
            for (field, index) in to.fields.iter().zip(&order) {
                let value = index.and_then(|i| values.get_mut(i)).and_then(Option::take);
                fields.extend(value.map(|value| self.convert(value, &field.ty, mode)));
            }
            return Expr { kind: ExprKind::MakeStruct(fields), ty, place };
        }
        self.share(expr, |this, shared| {
            let mut fields = Vec::new();
            for (field, index) in to.fields.iter().zip(&order) {
                let Some(i) = *index else { continue };
                let Some(source) = from.fields.get(i) else { continue };
                let kind = ExprKind::Field { operand: Box::new(shared.clone()), index: i as u16 };
                let value = Expr { kind, ty: source.ty.clone(), place };
                fields.push(this.convert(value, &field.ty, mode));
            }
            let made = Expr { kind: ExprKind::MakeStruct(fields), ty: ty.clone(), place };
            let null = Expr { kind: ExprKind::Constant(Value::Null), ty: ty.clone(), place };
            this.choice(this.is_null(shared), null, made)
        })
    }

    fn coerce_constant(
        &mut self,
        untyped: Untyped,
        span: Span,
        to: &Type,
        mode: Mode,
        why: &str,
    ) -> Expr {
        match untyped {
            Untyped::Null => self.constant(Value::Null, to.clone(), span),
            Untyped::Parameter(index) => self.parameter_as(index, span, to),
            Untyped::Number(number) => self.number_as(number, span, to, mode, why),
            Untyped::Text(text) => self.text_as(&text, span, to, why),
        }
    }

    fn number_as(&mut self, number: Number, span: Span, to: &Type, mode: Mode, why: &str) -> Expr {
        if to.is_error() {
            return self.error(span);
        }
        if let Some(value) = number.value(to, mode == Mode::Assign) {
            return self.constant(value, to.clone(), span);
        }
        if *to == Type::Json {
            let own = self.number_as(number, span, &number.own_type(), mode, why);
            return self.convert(own, to, ConvertMode::Implicit);
        }
        let diagnostic = if to.is_number() {
            let reason = if number.point && to.is_integer() {
                "it has a point"
            } else {
                "it is out of range"
            };
            say::bad_constant(span, &number.show(), to, reason, None)
        } else {
            let castable = conversion(&number.own_type(), to) <= Conversion::Cast;
            say::type_mismatch(span, to, &number.own_type(), why, castable)
        };
        self.report(diagnostic);
        self.error(span)
    }

    fn text_as(&mut self, text: &SmolStr, span: Span, to: &Type, why: &str) -> Expr {
        if *to == Type::Json {
            // A text in a JSON context is JSON text: it is parsed where it runs.
            let own = self.constant(Value::Text(text.clone()), Type::Text, span);
            return self.convert(own, to, ConvertMode::Checked);
        }
        match text_value(text, to) {
            TextValue::Is(value) => self.constant(value, to.clone(), span),
            TextValue::Malformed(reason) => {
                let shown = format!("'{text}'");
                let near = match to {
                    Type::Enum(e) => similar(text, e.values.iter()),
                    _ => None,
                };
                self.report(say::bad_constant(span, &shown, to, &reason, near.as_deref()));
                self.error(span)
            }
            TextValue::Never => {
                if !to.is_error() {
                    self.report(say::type_mismatch(span, to, &Type::Text, why, false));
                }
                self.error(span)
            }
        }
    }

    /// A parameter with the type that its first use asks for.
    fn parameter_as(&mut self, index: u16, span: Span, to: &Type) -> Expr {
        let at = usize::from(index);
        let known = self.parameter_typed.get(at).copied().unwrap_or(false);
        let Some(parameter) = self.parameters.get_mut(at) else { return self.error(span) };
        if !known && !to.is_error() {
            parameter.ty = to.clone();
            if let Some(flag) = self.parameter_typed.get_mut(at) {
                *flag = true;
            }
        }
        let ty = parameter.ty.clone();
        let expr = Expr { kind: ExprKind::Parameter(index), ty, place: self.place(span) };
        self.coerce_typed(expr, to, Mode::Assign, "the parameter")
    }
}

/// What a text constant is as a value of a type.
pub(crate) enum TextValue {
    /// This value.
    Is(Value),
    /// No value of the type, for this reason.
    Malformed(String),
    /// The type takes no text constants.
    Never,
}

/// The value of a text constant where the context asks for `to`.
pub(crate) fn text_value(text: &SmolStr, to: &Type) -> TextValue {
    let temporal = |result: Result<i64, temporal::TemporalError>| match result {
        Ok(value) => TextValue::Is(Value::Int(value)),
        Err(error) => TextValue::Malformed(error.to_string()),
    };
    match to {
        Type::Text => TextValue::Is(Value::Text(text.clone())),
        Type::Date => temporal(temporal::parse_date(text)),
        Type::Time => temporal(temporal::parse_time(text)),
        Type::Timestamp => temporal(temporal::parse_timestamp(text)),
        Type::TimestampTz => temporal(temporal::parse_timestamp_tz(text)),
        Type::Interval => match temporal::parse_interval(text) {
            Ok(interval) => TextValue::Is(Value::Wide(interval.pack())),
            Err(error) => TextValue::Malformed(error.to_string()),
        },
        Type::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "t" => TextValue::Is(Value::Bool(true)),
            "false" | "f" => TextValue::Is(Value::Bool(false)),
            _ => TextValue::Malformed("write 'true' or 'false'".into()),
        },
        Type::Enum(e) => match e.values.iter().position(|value| value == text) {
            Some(index) => TextValue::Is(Value::Int(index as i64)),
            None => {
                let values: Vec<String> = e.values.iter().map(|v| format!("'{v}'")).collect();
                TextValue::Malformed(format!("the values are {}", values.join(", ")))
            }
        },
        Type::Uuid => match uuid(text) {
            Some(bits) => TextValue::Is(Value::Wide(bits)),
            None => TextValue::Malformed("a UUID has 32 hexadecimal digits".into()),
        },
        Type::Blob => match blob(text) {
            Some(bytes) => TextValue::Is(Value::Bytes(bytes.into())),
            None => TextValue::Malformed("after \\x an even number of digits follows".into()),
        },
        _ if to.is_number() => {
            let trimmed = text.trim();
            let unsigned = trimmed.strip_prefix('-').unwrap_or(trimmed);
            let parsed = Number::parse(unsigned);
            let signed = if unsigned.len() < trimmed.len() {
                parsed.and_then(Number::negated)
            } else {
                parsed
            };
            match signed.and_then(|number| number.value(to, true)) {
                Some(value) => TextValue::Is(value),
                None => TextValue::Malformed("it is no number of this type".into()),
            }
        }
        _ => TextValue::Never,
    }
}

fn uuid(text: &str) -> Option<i128> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(|bits| bits as i128)
}

fn blob(text: &str) -> Option<Vec<u8>> {
    let Some(hex) = text.strip_prefix("\\x") else { return Some(text.as_bytes().to_vec()) };
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    let byte = |i: usize| hex.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..hex.len()).step_by(2).map(byte).collect()
}
