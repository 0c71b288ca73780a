//! E0341: SET of a variable to a value of another type.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0341` prints.
pub const PAGE: Page = Page {
    code: "E0341",
    title: "Variable has another type",
    explanation: r#"A session variable keeps the type of its first SET in the script; later
values must convert to it.

```sql
SET x = 1;
SET x = 'one';
```

Use another variable, or convert the value:

```sql
SET x = 1;
SET x = 2;
```
"#,
};

/// The variable `name` of type `ty` is set to a value of type `found`.
pub(crate) fn variable_type(span: Span, name: &str, ty: &Type, found: &Type) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("the variable `{name}` is {ty}, this is {found}"))
        .with_text(format!("{found}"))
        .with_help("a variable keeps the type of its first SET; use another one")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
