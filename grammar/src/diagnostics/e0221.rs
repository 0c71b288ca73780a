//! E0221: A second `...` in one pattern.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0221` prints.
pub const PAGE: Page = Page {
    code: "E0221",
    title: "A second `...` in one pattern",
    explanation: r#"An array pattern may hold one `...`, which takes what the other patterns
leave.

Wrong:
```sql
MATCH xs { [...a, 1, ...b] => 1, _ => 2 }
```

Mended:
```sql
MATCH xs { [...a, 1] => 1, _ => 2 }
```
"#,
};

/// The `...` at `second` follows the one at `first`.
pub(crate) fn second_rest(second: Span, first: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, second, "a pattern can hold one `...` only")
        .with_text("the second one")
        .with_label(first, "the first one")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
