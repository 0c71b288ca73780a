//! E0106: An escape that means nothing.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0106` prints.
pub const PAGE: Page = Page {
    code: "E0106",
    title: "An escape that means nothing",
    explanation: r#"Within `"` a backslash begins an escape: `\n`, `\t`, `\r`, `\b`, `\f`, `\0`,
`\\`, `\/`, `\"`, `\'`, `\u00e9` and `\u{1F43B}`. Within `'` it is an ordinary character.

Wrong:
```sql
PRINT "C:\path";
```

Mended:
```sql
PRINT 'C:\path';
```
"#,
};

/// A backslash with what follows it.
pub(crate) fn bad_escape(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "this escape means nothing")
        .with_text("unknown escape")
        .with_help("write `\\\\` for a backslash, or put the text in `'`, which has no escapes")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
