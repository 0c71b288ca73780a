//! E0308: a value of another type than its context asks for.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0308` prints.
pub const PAGE: Page = Page {
    code: "E0308",
    title: "Types do not match",
    explanation: r#"A value has another type than the place where it stands, and no implicit
conversion leads from one to the other.

```sql
CREATE FUNCTION twice(x: INT64) RETURNS INT64 { x * 2 }
CREATE TABLE t (name TEXT);
SELECT twice(name) FROM t;
```

Convert the value:

```sql
CREATE FUNCTION twice(x: INT64) RETURNS INT64 { x * 2 }
CREATE TABLE t (name TEXT);
SELECT twice(name::INT64) FROM t;
```
"#,
};

/// A value of type `found` stands where `expected` is needed for `why`.
pub(crate) fn type_mismatch(
    span: Span,
    expected: &Type,
    found: &Type,
    why: &str,
    castable: bool,
) -> Diagnostic {
    let message = format!("{why} must be {expected}, this is {found}");
    let diagnostic =
        Diagnostic::error(PAGE.code, span, message).with_text(format!("{found}"));
    if !castable {
        return diagnostic;
    }
    diagnostic
        .with_help(format!("convert it: `…::{expected}`"))
        .with_fix(Span::at(span.end), format!("::{expected}"), format!("convert to {expected}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
