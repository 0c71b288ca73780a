//! E0355: a session variable that is not set.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0355` prints.
pub const PAGE: Page = Page {
    code: "E0355",
    title: "Unknown variable",
    explanation: r#"No SET before this gives the variable a value.

```sql
SELECT {limit_date};
```

Set it first:

```sql
SET limit_date = '2024-01-01';
SELECT {limit_date};
```
"#,
};

/// `{name}` is not set.
pub(crate) fn unknown_variable(span: Span, name: &str, similar: Option<&str>) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(PAGE.code, span, format!("the variable `{name}` is not set"));
    match similar {
        Some(similar) => diagnostic
            .with_help(format!("did you mean `{{{similar}}}`?"))
            .with_fix(span, format!("{{{similar}}}"), format!("write {{{similar}}}")),
        None => diagnostic.with_help(format!("set it first: `SET {name} = …;`")),
    }
}

/// `{name}` names an object, but is not TEXT.
pub(crate) fn not_a_name(span: Span, name: &str, ty: &Type) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{{{name}}}` must be TEXT to name an object"))
        .with_text(format!("{ty}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
