//! E0343: a struct literal whose fields are not the type's.

use super::list;
use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};
use smol_str::SmolStr;

/// What `explain E0343` prints.
pub const PAGE: Page = Page {
    code: "E0343",
    title: "Fields do not fit the struct",
    explanation: r#"A literal of a named struct gives each field of the type once, in any order.

```sql
CREATE TYPE Point AS STRUCT(x: DOUBLE, y: DOUBLE);
SELECT Point { x: 1.0 };
```

Give every field:

```sql
CREATE TYPE Point AS STRUCT(x: DOUBLE, y: DOUBLE);
SELECT Point { x: 1.0, y: 2.0 };
```
"#,
};

/// The literal of `ty` lacks the fields `missing`.
pub(crate) fn missing_fields(span: Span, ty: &Type, missing: &[SmolStr]) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("{ty} needs {}", list(missing)))
        .with_text("not given here")
        .with_help("give each field a value; NULL is one")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
