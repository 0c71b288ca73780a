//! E0331: BREAK or CONTINUE outside a loop.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0331` prints.
pub const PAGE: Page = Page {
    code: "E0331",
    title: "Not in a loop",
    explanation: r#"BREAK leaves a loop and CONTINUE starts its next round; there is none around
this one.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { IF x > 3 { BREAK; } x }
```

Put it into a loop, or leave the function with RETURN:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { WHILE TRUE { BREAK; } x }
```
"#,
};

/// `keyword` stands outside a loop.
pub(crate) fn outside_loop(span: Span, keyword: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{keyword} stands outside a loop"))
        .with_help("RETURN leaves the function")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
