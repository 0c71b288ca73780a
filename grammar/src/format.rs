//! The formatter: the one canonical layout of a script, as docs/language/formatting.md states it.
//!
//! | step | from → to | module |
//! |---|---|---|
//! | cut | text → pieces: tokens with the comments beside them | `pieces` |
//! | walk | tree → marks and groups over the pieces | `statement`, `query`, `expr`, … |
//! | stream | pieces, marks, groups → texts, breaks, groups | `layout` |
//! | print | stream → lines of at most 100 columns | `print` |
//!
//! The tree only says where things begin and end. What is written are the pieces of the text, each
//! once and in order, so that nothing can be lost: a node that the walk does not know would be
//! written on one line, and comments stay beside their tokens.

mod definition;
mod expr;
mod function;
mod layout;
mod meaning;
mod pieces;
mod print;
mod query;
mod statement;

pub use meaning::meaning;

use crate::diagnostic::Diagnostic;
use crate::parser::parse_script;
use layout::{Layout, Spot};

/// The widest query on one line.
const QUERY_LIMIT: usize = 80;

/// The widest change or definition on one line; one line of values may be as wide as any.
const STATEMENT_LIMIT: usize = 100;

/// The widest braces (of IF, MATCH, functions, tables) on one line.
const BLOCK_LIMIT: usize = 80;

/// The widest literal list, struct or array on one line.
const LIST_LIMIT: usize = 80;

/// The widest chain of pipes on one line.
const PIPE_LIMIT: usize = 80;

/// A script in its canonical layout.
///
/// # Errors
/// The errors of a script that does not parse.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    let parse = parse_script(source);
    if parse.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parse.diagnostics);
    }
    let mut layout = Layout::new(source);
    let end = layout.pieces.len().saturating_sub(1);
    layout.spot(end, Spot { hard: true, keeps_blank: true, ..Spot::default() });
    layout.statements(&parse.tree.statements, None, (0, end), true);
    layout.settle();
    Ok(print::print(&layout.stream(), source.len() + source.len() / 4))
}
