//! E0210: An operator behind a pipe.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0210` prints.
pub const PAGE: Page = Page {
    code: "E0210",
    title: "An operator behind a pipe",
    explanation: r#"Operators that bind tighter than `|>` would apply to the call alone. Put the
pipe in parentheses.

Wrong:
```sql
SELECT a |> abs() + 1 FROM t;
```

Mended:
```sql
SELECT (a |> abs()) + 1 FROM t;
```
"#,
};

/// The operator at `operator` follows the pipe at `pipe`.
pub(crate) fn operator_after_pipe(operator: Span, pipe: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, operator, "this operator cannot follow a pipe")
        .with_text("binds tighter than `|>`")
        .with_label(pipe, "put this in parentheses")
        .with_fix(Span::at(pipe.start), "(", "open parentheses before the pipe")
        .with_fix(Span::at(pipe.end), ")", "close them behind it")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
