//! E0346: a length of a text type that is not checked yet.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0346` prints.
pub const PAGE: Page = Page {
    code: "E0346",
    title: "Length is not checked",
    explanation: r#"`VARCHAR(n)` and `CHAR(n)` are TEXT; the length is not checked on assignment
yet.

```sql
CREATE TABLE t (code VARCHAR(10));
```

Write TEXT where the length does not matter:

```sql
CREATE TABLE t (code TEXT);
```
"#,
};

/// The lengths at `span` and `others` are not checked.
pub(crate) fn length_ignored(span: Span, others: &[Span]) -> Diagnostic {
    let first = Diagnostic::warning(PAGE.code, span, "the length of a text is not checked yet")
        .with_text("taken as TEXT");
    others.iter().fold(first, |diagnostic, other| diagnostic.with_label(*other, "and here"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
