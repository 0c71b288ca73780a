//! E0397: a prepared statement that is not there.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0397` prints.
pub const PAGE: Page = Page {
    code: "E0397",
    title: "Not prepared",
    explanation: r#"EXECUTE runs a statement that PREPARE gave a name, and DEALLOCATE forgets it.

```sql
EXECUTE double(4);
```

Prepare it first; `?` and `$1` are its parameters:

```sql
PREPARE double AS SELECT $1 * 2 AS twice;
EXECUTE double(4);
```
"#,
};

/// No statement is prepared under this name.
pub(crate) fn unknown_prepared(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("no statement is prepared as `{name}`"))
        .with_help(format!("prepare it first: `PREPARE {name} AS …;`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
