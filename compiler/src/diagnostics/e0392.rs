//! E0392: what is no fitting function

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0392` prints.
pub const PAGE: Page = Page {
    code: "E0392",
    title: "A function is needed",
    explanation: r#"A collection function takes a function of as many parameters as it gives
values; only a function can be called.

```sql
SELECT [1, 2, 3] |> map((x, y) -> x + y);
```

Take one parameter an element:

```sql
SELECT [1, 2, 3] |> map(x -> x + 1);
```
"#,
};

/// A lambda with another number of parameters than it is given values.
pub(crate) fn lambda_width(span: Span, wanted: usize, found: usize) -> Diagnostic {
    let plural = if wanted == 1 { "" } else { "s" };
    let message =
        format!("a function of {wanted} parameter{plural} is needed here, not of {found}");
    Diagnostic::error(PAGE.code, span, message)
}

/// A value that is no function is called, or given where one is needed.
pub(crate) fn not_callable(span: Span, found: &Type) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("this is {found}, not a function"))
        .with_help("a function is written `x -> …`, or named")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
