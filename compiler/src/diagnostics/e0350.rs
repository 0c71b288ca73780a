//! E0350: a statement that cannot stand in a function or a block.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0350` prints.
pub const PAGE: Page = Page {
    code: "E0350",
    title: "Statement not allowed here",
    explanation: r#"Functions hold no DDL, no ATTACH and no transaction statements; blocks at
the top level hold no BEGIN, COMMIT, ROLLBACK and no CREATE of types and functions.

```sql
CREATE FUNCTION f() { BEGIN; }
```

Put the statement into the script:

```sql
BEGIN;
COMMIT;
```
"#,
};

/// `what` stands in `place`.
pub(crate) fn misplaced_statement(span: Span, what: &str, place: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} cannot stand in {place}"))
        .with_help("put it at the top level of the script")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
