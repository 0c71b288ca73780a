//! E0219: A positional argument behind a named one.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0219` prints.
pub const PAGE: Page = Page {
    code: "E0219",
    title: "A positional argument behind a named one",
    explanation: r#"Positional arguments come first, named ones after them.

Wrong:
```sql
SELECT round(scale: 2, a);
```

Mended:
```sql
SELECT round(a, scale: 2);
```
"#,
};

/// The argument at `span` follows the named one at `named`.
pub(crate) fn positional_after_named(span: Span, named: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "a positional argument cannot follow a named one")
        .with_text("has no name")
        .with_label(named, "this one is named")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
