//! E0318: branches without a common type.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0318` prints.
pub const PAGE: Page = Page {
    code: "E0318",
    title: "No common type",
    explanation: r#"The branches of IF, MATCH, CASE and TRY, the arguments of `??` and the
elements of an array take the least type that all convert to.

```sql
SELECT CASE WHEN TRUE THEN 1 ELSE 'none' END;
```

Convert one of them:

```sql
SELECT CASE WHEN TRUE THEN 1::TEXT ELSE 'none' END;
```
"#,
};

/// Two branches have types that do not convert to one.
pub(crate) fn no_common_type(first: (Span, &Type), second: (Span, &Type)) -> Diagnostic {
    let message = format!("{} and {} have no common type", first.1, second.1);
    Diagnostic::error(PAGE.code, second.0, message)
        .with_text(format!("{}", second.1))
        .with_label(first.0, format!("{}", first.1))
        .with_help("convert one of them with `::`")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
