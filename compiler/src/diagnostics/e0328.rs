//! E0328: a comparison with NULL.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0328` prints.
pub const PAGE: Page = Page {
    code: "E0328",
    title: "Comparison with NULL",
    explanation: r#"`x = NULL` is NULL for every x, so it never holds. IS NULL tests for NULL.

```sql
CREATE TABLE t (x INT64);
SELECT * FROM t WHERE x = NULL;
```

Write IS NULL:

```sql
CREATE TABLE t (x INT64);
SELECT * FROM t WHERE x IS NULL;
```
"#,
};

/// `… op NULL` from the operator to NULL stands at `tail`.
pub(crate) fn null_comparison(span: Span, tail: Option<Span>, negated: bool) -> Diagnostic {
    let test = if negated { "IS NOT NULL" } else { "IS NULL" };
    let diagnostic = Diagnostic::warning(PAGE.code, span, "a comparison with NULL is never TRUE")
        .with_text("always NULL")
        .with_help(format!("write `{test}`"));
    match tail {
        Some(tail) => diagnostic.with_fix(tail, test, format!("write {test}")),
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
