//! E0212: Out of place.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0212` prints.
pub const PAGE: Page = Page {
    code: "E0212",
    title: "Out of place",
    explanation: r#"ANY and ALL with a query stand directly behind a comparison operator; ESCAPE
stands behind the pattern of LIKE or ILIKE.

Wrong:
```sql
SELECT a ESCAPE 'x' FROM t;
```

Mended:
```sql
SELECT a LIKE 'x%' ESCAPE '!' FROM t;
```
"#,
};

/// `what` stands where it means nothing.
pub(crate) fn misplaced(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} cannot stand here"))
        .with_text("out of place")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
