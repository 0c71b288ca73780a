//! E0389: DESCRIBE of something that does not exist, and changes of tables that cannot be changed.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0389` prints.
pub const PAGE: Page = Page {
    code: "E0389",
    title: "No such object to describe or change",
    explanation: r#"DESCRIBE takes a table, a view, a type or a function that exists. The tables of
the schema `system` can be described and read, but not changed.

```sql
CREATE TYPE color AS ENUM ('red', 'green');
DESCRIBE colour;
```

```sql
CREATE TYPE color AS ENUM ('red', 'green');
DESCRIBE color;
```
"#,
};

/// Nothing is called `name`.
pub(crate) fn unknown_object(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let report = Diagnostic::error(PAGE.code, span, format!("there is no object `{name}`"));
    match near {
        Some(near) => report.with_help(format!("did you mean `{near}`?")),
        None => report.with_help("SHOW TABLES, SHOW TYPES and SHOW FUNCTIONS list the objects"),
    }
}

/// `name` is a table of `system`.
pub(crate) fn read_only_table(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{name}` cannot be changed"))
        .with_note("the tables of `system` show what the database holds")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
