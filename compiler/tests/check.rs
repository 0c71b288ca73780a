//! Scripts and what checking makes of them, as data: `data/check/*.md`.
//!
//! Each file is a list of cases: a heading, a block of PL-Grizzly, and a block of what is expected,
//! the diagnostics first and then the typed form. `CHECK_UPDATE=1 cargo test -p grizzly-compiler
//! --test check` writes what is found into the files, to be read before it is committed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

use grizzly_bytecode::{SourceId, Type};
use grizzly_compiler::catalog::{
    Catalog, FunctionKey, Native, ObjectKind, Source, Table, TableStatistics, Variable, View,
};
use grizzly_compiler::check::check_script;
use grizzly_compiler::hir::{Function, StatementKind};
use grizzly_compiler::{hir_print, prelude};
use grizzly_grammar::{Diagnostic, Severity, parse_script};
use smol_str::SmolStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Empty(Vec<Arc<Native>>);

impl Catalog for Empty {
    fn table(&self, _: &str) -> Option<Arc<Table>> {
        None
    }
    fn view(&self, _: &str) -> Option<Arc<View>> {
        None
    }
    fn ty(&self, _: &str) -> Option<Type> {
        None
    }
    fn function(&self, _: &FunctionKey) -> Option<Arc<Function>> {
        None
    }
    fn natives(&self, name: &str) -> Vec<Arc<Native>> {
        self.0.iter().filter(|native| native.function == name).cloned().collect()
    }
    fn index(&self, _: &str) -> Option<(Arc<Table>, Arc<grizzly_compiler::catalog::Index>)> {
        None
    }

    fn variable(&self, _: &str) -> Option<Variable> {
        None
    }
    fn names(&self, kind: ObjectKind) -> Vec<SmolStr> {
        match kind {
            ObjectKind::Native => self.0.iter().map(|native| native.function.clone()).collect(),
            _ => Vec::new(),
        }
    }
    fn statistics(&self, _: &Table) -> TableStatistics {
        TableStatistics::default()
    }
}

fn shown(diagnostic: &Diagnostic, text: &str) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let span = diagnostic.primary.span;
    let line = text.get(..span.start as usize).unwrap_or("").matches('\n').count() + 1;
    let mut out = format!("{severity} {} line {line}: {}\n", diagnostic.code, diagnostic.message);
    let _ = writeln!(out, "  at `{}` {}", span.text(text), diagnostic.primary.text);
    for label in &diagnostic.labels {
        let _ = writeln!(out, "  label `{}` {}", label.span.text(text), label.text);
    }
    for help in &diagnostic.help {
        let _ = writeln!(out, "  help: {help}");
    }
    for note in &diagnostic.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    for fix in &diagnostic.fixes {
        let place = fix.span.text(text);
        let _ = writeln!(out, "  fix: `{place}` -> `{}` ({})", fix.replacement, fix.message);
    }
    out
}

fn found(text: &str, catalog: &Empty) -> String {
    let parsed = parse_script(text);
    let source = Source { id: SourceId(1), text: Arc::from(text) };
    let checked = check_script(&parsed.tree, &source, catalog);
    let mut out = String::new();
    for diagnostic in parsed.diagnostics.iter().chain(&checked.diagnostics) {
        out.push_str(&shown(diagnostic, text));
    }
    out.push_str(&hir_print::print_statements(&checked.statements));
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/check")
}

fn catalog() -> Empty {
    let declared = std::fs::read_to_string(folder().join("prelude.gz")).unwrap();
    let natives = prelude::natives(&declared).unwrap();
    Empty(natives.into_iter().map(Arc::new).collect())
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Whatever is taken out of a script, it is checked without a panic, and what has no error
/// diagnostic has no error statement.
#[test]
fn damaged_scripts_are_checked_to_the_end() {
    let catalog = catalog();
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        for script in text.split("```sql\n").skip(1) {
            let script = script.split("```\n").next().unwrap();
            for statement in script.split_inclusive(";\n") {
                let words: Vec<&str> = statement.split_inclusive([' ', '(', ',', '.']).collect();
                for gap in 0..words.len().min(60) {
                    let mut damaged = words.clone();
                    damaged.remove(gap);
                    check_quietly(&damaged.concat(), &catalog);
                }
            }
        }
    }
}

fn check_quietly(text: &str, catalog: &Empty) {
    let parsed = parse_script(text);
    let source = Source { id: SourceId(1), text: Arc::from(text) };
    let checked = check_script(&parsed.tree, &source, catalog);
    assert_eq!(checked.statements.len(), parsed.tree.statements.len());
    let errors = parsed.diagnostics.iter().chain(&checked.diagnostics).any(Diagnostic::is_error);
    let failed = checked.statements.iter().any(|s| s.kind == StatementKind::Error);
    assert!(errors || !failed, "no error is reported of {text}");
    let printed = hir_print::print_statements(&checked.statements);
    assert!(!printed.contains("<error>"), "lowering would see an error of {text}\n{printed}");
}

#[test]
fn scripts_check_as_the_files_say() {
    let catalog = catalog();
    let update = std::env::var_os("CHECK_UPDATE").is_some();
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut written = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("```sql\n") {
            let (script, after) = after.split_once("```\n").unwrap();
            let actual = found(script, &catalog);
            let expected = after.strip_prefix("\n```text\n").and_then(|t| t.split_once("```\n"));
            let _ = write!(written, "{before}```sql\n{script}```\n\n```text\n{actual}```\n");
            match expected {
                Some((expected, after)) => {
                    if !update {
                        assert_eq!(actual, expected, "{} after {before}", path.display());
                    }
                    rest = after;
                }
                None => {
                    assert!(update, "{} has a case without expectation", path.display());
                    rest = after;
                }
            }
        }
        if update {
            written.push_str(rest);
            std::fs::write(&path, written).unwrap();
        }
    }
}
