//! E0325: a field that a value does not have.

use super::{list, suggest};
use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};
use smol_str::SmolStr;

/// What `explain E0325` prints.
pub const PAGE: Page = Page {
    code: "E0325",
    title: "No such field",
    explanation: r#"Only structs and exceptions have fields, and this one has no field of this name.

```sql
CREATE TYPE Point AS STRUCT(x: DOUBLE, y: DOUBLE);
CREATE FUNCTION f(p: Point) RETURNS DOUBLE { p.z }
```

Write the name of a field:

```sql
CREATE TYPE Point AS STRUCT(x: DOUBLE, y: DOUBLE);
CREATE FUNCTION f(p: Point) RETURNS DOUBLE { p.y }
```
"#,
};

/// A value of type `ty` has no field `name`.
pub(crate) fn no_field(
    span: Span,
    name: &str,
    ty: &Type,
    similar: Option<&str>,
    fields: &[SmolStr],
) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("{ty} has no field `{name}`"))
        .with_text("not found");
    if similar.is_none() && !fields.is_empty() {
        return diagnostic.with_note(format!("the fields are {}", list(fields)));
    }
    suggest(diagnostic, span, similar, "a field")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
