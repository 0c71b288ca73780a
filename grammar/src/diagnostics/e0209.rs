//! E0209: A pipe needs a call.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0209` prints.
pub const PAGE: Page = Page {
    code: "E0209",
    title: "A pipe needs a call",
    explanation: r#"`x |> f(a)` means `f(x, a)`: on the right of `|>` stands a call, with its
parentheses.

Wrong:
```sql
SELECT name |> upper FROM t;
```

Mended:
```sql
SELECT name |> upper() FROM t;
```
"#,
};

/// What stands at `right` is no call.
pub(crate) fn not_a_call(right: Span, pipe: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, right, "on the right of `|>` stands a call")
        .with_text("not a call")
        .with_label(pipe, "this pipe")
        .with_help("write the parentheses, as in `x |> f()`")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
