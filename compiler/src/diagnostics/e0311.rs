//! E0311: arguments that do not fit a function's parameters.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0311` prints.
pub const PAGE: Page = Page {
    code: "E0311",
    title: "Wrong arguments",
    explanation: r#"A call gives each parameter one argument: first by position, then by name.
Parameters with a default may be left out.

```sql
CREATE FUNCTION area(width: DOUBLE, height: DOUBLE) RETURNS DOUBLE { width * height }
SELECT area(2.0);
```

Give what is missing:

```sql
CREATE FUNCTION area(width: DOUBLE, height: DOUBLE) RETURNS DOUBLE { width * height }
SELECT area(2.0, height: 3.0);
```
"#,
};

/// `message` says what is wrong; `signature` shows the function.
pub(crate) fn wrong_arguments(span: Span, message: String, signature: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, message)
        .with_note(format!("the function is `{signature}`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
