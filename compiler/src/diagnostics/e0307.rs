//! E0307: a name that is given twice.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0307` prints.
pub const PAGE: Page = Page {
    code: "E0307",
    title: "Name given twice",
    explanation: r#"Names must differ within a table's columns, a function's parameters, a
struct's fields, an ENUM's values and the tables of FROM; ASCII case does not count.

```sql
CREATE TABLE users (id INT64, ID TEXT);
```

Give each its own name:

```sql
CREATE TABLE users (id INT64, code TEXT);
```
"#,
};

/// The `what` called `name` stands twice.
pub(crate) fn duplicate_name(span: Span, first: Span, what: &str, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("the {what} `{name}` is given twice"))
        .with_text("the second")
        .with_label(first, "the first")
        .with_help("give one of them another name")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
