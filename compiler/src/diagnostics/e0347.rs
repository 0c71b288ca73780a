//! E0347: || between booleans.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0347` prints.
pub const PAGE: Page = Page {
    code: "E0347",
    title: "|| joins texts",
    explanation: r#"`||` joins two texts. The logical operator is OR.

```sql
CREATE TABLE t (a BOOLEAN, b BOOLEAN);
SELECT a || b FROM t;
```

Write OR:

```sql
CREATE TABLE t (a BOOLEAN, b BOOLEAN);
SELECT a OR b FROM t;
```
"#,
};

/// `||` stands between booleans.
pub(crate) fn concat_booleans(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "`||` joins texts, and these are BOOLEAN")
        .with_help("write OR")
        .with_fix(span, "OR", "write OR")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
