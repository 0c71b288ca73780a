//! E0375: a view where a table is needed, or the other way round.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0375` prints.
pub const PAGE: Page = Page {
    code: "E0375",
    title: "A view is no table",
    explanation: r#"The rows of a view are computed by its query, so they cannot be changed, and
DROP TABLE does not drop it.

```sql
CREATE TABLE users (id INT64, age INT64);
CREATE VIEW adults AS SELECT id FROM users WHERE age >= 18;
DELETE FROM adults WHERE id = 3;
```

Change the table that the view reads:

```sql
CREATE TABLE users (id INT64, age INT64);
CREATE VIEW adults AS SELECT id FROM users WHERE age >= 18;
DELETE FROM users WHERE id = 3;
```
"#,
};

/// The view `name` stands where a table is needed.
pub(crate) fn view_not_table(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{name}` is a view, not a table"))
        .with_text("its rows are computed by a query")
        .with_help("name the table that the view reads")
}

/// DROP of the wrong class: `name` is a `found`.
pub(crate) fn wrong_drop(span: Span, name: &str, found: &str) -> Diagnostic {
    let keyword = found.to_ascii_uppercase();
    Diagnostic::error(PAGE.code, span, format!("`{name}` is a {found}"))
        .with_help(format!("write `DROP {keyword} {name}`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
