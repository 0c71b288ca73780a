//! E0349: a constant expression that raises.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0349` prints.
pub const PAGE: Page = Page {
    code: "E0349",
    title: "Constant expression raises",
    explanation: r#"The operands are constants and the operation raises; that is left to run
time, in case it is never reached.

```sql
SELECT 1 / 0;
```

Change the constants:

```sql
SELECT 1 / 2;
```
"#,
};

/// The operation raises `exception`.
pub(crate) fn constant_raises(span: Span, exception: &str) -> Diagnostic {
    Diagnostic::warning(PAGE.code, span, format!("this raises {exception} whenever it is reached"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
