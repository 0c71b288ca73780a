//! E0395: a function value where it cannot stay

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0395` prints.
pub const PAGE: Page = Page {
    code: "E0395",
    title: "Function values end with their statement",
    explanation: r#"A function value lives as long as the statement or the call that made it: a
column, a session variable or a result cannot hold one.

```sql
SET twice = (x: INT64) -> x * 2;
```

Make it a function of its own:

```sql
CREATE FUNCTION twice(x: INT64) RETURNS INT64 { x * 2 }
```
"#,
};

/// A function value would outlive its statement; `what` would hold it.
pub(crate) fn kept_function(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} cannot hold a function"))
        .with_help("CREATE FUNCTION makes one that stays")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
