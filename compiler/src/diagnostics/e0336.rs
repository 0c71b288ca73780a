//! E0336: tables that are joined without a condition.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0336` prints.
pub const PAGE: Page = Page {
    code: "E0336",
    title: "Implicit cross join",
    explanation: r#"Tables with a comma between them, and nothing in WHERE that pairs their
rows, give all pairs of rows.

```sql
CREATE TABLE a (x INT64);
CREATE TABLE b (y INT64);
SELECT x, y FROM a, b;
```

Join them by a condition, or write CROSS JOIN:

```sql
CREATE TABLE a (x INT64);
CREATE TABLE b (y INT64);
SELECT x, y FROM a CROSS JOIN b;
```
"#,
};

/// The FROM entry at `span` is paired with every row of the ones before it.
pub(crate) fn implicit_cross_join(span: Span) -> Diagnostic {
    Diagnostic::warning(PAGE.code, span, "nothing pairs the rows of this table with the others")
        .with_text("every row is paired with every other")
        .with_help("add a condition to WHERE, use JOIN … ON, or say CROSS JOIN")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
