//! E0334: a local that hides another one.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0334` prints.
pub const PAGE: Page = Page {
    code: "E0334",
    title: "Shadowed name",
    explanation: r#"A local has the name of one further out, which cannot be reached while it is
in scope.

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { LET x = 2; x }
```

Give it another name, or assign with SET:

```sql
CREATE FUNCTION f(x: INT64) RETURNS INT64 { SET x = x + 2; x }
```
"#,
};

/// `name` hides the one declared at `first`.
pub(crate) fn shadows(span: Span, name: &str, first: Option<Span>) -> Diagnostic {
    let diagnostic =
        Diagnostic::warning(PAGE.code, span, format!("`{name}` hides another `{name}`"))
            .with_help(format!("give it another name, or assign: `SET {name} = …;`"));
    match first {
        Some(first) => diagnostic.with_label(first, "hidden from here on"),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
