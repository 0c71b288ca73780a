//! E0356: a name that is a column and a local.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0356` prints.
pub const PAGE: Page = Page {
    code: "E0356",
    title: "Column or local?",
    explanation: r#"In a query a bare name is a column in scope, else a parameter or local; where it could be
both, the text must say which.

```sql
CREATE TABLE t (x INT64);
MATCH 3 { x => (SELECT x FROM t), }
```

Write `table.name` for the column, `{name}` for the local:

```sql
CREATE TABLE t (x INT64);
SELECT t.x FROM t;
```
"#,
};

/// `name` is a column of `table` and a local.
pub(crate) fn column_or_local(span: Span, name: &str, table: &str) -> Diagnostic {
    let message = format!("`{name}` may be a column of `{table}` or a local");
    Diagnostic::error(PAGE.code, span, message)
        .with_help(format!("write `{table}.{name}` for the column, `{{{name}}}` for the local"))
        .with_fix(span, format!("{table}.{name}"), "take the column")
        .with_fix(span, format!("{{{name}}}"), "take the local")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
