//! E0326: a row with too many or too few values.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0326` prints.
pub const PAGE: Page = Page {
    code: "E0326",
    title: "Wrong number of values",
    explanation: r#"Each row must have one value for each column.

```sql
CREATE TABLE t (a INT64, b INT64);
INSERT INTO t VALUES (1);
```

Give each column a value, or list the columns that get one:

```sql
CREATE TABLE t (a INT64, b INT64);
INSERT INTO t (a) VALUES (1);
```
"#,
};

/// A row has `found` values for `expected` columns of `what`.
pub(crate) fn wrong_width(span: Span, expected: usize, found: usize, what: &str) -> Diagnostic {
    let plural = if expected == 1 { "" } else { "s" };
    let message = format!("{what} has {expected} column{plural}, but {found} are given");
    let text = if found < expected {
        format!("{} missing", expected - found)
    } else {
        format!("{} too many", found - expected)
    };
    Diagnostic::error(PAGE.code, span, message).with_text(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
