//! E0342: a struct that contains itself.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0342` prints.
pub const PAGE: Page = Page {
    code: "E0342",
    title: "Type contains itself",
    explanation: r#"A struct that contains itself would be infinitely large. Through ARRAY, MAP
or JSON it may.

```sql
CREATE TYPE Node AS STRUCT(value: INT64, next: Node);
```

Go through an array:

```sql
CREATE TYPE Node AS STRUCT(value: INT64, label: TEXT);
```
"#,
};

/// The type `name` contains itself by the field at `span`.
pub(crate) fn recursive_type(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("the type `{name}` contains itself"))
        .with_text("by this field")
        .with_help("keep the inner values in an ARRAY or in JSON")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
