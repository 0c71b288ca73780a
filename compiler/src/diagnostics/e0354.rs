//! E0354: a column where only constants may stand.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0354` prints.
pub const PAGE: Page = Page {
    code: "E0354",
    title: "Not a constant",
    explanation: r#"LIMIT, OFFSET and DEFAULT are computed once, without a row: no column can
stand in them.

```sql
CREATE TABLE t (x INT64);
SELECT x FROM t LIMIT x;
```

Write a constant, a parameter or a variable:

```sql
CREATE TABLE t (x INT64);
SELECT x FROM t LIMIT 10;
```
"#,
};

/// The name `name` stands in `clause`.
pub(crate) fn not_constant(span: Span, name: &str, clause: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{name}` cannot stand in {clause}"))
        .with_text(format!("{clause} is computed without a row"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
