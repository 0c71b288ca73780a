//! E0332: a function that gives no value, or an unexpected one.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0332` prints.
pub const PAGE: Page = Page {
    code: "E0332",
    title: "Result does not fit the head",
    explanation: r#"A function with RETURNS gives a value on every way through its body: its
last expression without `;`, or RETURN. One without RETURNS gives none.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { LET y = x + 1; }
```

End the body with the value:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { LET y = x + 1; y }
```
"#,
};

/// The body of `function` ends at `span` without a value of type `ty`.
pub(crate) fn missing_result(
    span: Span,
    function: &str,
    ty: &Type,
    last: Option<Span>,
) -> Diagnostic {
    let message = format!("`{function}` must give a value of type {ty}");
    let diagnostic = Diagnostic::error(PAGE.code, span, message).with_text("it ends without one");
    match last {
        Some(last) => diagnostic
            .with_label(last, "its value is dropped by the `;` after it")
            .with_help("remove the last `;`"),
        None => diagnostic.with_help("end the body with the value, or with `RETURN value`"),
    }
}

/// RETURN gives a value, but the function has none.
pub(crate) fn unexpected_result(span: Span, function: &str, ty: &Type) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{function}` has no RETURNS, so it gives no value"))
        .with_text(format!("{ty}"))
        .with_help(format!("add `RETURNS {ty}` to its head"))
}

/// RETURN stands outside a function.
pub(crate) fn outside_function(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "RETURN stands outside a function")
        .with_text("there is nothing to return from")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
