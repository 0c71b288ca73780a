//! E0333: a local or a parameter that nothing reads.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0333` prints.
pub const PAGE: Page = Page {
    code: "E0333",
    title: "Unused name",
    explanation: r#"A local or a parameter is declared but never read.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { LET y = 1; x }
```

Use it, remove it, or let its name begin with `_`:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { LET y = 1; x + y }
```
"#,
};

/// The `what` called `name` is never read.
pub(crate) fn unused(span: Span, what: &str, name: &str) -> Diagnostic {
    Diagnostic::warning(PAGE.code, span, format!("the {what} `{name}` is never used"))
        .with_help(format!("remove it, or call it `_{name}`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
