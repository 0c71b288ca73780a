//! Parts of composite values: elements, slices, the values of maps, paths into JSON; MAP literals;
//! operators on arrays and JSON. All but elements of arrays are built-ins of the standard library.

use super::Checker;
use super::operand::{Mode, Operand, Untyped};
use super::operators::Operator;
use crate::diagnostics as say;
use crate::hir::{ArithOp, Expr, ExprKind};
use grizzly_bytecode::{Cmp, Field, StructType, Type, Value};
use grizzly_grammar::{Span, ast};
use std::sync::Arc;

/// A step of the target of SET.
pub(crate) enum Part {
    /// A field by its index.
    Field(u16),
    /// An element or the value of a key.
    At(Expr),
}

impl<'a> Checker<'a> {
    /// `base[index]`.
    pub(crate) fn index(&mut self, base: &'a ast::Expr, index: &'a ast::Expr, span: Span) -> Expr {
        let at = base.span;
        let base = self.expr(base);
        match &base.ty {
            Type::Error => self.error(span),
            Type::Array(_) => {
                let index = self.expr_as(index, &Type::Int64, Mode::Implicit, "an index");
                if index.ty.is_error() { index } else { self.element_of(base, index, span) }
            }
            Type::Map(pair) => {
                let key = self.expr_as(index, &pair.0.clone(), Mode::Implicit, "the key");
                if key.ty.is_error() {
                    key
                } else {
                    self.built_in("map_get", vec![base, key], span)
                }
            }
            Type::Json => {
                let key = self.expr(index);
                if key.ty.is_error() {
                    key
                } else {
                    self.built_in("json_get", vec![base, key], span)
                }
            }
            ty => {
                self.report(say::no_index(at, ty));
                self.error(span)
            }
        }
    }

    fn element_of(&self, array: Expr, index: Expr, span: Span) -> Expr {
        let ty = match &array.ty {
            Type::Array(element) => (**element).clone(),
            _ => Type::Error,
        };
        let kind = ExprKind::Element { array: Box::new(array), index: Box::new(index) };
        Expr { kind, ty, place: self.place(span) }
    }

    /// `base[from:to]`.
    pub(crate) fn slice(&mut self, slice: &'a ast::Slice, span: Span) -> Expr {
        let base = self.expr(&slice.base);
        if !matches!(base.ty, Type::Array(_) | Type::Error) {
            self.report(say::no_index(slice.base.span, &base.ty));
            return self.error(span);
        }
        let mut arguments = vec![base];
        arguments.push(match &slice.from {
            Some(from) => self.expr_as(from, &Type::Int64, Mode::Implicit, "the start of a slice"),
            None => self.constant(Value::Int(0), Type::Int64, span),
        });
        if let Some(to) = &slice.to {
            arguments.push(self.expr_as(to, &Type::Int64, Mode::Implicit, "the end of a slice"));
        }
        if arguments.iter().any(|argument| argument.ty.is_error()) {
            return self.error(span);
        }
        self.built_in("array_slice", arguments, span)
    }

    /// A key of a JSON object.
    pub(crate) fn json_field(&mut self, base: Expr, name: &str, span: Span) -> Expr {
        let key = self.constant(Value::text(name), Type::Text, span);
        self.built_in("json_get", vec![base, key], span)
    }

    /// `MAP { k: v }`.
    pub(crate) fn map_literal(
        &mut self,
        entries: &'a [ast::MapEntry],
        span: Span,
        want: Option<&Type>,
    ) -> Expr {
        let pair = match want {
            Some(Type::Map(pair)) => Some(pair.clone()),
            _ => None,
        };
        let (key, value) = (pair.as_ref().map(|p| &p.0), pair.as_ref().map(|p| &p.1));
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for entry in entries {
            keys.push(self.operand(&entry.key, key));
            values.push(self.operand(&entry.value, value));
        }
        let keys = self.array_of(keys, key, span);
        let values = self.array_of(values, value, span);
        if keys.ty.is_error() || values.ty.is_error() {
            return self.error(span);
        }
        self.built_in("map", vec![keys, values], span)
    }

    /// An array of operands of one type.
    pub(crate) fn array_of(
        &mut self,
        operands: Vec<Operand>,
        element: Option<&Type>,
        span: Span,
    ) -> Expr {
        let (mut values, mut ty) = self.unify(operands, element);
        if ty.is_error() || values.iter().any(|value| value.ty.is_error()) {
            return self.error(span);
        }
        if let (Type::Null, Some(element)) = (&ty, element) {
            ty = element.clone();
            values.iter_mut().for_each(|value| value.ty = ty.clone());
        }
        let ty = Type::Array(Arc::new(ty));
        Expr { kind: ExprKind::MakeArray(values), ty, place: self.place(span) }
    }

    /// `a + b` of arrays and arithmetic on JSON; gives the operands back where it is neither.
    pub(crate) fn composite_arithmetic(
        &mut self,
        op: Operator,
        left: Operand,
        right: Operand,
    ) -> Result<Operand, Box<(Operand, Operand)>> {
        let is = |f: fn(&Type) -> bool| f(&left.ty()) || f(&right.ty());
        if op.op == ArithOp::Add && is(|ty| matches!(ty, Type::Array(_))) {
            let null = |operand: &Operand| matches!(operand.ty(), Type::Array(_) | Type::Null);
            if null(&left) && null(&right) {
                let joined = self.named_native("array_cat", vec![left, right], op.span);
                return Ok(Operand::Typed(joined));
            }
            return Err(Box::new((left, right)));
        }
        if is(|ty| *ty == Type::Json) {
            let left = self.json_operand(left);
            let right = self.json_operand(right);
            if left.ty.is_error() || right.ty.is_error() {
                return Ok(Operand::Typed(self.error(op.span)));
            }
            let symbol = super::operators::symbol(op.op);
            let symbol = self.constant(Value::text(symbol), Type::Text, op.op_span);
            let made = self.built_in("json_arithmetic", vec![left, right, symbol], op.span);
            return Ok(Operand::Typed(made));
        }
        Err(Box::new((left, right)))
    }

    /// An operand beside JSON: a text is a JSON string there.
    fn json_operand(&mut self, operand: Operand) -> Expr {
        match operand {
            Operand::Untyped(Untyped::Text(text), span) => {
                let text = self.constant(Value::Text(text), Type::Text, span);
                self.built_in("to_json", vec![text], span)
            }
            Operand::Typed(expr) if expr.ty == Type::Text => {
                let span = Span::new(expr.place.start, expr.place.end);
                self.built_in("to_json", vec![expr], span)
            }
            other => self.coerce(other, &Type::Json, Mode::Implicit, "the operand"),
        }
    }

    /// The sides of a comparison: a literal of a composite takes the type of the other side.
    pub(crate) fn sides(
        &mut self,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
    ) -> (Operand, Operand) {
        use ast::ExprKind as K;
        let literal = |e: &ast::Expr| matches!(e.kind, K::Struct(_) | K::Array(_) | K::Map(_));
        if literal(left) && !literal(right) {
            let right = self.operand(right, None);
            let want = Some(right.ty()).filter(has_parts);
            return (self.operand(left, want.as_ref()), right);
        }
        let left = self.operand(left, None);
        let want = Some(left.ty()).filter(|ty| literal(right) && has_parts(ty));
        (left, self.operand(right, want.as_ref()))
    }

    /// A comparison with JSON: equality of any two, the order of two numbers, strings, booleans.
    pub(crate) fn json_comparison(
        &mut self,
        op: Cmp,
        (left, right): (Operand, Operand),
        span: Span,
    ) -> Expr {
        let left = self.json_operand(left);
        let right = self.json_operand(right);
        if left.ty.is_error() || right.ty.is_error() {
            return self.error(span);
        }
        if matches!(op, Cmp::Eq | Cmp::Ne) {
            let same = self.built_in("json_equal", vec![left, right], span);
            return if op == Cmp::Eq { same } else { self.negation(same, span) };
        }
        let order = self.built_in("json_order", vec![left, right], span);
        let zero = self.constant(Value::Int(0), Type::Int64, span);
        let kind = ExprKind::Compare { op, left: Box::new(order), right: Box::new(zero) };
        Expr { kind, ty: Type::Bool, place: self.place(span) }
    }

    /// The value with a part of it replaced.
    pub(crate) fn with_part(
        &mut self,
        base: Expr,
        mut path: std::vec::IntoIter<Part>,
        value: Expr,
        span: Span,
    ) -> Expr {
        let Some(part) = path.next() else { return value };
        match part {
            Part::Field(index) => self.share(base, |this, shared| {
                let Type::Struct(shape) = shared.ty.clone() else { return this.error(span) };
                let mut fields = Vec::new();
                let mut rest = Some((path, value));
                for (at, field) in shape.fields.iter().enumerate() {
                    let kind =
                        ExprKind::Field { operand: Box::new(shared.clone()), index: at as u16 };
                    let old = Expr { kind, ty: field.ty.clone(), place: shared.place };
                    match rest.take_if(|_| at == usize::from(index)) {
                        Some((path, value)) => {
                            fields.push(this.with_part(old, path, value, span));
                        }
                        None => fields.push(old),
                    }
                }
                let (kind, ty) = (ExprKind::MakeStruct(fields), shared.ty.clone());
                Expr { kind, ty, place: shared.place }
            }),
            Part::At(index) => self.share(base, |this, base| {
                this.share(index, |this, index| {
                    let is_map = matches!(base.ty, Type::Map(_));
                    let old = if is_map {
                        this.built_in("map_get", vec![base.clone(), index.clone()], span)
                    } else {
                        this.element_of(base.clone(), index.clone(), span)
                    };
                    let new = this.with_part(old, path, value, span);
                    let setter = if is_map { "map_put" } else { "array_set" };
                    this.built_in(setter, vec![base, index, new], span)
                })
            }),
        }
    }
}

fn has_parts(ty: &Type) -> bool {
    matches!(ty, Type::Struct(_) | Type::Array(_) | Type::Map(_))
}

/// The type with TEXT for what only NULLs have said nothing of.
pub(crate) fn without_null(ty: &Type) -> Option<Type> {
    match ty {
        Type::Null => Some(Type::Text),
        Type::Array(element) => without_null(element).map(|ty| Type::Array(Arc::new(ty))),
        Type::Struct(shape) if shape.name.is_none() => {
            let known: Vec<Option<Type>> =
                shape.fields.iter().map(|field| without_null(&field.ty)).collect();
            if known.iter().all(Option::is_none) {
                return None;
            }
            let pairs = shape.fields.iter().zip(known);
            let field = |(field, known): (&Field, Option<Type>)| Field {
                name: field.name.clone(),
                ty: known.unwrap_or_else(|| field.ty.clone()),
            };
            Some(Type::Struct(Arc::new(StructType {
                name: None,
                fields: pairs.map(field).collect(),
            })))
        }
        _ => None,
    }
}
