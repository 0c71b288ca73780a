//! E0104: A comment without its end.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0104` prints.
pub const PAGE: Page = Page {
    code: "E0104",
    title: "A comment without its end",
    explanation: r#"A comment that begins with `/*` ends with `*/`; such comments nest, so each
`/*` within needs its own `*/`.

Wrong:
```sql
SELECT 1; /* note
```

Mended:
```sql
SELECT 1; /* note */
```
"#,
};

/// A comment that nothing closes; it reaches to the end of the text.
pub(crate) fn open_comment(span: Span) -> Diagnostic {
    let start = Span::new(span.start, span.start + 2);
    Diagnostic::error(PAGE.code, start, "this comment is not closed")
        .with_text("no `*/` follows for it")
        .with_note("comments nest: each `/*` inside needs its own `*/`")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
