//! The interactive shell: entries become results on a stream.
//!
//! A [`Shell`] knows nothing of terminals: it takes an entry (statements, or a dot command) and
//! writes to two streams, so that a pipe and a test drive it as well as [`editor`] does, which adds
//! line editing, colours, completion and history. The lists of the dot commands are queries of the
//! schema `system`.

mod commands;
mod complete;
pub mod editor;
mod highlight;
mod perform;
mod result;
mod secrecy;

use crate::database::Options;
use crate::error::{Error, Result};
use crate::output::{FormatKind, Layout, Printer};
use crate::render::Renderer;
use crate::session::Session;
pub use complete::Names;
use grizzly_bytecode::Type;
use grizzly_grammar::Diagnostic;
use grizzly_grammar::lexer::lex;
use grizzly_grammar::split::{Completeness, completeness, split};
use grizzly_grammar::token::Kind;
use result::{LastResult, Recorder};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a shell begins with.
pub struct Settings {
    /// How results are written.
    pub format: FormatKind,
    /// Whether statements are timed.
    pub timer: bool,
    /// The rows that a box shows.
    pub max_rows: usize,
    /// The width of the terminal, where there is one.
    pub width: fn() -> Option<usize>,
    /// How other databases are opened.
    pub options: Options,
    /// The longest that a statement may take.
    pub timeout: Option<Duration>,
    /// What people know the database by.
    pub database: String,
}

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It waits for the next entry.
    Go,
    /// It was left.
    Leave,
}

/// A shell over a session.
pub struct Shell {
    session: Session,
    settings: Settings,
    renderer: Renderer,
    standard: Box<dyn Write>,
    messages: Box<dyn Write>,
    /// Where results go instead of the standard stream.
    file: Option<File>,
    /// Where the next result goes.
    once: Option<File>,
    explain: bool,
    /// The format to go back to from lines.
    collapsed: Option<FormatKind>,
    last: Option<LastResult>,
    /// The entries so far that may be shown.
    history: Vec<String>,
    /// How deep `.read` is nested.
    depth: usize,
    /// The exit code of the first entry that failed.
    failed: u8,
    broken: bool,
}

impl Shell {
    /// A shell that writes results to one stream and messages to another.
    pub fn new(
        session: Session,
        settings: Settings,
        renderer: Renderer,
        standard: Box<dyn Write>,
        messages: Box<dyn Write>,
    ) -> Shell {
        Shell {
            session,
            settings,
            renderer,
            standard,
            messages,
            file: None,
            once: None,
            explain: false,
            collapsed: None,
            last: None,
            history: Vec::new(),
            depth: 0,
            failed: 0,
            broken: false,
        }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The flag that cancels what runs.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        self.session.cancel_flag()
    }

    /// The exit code of the first entry that failed; 0 where none did.
    pub fn exit_code(&self) -> u8 {
        self.failed
    }

    /// Whether the reader of the results went away.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What stands before an entry; a star shows an open transaction.
    pub fn prompt(&self) -> &'static str {
        if self.session.in_transaction() { "grizzly*> " } else { "grizzly> " }
    }

    /// Whether an entry waits for more lines.
    pub fn is_incomplete(entry: &str) -> bool {
        if commands::is_command(entry) {
            return false;
        }
        // A documentation comment belongs to the statement that follows it.
        let documents = || lex(entry).iter().any(|token| token.kind == Kind::DocComment);
        match completeness(entry) {
            Completeness::Empty => documents(),
            other => other.is_incomplete(),
        }
    }

    /// Carries out an entry.
    pub fn enter(&mut self, entry: &str) -> Next {
        let entry = entry.trim();
        if entry.is_empty() {
            return Next::Go;
        }
        if !secrecy::may_hold_secret(entry) && self.depth == 0 {
            self.history.push(entry.to_owned());
        }
        self.session.cancel_flag().store(false, Ordering::Relaxed);
        if commands::is_command(entry) {
            return self.command(entry);
        }
        self.statements("<repl>", entry);
        Next::Go
    }

    /// Carries out lines: each entry when its last line is there, a script's rest at the end.
    ///
    /// # Errors
    /// What reading the lines says.
    pub fn read_lines<E>(
        &mut self,
        lines: impl Iterator<Item = std::result::Result<String, E>>,
    ) -> std::result::Result<Next, E> {
        let mut entry = String::new();
        for line in lines {
            let line = line?;
            if entry.is_empty() && (line.trim().is_empty() || commands::is_command(&line)) {
                if self.enter(&line) == Next::Leave || self.broken {
                    return Ok(Next::Leave);
                }
                continue;
            }
            entry.push_str(&line);
            entry.push('\n');
            // Asking only where an entry may end keeps long ones cheap.
            let may_end = line.trim_end().ends_with([';', '}']) || line.contains("--");
            if may_end && !Shell::is_incomplete(&entry) {
                let next = self.enter(&std::mem::take(&mut entry));
                if next == Next::Leave || self.broken {
                    return Ok(Next::Leave);
                }
            }
        }
        Ok(self.enter(&entry))
    }

    /// Runs statements and says what went wrong; whether they all ran.
    fn statements(&mut self, name: &str, text: &str) -> bool {
        if self.explain
            && let Some(explained) = explained(text)
        {
            self.run(name, &explained, false);
        }
        self.run(name, text, true)
    }

    fn run(&mut self, name: &str, text: &str, kept: bool) -> bool {
        let outcome = self.try_run(name, text, kept);
        self.report(outcome)
    }

    fn try_run(&mut self, name: &str, text: &str, kept: bool) -> Result<()> {
        let source = self.session.source(name, text);
        let checked = self.session.check(&source);
        if checked.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Error::Compile { source: source.id, diagnostics: checked.diagnostics });
        }
        let sources = self.session.database().sources().clone();
        let notices = self.renderer.diagnostics(&checked.diagnostics, source.id, &sources);
        let _ = self.messages.write_all(notices.as_bytes());
        let layout = self.layout();
        let format = self.settings.format;
        let stream: &mut dyn Write = match (&mut self.once, &mut self.file) {
            (Some(once), _) => once,
            (None, Some(file)) => file,
            (None, None) => &mut self.standard,
        };
        let mut printer = Printer::with_layout(stream, format, layout);
        let mut recorder = Recorder::new(&mut printer);
        let (timer, messages) = (self.settings.timer && kept, &mut self.messages);
        let mut start = Instant::now();
        let outcome = self.session.run_checked(&checked, &mut recorder, &mut |_, changed| {
            if timer {
                let line = timing(start.elapsed(), changed);
                let _ = messages.write_all(line.as_bytes());
            }
            start = Instant::now();
        });
        let last = recorder.last.take();
        self.broken |= printer.is_broken();
        if kept && let Some(last) = last {
            self.once = None;
            self.keep(last);
        }
        outcome
    }

    /// Keeps a result for `.last`, and its value as `_` where it is a single one.
    fn keep(&mut self, last: LastResult) {
        if let Some((ty, value)) = last.single() {
            let ty = if ty == Type::Null { Type::Text } else { ty };
            self.session.set_variable("_", ty, value);
        }
        self.last = Some(last);
    }

    fn layout(&self) -> Layout {
        let to_file = self.file.is_some() || self.once.is_some();
        let width = if to_file { None } else { (self.settings.width)() };
        Layout { width, max_rows: self.settings.max_rows }
    }

    /// Says what went wrong; whether nothing did.
    fn report(&mut self, outcome: Result<()>) -> bool {
        let Err(error) = outcome else { return true };
        if self.failed == 0 {
            self.failed = error.exit_code();
        }
        if !self.broken {
            let sources = self.session.database().sources().clone();
            let message = self.renderer.error(&error, &sources);
            let _ = self.messages.write_all(message.as_bytes());
        }
        false
    }

    /// Says that a command was used wrongly, or cannot be carried out.
    fn refuse(&mut self, message: &str) {
        if self.failed == 0 {
            self.failed = 2;
        }
        let _ = writeln!(self.messages, "Error: {message}");
    }

    /// Writes a text where results go.
    fn write(&mut self, text: &str) {
        let stream: &mut dyn Write = match &mut self.file {
            Some(file) => file,
            None => &mut self.standard,
        };
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        self.broken |= written.is_err();
    }
}

/// What the timer says of a statement.
fn timing(elapsed: Duration, changed: u64) -> String {
    let seconds = elapsed.as_secs_f64();
    match changed {
        0 => format!("Time: {seconds:.3} s\n"),
        1 => format!("Time: {seconds:.3} s, 1 row changed\n"),
        rows => format!("Time: {seconds:.3} s, {rows} rows changed\n"),
    }
}

/// The queries of an entry with EXPLAIN before each; `None` where there are none.
fn explained(text: &str) -> Option<String> {
    let mut out = String::new();
    for slice in split(text) {
        let statement = slice.span.text(text);
        let first = lex(statement).first().map(|token| token.kind);
        if first.is_some_and(Kind::starts_query) {
            out.push_str(&format!("EXPLAIN {statement};\n"));
        }
    }
    (!out.is_empty()).then_some(out)
}
