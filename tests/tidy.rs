//! The style of the code, held by a test: the directions between the crates, lengths of files,
//! lines and functions, module headers, no paths of any machine, no unfinished code.
//!
//! An exception stands in a list below with its reason; a list entry that is no longer needed fails
//! too.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES: usize = 800;
const FUNCTION_LINES: usize = 70;
const LINE_COLUMNS: usize = 100;

/// Which crates of the workspace a crate may depend on.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("grammar", &[]),
    ("compiler", &["grizzly-grammar", "grizzly-bytecode"]),
    ("vm/bytecode", &[]),
    ("vm", &["grizzly-bytecode"]),
    ("vm/jit", &["grizzly-vm", "grizzly-bytecode"]),
    ("storage", &[]),
    ("stdlib", &["grizzly-vm", "grizzly-bytecode"]),
];

/// Files that may be longer than the limit, and why.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions (`file:name`) that may be longer than the limit, and why.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    (
        "vm/src/interpreter.rs:run_frames",
        "the loop over all opcodes: one match, so that the compiler makes one jump table",
    ),
    ("vm/tests/query_allocations.rs:query", "one query written out, read from top to bottom"),
];

/// Files whose lines may be longer than the limit, and why.
const LONG_LINES: &[(&str, &str)] =
    &[("vm/bytecode/src/opcodes.rs", "the opcode table: one opcode a line")];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The source files of the workspace with their paths relative to its root.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let tops =
        ["benches", "compiler", "examples", "grammar", "src", "stdlib", "storage", "tests", "vm"];
    for top in tops {
        collect(&root().join(top), &mut found);
    }
    assert!(found.len() > 50, "the source files were not found");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).expect("below the root");
            let text = fs::read_to_string(&path).expect("a readable source file");
            found.push((relative.to_string_lossy().replace('\\', "/"), text));
        }
    }
}

/// Fails with all the complaints, and with the exceptions that nothing needed.
fn report(complaints: &BTreeMap<String, String>, exceptions: &[(&str, &str)]) {
    let excused = |at: &str| exceptions.iter().any(|(name, _)| *name == at);
    let mut lines: Vec<String> = complaints
        .iter()
        .filter(|(at, _)| !excused(at))
        .map(|(at, what)| format!("{at}: {what}"))
        .collect();
    for (name, reason) in exceptions {
        assert!(!reason.is_empty(), "the exception {name} has no reason");
        if !complaints.contains_key(*name) {
            lines.push(format!("{name}: is listed as an exception, but needs none"));
        }
    }
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// The names of the workspace's crates that a manifest's section depends on.
fn dependencies(manifest: &str, section: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == section;
        } else if inside && line.starts_with("grizzly-") {
            let name = line.split(['.', ' ', '=']).next().unwrap_or("");
            found.push(name.to_owned());
        }
    }
    found
}

#[test]
fn crates_depend_in_one_direction() {
    for (folder, allowed) in DIRECTIONS {
        let path = root().join(folder).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).expect("a manifest");
        for dependency in dependencies(&manifest, "[dependencies]") {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{folder} must not depend on {dependency}; allowed are {allowed:?}"
            );
        }
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let members = DIRECTIONS.iter().map(|(folder, _)| format!("\"{folder}\""));
    for member in members {
        assert!(workspace.contains(&member), "{member} is no member of the workspace");
    }
}

#[test]
fn every_file_says_what_it_is() {
    let mut complaints = BTreeMap::new();
    for (name, text) in sources() {
        if !text.starts_with("//!") {
            complaints.insert(name, "does not begin with `//!`".to_owned());
        }
    }
    report(&complaints, &[]);
}

#[test]
fn files_and_lines_are_short() {
    let (mut files, mut lines) = (BTreeMap::new(), BTreeMap::new());
    for (name, text) in sources() {
        let count = text.lines().count();
        if count > FILE_LINES {
            files.insert(name.clone(), format!("has {count} lines"));
        }
        let long = text.lines().enumerate().find(|(_, l)| l.chars().count() > LINE_COLUMNS);
        if let Some((at, line)) = long {
            let what = format!("line {} has {} columns", at + 1, line.chars().count());
            lines.insert(name, what);
        }
    }
    report(&files, LONG_FILES);
    report(&lines, LONG_LINES);
}

/// The functions of a file with their lengths. rustfmt puts the closing brace of an item under its
/// first letter, so indentation is enough to find the end.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let head = trimmed.strip_prefix("pub ").unwrap_or(trimmed);
        let head = head.strip_prefix("pub(crate) ").unwrap_or(head);
        let head = head.strip_prefix("pub(super) ").unwrap_or(head);
        let head = head.strip_prefix("const ").unwrap_or(head);
        let Some(rest) = head.strip_prefix("fn ") else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let indent = &line[..line.len() - trimmed.len()];
        let close = format!("{indent}}}");
        let end = lines[start..].iter().position(|l| *l == close || l.ends_with("; }"));
        let one_line = line.ends_with('}') || line.ends_with(';');
        found.push((name, if one_line { 1 } else { end.map_or(1, |end| end + 1) }));
    }
    found
}

#[test]
fn functions_are_short() {
    let mut complaints = BTreeMap::new();
    for (file, text) in sources() {
        for (name, length) in functions(&text) {
            if length > FUNCTION_LINES {
                complaints.insert(format!("{file}:{name}"), format!("has {length} lines"));
            }
        }
    }
    report(&complaints, LONG_FUNCTIONS);
}

#[test]
fn the_length_of_a_function_is_measured() {
    let text = "fn a() {\n    1\n}\n\nimpl X {\n    pub fn b(\n        x: u8,\n    ) \
                -> u8 {\n        x\n    }\n}\n";
    assert_eq!(functions(text), [("a".to_owned(), 3), ("b".to_owned(), 5)]);
}

#[test]
fn nothing_names_a_machine_or_is_unfinished() {
    let mut complaints = BTreeMap::new();
    // Spelt in parts, so that this file does not complain of itself.
    let machine = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
    ];
    let unfinished = [
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    for (name, text) in sources() {
        for path in machine {
            if text.contains(path) {
                complaints.insert(name.clone(), format!("names a path of a machine: {path}"));
            }
        }
        for mark in unfinished {
            if text.contains(mark) {
                complaints.insert(name.clone(), format!("is unfinished: {mark}"));
            }
        }
    }
    report(&complaints, &[]);
}
