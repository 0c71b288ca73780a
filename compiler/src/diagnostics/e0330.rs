//! E0330: an object that exists already.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0330` prints.
pub const PAGE: Page = Page {
    code: "E0330",
    title: "It exists already",
    explanation: r#"An object of this name exists. Types and functions may be replaced; a table
holds data and must be dropped first.

```sql
CREATE TABLE t (x INT64);
CREATE TABLE t (y INT64);
```

Choose another name, or say what to do with the old one:

```sql
CREATE TABLE t (x INT64);
CREATE TABLE IF NOT EXISTS t (y INT64);
```
"#,
};

/// The `what` called `name` exists; `help` says what may be written.
pub(crate) fn already_exists(
    span: Span,
    what: &str,
    name: &str,
    first: Option<Span>,
    help: &str,
) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(PAGE.code, span, format!("the {what} `{name}` exists already"))
            .with_help(help);
    match first {
        Some(first) => diagnostic.with_label(first, "made here"),
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
