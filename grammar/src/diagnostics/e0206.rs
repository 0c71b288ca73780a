//! E0206: Nested too deeply.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0206` prints.
pub const PAGE: Page = Page {
    code: "E0206",
    title: "Nested too deeply",
    explanation: r#"The brackets and operator chains of a statement may be nested 1000 deep.
Chains of AND, OR and `||` may be of any length.
"#,
};

/// The statement's nesting goes beyond the limit at `span`.
pub(crate) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "this statement is nested too deeply")
        .with_text(format!("more than {} levels", crate::MAX_DEPTH))
        .with_help("split it with LET or a common table expression")
}
