//! E0339: a session variable in a function.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0339` prints.
pub const PAGE: Page = Page {
    code: "E0339",
    title: "Session variable in a function",
    explanation: r#"Functions, views, CHECKs, triggers and cron jobs do not see session
variables: they belong to the database, not to a session.

```sql
SET rate = 2;
CREATE FUNCTION f(x: INT64) RETURNS INT64 { x * {rate} }
```

Pass the value as a parameter:

```sql
CREATE FUNCTION f(x: INT64, rate: INT64) RETURNS INT64 { x * rate }
```
"#,
};

/// `{name}` stands in a function and is no local.
pub(crate) fn variable_in_function(span: Span, name: &str) -> Diagnostic {
    let message = format!("a function cannot use the session variable `{name}`");
    Diagnostic::error(PAGE.code, span, message)
        .with_help(format!("add a parameter `{name}` and pass `{{{name}}}`"))
}

/// `{name}` or another parameter stands in a view.
pub(crate) fn variable_in_view(span: Span, name: &str) -> Diagnostic {
    let message = format!("a view cannot use the session variable `{name}`");
    Diagnostic::error(PAGE.code, span, message)
        .with_help("leave the condition out of the view, and write it where the view is used")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
