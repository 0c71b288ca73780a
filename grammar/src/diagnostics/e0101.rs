//! E0101: Text that is no token.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0101` prints.
pub const PAGE: Page = Page {
    code: "E0101",
    title: "Text that is no token",
    explanation: r#"Some character has no meaning in PL-Grizzly.

Wrong:
```sql
SELECT a # b;
```

Mended:
```sql
SELECT a % b;
```
"#,
};

/// Characters that mean nothing; `text` is what stands there.
pub(crate) fn unknown(span: Span, text: &str) -> Diagnostic {
    let shown: String = text.chars().take(8).collect();
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("`{shown}` means nothing here"))
        .with_text("not part of the language");
    match text.chars().next() {
        Some('^') => diagnostic.with_help("for a power write `power(a, b)`"),
        Some('\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}') => {
            diagnostic.with_help("use the straight quotes `'` or `\"`")
        }
        Some('#') => diagnostic.with_help("a comment begins with `--`"),
        _ => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
