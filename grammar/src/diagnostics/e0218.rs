//! E0218: A call without this form.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0218` prints.
pub const PAGE: Page = Page {
    code: "E0218",
    title: "A call without this form",
    explanation: r#"FROM and FOR stand among the arguments of `extract`, `substring` and `trim`
only.

Wrong:
```sql
SELECT upper(a FROM b);
```

Mended:
```sql
SELECT substring(a FROM 1 FOR 2);
```
"#,
};

/// A call with FROM whose function has no such form.
pub(crate) fn no_sql_form(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "this function takes no FROM")
        .with_text("only extract, substring and trim do")
        .with_help("separate the arguments by commas; a query needs parentheses of its own")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
