//! E0391: an assignment to what a lambda captured

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0391` prints.
pub const PAGE: Page = Page {
    code: "E0391",
    title: "Captured by value",
    explanation: r#"A lambda captures what it names by value, as it is when the lambda is made. An
assignment inside it would change a copy that nobody sees.

```sql
CREATE FUNCTION f(xs: ARRAY<INT64>) RETURNS INT64 {
    LET total = 0;
    LET sums = xs |> map(x -> { SET total = total + x; total });
    total
}
```

Give the value back, or write a loop:

```sql
CREATE FUNCTION f(xs: ARRAY<INT64>) RETURNS INT64 {
    LET total = 0;
    FOR x IN xs { SET total = total + x; }
    total
}
```
"#,
};

/// `name` stands outside the lambda that assigns to it.
pub(crate) fn captured_target(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("a lambda cannot assign to `{name}`"))
        .with_text("captured by value")
        .with_help("give the new value back, or use FOR")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
