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
use grizzly_grammar::{Diagnostic, Page, ast};

/// A syntax tree and what was wrong with the text.
pub struct Parse {
    /// The tree; what was not understood is an `Error` node in it.
    pub tree: ast::Script,
    /// In order of place.
    pub diagnostics: Vec<Diagnostic>,
}

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
pub fn parse(text: &str) -> Parse {
    let span = grizzly_grammar::Span::new(0, text.len() as u32);
    let diagnostic = Diagnostic::error("E0901", span, "the parser is not supported yet");
    Parse { tree: ast::Script::default(), diagnostics: vec![diagnostic] }
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

/// The tokens of a text, one a line: place, kind.
pub fn show_tokens(text: &str) -> String {
    let _ = text;
    String::new()
}

/// The pages of all diagnostics.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    grizzly_compiler::PLAN_PAGES.iter()
}
