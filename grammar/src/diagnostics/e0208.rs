//! E0208: Comparisons do not chain.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0208` prints.
pub const PAGE: Page = Page {
    code: "E0208",
    title: "Comparisons do not chain",
    explanation: r#"Comparisons are not associative: `a < b < c` would compare a truth value with
`c`.

Wrong:
```sql
SELECT 1 < x < 10;
```

Mended:
```sql
SELECT 1 < x AND x < 10;
```
"#,
};

/// A second comparison at `second` whose left operand is the comparison at `left`.
pub(crate) fn chained(second: Span, left: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, second, "comparisons do not chain")
        .with_text("a second comparison")
        .with_label(left, "this is a truth value")
        .with_help("write `a < b AND b < c`, or put one comparison in parentheses")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
