//! E0220: A pattern with a point in its name.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0220` prints.
pub const PAGE: Page = Page {
    code: "E0220",
    title: "A pattern with a point in its name",
    explanation: r#"A name in a pattern is bound to the value. Constants are written out, types
are followed by braces.

Wrong:
```sql
MATCH x { m.a => 1, _ => 2 }
```

Mended:
```sql
MATCH x { m.A { b } => 1, _ => 2 }
```
"#,
};

/// `a.b` as a pattern.
pub(crate) fn dotted_pattern(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "a pattern cannot be a dotted name")
        .with_text("binds nothing")
        .with_help(
            "to compare with a value write `name IF name = …`; a type is followed by `{ … }`",
        )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
