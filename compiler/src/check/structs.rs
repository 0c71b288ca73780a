//! Struct and array literals.

use super::Checker;
use super::operand::{Mode, Operand};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind};
use crate::suggest::similar;
use grizzly_bytecode::{Field, StructType, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A field of a literal before the literal's type is known.
pub(crate) struct Given {
    pub(crate) name: SmolStr,
    pub(crate) span: Span,
    pub(crate) value: Operand,
}

impl<'a> Checker<'a> {
    /// `{ a: 1, b }`, `Point { x: 1, y: 2 }`.
    pub(crate) fn struct_literal(
        &mut self,
        literal: &'a ast::StructLiteral,
        span: Span,
        want: Option<&Type>,
    ) -> Expr {
        let shape = match &literal.type_name {
            Some(name) => match self.struct_named(name) {
                Some(shape) => Some(shape),
                None => return self.error(span),
            },
            None => match want {
                Some(Type::Struct(shape)) => Some(shape.clone()),
                _ => None,
            },
        };
        let given = self.given_fields(literal, shape.as_deref());
        if given.iter().any(|field| field.value.is_error()) {
            return self.error(span);
        }
        match shape {
            Some(shape) => self.named_struct(given, &shape, span),
            None => {
                let mut fields = Vec::new();
                let mut values = Vec::new();
                for field in given {
                    // A field that is NULL takes the type that the struct meets.
                    let value = match field.value {
                        value if value.ty() == Type::Null => {
                            self.coerce(value, &Type::Null, Mode::Implicit, "the field")
                        }
                        value => self.settle(value),
                    };
                    fields.push(Field { name: field.name, ty: value.ty.clone() });
                    values.push(value);
                }
                let ty = Type::Struct(Arc::new(StructType { name: None, fields }));
                Expr { kind: ExprKind::MakeStruct(values), ty, place: self.place(span) }
            }
        }
    }

    fn struct_named(&mut self, name: &'a ast::Name) -> Option<Arc<StructType>> {
        let Some(ident) = name.as_ident() else {
            self.later(name.span, "a type of a schema or a module");
            return None;
        };
        match self.type_named(ident, &[], ident.span) {
            Type::Struct(shape) => Some(shape),
            Type::Error => None,
            ty => {
                self.report(say::no_field(ident.span, "…", &ty, None, &[]));
                None
            }
        }
    }

    /// The fields of a literal, with the types of `shape` as hints.
    pub(crate) fn given_fields(
        &mut self,
        literal: &'a ast::StructLiteral,
        shape: Option<&StructType>,
    ) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        for field in &literal.fields {
            match field {
                ast::StructField::Value { name, value } => {
                    let want = shape.and_then(|s| field_type(s, &name.name));
                    let value = self.operand(value, want.as_ref());
                    self.give(&mut given, name, value);
                }
                ast::StructField::Shorthand(name) => {
                    let value = self.name(name);
                    self.give(&mut given, name, value);
                }
                ast::StructField::Spread(base) => self.spread(base, &mut given),
            }
        }
        given
    }

    fn give(&mut self, given: &mut Vec<Given>, name: &ast::Ident, value: Operand) {
        // A field after a spread replaces the spread's; one that is written twice is a mistake.
        match given.iter_mut().find(|field| name.eq_name(&field.name)) {
            Some(known) if known.span.is_empty() => {
                known.value = value;
                known.span = name.span;
            }
            Some(known) => {
                let first = known.span;
                self.report(say::duplicate_name(name.span, first, "field", &name.name));
            }
            None => given.push(Given { name: name.name.clone(), span: name.span, value }),
        }
    }

    /// `...old`: the fields of a struct. A value that is more than a leaf would be computed once a
    /// field, so it must be named first.
    fn spread(&mut self, base: &'a ast::Expr, given: &mut Vec<Given>) {
        let base = self.expr(base);
        let at = Span::new(base.place.start, base.place.end);
        let Type::Struct(shape) = base.ty.clone() else {
            if !base.ty.is_error() {
                self.later(at, &format!("`...` of {}", base.ty));
            }
            return;
        };
        if !matches!(base.kind, ExprKind::Local(_) | ExprKind::Column(_) | ExprKind::MakeStruct(_))
        {
            self.later(at, "`...` of anything but a name");
            return;
        }
        for (index, field) in shape.fields.iter().enumerate() {
            let kind = ExprKind::Field { operand: Box::new(base.clone()), index: index as u16 };
            let value = Expr { kind, ty: field.ty.clone(), place: base.place };
            given.retain(|known| !known.name.eq_ignore_ascii_case(&field.name));
            let (name, span) = (field.name.clone(), Span::at(at.start));
            given.push(Given { name, span, value: Operand::Typed(value) });
        }
    }

    fn named_struct(&mut self, given: Vec<Given>, shape: &Arc<StructType>, span: Span) -> Expr {
        let ty = Type::Struct(shape.clone());
        let names: Vec<SmolStr> = shape.fields.iter().map(|field| field.name.clone()).collect();
        let mut slots: Vec<Option<Expr>> = vec![None; names.len()];
        let mut failed = false;
        for field in given {
            let index = names.iter().position(|name| name.eq_ignore_ascii_case(&field.name));
            let Some(declared) = index.and_then(|i| shape.fields.get(i)) else {
                let near = similar(&field.name, names.iter());
                self.report(say::no_field(field.span, &field.name, &ty, near.as_deref(), &names));
                failed = true;
                continue;
            };
            let why = format!("the field `{}`", declared.name);
            let value = self.coerce(field.value, &declared.ty, Mode::Implicit, &why);
            failed |= value.ty.is_error();
            if let Some(slot) = index.and_then(|i| slots.get_mut(i)) {
                *slot = Some(value);
            }
        }
        let missing: Vec<SmolStr> = names
            .iter()
            .zip(&slots)
            .filter(|(_, slot)| slot.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        if !missing.is_empty() && !failed {
            self.report(say::missing_fields(span, &ty, &missing));
            failed = true;
        }
        if failed {
            return self.error(span);
        }
        let values = slots.into_iter().flatten().collect();
        Expr { kind: ExprKind::MakeStruct(values), ty, place: self.place(span) }
    }

    /// `[a, b, c]`.
    pub(crate) fn array(
        &mut self,
        items: &'a [ast::Expr],
        span: Span,
        want: Option<&Type>,
    ) -> Expr {
        let hint = match want {
            Some(Type::Array(element)) => Some((**element).clone()),
            _ => None,
        };
        let operands = items.iter().map(|item| self.operand(item, hint.as_ref())).collect();
        self.array_of(operands, hint.as_ref(), span)
    }
}

fn field_type(shape: &StructType, name: &str) -> Option<Type> {
    let field = shape.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
    Some(field.ty.clone())
}
