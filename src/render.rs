//! Diagnostics and exceptions as text for people.
//!
//! A diagnostic shows its code, its one-line statement, the source with the place marked, further
//! places, help and notes. An exception shows its name and message, the place, and the stack trace
//! of the language: function, file, line.

use crate::error::Error;
use crate::source::{Part, Source, SourceMap};
use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind};
use grizzly_bytecode::{Fault, SourceId, TraceLine};
use grizzly_grammar::{Diagnostic, Severity, Span};
use std::fmt::Write;
use std::ops::Range;

/// The most diagnostics that are drawn for people at a time: nobody reads more, and each is drawn
/// over its source.
const MOST_SHOWN: usize = 50;

/// Renders for a terminal or for a file.
#[derive(Clone, Copy, Debug)]
pub struct Renderer {
    /// Whether ANSI colours are written.
    pub color: bool,
}

type Place<'a> = (&'a str, Range<usize>);

impl Renderer {
    /// A diagnostic about a source.
    pub fn diagnostic(&self, diagnostic: &Diagnostic, source: &Source) -> String {
        let (kind, color) = match diagnostic.severity {
            Severity::Error => (ReportKind::Error, Color::Red),
            Severity::Warning => (ReportKind::Warning, Color::Yellow),
            Severity::Note => (ReportKind::Advice, Color::Blue),
        };
        let part = source.part(diagnostic.primary.span.start);
        let place = |span: Span| (part.name, visible(span, part));
        let primary = Label::new(place(diagnostic.primary.span)).with_color(color);
        let primary = primary.with_message(words(&diagnostic.primary.text));
        let mut report = Report::build(kind, place(diagnostic.primary.span))
            .with_config(self.config())
            .with_code(diagnostic.code)
            .with_message(&diagnostic.message)
            .with_label(primary.with_order(-1));
        for label in &diagnostic.labels {
            let shown = Label::new(place(label.span)).with_color(Color::Cyan);
            report.add_label(shown.with_message(words(&label.text)));
        }
        report.with_helps(&diagnostic.help);
        report.with_notes(&diagnostic.notes);
        write_report(&report.finish(), part)
    }

    /// An exception that nothing caught, with its stack trace.
    pub fn fault(&self, fault: &Fault, sources: &SourceMap) -> String {
        let name = &fault.exception.ty.name;
        let mut out = match innermost(fault, sources) {
            Some((source, span)) => {
                let part = source.part(span.start);
                let place = || (part.name, visible(span, part));
                let report = Report::build(ReportKind::Error, place())
                    .with_config(self.config())
                    .with_code(name)
                    .with_message(&fault.exception.message)
                    .with_label(
                        Label::new(place()).with_color(Color::Red).with_message("raised here"),
                    );
                write_report(&report.finish(), part)
            }
            None => format!("[{name}] Error: {}\n", fault.exception.message),
        };
        if let Some(row) = &fault.row {
            // Writing to a String never fails.
            let _ = writeln!(out, "  in the row with the key {row}");
        }
        if fault.trace.len() > 1 {
            write_trace(&mut out, &fault.trace, sources);
        }
        out
    }

    /// Any error of a session.
    pub fn error(&self, error: &Error, sources: &SourceMap) -> String {
        match error {
            Error::Compile { source, diagnostics } => {
                self.diagnostics(diagnostics, *source, sources)
            }
            Error::Raised(fault) | Error::Damaged(fault) => self.fault(fault, sources),
            Error::Database { .. } => format!("Error: {error}\n"),
            Error::Catalog { source, diagnostics, .. } => {
                let list = self.diagnostics(diagnostics, *source, sources);
                format!("Error: {error}\n{list}")
            }
        }
    }

    /// Diagnostics about one source, one after the other.
    pub fn diagnostics(
        &self,
        diagnostics: &[Diagnostic],
        source: SourceId,
        sources: &SourceMap,
    ) -> String {
        let source = sources.get(source);
        let one = |diagnostic: &Diagnostic| match &source {
            Some(source) => self.diagnostic(diagnostic, source),
            None => format!("[{}] Error: {}\n", diagnostic.code, diagnostic.message),
        };
        let mut text: String = diagnostics.iter().take(MOST_SHOWN).map(one).collect();
        let more = diagnostics.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            let _ = writeln!(text, "… and {more} more like these; mend the first and check again");
        }
        text
    }

    fn config(&self) -> Config {
        let config = Config::default().with_index_type(IndexType::Byte).with_color(self.color);
        config.with_char_set(CharSet::Unicode)
    }
}

/// What is said at a place. A place is only marked where something is said.
fn words(text: &str) -> &str {
    if text.is_empty() { "here" } else { text }
}

/// A span of the source as a range of one of its parts; an empty one covers the character at its
/// place, so that there is something to mark.
fn visible(span: Span, part: Part<'_>) -> Range<usize> {
    let text = part.text;
    let within = |offset: u32| (offset.saturating_sub(part.start) as usize).min(text.len());
    let start = text.floor_char_boundary(within(span.start));
    let end = text.ceil_char_boundary(within(span.end));
    if end > start {
        return start..end;
    }
    let next = text.get(start..).and_then(|rest| rest.chars().next());
    match next {
        Some(character) if character != '\n' => start..start + character.len_utf8(),
        _ => start..start,
    }
}

fn write_report(report: &Report<'_, Place<'_>>, part: Part<'_>) -> String {
    let cache = (part.name, ariadne::Source::from(part.text));
    let mut out = Vec::new();
    match report.write(cache, &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        // Writing to memory does not fail; a report must not be lost to it.
        Err(error) => format!("Error: {error}\n"),
    }
}

/// Where the exception was raised, if its text is known.
fn innermost(fault: &Fault, sources: &SourceMap) -> Option<(std::sync::Arc<Source>, Span)> {
    let place = fault.trace.first()?.place;
    Some((sources.get(place.source)?, Span::new(place.start, place.end)))
}

/// How many frames are shown at each end of a long trace.
const SHOWN_FRAMES: usize = 10;

fn write_trace(out: &mut String, trace: &[TraceLine], sources: &SourceMap) {
    out.push_str("Stack trace, innermost first:\n");
    for (index, line) in trace.iter().enumerate() {
        let from_end = trace.len() - index;
        if index >= SHOWN_FRAMES && from_end > SHOWN_FRAMES {
            if index == SHOWN_FRAMES {
                let _ = writeln!(out, "  … {} more …", trace.len() - 2 * SHOWN_FRAMES);
            }
            continue;
        }
        let place = sources.describe(line.place);
        let _ = if line.function.is_empty() {
            writeln!(out, "  at {place}")
        } else {
            writeln!(out, "  at {} ({place})", line.function)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grizzly_bytecode::{Builtin, Place};

    const PLAIN: Renderer = Renderer { color: false };

    #[test]
    fn a_diagnostic_marks_its_place_and_helps() {
        let map = SourceMap::default();
        let source = map.add("a.gz", "SELECT ñ,\n       nme FROM users;");
        let diagnostic = Diagnostic::error("E0308", Span::new(18, 21), "there is no column `nme`")
            .with_text("not found")
            .with_help("did you mean `name`?");
        let text = PLAIN.diagnostic(&diagnostic, &source);
        for part in [
            "[E0308] Error: there is no column `nme`",
            "a.gz:2:8",
            "not found",
            "Help: did you mean `name`?",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "colours were not asked for");
    }

    #[test]
    fn a_place_behind_the_end_is_shown() {
        let map = SourceMap::default();
        let source = map.add("a.gz", "IF x {");
        let diagnostic = Diagnostic::error("E0101", Span::at(6), "a `}` is missing");
        let text = PLAIN.diagnostic(&diagnostic, &source);
        assert!(text.contains("a.gz:1:7"), "{text}");
    }

    #[test]
    fn an_exception_shows_its_trace() {
        let map = SourceMap::default();
        let source = map.add("b.gz", "f();\ng();\n");
        let line = |function: &str, start| TraceLine {
            function: function.into(),
            place: Place { source: source.id, start, end: start + 3 },
        };
        let mut fault = Fault::new(Builtin::DivisionByZero, "division by zero");
        fault.trace = vec![line("half", 0), line("", 5)];
        let text = PLAIN.fault(&fault, &map);
        assert!(text.contains("[DivisionByZero] Error: division by zero"), "{text}");
        assert!(text.contains("  at half (b.gz:1:1)\n  at b.gz:2:1\n"), "{text}");
    }
}
