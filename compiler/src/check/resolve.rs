//! Types as they are written, resolved to types.

use super::Checker;
use crate::catalog::ObjectKind;
use crate::diagnostics as say;
use crate::suggest::similar;
use grizzly_bytecode::{Builtin, ExceptionType, Field, FunctionType, StructType, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The names of the built-in types, with the type that each means. DECIMAL and the text types with
/// a length are looked at apart.
const BUILT_IN: &[(&str, Type)] = &[
    ("boolean", Type::Bool),
    ("bool", Type::Bool),
    ("int8", Type::Int8),
    ("tinyint", Type::Int8),
    ("int16", Type::Int16),
    ("smallint", Type::Int16),
    ("int32", Type::Int32),
    ("int", Type::Int32),
    ("integer", Type::Int32),
    ("int64", Type::Int64),
    ("bigint", Type::Int64),
    ("double", Type::Double),
    ("float", Type::Double),
    ("float64", Type::Double),
    ("float32", Type::Float32),
    ("real", Type::Float32),
    ("text", Type::Text),
    ("varchar", Type::Text),
    ("char", Type::Text),
    ("string", Type::Text),
    ("blob", Type::Blob),
    ("bytea", Type::Blob),
    ("date", Type::Date),
    ("time", Type::Time),
    ("timestamp", Type::Timestamp),
    ("timestamptz", Type::TimestampTz),
    ("interval", Type::Interval),
    ("uuid", Type::Uuid),
    ("json", Type::Json),
];

/// The built-in type of a folded name without arguments.
pub(crate) fn built_in_type(name: &str) -> Option<Type> {
    if matches!(name, "decimal" | "numeric") {
        return Some(Type::Decimal { precision: 18, scale: 3 });
    }
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, ty)| ty.clone())
}

impl<'a> Checker<'a> {
    /// A type as it is written; `Error` where it was reported.
    pub(crate) fn resolve_type(&mut self, ty: &'a ast::TypeExpr) -> Type {
        match &ty.kind {
            ast::TypeKind::Named { name, arguments } => match name.as_ident() {
                Some(ident) => self.type_named(ident, arguments, ty.span),
                None => self.later(ty.span, "a type of a schema or a module").ty,
            },
            ast::TypeKind::Array(element) => match self.resolve_type(element) {
                Type::Error => Type::Error,
                element => Type::Array(Arc::new(element)),
            },
            ast::TypeKind::Struct(fields) => {
                let fields = self.resolve_fields(fields);
                Type::Struct(Arc::new(StructType { name: None, fields }))
            }
            ast::TypeKind::Map(key, value) => {
                match (self.resolve_type(key), self.resolve_type(value)) {
                    (Type::Error, _) | (_, Type::Error) => Type::Error,
                    pair => Type::Map(Arc::new(pair)),
                }
            }
            ast::TypeKind::Task(_) => self.later(ty.span, "the type TASK").ty,
            ast::TypeKind::Function(signature) => self.function_type(signature),
            ast::TypeKind::Error => Type::Error,
        }
    }

    fn function_type(&mut self, signature: &'a ast::FunctionType) -> Type {
        let parameters: Vec<Type> =
            signature.parameters.iter().map(|ty| self.resolve_type(ty)).collect();
        let result = self.resolve_type(&signature.result);
        let mut raises = Vec::new();
        for name in &signature.raises {
            raises.extend(self.exception_named(name).map(|exception| exception.name.clone()));
        }
        if result.is_error() || parameters.iter().any(Type::is_error) {
            return Type::Error;
        }
        Type::Function(Arc::new(FunctionType { parameters, result, raises }))
    }

    /// A type's name with the numbers after it.
    pub(crate) fn type_named(
        &mut self,
        ident: &ast::Ident,
        arguments: &'a [ast::TypeArgument],
        span: Span,
    ) -> Type {
        let name = ident.folded();
        match (name.as_str(), arguments) {
            ("decimal" | "numeric", [_, ..]) => self.decimal_type(arguments, span),
            ("varchar" | "char", [length]) => {
                self.lengths.push(length.span);
                Type::Text
            }
            (_, [extra, ..]) => {
                let message = format!("`{}` takes no numbers", ident.name);
                self.report(say::bad_decimal(extra.span, &message));
                Type::Error
            }
            (_, []) => self.plain_type(ident, &name),
        }
    }

    fn plain_type(&mut self, ident: &ast::Ident, name: &SmolStr) -> Type {
        if let Some(ty) = built_in_type(name) {
            return ty;
        }
        if let Some(ty) = self.catalog.ty(name) {
            self.uses.insert((ObjectKind::Type, name.clone()));
            return ty;
        }
        if let Some(table) = self.catalog.table(name) {
            return Type::Struct(Arc::new(table.row_type()));
        }
        if let Some(ty) = self.facts.row_types.get(name) {
            return ty.clone();
        }
        if let Some(builtin) = Builtin::named(name) {
            return Type::Exception(builtin.ty());
        }
        if self.open {
            self.be_late(ident.span, "a type that may exist when it is reached".into());
            return Type::Error;
        }
        let near = similar(name, self.type_names().iter());
        if self.is_excused(name, near.as_ref()) {
            return Type::Error;
        }
        self.report(say::unknown_type(ident.span, &ident.name, near.as_deref()));
        Type::Error
    }

    fn type_names(&self) -> Vec<SmolStr> {
        let mut names: Vec<SmolStr> =
            BUILT_IN.iter().map(|(name, _)| SmolStr::from(name.to_ascii_uppercase())).collect();
        names.push("DECIMAL".into());
        names.extend(self.catalog.names(ObjectKind::Type));
        names.extend(self.catalog.names(ObjectKind::Table));
        names
    }

    fn decimal_type(&mut self, arguments: &[ast::TypeArgument], span: Span) -> Type {
        let number = |argument: Option<&ast::TypeArgument>| {
            argument.map_or(Some(0), |argument| argument.text.parse::<u8>().ok())
        };
        let (precision, scale) = (number(arguments.first()), number(arguments.get(1)));
        match (precision, scale) {
            _ if arguments.len() > 2 => {
                self.report(say::bad_decimal(span, "DECIMAL takes two numbers"));
                Type::Error
            }
            (Some(precision @ 1..=38), Some(scale)) if scale <= precision => {
                Type::Decimal { precision, scale }
            }
            (Some(1..=38), _) => {
                let at = arguments.get(1).map_or(span, |argument| argument.span);
                self.report(say::bad_decimal(
                    at,
                    "the scale of a DECIMAL is at most its precision",
                ));
                Type::Error
            }
            _ => {
                let at = arguments.first().map_or(span, |argument| argument.span);
                self.report(say::bad_decimal(at, "the precision of a DECIMAL is 1 to 38"));
                Type::Error
            }
        }
    }

    /// Fields of a struct or an exception; a name that stands twice is reported.
    pub(crate) fn resolve_fields(&mut self, fields: &'a [ast::FieldDefinition]) -> Vec<Field> {
        let mut resolved = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let before = fields.get(..index).unwrap_or(&[]);
            if let Some(first) = before.iter().find(|other| other.name.eq_name(&field.name.name)) {
                let (at, first) = (field.name.span, first.name.span);
                self.report(say::duplicate_name(at, first, "field", &field.name.name));
            }
            if let Some(not_null) = field.not_null {
                self.later(not_null, "NOT NULL of a field");
            }
            let ty = self.resolve_type(&field.field_type);
            resolved.push(Field { name: field.name.name.clone(), ty });
        }
        resolved
    }

    /// The exception type of a name.
    pub(crate) fn exception_named(&mut self, name: &'a ast::Name) -> Option<Arc<ExceptionType>> {
        let text = self.object_name(name)?;
        self.exception_by(&text, name.span)
    }

    /// The exception type of a name's text.
    pub(crate) fn exception_by(&mut self, text: &str, span: Span) -> Option<Arc<ExceptionType>> {
        let folded = ast::fold(text);
        match self.catalog.ty(&folded) {
            Some(Type::Exception(exception)) => return Some(exception),
            Some(_) => {
                self.report(say::not_an_exception(span, &format!("the type `{text}`"), None));
                return None;
            }
            None => {}
        }
        if let Some(builtin) = Builtin::named(&folded) {
            return Some(builtin.ty());
        }
        let mut names: Vec<SmolStr> =
            Builtin::ALL.iter().map(|builtin| SmolStr::new_static(builtin.name())).collect();
        for own in self.catalog.names(ObjectKind::Type) {
            if let Some(Type::Exception(e)) = self.catalog.ty(&ast::fold(&own)) {
                names.push(e.name.clone());
            }
        }
        let near = similar(text, names.iter());
        self.report(say::not_an_exception(span, &format!("`{text}`"), near.as_deref()));
        None
    }
}
