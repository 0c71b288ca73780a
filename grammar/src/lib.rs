//! Lexer, parser, syntax tree and diagnostics of PL-Grizzly.
//!
//! The front of the compiler. It never fails and never panics, for any text: it returns a tree and
//! diagnostics, and marks in the tree what it could not understand.
#![forbid(unsafe_code)]

pub mod ast;
pub mod diagnostic;
pub mod lexer;
pub mod span;
pub mod token;

pub use diagnostic::{Diagnostic, Fix, Label, Page, Severity};
pub use span::Span;

/// The deepest nesting of a statement. Brackets count one, and so does every operator of a chain
/// that is not AND, OR or `||`, which are balanced; deeper statements are an error, not a stack
/// overflow. The same bound as the expression depth of SQLite and DuckDB.
pub const MAX_DEPTH: usize = 1000;
