//! E0359: a DECIMAL with impossible digits.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0359` prints.
pub const PAGE: Page = Page {
    code: "E0359",
    title: "DECIMAL out of range",
    explanation: r#"DECIMAL(p, s) has p digits, 1 to 38, of which s stand after the point.

```sql
CREATE TABLE t (x DECIMAL(40, 2));
```

Take fewer digits, or DOUBLE:

```sql
CREATE TABLE t (x DECIMAL(38, 2));
```
"#,
};

/// The type argument at `span` is out of range.
pub(crate) fn bad_decimal(span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, message)
        .with_note("DECIMAL(p, s) has 1 to 38 digits, of which at most p stand after the point")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
