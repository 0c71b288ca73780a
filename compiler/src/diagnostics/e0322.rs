//! E0322: an exception that a function raises without declaring it.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0322` prints.
pub const PAGE: Page = Page {
    code: "E0322",
    title: "Exception is not declared",
    explanation: r#"A function may only raise what its RAISES lists, directly or through what it
calls, unless it catches it.

```sql
CREATE TYPE Bad AS EXCEPTION("bad");
CREATE FUNCTION f(x: INT64) RETURNS INT64 { IF x < 0 { RAISE Bad } x }
```

List it, or catch it:

```sql
CREATE TYPE Bad AS EXCEPTION("bad");
CREATE FUNCTION f(x: INT64) RETURNS INT64 RAISES Bad { IF x < 0 { RAISE Bad } x }
```
"#,
};

/// `name` leaves `function`; `callee` raises it, or the function itself. `head` is the function's
/// head and `list` its RAISES, if there is one.
pub(crate) fn undeclared_exception(
    span: Span,
    name: &str,
    function: &str,
    callee: Option<&str>,
    (head, list): (Span, Option<Span>),
) -> Diagnostic {
    let how = match callee {
        Some(callee) => format!("`{callee}` may raise it"),
        None => "raised here".to_owned(),
    };
    let fix = match list {
        Some(list) => (Span::at(list.end), format!(", {name}")),
        None => (Span::at(head.end), format!(" RAISES {name}")),
    };
    let message = format!("`{function}` does not declare that it raises {name}");
    Diagnostic::error(PAGE.code, span, message)
        .with_text(how)
        .with_label(head, "the function's head")
        .with_help(format!("add `RAISES {name}` to the head, or catch it with TRY"))
        .with_fix(fix.0, fix.1, format!("declare {name}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
