//! E0337: a value that nothing uses.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0337` prints.
pub const PAGE: Page = Page {
    code: "E0337",
    title: "Unused result",
    explanation: r#"The statement computes a value and drops it.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { x + 1; x }
```

Use the value, or remove the statement:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { LET y = x + 1; y }
```
"#,
};

/// The value of the statement is dropped.
pub(crate) fn unused_result(span: Span) -> Diagnostic {
    Diagnostic::warning(PAGE.code, span, "this value is not used")
        .with_help("assign it with LET or SET, or remove the statement")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
