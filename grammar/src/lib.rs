//! Lexer, parser, syntax tree and diagnostics of PL-Grizzly: the front of the compiler.
//!
//! | step | from → to | module |
//! |---|---|---|
//! | lex | text → tokens, comments included | [`lexer`] |
//! | pair | tokens → which bracket closes which | `brackets` |
//! | filter | tokens → tokens that LR(1) can read, and where each statement stands | `filter` |
//! | parse | tokens of a statement → tree | `parser`, `grizzly.lalrpop`, `build` |
//!
//! It never fails and never panics, for any text: it returns a tree and diagnostics, and marks in
//! the tree what it could not understand. Meaning (names, types) is left to the compiler.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod ast;
mod brackets;
mod build;
mod depth;
pub mod diagnostic;
pub mod diagnostics;
mod filter;
pub mod format;
pub mod lexer;
mod parser;
pub mod printer;
pub mod span;
pub mod split;
mod text;
pub mod token;

pub use diagnostic::{Diagnostic, Fix, Label, Page, Severity};
pub use parser::{Parse, parse_expr, parse_script, parse_statement};
pub use span::Span;
pub use text::decode;

/// The deepest nesting of a statement: parentheses and square brackets count two, braces four, and
/// every operator of a chain one, but for AND, OR and `||`, which are balanced. Deeper statements
/// are an error, not a stack overflow. SQLite and DuckDB have the same bound for expressions.
pub const MAX_DEPTH: usize = 1000;
