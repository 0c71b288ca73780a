//! E0213: Not supported yet.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0213` prints.
pub const PAGE: Page = Page {
    code: "E0213",
    title: "Not supported yet",
    explanation: r#"The language reserves this for later. It is understood, and refused.
"#,
};

/// `what` is reserved for a later version.
#[allow(dead_code)]
pub(crate) fn later(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} is not supported yet"))
        .with_text("reserved for a later version")
}
