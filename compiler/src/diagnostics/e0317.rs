//! E0317: a condition that is not BOOLEAN.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0317` prints.
pub const PAGE: Page = Page {
    code: "E0317",
    title: "Not a condition",
    explanation: r#"WHERE, ON, HAVING, FILTER, IF, WHILE, AND, OR and NOT take BOOLEAN values.

```sql
CREATE TABLE t (x INT64);
SELECT * FROM t WHERE x;
```

Compare the value:

```sql
CREATE TABLE t (x INT64);
SELECT * FROM t WHERE x != 0;
```
"#,
};

/// A value of type `found` stands where `what` needs a BOOLEAN.
pub(crate) fn not_a_condition(span: Span, found: &Type, what: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(PAGE.code, span, format!("{what} must be BOOLEAN, this is {found}"))
            .with_text(format!("{found}"));
    if found.is_number() {
        return diagnostic
            .with_help("compare it: `… != 0`")
            .with_fix(Span::at(span.end), " != 0", "compare with 0");
    }
    diagnostic
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
