//! E0310: a constant that its type cannot hold.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0310` prints.
pub const PAGE: Page = Page {
    code: "E0310",
    title: "Constant does not fit",
    explanation: r#"A constant takes the type that its context asks for, and this one is no
value of that type.

```sql
CREATE TABLE t (d DATE);
SELECT * FROM t WHERE d >= '2023-02-29';
```

Write a value of the type:

```sql
CREATE TABLE t (d DATE);
SELECT * FROM t WHERE d >= '2023-02-28';
```
"#,
};

/// The constant `text` is no value of `ty`.
pub(crate) fn bad_constant(
    span: Span,
    text: &str,
    ty: &Type,
    why: &str,
    similar: Option<&str>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("{text} is no {ty}"))
        .with_text(why.to_owned());
    match similar {
        Some(similar) => diagnostic
            .with_help(format!("did you mean '{similar}'?"))
            .with_fix(span, format!("'{similar}'"), format!("write '{similar}'")),
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
