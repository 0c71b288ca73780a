//! E0300: a part of the language that is reserved, but not there yet.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0300` prints.
pub const PAGE: Page = Page {
    code: "E0300",
    title: "Not supported yet",
    explanation: r#"The text is correct PL-Grizzly, but this part of the language is not built yet.

```sql
SET GLOBAL limit_of_rows = 3;
```

Write it with what there is:

```sql
SET limit_of_rows = 3;
```
"#,
};

/// `what` cannot be used yet.
pub(crate) fn not_supported(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{what} is not supported yet"))
        .with_text("this part of the language is still to come")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
