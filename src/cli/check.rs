//! `grizzlyc check`: diagnostics of scripts, in the forms that people and other tools read.

use super::{Console, code, input, run};
use crate::database::Options;
use crate::source::Source;
use clap::ArgMatches;
use grizzly_grammar::{Diagnostic, Severity, Span};
use grizzly_stdlib::display::write_json_string;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    let format = matches.get_one::<String>("format").map_or("human", String::as_str);
    if format == "sarif" {
        return console.usage("the format sarif is not supported yet");
    }
    let database = match run::open(console, matches, Options::default()) {
        Ok(database) => database,
        Err(error) => return console.fail(&error),
    };
    let session = database.session();
    let (mut worst, mut objects) = (code::SUCCESS, Vec::new());
    for path in matches.get_many::<PathBuf>("file").into_iter().flatten() {
        let (name, text) = match input::read(path) {
            Ok(read) => read,
            Err(message) => {
                worst = console.usage(&message);
                continue;
            }
        };
        let source = session.source(&name, &text);
        let checked = session.check(&source);
        if checked.diagnostics.iter().any(Diagnostic::is_error) {
            worst = code::USAGE;
        }
        match format {
            "json" => objects.extend(checked.diagnostics.iter().map(|d| json(d, &source))),
            "github" => {
                let lines: String =
                    checked.diagnostics.iter().map(|d| github(d, &source)).collect();
                write_out(&lines);
            }
            _ => {
                let list =
                    console.renderer.diagnostics(&checked.diagnostics, source.id, &console.sources);
                console.say(&list);
            }
        }
    }
    if format == "json" {
        write_out(&format!("[{}]\n", objects.join(",\n")));
    }
    worst
}

/// Writes to standard output; a reader that left does not need it.
pub(super) fn write_out(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A diagnostic as a JSON object; lines and columns count from 1.
fn json(diagnostic: &Diagnostic, source: &Source) -> String {
    let mut out = String::from("{\"file\":");
    write_json_string(&mut out, &source.name);
    let (severity, code) = (word(diagnostic.severity), diagnostic.code);
    // Writing to a String never fails.
    let _ = write!(out, ",\"severity\":\"{severity}\",\"code\":\"{code}\",\"message\":");
    write_json_string(&mut out, &diagnostic.message);
    write_place(&mut out, diagnostic.primary.span, source);
    out.push_str(",\"text\":");
    write_json_string(&mut out, &diagnostic.primary.text);
    out.push_str(",\"labels\":[");
    for (index, label) in diagnostic.labels.iter().enumerate() {
        out.push_str(if index == 0 { "{\"text\":" } else { ",{\"text\":" });
        write_json_string(&mut out, &label.text);
        write_place(&mut out, label.span, source);
        out.push('}');
    }
    out.push_str("],\"help\":[");
    write_texts(&mut out, &diagnostic.help);
    out.push_str("],\"notes\":[");
    write_texts(&mut out, &diagnostic.notes);
    out.push_str("]}");
    out
}

fn write_texts(out: &mut String, texts: &[String]) {
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_json_string(out, text);
    }
}

fn write_place(out: &mut String, span: Span, source: &Source) {
    let (start, end) = (source.line_column(span.start), source.line_column(span.end));
    let _ = write!(
        out,
        ",\"line\":{},\"column\":{},\"endLine\":{},\"endColumn\":{}",
        start.line, start.column, end.line, end.column
    );
}

/// A diagnostic as a workflow command of GitHub Actions.
fn github(diagnostic: &Diagnostic, source: &Source) -> String {
    let (start, end) = (
        source.line_column(diagnostic.primary.span.start),
        source.line_column(diagnostic.primary.span.end),
    );
    let kind = match diagnostic.severity {
        Severity::Note => "notice",
        other => word(other),
    };
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!(
        "::{kind} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
        escape(&source.name),
        start.line,
        start.column,
        end.line,
        end.column,
        diagnostic.code,
        escape(&diagnostic.message)
    )
}
