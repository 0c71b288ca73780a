//! E0303: a name that means nothing here.

use super::suggest;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0303` prints.
pub const PAGE: Page = Page {
    code: "E0303",
    title: "Unknown name",
    explanation: r#"The name is neither a column in scope nor a parameter or local of the function.

```sql
CREATE FUNCTION double(x: INT64) RETURNS INT64 { y * 2 }
```

Use a name that is declared, or declare it with LET:

```sql
CREATE FUNCTION double(x: INT64) RETURNS INT64 { x * 2 }
```
"#,
};

/// Nothing is called `name` here; `variable` says that a session variable is.
pub(crate) fn unknown_name(
    span: Span,
    name: &str,
    similar: Option<&str>,
    variable: bool,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("`{name}` is not known here"))
        .with_text("not found");
    if variable {
        return diagnostic
            .with_help(format!("the session variable `{name}` is read as `{{{name}}}`"))
            .with_fix(span, format!("{{{name}}}"), "read the session variable");
    }
    suggest(diagnostic, span, similar, "a name")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
