//! E0340: a constant that breaks a table's constraint.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0340` prints.
pub const PAGE: Page = Page {
    code: "E0340",
    title: "Constant breaks a constraint",
    explanation: r#"The column is NOT NULL and the statement stores the constant NULL; it raises
NotNullViolation when it runs.

```sql
CREATE TABLE t (x INT64 NOT NULL);
INSERT INTO t VALUES (NULL);
```

Store a value:

```sql
CREATE TABLE t (x INT64 NOT NULL);
INSERT INTO t VALUES (0);
```
"#,
};

/// NULL is stored in the NOT NULL column `column`; `missing` says that the INSERT leaves it out.
pub(crate) fn breaks_constraint(span: Span, column: &str, missing: bool) -> Diagnostic {
    let message = format!("the column `{column}` is NOT NULL");
    let text = if missing { "it gets no value and has no DEFAULT" } else { "always NULL" };
    Diagnostic::warning(PAGE.code, span, message)
        .with_text(text)
        .with_note("it raises NotNullViolation when it runs")
}

/// The constants of a row break the CHECK constraint `check` of `table`.
pub(crate) fn breaks_check(span: Span, check: &str, table: &str) -> Diagnostic {
    let message = format!("this row breaks the constraint `{check}` of `{table}`");
    Diagnostic::warning(PAGE.code, span, message)
        .with_text("its CHECK is FALSE for these values")
        .with_note("it raises CheckViolation when it runs")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
