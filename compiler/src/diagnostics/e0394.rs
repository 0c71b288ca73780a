//! E0394: an exception that a function type does not list

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0394` prints.
pub const PAGE: Page = Page {
    code: "E0394",
    title: "An exception that the type does not list",
    explanation: r#"A function value that is kept in a local, or is the name of a function, may
raise only what its type lists after RAISES: whoever calls it goes by the type.

```sql
CREATE TYPE Refused AS EXCEPTION("refused");
CREATE FUNCTION f() RETURNS INT64 {
    LET check: (INT64) -> INT64 = x -> { IF x < 0 { RAISE Refused } x };
    check(4)
}
```

List it in the type; the function that calls the value lists it too:

```sql
CREATE TYPE Refused AS EXCEPTION("refused");
CREATE FUNCTION f() RETURNS INT64 RAISES Refused {
    LET check: (INT64) -> INT64 RAISES Refused = x -> { IF x < 0 { RAISE Refused } x };
    check(4)
}
```
"#,
};

/// `name` may be raised, and the function type does not list it.
pub(crate) fn unlisted_exception(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` may be raised here, and the function's type does not list it");
    Diagnostic::error(PAGE.code, span, message)
        .with_help(format!("write `RAISES {name}` behind the function type, or catch it"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
