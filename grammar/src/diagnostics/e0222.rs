//! E0222: BETWEEN without AND.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0222` prints.
pub const PAGE: Page = Page {
    code: "E0222",
    title: "BETWEEN without AND",
    explanation: r#"BETWEEN takes two bounds with AND between them.

Wrong:
```sql
SELECT a BETWEEN 1 OR 2 FROM t;
```

Mended:
```sql
SELECT a BETWEEN 1 AND 2 FROM t;
```
"#,
};

/// BETWEEN at `span`, whose lower bound is at `low`.
pub(crate) fn between_without_and(span: Span, low: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "BETWEEN needs AND and an upper bound")
        .with_text("this BETWEEN")
        .with_label(low, "the lower bound")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
