//! E0224: Given twice.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0224` prints.
pub const PAGE: Page = Page {
    code: "E0224",
    title: "Given twice",
    explanation: r#"An option of a definition stands at most once.

Wrong:
```sql
CREATE TABLE t (a INT REFERENCES u ON DELETE CASCADE ON DELETE RESTRICT);
```

Mended:
```sql
CREATE TABLE t (a INT REFERENCES u ON DELETE CASCADE);
```
"#,
};

/// `what` has been given before.
pub(crate) fn given_twice(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} is given twice")).with_text(
        "the second
one",
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
