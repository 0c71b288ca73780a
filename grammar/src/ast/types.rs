//! Types as they are written.

use super::{Ident, Name};
use crate::span::Span;
use smol_str::SmolStr;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// Which.
    pub kind: TypeKind,
    /// Its place, without a NOT NULL after it.
    pub span: Span,
}

/// The forms of a type.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `INT64`, `DECIMAL(12, 2)`, `VARCHAR(20)`, `UserProfile`, `m.Point`. Standard spellings of
    /// several words are one name here: `DOUBLE PRECISION` is `DOUBLE`, `CHARACTER VARYING` is
    /// `VARCHAR`, `TIMESTAMP WITH TIME ZONE` is `TIMESTAMPTZ`.
    Named {
        /// The type's name.
        name: Name,
        /// The numbers in parentheses, as written.
        arguments: Vec<TypeArgument>,
    },
    /// `ARRAY<T>` or `T[]`.
    Array(Box<TypeExpr>),
    /// `STRUCT(name: T, …)`.
    Struct(Vec<FieldDefinition>),
    /// `MAP<K, V>`.
    Map(Box<TypeExpr>, Box<TypeExpr>),
    /// `TASK<T>`.
    Task(Box<TypeExpr>),
    /// `(T, U) -> R RAISES E`.
    Function(Box<FunctionType>),
    /// Not understood; reported.
    Error,
}

/// A number in a type, such as 12 in `DECIMAL(12, 2)`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeArgument {
    /// The digits as written.
    pub text: SmolStr,
    /// Their place.
    pub span: Span,
}

/// `(T, U) -> R RAISES E, F`.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionType {
    /// The parameters' types.
    pub parameters: Vec<TypeExpr>,
    /// What it gives.
    pub result: TypeExpr,
    /// What it may raise.
    pub raises: Vec<Name>,
}

/// A field of a struct or of an exception type; the colon is optional in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDefinition {
    /// The field's name.
    pub name: Ident,
    /// Its type.
    pub field_type: TypeExpr,
    /// The place of its NOT NULL.
    pub not_null: Option<Span>,
    /// Name, type and NOT NULL.
    pub span: Span,
}
