//! The examples of `docs/language/*.md` run, and print what the pages say.
//!
//! The ```` ```sql ```` blocks of a page are one session, in order. A ```` ```text ```` block that
//! follows one is what it prints, results as in a terminal; for one that is rejected or that
//! raises, it is the message. ```` ```sql new ```` starts a new session on a fresh database;
//! ```` ```sql file=NAME ```` is not run but written to a file that later blocks can read. With
//! `GRIZZLY_BLESS=1` the pages are rewritten with what was printed: read what changed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

use grizzly::output::{FormatKind, Printer};
use grizzly::render::Renderer;
use grizzly::{Database, Options, Session};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A piece of a page.
enum Piece {
    /// Text that stands as it is, fences of other languages included.
    Prose(String),
    /// A script: the words after `sql`, and the text.
    Script(String, String),
    /// What the script before it prints.
    Printed(String),
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut prose, mut fence, mut body) = (String::new(), None::<String>, String::new());
    for line in page.lines() {
        match (&fence, line.strip_prefix("```")) {
            (None, Some(info)) => {
                pieces.push(Piece::Prose(std::mem::take(&mut prose)));
                fence = Some(info.to_owned());
            }
            (Some(info), Some("")) => {
                let body = std::mem::take(&mut body);
                pieces.push(match info.split_once(' ').unwrap_or((info, "")) {
                    ("sql", words) => Piece::Script(words.to_owned(), body),
                    ("text", _) => Piece::Printed(body),
                    _ => Piece::Prose(format!("```{info}\n{body}```\n")),
                });
                fence = None;
            }
            (Some(_), _) => _ = writeln!(body, "{line}"),
            (None, None) => _ = writeln!(prose, "{line}"),
        }
    }
    pieces.push(Piece::Prose(prose));
    pieces
}

fn session() -> Session {
    let options = Options { threads: Some(1), ..Options::default() };
    Database::in_memory(options, Arc::default()).expect("a database").session()
}

/// What a script prints: its results, then the message of what ended it.
fn printed(session: &mut Session, text: &str) -> String {
    let source = session.source("example", text);
    let sources = session.database().sources().clone();
    let renderer = Renderer { color: false };
    let mut printer = Printer::new(Vec::new(), FormatKind::Box);
    let mut notices = String::new();
    let outcome = session.run(&source, &mut printer, &mut |diagnostics| {
        notices = renderer.diagnostics(diagnostics, source.id, &sources);
    });
    let mut out = notices;
    out += &String::from_utf8(printer.into_inner().expect("memory does not refuse"))
        .expect("results are text");
    if let Err(error) = outcome {
        session.roll_back();
        out += &renderer.error(&error, &sources);
    }
    out.lines().fold(String::new(), |out, line| out + line.trim_end() + "\n")
}

/// Runs a page in a folder of its own; the page with what its scripts print.
fn run_page(page: &str) -> String {
    let mut session = session();
    let mut out = String::new();
    let mut expected: Option<String> = None;
    for piece in pieces(page) {
        match piece {
            Piece::Prose(text) => {
                if !text.trim().is_empty() {
                    // A script without a text block after it must print nothing.
                    if let Some(text) = expected.take().filter(|text| !text.is_empty()) {
                        _ = write!(out, "\n```text\n{text}```\n");
                    }
                }
                out += &text;
            }
            Piece::Script(words, text) => {
                if let Some(text) = expected.take().filter(|text| !text.is_empty()) {
                    _ = write!(out, "\n```text\n{text}```\n");
                }
                let space = if words.is_empty() { "" } else { " " };
                _ = write!(out, "```sql{space}{words}\n{text}```\n");
                if let Some(name) = words.strip_prefix("file=") {
                    fs::write(name, &text).expect("a written file");
                    continue;
                }
                if words == "new" {
                    session = self::session();
                }
                expected = Some(printed(&mut session, &text));
            }
            Piece::Printed(text) => {
                let text = expected.take().unwrap_or(text);
                _ = write!(out, "```text\n{text}```\n");
            }
        }
    }
    out
}

#[test]
fn the_reference_prints_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = fs::read_dir(root.join("docs/language"))
        .expect("the folder of the reference")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    assert!(!pages.is_empty(), "the reference has pages");
    // Examples write and read files by relative names.
    let folder = tempfile::tempdir().expect("a folder");
    std::env::set_current_dir(folder.path()).expect("a folder to work in");
    let mut wrong = Vec::new();
    for path in pages {
        let page = fs::read_to_string(&path).expect("a readable page");
        let now = run_page(&page);
        if now == page {
            continue;
        }
        if std::env::var_os("GRIZZLY_BLESS").is_some() {
            fs::write(&path, &now).expect("a written page");
        }
        let line = page.lines().zip(now.lines()).position(|(said, is)| said != is);
        let at = line.map_or(0, |line| line + 1);
        let is = now.lines().nth(at.saturating_sub(1)).unwrap_or_default();
        wrong.push(format!("{}:{at}: it prints `{is}`", path.display()));
    }
    assert!(wrong.is_empty(), "the reference differs from what runs:\n{}", wrong.join("\n"));
}
