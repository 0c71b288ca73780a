//! E0344: a cast between types that do not convert.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0344` prints.
pub const PAGE: Page = Page {
    code: "E0344",
    title: "No such conversion",
    explanation: r#"There is no conversion between these types.

```sql
SELECT TRUE::DATE;
```

Convert to another type:

```sql
SELECT TRUE::TEXT;
```
"#,
};

/// `from` does not convert to `to`.
pub(crate) fn no_cast(span: Span, from: &Type, to: &Type) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{from} does not convert to {to}"))
        .with_text(format!("{from}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
