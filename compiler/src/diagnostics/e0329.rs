//! E0329: a call whose effects are not allowed where it stands.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0329` prints.
pub const PAGE: Page = Page {
    code: "E0329",
    title: "Effect not allowed here",
    explanation: r#"Inside a query a function may read and may be volatile, but may not change
data or print. A DEFAULT may not either.

```sql
CREATE FUNCTION say(x: INT64) RETURNS INT64 { PRINT x; x }
CREATE TABLE t (x INT64);
SELECT say(x) FROM t;
```

Use a function without such effects, or call it outside the query:

```sql
CREATE FUNCTION same(x: INT64) RETURNS INT64 { x }
CREATE TABLE t (x INT64);
SELECT same(x) FROM t;
```
"#,
};

/// `name` does what `clause` does not allow.
pub(crate) fn misplaced_effect(span: Span, name: &str, clause: &str) -> Diagnostic {
    let message = format!("`{name}` changes data or prints, which {clause} does not allow");
    Diagnostic::error(PAGE.code, span, message)
        .with_text("this call")
        .with_help("call it as a statement, in LET, SET or RETURN, or in a SELECT without FROM")
}

/// `name` is called at `span`, in a clause whose value may depend on the row alone.
pub(crate) fn impure(span: Span, name: &str, clause: &str) -> Diagnostic {
    let message = format!("`{name}` does not depend on the row alone, as {clause} must");
    Diagnostic::error(PAGE.code, span, message).with_text("this call")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
