//! E0348: a comparison where an assignment was meant.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0348` prints.
pub const PAGE: Page = Page {
    code: "E0348",
    title: "Comparison as a statement",
    explanation: r#"`x = 1;` compares and drops the answer. SET assigns.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { x = x + 1; x }
```

Write SET:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { SET x = x + 1; x }
```
"#,
};

/// `name = …` stands as a statement.
pub(crate) fn comparison_statement(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "this compares, and nothing uses the answer")
        .with_help(format!("to assign, write `SET {name} = …;`"))
        .with_fix(Span::at(span.start), "SET ", "assign with SET")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
