//! E0335: UPDATE or DELETE of all rows.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0335` prints.
pub const PAGE: Page = Page {
    code: "E0335",
    title: "No WHERE",
    explanation: r#"Without WHERE the statement concerns all rows of the table, which is seldom
meant.

```sql
CREATE TABLE t (x INT64);
DELETE FROM t;
```

Say which rows:

```sql
CREATE TABLE t (x INT64);
DELETE FROM t WHERE x < 3;
```
"#,
};

/// `keyword` has no WHERE.
pub(crate) fn no_where(span: Span, keyword: &str, table: &str) -> Diagnostic {
    let message = format!("{keyword} without WHERE concerns all rows of `{table}`");
    Diagnostic::warning(PAGE.code, span, message)
        .with_help("add WHERE; `WHERE TRUE` says that all rows are meant")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
