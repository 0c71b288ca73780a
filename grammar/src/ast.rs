//! The syntax tree: what the parser understood, with the place of everything.
//!
//! Invariants:
//! - Every node carries the [`Span`] of exactly its source text; a statement's span does not hold
//!   its closing `;`.
//! - Names keep the spelling of the source. They are compared without regard to ASCII case, by
//!   [`Ident::eq_name`] or [`Ident::folded`]. Keywords never appear: they became variants.
//! - The parser never gives up: what it could not understand is an `Error` node, for which a
//!   diagnostic has been reported; later stages stay silent about it.
//! - No path through a tree is longer than a small multiple of [`crate::MAX_DEPTH`], so recursive
//!   visitors (and the drop) are safe.
//! - Chains that people write long are flat: `ELSE IF`, CASE arms, joins, pipe steps; chains of
//!   AND, OR and `||` are balanced, which changes neither their value nor their order.
//!
//! Deliberately absent: meaning. `a.b` is a [`ExprKind::Field`] whether `a` turns out to be a table
//! alias, a struct, a schema or a module; numbers keep their text; `"x"` is a text with its quotes
//! noted.

mod definition;
mod expr;
mod function;
mod query;
mod statement;
mod types;

pub use definition::*;
pub use expr::*;
pub use function::*;
pub use query::*;
pub use statement::*;
pub use types::*;

use crate::span::Span;
use smol_str::SmolStr;

/// A whole source text.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Script {
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// The whole text.
    pub span: Span,
}

/// A name as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// The original spelling, without quotes.
    pub name: SmolStr,
    /// Its place, with quotes.
    pub span: Span,
    /// Whether it stood in `` ` `` or, where only a name may stand, in `"`.
    pub quoted: bool,
}

impl Ident {
    /// An unquoted name.
    pub fn new(name: impl Into<SmolStr>, span: Span) -> Self {
        Self { name: name.into(), span, quoted: false }
    }

    /// Whether both are the same name: ASCII case does not count, quoted or not.
    #[must_use]
    pub fn eq_name(&self, other: &str) -> bool {
        self.name.eq_ignore_ascii_case(other)
    }

    /// The form to use as a key: ASCII letters in lower case.
    #[must_use]
    pub fn folded(&self) -> SmolStr {
        fold(&self.name)
    }

    /// The spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// The form of a name to use as a key: ASCII letters in lower case.
#[must_use]
pub fn fold(name: &str) -> SmolStr {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        SmolStr::from(name.to_ascii_lowercase())
    } else {
        SmolStr::new(name)
    }
}

/// One part of a dotted name.
#[derive(Clone, Debug, PartialEq)]
pub enum NamePart {
    /// A plain name.
    Ident(Ident),
    /// `{variable}`: the text value of that variable names the object.
    Interpolation(Interpolation),
}

impl NamePart {
    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Ident(ident) => ident.span,
            Self::Interpolation(interpolation) => interpolation.span,
        }
    }

    /// The plain name, unless it is interpolated.
    #[must_use]
    pub fn as_ident(&self) -> Option<&Ident> {
        match self {
            Self::Ident(ident) => Some(ident),
            Self::Interpolation(_) => None,
        }
    }
}

/// `{variable}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolation {
    /// The variable.
    pub variable: Ident,
    /// Its place, with the braces.
    pub span: Span,
}

/// A dotted name of an object: `t`, `schema.t`, `{x}`, `main.{x}`. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// From the outermost to the object's own.
    pub parts: Vec<NamePart>,
    /// From the first part to the last.
    pub span: Span,
}

impl Name {
    /// The only part, when it is one plain name.
    #[must_use]
    pub fn as_ident(&self) -> Option<&Ident> {
        match self.parts.as_slice() {
            [NamePart::Ident(ident)] => Some(ident),
            _ => None,
        }
    }

    /// The object's own name: the last part.
    #[must_use]
    pub fn last(&self) -> Option<&NamePart> {
        self.parts.last()
    }

    /// The parts as plain names, unless one is interpolated.
    #[must_use]
    pub fn as_idents(&self) -> Option<Vec<&Ident>> {
        self.parts.iter().map(NamePart::as_ident).collect()
    }
}

/// Which quotes a text literal had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// `'it''s'`.
    Single,
    /// `"with \n escapes"`.
    Double,
}

/// A text literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The decoded value.
    pub value: SmolStr,
    /// Its place, with quotes.
    pub span: Span,
    /// Which quotes it had; a lone `"x"` may have been meant as a name.
    pub quotes: Quotes,
}
