//! E0323: something that is no exception, where one is needed.

use super::suggest;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0323` prints.
pub const PAGE: Page = Page {
    code: "E0323",
    title: "Not an exception",
    explanation: r#"RAISE, RAISES and CATCH take exception types: built-in ones, or types made
by CREATE TYPE … AS EXCEPTION.

```sql
CREATE TYPE P AS STRUCT(x: INT64);
CREATE FUNCTION f() RETURNS INT64 RAISES P { 1 }
```

Name an exception type:

```sql
CREATE TYPE P AS EXCEPTION("no point");
CREATE FUNCTION f() RETURNS INT64 RAISES P { 1 }
```
"#,
};

/// `what` is no exception type.
pub(crate) fn not_an_exception(span: Span, what: &str, similar: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("{what} is not an exception"))
        .with_text("an exception type is needed");
    match similar {
        Some(_) => suggest(diagnostic, span, similar, "an exception"),
        None => diagnostic
            .with_help("make one: `CREATE TYPE Name AS EXCEPTION(\"message\")`"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
