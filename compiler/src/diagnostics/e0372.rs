//! E0372: an ON that uses a table outside its JOIN.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0372` prints.
pub const PAGE: Page = Page {
    code: "E0372",
    title: "ON uses a table outside its JOIN",
    explanation: r#"JOIN binds more tightly than a comma in FROM, so its ON sees the two sides
of this JOIN and not what stands before the comma.

```sql
CREATE TABLE a (id INT64);
CREATE TABLE b (id INT64);
CREATE TABLE c (id INT64);
SELECT a.id FROM a, b JOIN c ON c.id = a.id WHERE a.id = b.id;
```

Write JOIN in place of the comma:

```sql
CREATE TABLE a (id INT64);
CREATE TABLE b (id INT64);
CREATE TABLE c (id INT64);
SELECT a.id FROM a JOIN b ON a.id = b.id JOIN c ON c.id = a.id;
```
"#,
};

/// The ON of `join` uses the table `name`, which stands before a comma.
pub(crate) fn outside_join(span: Span, name: &str, join: Span) -> Diagnostic {
    let what = if name.is_empty() { "this column".to_owned() } else { format!("`{name}`") };
    Diagnostic::error(PAGE.code, span, format!("{what} is not part of this JOIN"))
        .with_text("stands before the comma")
        .with_label(join, "this JOIN sees its two sides only")
        .with_help("write JOIN or CROSS JOIN in place of the comma, or move the condition to WHERE")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
