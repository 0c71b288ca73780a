//! E0352: a text that is the name of a column.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0352` prints.
pub const PAGE: Page = Page {
    code: "E0352",
    title: "Text or column?",
    explanation: r#"`"x"` is a text, but a column in scope has this name; in other SQL it would
be meant.

```sql
CREATE TABLE t (name TEXT);
SELECT "name" FROM t;
```

Write the name without quotes, or the text in single quotes:

```sql
CREATE TABLE t (name TEXT);
SELECT name FROM t;
```
"#,
};

/// The text `"name"` is the name of a column.
pub(crate) fn quoted_column(span: Span, name: &str) -> Diagnostic {
    let message = format!("\"{name}\" is a text, but `{name}` is a column here");
    Diagnostic::error(PAGE.code, span, message)
        .with_help(format!("write `{name}` for the column, '{name}' for the text"))
        .with_fix(span, name, "take the column")
        .with_fix(span, format!("'{}'", name.replace('\'', "''")), "take the text")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
