//! E0302: a column that does not exist.

use super::{list, suggest};
use grizzly_grammar::{Diagnostic, Page, Span};
use smol_str::SmolStr;

/// What `explain E0302` prints.
pub const PAGE: Page = Page {
    code: "E0302",
    title: "Unknown column",
    explanation: r#"None of the tables in FROM has a column of this name.

```sql
CREATE TABLE users (id INT64, name TEXT);
SELECT nmae FROM users;
```

Write the name of a column:

```sql
CREATE TABLE users (id INT64, name TEXT);
SELECT name FROM users;
```
"#,
};

/// No table of FROM (or the named one) has a column `name`.
pub(crate) fn unknown_column(
    span: Span,
    name: &str,
    table: Option<&str>,
    similar: Option<&str>,
    columns: &[SmolStr],
) -> Diagnostic {
    let message = match table {
        Some(table) => format!("`{table}` has no column `{name}`"),
        None => format!("there is no column `{name}` here"),
    };
    let diagnostic = Diagnostic::error(PAGE.code, span, message).with_text("not found");
    if similar.is_none() && !columns.is_empty() && columns.len() <= 12 {
        return diagnostic.with_note(format!("the columns are {}", list(columns)));
    }
    suggest(diagnostic, span, similar, "a column")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
