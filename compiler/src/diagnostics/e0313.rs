//! E0313: an aggregate where there are no groups.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0313` prints.
pub const PAGE: Page = Page {
    code: "E0313",
    title: "Aggregate not allowed here",
    explanation: r#"An aggregate looks at all rows of a group, so it can stand only where groups
exist: in SELECT, HAVING and ORDER BY.

```sql
CREATE TABLE t (x INT64);
SELECT x FROM t WHERE sum(x) > 3;
```

Put the condition into HAVING:

```sql
CREATE TABLE t (x INT64);
SELECT x FROM t GROUP BY x HAVING sum(x) > 3;
```
"#,
};

/// The aggregate `name` stands in `clause`.
pub(crate) fn misplaced_aggregate(span: Span, name: &str, clause: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(PAGE.code, span, format!("`{name}` cannot stand in {clause}"))
            .with_text("an aggregate");
    match clause {
        "WHERE" => diagnostic.with_help("put the condition into HAVING, which sees the groups"),
        "another aggregate" => {
            diagnostic.with_help("compute the inner aggregate in a derived table in FROM")
        }
        _ => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
