//! E0353: code that is never reached.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0353` prints.
pub const PAGE: Page = Page {
    code: "E0353",
    title: "Unreachable code",
    explanation: r#"A RETURN, RAISE, BREAK or CONTINUE before it always leaves.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { RETURN x; LET _y = 1; x }
```

Remove it, or move it up:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { x }
```
"#,
};

/// The code at `span` is never reached, as `leaves` leaves.
pub(crate) fn unreachable_code(span: Span, leaves: Span) -> Diagnostic {
    Diagnostic::warning(PAGE.code, span, "this is never reached")
        .with_label(leaves, "this always leaves")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
