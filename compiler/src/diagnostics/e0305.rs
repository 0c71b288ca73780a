//! E0305: a type that does not exist.

use super::suggest;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0305` prints.
pub const PAGE: Page = Page {
    code: "E0305",
    title: "Unknown type",
    explanation: r#"No type of this name exists: no built-in type, no CREATE TYPE, no table.

```sql
CREATE TABLE users (id INT46);
```

Write the name of a type:

```sql
CREATE TABLE users (id INT64);
```
"#,
};

/// There is no type `name`.
pub(crate) fn unknown_type(span: Span, name: &str, similar: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("there is no type `{name}`"))
        .with_text("not found");
    suggest(diagnostic, span, similar, "a type")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
