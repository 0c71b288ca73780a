//! E0102: A text without its closing quote.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0102` prints.
pub const PAGE: Page = Page {
    code: "E0102",
    title: "A text without its closing quote",
    explanation: r#"A text begins with `'` or `"` and ends with the same quote; it may span
lines. Within `'` a quote is written twice, within `"` with a backslash.

Wrong:
```sql
PRINT 'hello;
```

Mended:
```sql
PRINT 'hello';
```
"#,
};

/// A text that nothing closes.
pub(crate) fn open_text(span: Span, quote: char) -> Diagnostic {
    let start = Span::new(span.start, span.start + 1);
    Diagnostic::error(PAGE.code, span, "this text has no closing quote")
        .with_text(format!("`{quote}` is missing at its end"))
        .with_label(start, "it begins here")
        .with_fix(Span::at(span.end), quote.to_string(), "close the text")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
