//! E0312: a built-in function that takes no arguments of these types.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0312` prints.
pub const PAGE: Page = Page {
    code: "E0312",
    title: "No form takes these arguments",
    explanation: r#"The built-in function exists, but none of its forms takes arguments of these
types.

```sql
SELECT lower(42);
```

Convert the argument:

```sql
SELECT lower(42::TEXT);
```
"#,
};

/// No form of the built-in `name` takes `found`.
pub(crate) fn no_form(span: Span, name: &str, found: &[Type], forms: &[String]) -> Diagnostic {
    let found: Vec<String> = found.iter().map(Type::to_string).collect();
    let given = match found.as_slice() {
        [] => "no arguments".to_owned(),
        _ => found.join(", "),
    };
    let mut diagnostic =
        Diagnostic::error(PAGE.code, span, format!("`{name}` does not take {given}"));
    for form in forms.iter().take(6) {
        diagnostic = diagnostic.with_note(format!("there is `{form}`"));
    }
    diagnostic
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
