//! E0103: A quoted name without its closing quote.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0103` prints.
pub const PAGE: Page = Page {
    code: "E0103",
    title: "A quoted name without its closing quote",
    explanation: r#"A name in `` ` `` ends with the same character.

Wrong:
```sql
SELECT `a FROM t;
```

Mended:
```sql
SELECT `a` FROM t;
```
"#,
};

/// A quoted name that nothing closes.
pub(crate) fn open_name(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "this quoted name has no closing `` ` ``")
        .with_text("`` ` `` is missing at its end")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
