//! E0315: an alias of SELECT in WHERE or ON.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0315` prints.
pub const PAGE: Page = Page {
    code: "E0315",
    title: "Alias is not visible here",
    explanation: r#"WHERE and ON are computed before SELECT, so its aliases do not exist there
yet. GROUP BY, HAVING and ORDER BY see them.

```sql
CREATE TABLE t (x INT64);
SELECT x * 2 AS twice FROM t WHERE twice > 3;
```

Repeat the expression, or use a derived table:

```sql
CREATE TABLE t (x INT64);
SELECT x * 2 AS twice FROM t WHERE x * 2 > 3;
```
"#,
};

/// The alias `name`, which stands at `alias`, is used in `clause`.
pub(crate) fn alias_not_visible(span: Span, name: &str, clause: &str, alias: Span) -> Diagnostic {
    let message = format!("the alias `{name}` is not visible in {clause}");
    Diagnostic::error(PAGE.code, span, message)
        .with_text(format!("{clause} is computed before SELECT"))
        .with_label(alias, "what the alias names")
        .with_help("repeat the expression, or name it in a derived table in FROM")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
