//! E0327: NULL for a parameter that is NOT NULL.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0327` prints.
pub const PAGE: Page = Page {
    code: "E0327",
    title: "NULL for a NOT NULL parameter",
    explanation: r#"The parameter is declared NOT NULL, and the argument is the constant NULL.

```sql
CREATE FUNCTION f(x: INT64 NOT NULL) RETURNS INT64 { x }
SELECT f(NULL);
```

Give a value:

```sql
CREATE FUNCTION f(x: INT64 NOT NULL) RETURNS INT64 { x }
SELECT f(0);
```
"#,
};

/// NULL is given for the NOT NULL parameter `parameter` of `function`.
pub(crate) fn null_argument(span: Span, parameter: &str, function: &str) -> Diagnostic {
    let message = format!("the parameter `{parameter}` of `{function}` is NOT NULL");
    Diagnostic::error(PAGE.code, span, message).with_text("always NULL")
}

/// NULL is given for `what`, which is NOT NULL.
pub(crate) fn null_value(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} is NOT NULL")).with_text("always NULL")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
