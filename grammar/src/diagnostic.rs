//! The one type of compile-time messages, used by every stage from the lexer to the planner.
//!
//! A diagnostic is plain data: spans are byte offsets into the source that was given to the stage.
//! Rendering for people and for editors is left to the facade. Each code has one file that holds
//! its explanation, its constructor and its test; a registry of [`Page`]s lists them per crate.

use crate::span::Span;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably a mistake; the script still runs.
    Warning,
    /// The script cannot run.
    Error,
}

/// A marked place with a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be said about it; may be empty.
    pub text: String,
}

/// A mend that an editor can apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to replace; empty to insert.
    pub span: Span,
    /// The new text.
    pub replacement: String,
    /// What the mend does, as an imperative sentence without a full stop.
    pub message: String,
}

/// One message of the compiler about one place of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// The stable code, such as `E0201`.
    pub code: &'static str,
    /// One line that states the problem, without a full stop.
    pub message: String,
    /// The exact place.
    pub primary: Label,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// Concrete mends in words.
    pub help: Vec<String>,
    /// Background that explains the rule.
    pub notes: Vec<String>,
    /// Mends that can be applied mechanically.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error of `code` at `span`; label text, help and fixes are added by the other methods.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message)
    }

    /// A warning of `code` at `span`.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message)
    }

    /// A note of `code` at `span`.
    pub fn note(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, span, message)
    }

    fn new(severity: Severity, code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            primary: Label { span, text: String::new() },
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Says something at the primary place.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Marks another place.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a concrete mend in words.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds background.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a mend that an editor can apply.
    #[must_use]
    pub fn with_fix(
        mut self,
        span: Span,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        self.fixes.push(Fix { span, replacement: replacement.into(), message: message.into() });
        self
    }

    /// Whether it keeps the script from running.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The page that `grizzlyc explain` prints for one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The stable code, such as `E0201`.
    pub code: &'static str,
    /// One line, as a heading.
    pub title: &'static str,
    /// Markdown: what is wrong, an example that shows it, and the mended example.
    pub explanation: &'static str,
}
