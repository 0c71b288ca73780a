//! Runs the examples of the built-in functions' table, where that is at hand: every example of
//! every function that the prelude declares. It is looked for beside the checkout, in
//! `../shared/stdlib`, or in the folder that GRIZZLY_STDLIB_EXAMPLES names.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

use grizzly::output::Output;
use grizzly::{Database, Error, Options, Session};
use grizzly_bytecode::{Fault, Field, Type, Value};
use grizzly_stdlib::display::text_of;
use grizzly_vm::batch::Batch;
use grizzly_vm::ports;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// Examples that do not hold yet, and why.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "date_part('epoch', '2024-01-01 00:00:00.5'::TIMESTAMP)",
        "a declaration cannot make the result's type depend on a constant argument",
    ),
    (
        "ceil(1.25::DECIMAL(5,2))",
        "a declaration cannot make the result's scale another than the argument's",
    ),
    (
        "floor(-1.25::DECIMAL(5,2))",
        "a declaration cannot make the result's scale another than the argument's",
    ),
];

/// Keeps the one value of a result as the table writes it.
#[derive(Default)]
struct Field1 {
    value: Option<String>,
}

impl ports::Output for Field1 {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        for row in batch.rows().iter() {
            let value = batch.value(row, 0, &columns[0].ty);
            self.value = Some(match text_of(&value, &columns[0].ty) {
                text if text.is_empty() => "\"\"".to_owned(),
                text => text,
            });
        }
        Ok(())
    }

    fn print(&mut self, _: &Value, _: &Type) -> Result<(), Fault> {
        Ok(())
    }
}

impl Output for Field1 {
    fn finish(&mut self, _: &[Field]) -> Result<(), Fault> {
        Ok(())
    }

    fn abort(&mut self) {}
}

fn run(session: &mut Session, text: &str) -> Result<String, Error> {
    let source = session.source("example", text);
    let mut output = Field1::default();
    session.run(&source, &mut output, &mut |_| {})?;
    Ok(output.value.unwrap_or_else(|| "<no row>".to_owned()))
}

/// The folder of the tables.
fn folder() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("GRIZZLY_STDLIB_EXAMPLES") {
        return Some(PathBuf::from(given));
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.ancestors().map(|above| above.join("shared/stdlib")).find(|path| path.is_dir())
}

/// What is wrong with an example, if anything.
fn problem(session: &mut Session, expression: &str, expected: &str) -> Option<String> {
    let outcome = run(session, &format!("SELECT ({expression}) AS value;"));
    let found = match (outcome, expected.strip_prefix("RAISES ")) {
        (Ok(found), None) if found == expected => return None,
        (Ok(found), _) => found,
        (Err(Error::Compile { .. }), Some(_)) => return None,
        (Err(Error::Raised(fault)), Some(name)) if fault.is(name.trim()) => return None,
        (Err(error), _) => error.to_string(),
    };
    Some(format!("{expression} is {found} instead of {expected}"))
}

#[test]
fn the_examples_of_the_table_hold() {
    let Some(folder) = folder() else {
        eprintln!("skipped: the table of built-in functions is not there");
        return;
    };
    let database = Database::in_memory(Options::default(), Arc::default()).expect("a database");
    let known = grizzly::catalog::Builtins::new(grizzly_stdlib::PRELUDE).names();
    let collection: Vec<&str> = grizzly_compiler::check::collection_names().collect();
    let mut session = database.session();
    let setup = "CREATE TYPE Tier AS ENUM (\"gold\", \"silver\", \"bronze\");";
    run(&mut session, setup).expect("the type of the examples");
    let (mut count, mut problems) = (0, Vec::new());
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the tables").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "tsv"));
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable table");
        for line in text.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [name, _, _, _, _, _, examples, ..] = columns.as_slice() else { continue };
            let on_arrays = file.ends_with("collection.tsv") && collection.contains(name);
            let aggregate = file.ends_with("aggregate.tsv");
            if !on_arrays && !aggregate && !known.iter().any(|known| known == name) {
                continue;
            }
            for example in examples.split(" ;; ") {
                let (expression, expected) = example.split_once(" => ").expect("an example");
                count += 1;
                problems.extend(problem(&mut session, expression, expected));
            }
        }
    }
    let excused = |problem: &&String| {
        DEVIATIONS.iter().any(|(start, _)| problem.starts_with(&format!("{start} is ")))
    };
    let (excused, wrong): (Vec<&String>, Vec<&String>) = problems.iter().partition(excused);
    let list: Vec<&str> = wrong.iter().map(|problem| problem.as_str()).collect();
    assert!(list.is_empty(), "{} of {count} are wrong:\n{}", list.len(), list.join("\n"));
    assert_eq!(excused.len(), DEVIATIONS.len(), "a deviation holds by now");
    assert!(count > 800, "only {count} examples were found");
}
