//! E0319: a construct without a value where one is needed.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0319` prints.
pub const PAGE: Page = Page {
    code: "E0319",
    title: "No value",
    explanation: r#"What stands here gives no value in every case, but its value is used.

```sql
CREATE FUNCTION sign(x: INT64) RETURNS TEXT { IF x < 0 { 'negative' } }
```

Give a value in every case:

```sql
CREATE FUNCTION sign(x: INT64) RETURNS TEXT { IF x < 0 { 'negative' } ELSE { 'positive' } }
```
"#,
};

/// `what` has no value, but one is needed.
pub(crate) fn no_value(span: Span, what: &str, help: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("{what} has no value here"))
        .with_text("a value is needed");
    match help {
        Some(help) => diagnostic.with_help(help),
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
