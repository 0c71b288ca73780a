//! E0201: Something else was expected.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0201` prints.
pub const PAGE: Page = Page {
    code: "E0201",
    title: "Something else was expected",
    explanation: r#"The statement cannot go on like this. The message says what could stand at
the marked place.

Wrong:
```sql
SELECT FROM WHERE;
```

Mended:
```sql
SELECT a FROM t WHERE a > 1;
```
"#,
};

/// `found` stands where one of `expected` should.
pub(crate) fn unexpected(span: Span, found: &str, expected: &[String]) -> Diagnostic {
    let list = super::one_of(expected);
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("unexpected {found}"));
    if list.is_empty() { diagnostic } else { diagnostic.with_text(format!("expected {list}")) }
}

/// The statement ends too early; `span` is empty, behind its last token.
pub(crate) fn unfinished(span: Span, expected: &[String]) -> Diagnostic {
    let list = super::one_of(expected);
    let diagnostic = Diagnostic::error(PAGE.code, span, "this statement is not complete");
    if list.is_empty() { diagnostic } else { diagnostic.with_text(format!("expected {list}")) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
