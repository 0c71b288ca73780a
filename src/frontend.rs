//! The front of the pipeline as the facade uses it: text to syntax tree to checked statements.
//!
//! This is the one place that calls the parser and the checker.

use crate::catalog::system::{StoredKind, StoredObject};
use crate::catalog::{Change, Objects, SessionCatalog};
use crate::database::Shared;
use crate::error::{Error, Result};
use crate::session::{Variables, with_ids, with_index_ids};
use crate::source::Source;
use grizzly_bytecode::TableId;
use grizzly_compiler::catalog::{self, Catalog};
use grizzly_compiler::check::{
    CheckedScript, LiveLocal, check_script, check_statement, check_stored,
};
use grizzly_compiler::hir::{self, StatementKind};
use grizzly_grammar::ast::fold;
use grizzly_grammar::lexer::lex;
use grizzly_grammar::{Diagnostic, Page, Parse, ast};
use grizzly_storage::Transaction;
use std::fmt::Write;
use std::sync::Arc;

/// A checked script.
pub struct Checked {
    /// The text.
    pub source: Arc<Source>,
    /// The syntax tree, from which late statements are checked when they are reached.
    pub tree: ast::Script,
    /// The statements, one for each of the tree's.
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

fn compiler_source(source: &Source) -> catalog::Source {
    catalog::Source { id: source.id, text: source.text.clone() }
}

/// Parses and checks a script against a catalog.
pub fn check(source: &Arc<Source>, catalog: &dyn Catalog) -> Checked {
    check_with(check_script, source, catalog)
}

fn check_with(
    checker: fn(&ast::Script, &catalog::Source, &dyn Catalog) -> CheckedScript,
    source: &Arc<Source>,
    catalog: &dyn Catalog,
) -> Checked {
    let Parse { tree, mut diagnostics } = parse(&source.text);
    let checked = checker(&tree, &compiler_source(source), catalog);
    diagnostics.extend(checked.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    let mut definitions = Objects::default();
    for (name, ty) in checked.definitions.types.into_values().flatten() {
        definitions.apply(&Change::Type(name, ty));
    }
    for function in checked.definitions.functions.into_values().flatten() {
        definitions.apply(&Change::Function(function));
    }
    let (source, statements) = (source.clone(), checked.statements);
    Checked { source, tree, statements, definitions, diagnostics }
}

/// Checks a late statement of a script now that it is reached.
///
/// # Errors
/// [`Error::Compile`] where it has errors.
pub fn check_late(
    checked: &Checked,
    index: usize,
    catalog: &dyn Catalog,
) -> Result<hir::Statement> {
    let late = |diagnostics| Error::Compile { source: checked.source.id, diagnostics };
    let Some(tree) = checked.tree.statements.get(index) else { return Err(late(Vec::new())) };
    let source = compiler_source(&checked.source);
    let (statement, diagnostics) = check_statement(tree, &source, catalog);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(late(diagnostics));
    }
    Ok(statement)
}

/// Checks a statement inside a block now that it is reached.
///
/// # Errors
/// [`Error::Compile`] where it has errors.
pub fn check_inner(
    statement: &ast::Statement,
    source: &Source,
    catalog: &dyn Catalog,
    locals: Vec<LiveLocal>,
) -> Result<hir::Statement> {
    let compiler_source = compiler_source(source);
    let (checked, diagnostics) =
        grizzly_compiler::check::check_inner(statement, &compiler_source, catalog, locals);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Error::Compile { source: source.id, diagnostics });
    }
    Ok(checked)
}

/// Makes the first catalog version of a database's stored objects: their sources are checked as one
/// script, in which they may refer to each other in any order.
///
/// # Errors
/// [`Error::Catalog`] where an object no longer compiles.
pub fn rebuild(
    stored: &[StoredObject],
    shared: &Shared,
    transaction: &Transaction,
    path: &str,
) -> Result<Objects> {
    let (mut text, mut parts) = (String::new(), Vec::new());
    for object in stored {
        // The lexer refuses text whose offsets do not fit.
        parts.push((text.len() as u32, format!("{} {}", object.kind.word(), object.name)));
        text.push_str(&object.source);
        text.push_str(";\n");
    }
    let source = shared.sources.add_parts("stored objects", text, parts);
    let (nothing, variables) = (Objects::default(), Variables::default());
    let empty = SessionCatalog {
        builtins: &shared.builtins,
        script: &nothing,
        objects: &nothing,
        variables: &variables,
        prepared: hashbrown::HashMap::new(),
        sources: &shared.files,
        transaction: None,
    };
    let checked = check_with(check_stored, &source, &empty);
    if checked.diagnostics.iter().any(Diagnostic::is_error) {
        // A function whose table was dropped is not there until it is made again, nor are those
        // that call it; all else must fit.
        let parsed = checked.statements.len() == stored.len();
        let pairs = stored.iter().zip(&checked.statements);
        let (lost, kept): (Vec<_>, Vec<_>) =
            pairs.partition(|(_, made)| made.kind == StatementKind::Error);
        let functions = lost.iter().all(|(object, _)| object.kind == StoredKind::Function);
        if !parsed || lost.is_empty() || !functions {
            let (path, diagnostics) = (path.to_owned(), checked.diagnostics);
            return Err(Error::Catalog { path, source: source.id, diagnostics });
        }
        let kept: Vec<StoredObject> = kept.into_iter().map(|(object, _)| object.clone()).collect();
        return rebuild(&kept, shared, transaction, path);
    }
    let mut objects = checked.definitions;
    for statement in &checked.statements {
        match &statement.kind {
            StatementKind::CreateTable(table) => {
                let name = fold(&table.name);
                let is_it = |o: &&StoredObject| o.kind == StoredKind::Table && o.name == name;
                let id = stored.iter().find(is_it).map_or(0, |object| object.table);
                let table = with_index_ids(&with_ids(table, TableId(id)), transaction);
                objects.apply(&Change::Table(table));
            }
            StatementKind::CreateIndex { table, index } => {
                if let Some(known) = objects.table(table) {
                    let indexed = known.with_index(index.clone());
                    objects.apply(&Change::Table(with_index_ids(&indexed, transaction)));
                }
            }
            StatementKind::CreateView(view, _) => objects.apply(&Change::View(view.clone())),
            _ => {}
        }
    }
    Ok(objects)
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
    let grammar = grizzly_grammar::diagnostics::PAGES.iter();
    let compiler = grizzly_compiler::diagnostics::PAGES.iter();
    grammar.chain(compiler).chain(grizzly_compiler::PLAN_PAGES)
}
