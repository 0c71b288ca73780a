//! E0214: No type before a struct literal.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0214` prints.
pub const PAGE: Page = Page {
    code: "E0214",
    title: "No type before a struct literal",
    explanation: r#"A struct literal may have the name of its type before its brace, and nothing
else.

Wrong:
```sql
SELECT (1 + 2) { a: 1 };
```

Mended:
```sql
SELECT Point { x: 1, y: 2 };
```
"#,
};

/// What stands before the brace is no name.
pub(crate) fn not_a_type(span: Span, brace: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "only a type's name can stand before a struct literal")
        .with_text("not a name")
        .with_label(brace, "the literal begins here")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
