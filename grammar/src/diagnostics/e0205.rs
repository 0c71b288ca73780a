//! E0205: A misspelt keyword.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0205` prints.
pub const PAGE: Page = Page {
    code: "E0205",
    title: "A misspelt keyword",
    explanation: r#"A word stands where only a keyword can, and it looks much like one.

Wrong:
```sql
SELCT a FROM t;
```

Mended:
```sql
SELECT a FROM t;
```
"#,
};

/// A word that is close to a keyword that could stand there.
pub(crate) fn misspelt(span: Span, found: &str, keyword: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("unknown keyword `{found}`"))
        .with_text(format!("did you mean `{keyword}`?"))
        .with_fix(span, keyword, format!("write `{keyword}`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
