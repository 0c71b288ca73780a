//! E0301: a table that does not exist.

use super::suggest;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0301` prints.
pub const PAGE: Page = Page {
    code: "E0301",
    title: "Unknown table",
    explanation: r#"No table of this name exists here, neither in the database nor made earlier
in the script.

```sql
CREATE TABLE users (id INT64);
SELECT id FROM usres;
```

Write the name of a table that exists, or create it before this statement:

```sql
CREATE TABLE users (id INT64);
SELECT id FROM users;
```
"#,
};

/// There is no table `name`; `later` is the place of a CREATE TABLE further down.
pub(crate) fn unknown_table(
    span: Span,
    name: &str,
    similar: Option<&str>,
    later: Option<Span>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("there is no table `{name}`"))
        .with_text("not found");
    if let Some(later) = later {
        return diagnostic
            .with_label(later, "it is created only here")
            .with_help("move the CREATE TABLE before its first use");
    }
    suggest(diagnostic, span, similar, "a table")
}

/// There is no view `name`.
pub(crate) fn unknown_view(span: Span, name: &str, similar: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("there is no view `{name}`"))
        .with_text("not found");
    suggest(diagnostic, span, similar, "a view")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
