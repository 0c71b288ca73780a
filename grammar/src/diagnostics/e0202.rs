//! E0202: A missing `;`.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0202` prints.
pub const PAGE: Page = Page {
    code: "E0202",
    title: "A missing `;`",
    explanation: r#"Statements end with `;`. Only IF, FOR, WHILE, MATCH, TRY, blocks and CREATE
FUNCTION end at their closing brace.

Wrong:
```sql
PRINT 1
PRINT 2;
```

Mended:
```sql
PRINT 1;
PRINT 2;
```
"#,
};

/// A statement begins where the one before has not ended.
pub(crate) fn missing_semicolon(end: u32, next: Span, keyword: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, Span::at(end), "a `;` is missing")
        .with_text("the statement should end here")
        .with_label(next, format!("`{keyword}` begins another statement"))
        .with_fix(Span::at(end), ";", "add the `;`")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
