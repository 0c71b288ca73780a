//! E0204: A bracket that closes nothing.

use crate::diagnostic::{Diagnostic, Page};
use crate::token::Token;

/// What `grizzlyc explain E0204` prints.
pub const PAGE: Page = Page {
    code: "E0204",
    title: "A bracket that closes nothing",
    explanation: r#"A `)`, `]` or `}` stands without its opening bracket, or before a bracket
that was opened later is closed.

Wrong:
```sql
SELECT 1 + 2);
```

Mended:
```sql
SELECT (1 + 2);
```
"#,
};

/// A closing bracket without its mate; `open` is the innermost bracket that is open there.
pub(crate) fn stray(token: Token, open: Option<Token>) -> Diagnostic {
    let close = token.kind.text();
    let diagnostic =
        Diagnostic::error(PAGE.code, token.span, format!("this `{close}` closes nothing"))
            .with_text("no bracket is open for it");
    match open {
        Some(open) => diagnostic.with_label(open.span, "this one is still open"),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
