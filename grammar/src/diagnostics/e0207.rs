//! E0207: A clause that stands twice.

use crate::ast::ClauseKind;
use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0207` prints.
pub const PAGE: Page = Page {
    code: "E0207",
    title: "A clause that stands twice",
    explanation: r#"Each clause of a query stands at most once, in any order. A second SELECT
usually means that the `;` between two statements is missing.

Wrong:
```sql
SELECT a FROM t WHERE a > 1 WHERE b > 2;
```

Mended:
```sql
SELECT a FROM t WHERE a > 1 AND b > 2;
```
"#,
};

/// The clause at `second` repeats the one at `first`.
pub(crate) fn twice(kind: ClauseKind, second: Span, first: Span) -> Diagnostic {
    let keyword = kind.keyword();
    let diagnostic =
        Diagnostic::error(PAGE.code, second, format!("{keyword} stands twice in this query"))
            .with_text("this one is too much")
            .with_label(first, "the first one");
    match kind {
        ClauseKind::Where | ClauseKind::Having | ClauseKind::Qualify => {
            diagnostic.with_help("join the conditions with AND")
        }
        ClauseKind::Select | ClauseKind::From => diagnostic
            .with_help("is a `;` missing before it?")
            .with_fix(Span::at(second.start), "; ", "end the first statement"),
        _ => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
