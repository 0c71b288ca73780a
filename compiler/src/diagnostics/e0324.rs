//! E0324: SET of a name that cannot be assigned to.

use super::suggest;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0324` prints.
pub const PAGE: Page = Page {
    code: "E0324",
    title: "Nothing to assign to",
    explanation: r#"SET in a function assigns to a local that LET or a parameter has declared.

```sql
CREATE FUNCTION f() RETURNS INT64 { SET total = 1; 2 }
```

Declare the local with LET:

```sql
CREATE FUNCTION f() RETURNS INT64 { LET total = 1; SET total = total + 1; total }
```
"#,
};

/// `name` is no local; `set` is the place of the word SET.
pub(crate) fn unknown_target(
    span: Span,
    name: &str,
    similar: Option<&str>,
    set: Span,
) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(PAGE.code, span, format!("there is no local `{name}` to assign to"))
            .with_text("not declared");
    match similar {
        Some(_) => suggest(diagnostic, span, similar, "a local"),
        None => diagnostic
            .with_help(format!("declare it: `LET {name} = …;`"))
            .with_fix(set, "LET", "declare it with LET"),
    }
}

/// `name` is bound by a pattern or a handler, which cannot be assigned to.
pub(crate) fn fixed_target(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{name}` cannot be assigned to"))
        .with_text("bound by a pattern")
        .with_help(format!("copy it first: `LET copy = {name};`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
