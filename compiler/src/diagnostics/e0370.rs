//! E0370: a query inside an expression with several columns.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0370` prints.
pub const PAGE: Page = Page {
    code: "E0370",
    title: "Query with several columns in an expression",
    explanation: r#"A query that stands for a value, or that IN, ANY, ALL or ARRAY takes values
from, gives one column.

```sql
CREATE TABLE t (a INT64, b INT64);
SELECT (SELECT min(a), max(a) FROM t);
```

Select the one column that is meant:

```sql
CREATE TABLE t (a INT64, b INT64);
SELECT (SELECT min(a) FROM t), (SELECT max(a) FROM t);
```
"#,
};

/// A query in `what` gives `found` columns.
pub(crate) fn subquery_width(span: Span, what: &str, found: usize) -> Diagnostic {
    let message = format!("a query {what} gives one column, but this one gives {found}");
    let one = "select the one column that is meant";
    Diagnostic::error(PAGE.code, span, message).with_text(format!("{found} columns")).with_help(
        if what.starts_with("as a value") {
            format!("{one}, or write one query for each of them")
        } else {
            one.to_owned()
        },
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
