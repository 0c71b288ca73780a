//! One file: its records in order on a fresh database.

use crate::deviations::Deviations;
use crate::expected;
use grizzly::output::Output;
use grizzly::{Database, Error, Options, Session};
use grizzly_bytecode::{Fault, Field, Type, Value};
use grizzly_vm::batch::Batch;
use grizzly_vm::ports;
use sqllogictest::{Condition, DefaultColumnType, QueryExpect, Record, StatementExpect};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What became of a file's records.
pub struct Report {
    pub name: String,
    pub passed: usize,
    pub deviated: usize,
    /// What is wrong, ready to be shown.
    pub wrong: Vec<String>,
    pub seconds: f64,
}

/// The rows of the last result.
#[derive(Default)]
struct Rows {
    fields: Vec<Field>,
    rows: Vec<Vec<Value>>,
}

impl ports::Output for Rows {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        self.fields = columns.to_vec();
        batch.rows().each(|row| {
            let value = |(index, field): (usize, &Field)| batch.value(row, index, &field.ty);
            self.rows.push(columns.iter().enumerate().map(value).collect());
        });
        Ok(())
    }

    fn print(&mut self, _: &Value, _: &Type) -> Result<(), Fault> {
        Ok(())
    }
}

impl Output for Rows {
    fn finish(&mut self, columns: &[Field]) -> Result<(), Fault> {
        self.fields = columns.to_vec();
        Ok(())
    }

    fn abort(&mut self) {}
}

/// What a record came to.
enum Outcome {
    AsSaid,
    Deviates,
    Wrong(String),
}

/// Runs the first `limit` records of a file.
pub fn run(path: &Path, name: &str, limit: usize, deviations: &Deviations) -> Report {
    let start = Instant::now();
    let text = std::fs::read_to_string(path).expect("a readable file");
    let records = sqllogictest::parse::<DefaultColumnType>(&without_remarks(&text))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let options = Options { threads: Some(1), ..Options::default() };
    let database = Database::in_memory(options, Arc::default()).expect("a database");
    let mut session = database.session();
    let mut report =
        Report { name: name.to_owned(), passed: 0, deviated: 0, wrong: Vec::new(), seconds: 0.0 };
    // The parser's own conditions of a record also hold those of a `halt` before it.
    let mut left_out = false;
    for record in records {
        let run = !std::mem::take(&mut left_out);
        let (line, outcome) = match record {
            Record::Condition(condition) => {
                left_out = !run || matches!(condition, Condition::OnlyIf { .. });
                continue;
            }
            Record::Halt { .. } if run => break,
            Record::Statement { loc, sql, expected, .. } if run => {
                (loc.line(), statement(&mut session, &sql, &expected, deviations))
            }
            Record::Query { loc, sql, expected, .. } if run => {
                (loc.line(), query(&mut session, &sql, &expected, deviations))
            }
            _ => continue,
        };
        match outcome {
            Outcome::AsSaid => report.passed += 1,
            Outcome::Deviates => report.deviated += 1,
            Outcome::Wrong(what) => report.wrong.push(format!("{name}:{line}: {what}")),
        }
        if report.passed + report.deviated + report.wrong.len() >= limit {
            break;
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    report
}

/// The parser takes no remark after `skipif` and `onlyif`.
fn without_remarks(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.lines() {
        let condition = line.starts_with("skipif") || line.starts_with("onlyif");
        let line = if condition { line.split('#').next().unwrap_or(line) } else { line };
        clean.push_str(line.trim_end());
        clean.push('\n');
    }
    clean
}

fn execute(session: &mut Session, sql: &str) -> Result<Rows, Error> {
    let source = session.source("record", sql);
    let mut rows = Rows::default();
    session.run(&source, &mut rows, &mut |_| {})?;
    Ok(rows)
}

fn failed(sql: &str, error: &Error, deviations: &Deviations) -> Outcome {
    if deviations.covers_error(sql, error) {
        return Outcome::Deviates;
    }
    let code = match error {
        Error::Compile { diagnostics, .. } => {
            diagnostics.iter().find(|d| d.is_error()).map(|d| format!("{}: ", d.code))
        }
        _ => None,
    };
    Outcome::Wrong(format!("{}{error}\n    {sql}", code.unwrap_or_default()))
}

fn statement(
    session: &mut Session,
    sql: &str,
    expected: &StatementExpect,
    deviations: &Deviations,
) -> Outcome {
    match (execute(session, sql), expected) {
        (Ok(_), StatementExpect::Error(_)) if deviations.covers_rows(sql) => Outcome::Deviates,
        (Ok(_), StatementExpect::Error(_)) => Outcome::Wrong(format!("no error\n    {sql}")),
        (Ok(_), _) | (Err(_), StatementExpect::Error(_)) => Outcome::AsSaid,
        (Err(error), _) => failed(sql, &error, deviations),
    }
}

fn query(
    session: &mut Session,
    sql: &str,
    expected: &QueryExpect<DefaultColumnType>,
    deviations: &Deviations,
) -> Outcome {
    let rows = match execute(session, sql) {
        Ok(rows) => rows,
        Err(error) => return failed(sql, &error, deviations),
    };
    let QueryExpect::Results { types, sort_mode, results, .. } = expected else {
        return Outcome::Wrong(format!("no error\n    {sql}"));
    };
    let values = expected::render(&rows.fields, &rows.rows, types, *sort_mode);
    if expected::matches(&values, results) {
        return Outcome::AsSaid;
    }
    if deviations.covers_rows(sql) {
        return Outcome::Deviates;
    }
    let found = values.iter().take(12).cloned().collect::<Vec<_>>().join(" ");
    let wanted = results.iter().take(12).cloned().collect::<Vec<_>>().join(" ");
    Outcome::Wrong(format!("found {} values: {found}; expected: {wanted}\n    {sql}", values.len()))
}
