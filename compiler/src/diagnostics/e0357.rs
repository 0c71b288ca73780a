//! E0357: ORDER BY of something that SELECT DISTINCT leaves out.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0357` prints.
pub const PAGE: Page = Page {
    code: "E0357",
    title: "ORDER BY is not in SELECT DISTINCT",
    explanation: r#"After DISTINCT only the columns of SELECT are left, so only they can order
the rows.

```sql
CREATE TABLE t (a INT64, b INT64);
SELECT DISTINCT a FROM t ORDER BY b;
```

Order by a column of SELECT:

```sql
CREATE TABLE t (a INT64, b INT64);
SELECT DISTINCT a FROM t ORDER BY a;
```
"#,
};

/// The key at `span` is not a column of SELECT DISTINCT.
pub(crate) fn not_in_distinct(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "ORDER BY must name a column of SELECT DISTINCT")
        .with_text("not in SELECT")
        .with_help("add it to SELECT")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
