//! E0390: a type that nothing tells

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0390` prints.
pub const PAGE: Page = Page {
    code: "E0390",
    title: "Types of a function value",
    explanation: r#"A lambda takes the types of its parameters from where it goes: the parameter
of the function that it is given to, or the declared type of a local. Where it goes nowhere,
nothing tells them.

```sql
CREATE FUNCTION f() RETURNS INT64 { LET twice = x -> x * 2; twice(4) }
```

Write the types of the parameters, or the function type of the local:

```sql
CREATE FUNCTION f() RETURNS INT64 { LET twice: (INT64) -> INT64 = x -> x * 2; twice(4) }
```
"#,
};

/// Nothing tells the type of a lambda's parameter.
pub(crate) fn untyped_parameter(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("the type of `{name}` is not known here"))
        .with_help(format!("write it: `({name}: INT64) -> …`"))
}

/// Nothing tells which form of a built-in is meant.
pub(crate) fn untyped_function(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("`{name}` takes several types as a value"))
        .with_help(format!("say which: `(x: INT64) -> {name}(x)`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
