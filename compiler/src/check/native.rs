//! Built-in functions: which form of a name takes the arguments, and what types the call gives it.
//!
//! Each form gets a cost from how far the arguments must be converted; the cheapest wins, the first
//! declared one among equals. Type variables take the least type of what stands for them.

use super::Checker;
use super::operand::{Mode, Operand, TextValue, Untyped, text_value};
use super::types::{Conversion, conversion, integer_digits};
use crate::catalog::{Native, NativeType};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind};
use grizzly_bytecode::Type;
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The types that a call gives a form's variables.
#[derive(Default)]
struct Variables(Vec<(char, Type)>);

impl Variables {
    fn get(&self, name: char) -> Option<&Type> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, ty)| ty)
    }

    /// Joins what is known of a variable with one more argument.
    fn join(&mut self, name: char, operand: &Operand) -> Option<()> {
        let joined = match (self.get(name), operand) {
            (None, _) => operand.ty(),
            (Some(Type::Null), _) => operand.ty(),
            (Some(known), Operand::Untyped(Untyped::Number(n), _)) => {
                super::types::join_number(*n, known)?
            }
            (Some(known), Operand::Untyped(Untyped::Text(text), _)) => {
                matches!(text_value(text, known), TextValue::Is(_)).then(|| known.clone())?
            }
            (Some(known), Operand::Untyped(..)) => known.clone(),
            (Some(known), Operand::Typed(expr)) => super::types::join(known, &expr.ty)?,
        };
        self.set(name, joined);
        Some(())
    }

    fn set(&mut self, name: char, ty: Type) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = ty,
            None => self.0.push((name, ty)),
        }
    }

    /// Whether each variable has a type of its family.
    fn allowed(&self) -> bool {
        self.0.iter().all(|(name, ty)| match (name, ty) {
            (_, Type::Null) => true,
            ('N', ty) => ty.is_number(),
            ('I', ty) => ty.is_integer(),
            ('D', ty) => {
                matches!(ty, Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz)
            }
            (_, ty) => *ty != Type::Unit,
        })
    }
}

/// A form of a built-in with what a call makes of it.
struct Candidate {
    native: Arc<Native>,
    parameters: Vec<Type>,
    result: Type,
    cost: u32,
}

/// How far an argument is from a parameter's type; `None` where it does not fit.
fn distance(operand: &Operand, to: &Type) -> Option<u32> {
    match operand {
        Operand::Untyped(Untyped::Null | Untyped::Parameter(_), _) => {
            Some(u32::from(*to != Type::Text))
        }
        Operand::Untyped(Untyped::Number(number), _) => {
            number.value(to, false)?;
            let own = number.own_type();
            Some(match to {
                ty if *ty == own => 0,
                ty if ty.is_integer() => 1,
                Type::Decimal { .. } => 2,
                _ => 3,
            })
        }
        Operand::Untyped(Untyped::Text(text), _) => match text_value(text, to) {
            TextValue::Is(_) if *to == Type::Text => Some(0),
            TextValue::Is(_) if to.is_number() || *to == Type::Bool => None,
            TextValue::Is(_) => Some(4),
            // A text for a JSON parameter is read as JSON.
            _ if *to == Type::Json => Some(4),
            _ => None,
        },
        Operand::Typed(expr) => match conversion(&expr.ty, to) {
            Conversion::Same => Some(0),
            Conversion::Implicit => Some(match (&expr.ty, to) {
                (a, b) if a.is_integer() && b.is_integer() => {
                    1 + u32::from(integer_digits(b)? - integer_digits(a)?) / 8
                }
                (_, Type::Json) => 9,
                (a, Type::Double) if a.is_integer() => 5,
                _ => 4,
            }),
            _ => None,
        },
    }
}

fn bind(ty: &NativeType, operand: &Operand, variables: &mut Variables) -> Option<()> {
    match (ty, operand) {
        (NativeType::Variable(name), _) => variables.join(*name, operand),
        (NativeType::Is(_) | NativeType::Any, _)
        | (_, Operand::Untyped(Untyped::Null | Untyped::Parameter(_), _)) => Some(()),
        (_, Operand::Untyped(..)) => None,
        (_, Operand::Typed(expr)) => bind_parts(ty, expr, variables),
    }
}

fn bind_parts(ty: &NativeType, expr: &Expr, variables: &mut Variables) -> Option<()> {
    let mut part = |ty: &NativeType, part: &Type| {
        let of_part = Expr { kind: ExprKind::Error, ty: part.clone(), place: expr.place };
        bind(ty, &Operand::Typed(of_part), variables)
    };
    match (ty, &expr.ty) {
        (_, Type::Null) => Some(()),
        (NativeType::Array(inner), Type::Array(element)) => part(inner, element),
        (NativeType::Map(pair), Type::Map(types)) => {
            part(&pair.0, &types.0)?;
            part(&pair.1, &types.1)
        }
        (NativeType::Struct(fields), Type::Struct(shape)) => {
            let same = fields.len() == shape.fields.len();
            let mut pairs = fields.iter().zip(&shape.fields);
            let named = |(a, b): &(&(SmolStr, NativeType), &grizzly_bytecode::Field)| {
                a.0.eq_ignore_ascii_case(&b.name)
            };
            let fits = same && pairs.clone().all(|pair| named(&pair));
            if fits { pairs.try_for_each(|(a, b)| part(&a.1, &b.ty)) } else { None }
        }
        _ => None,
    }
}

/// The type that a signature's type has with these variables.
fn resolved(ty: &NativeType, variables: &Variables) -> Type {
    match ty {
        NativeType::Is(ty) => ty.clone(),
        NativeType::Variable(name) => match variables.get(*name) {
            Some(Type::Null) | None => Type::Text,
            Some(ty) => ty.clone(),
        },
        NativeType::Array(inner) => Type::Array(Arc::new(resolved(inner, variables))),
        NativeType::Map(pair) => {
            Type::Map(Arc::new((resolved(&pair.0, variables), resolved(&pair.1, variables))))
        }
        NativeType::Struct(fields) => {
            let field = |(name, ty): &(SmolStr, NativeType)| grizzly_bytecode::Field {
                name: name.clone(),
                ty: resolved(ty, variables),
            };
            let fields = fields.iter().map(field).collect();
            Type::Struct(Arc::new(grizzly_bytecode::StructType { name: None, fields }))
        }
        NativeType::Any => Type::Null,
    }
}

/// The parameter that argument number `index` goes to.
fn parameter(native: &Native, index: usize) -> Option<&NativeType> {
    let last = native.parameters.len().checked_sub(1)?;
    let at = if native.variadic { index.min(last) } else { index };
    native.parameters.get(at).map(|parameter| &parameter.ty)
}

fn candidate(native: &Arc<Native>, arguments: &[Operand]) -> Option<Candidate> {
    let most = if native.variadic { usize::MAX } else { native.parameters.len() };
    if arguments.len() > most {
        return None;
    }
    let missing = native.parameters.get(arguments.len()..).unwrap_or(&[]);
    let least =
        missing.iter().all(|p| p.default.is_some()) || (native.variadic && missing.len() == 1);
    if !least {
        return None;
    }
    let mut variables = Variables::default();
    for (index, operand) in arguments.iter().enumerate() {
        bind(parameter(native, index)?, operand, &mut variables)?;
    }
    if !variables.allowed() {
        return None;
    }
    let mut cost = 0;
    let mut parameters = Vec::new();
    for (index, operand) in arguments.iter().enumerate() {
        let declared = parameter(native, index)?;
        let ty = match declared {
            NativeType::Any => match operand.ty() {
                Type::Null => Type::Text,
                ty => ty,
            },
            _ => resolved(declared, &variables),
        };
        cost += match declared {
            NativeType::Any => 8,
            NativeType::Is(_) => distance(operand, &ty)? * 2,
            _ => 1 + distance(operand, &ty)?,
        };
        parameters.push(ty);
    }
    let result = resolved(&native.result, &variables);
    Some(Candidate { native: native.clone(), parameters, result, cost })
}

/// A form as a person reads it.
pub(crate) fn signature(native: &Native) -> String {
    fn shown(ty: &NativeType) -> String {
        match ty {
            NativeType::Is(ty) => ty.to_string(),
            NativeType::Variable(name) => name.to_string(),
            NativeType::Array(inner) => format!("ARRAY<{}>", shown(inner)),
            NativeType::Map(pair) => format!("MAP<{}, {}>", shown(&pair.0), shown(&pair.1)),
            NativeType::Struct(fields) => {
                let field = |(name, ty): &(SmolStr, NativeType)| format!("{name}: {}", shown(ty));
                let fields: Vec<String> = fields.iter().map(field).collect();
                format!("STRUCT({})", fields.join(", "))
            }
            NativeType::Any => "ANY".into(),
        }
    }
    let mut parameters: Vec<String> = Vec::new();
    for parameter in &native.parameters {
        let default = if parameter.default.is_some() { " = …" } else { "" };
        parameters.push(format!("{}: {}{default}", parameter.name, shown(&parameter.ty)));
    }
    let more = if native.variadic { ", …" } else { "" };
    format!("{}({}{more}) -> {}", native.function, parameters.join(", "), shown(&native.result))
}

impl<'a> Checker<'a> {
    /// A call of the built-in of a name with positional arguments.
    pub(crate) fn native_call(
        &mut self,
        name: &ast::Ident,
        arguments: Vec<Operand>,
        span: Span,
    ) -> Expr {
        let forms = self.catalog.natives(&name.folded());
        self.native_form(&name.name, &forms, arguments, (name.span, span))
    }

    /// A call of the cheapest form; `at` are the places of the name and of the call.
    pub(crate) fn native_form(
        &mut self,
        name: &SmolStr,
        forms: &[Arc<Native>],
        arguments: Vec<Operand>,
        (at, span): (Span, Span),
    ) -> Expr {
        if arguments.iter().any(Operand::is_error) {
            return self.error(span);
        }
        let fitting = forms.iter().filter_map(|native| candidate(native, &arguments));
        let Some(chosen) = fitting.min_by_key(|candidate| candidate.cost) else {
            let found: Vec<Type> = arguments.iter().map(Operand::ty).collect();
            let shown: Vec<String> = forms.iter().map(|native| signature(native)).collect();
            self.report(say::no_form(at, name, &found, &shown));
            return self.error(span);
        };
        let mut exprs = Vec::new();
        for (operand, ty) in arguments.into_iter().zip(&chosen.parameters) {
            exprs.push(self.coerce(operand, ty, Mode::Implicit, "the argument"));
        }
        let given = exprs.len();
        for parameter in chosen.native.parameters.iter().skip(given) {
            let variable = Variables::default();
            let ty = resolved(&parameter.ty, &variable);
            if let Some(value) = &parameter.default {
                exprs.push(self.constant(value.clone(), ty, span));
            }
        }
        if exprs.iter().any(|e| e.ty.is_error()) {
            return self.error(span);
        }
        let kind = ExprKind::Native { function: chosen.native, arguments: exprs };
        Expr { kind, ty: chosen.result, place: self.place(span) }
    }

    /// A call of a built-in that an operator means.
    pub(crate) fn named_native(&mut self, name: &str, arguments: Vec<Operand>, span: Span) -> Expr {
        let forms = self.catalog.natives(name);
        if forms.is_empty() {
            return self.later(span, &format!("`{name}`"));
        }
        self.native_form(&SmolStr::new(name), &forms, arguments, (span, span))
    }

    /// The same with typed arguments.
    pub(crate) fn built_in(&mut self, name: &str, arguments: Vec<Expr>, span: Span) -> Expr {
        let arguments = arguments.into_iter().map(Operand::Typed).collect();
        self.named_native(name, arguments, span)
    }
}
