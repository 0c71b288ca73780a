//! E0351: a function that hides a built-in.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0351` prints.
pub const PAGE: Page = Page {
    code: "E0351",
    title: "Function hides a built-in",
    explanation: r#"A user's function is found before a built-in of the same name.

```sql
CREATE FUNCTION lower(s: TEXT) RETURNS TEXT { s }
```

Give it a name of its own:

```sql
CREATE FUNCTION my_lower(s: TEXT) RETURNS TEXT { s }
```
"#,
};

/// The function `name` hides a built-in.
pub(crate) fn hides_builtin(span: Span, name: &str) -> Diagnostic {
    Diagnostic::warning(PAGE.code, span, format!("`{name}` hides the built-in function `{name}`"))
        .with_help("give it another name")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
