//! E0345: a primary key that cannot be one.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0345` prints.
pub const PAGE: Page = Page {
    code: "E0345",
    title: "Primary key does not fit",
    explanation: r#"A table has at most one primary key, over columns of the table, each once,
of types that have an order.

```sql
CREATE TABLE t (id INT64 PRIMARY KEY, code TEXT PRIMARY KEY);
```

Make one key of both columns:

```sql
CREATE TABLE t (id INT64, code TEXT, PRIMARY KEY (id, code));
```
"#,
};

/// `message` says what is wrong; `first` is another place that matters.
pub(crate) fn bad_key(span: Span, message: &str, first: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, message);
    match first {
        Some(first) => diagnostic
            .with_label(first, "the first")
            .with_help("give one table constraint: `PRIMARY KEY (a, b)`"),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
