//! E0215: Only a call can have this.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0215` prints.
pub const PAGE: Page = Page {
    code: "E0215",
    title: "Only a call can have this",
    explanation: r#"FILTER, OVER, WITHIN GROUP and IGNORE NULLS stand behind the call of an
aggregate or window function.

Wrong:
```sql
SELECT (1 + a) OVER () FROM t;
```

Mended:
```sql
SELECT sum(1 + a) OVER () FROM t;
```
"#,
};

/// The modifier at `span` stands behind something that is no call.
pub(crate) fn not_a_call(span: Span, operand: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "this belongs behind a call")
        .with_text("only an aggregate or window function can have it")
        .with_label(operand, "this is not a call")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
