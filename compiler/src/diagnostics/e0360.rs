//! E0360: an index or a slice of a value that has no elements.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0360` prints.
pub const PAGE: Page = Page {
    code: "E0360",
    title: "No elements",
    explanation: r#"`x[i]` takes an element of an array, the value of a MAP's key, or a part of a
JSON; `x[a:b]` takes a part of an array. Other values have no elements.

```sql
CREATE FUNCTION width(size: STRUCT(x: INT64, y: INT64)) RETURNS INT64 { size[0] }
```

A field of a struct is taken after a point, and characters of a text by `substr`:

```sql
CREATE FUNCTION width(size: STRUCT(x: INT64, y: INT64)) RETURNS INT64 { size.x }
```
"#,
};

/// A value of type `ty` has no elements.
pub(crate) fn no_index(span: Span, ty: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("{ty} has no elements"))
        .with_text("neither an array nor a MAP nor JSON");
    match ty {
        Type::Text => diagnostic.with_help("take characters with `substr(text, from, count)`"),
        Type::Struct(_) => diagnostic.with_help("take a field with `.name`"),
        _ => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
