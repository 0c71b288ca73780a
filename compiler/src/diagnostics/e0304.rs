//! E0304: a function that does not exist.

use super::suggest;
use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0304` prints.
pub const PAGE: Page = Page {
    code: "E0304",
    title: "Unknown function",
    explanation: r#"No function of this name exists: no receiver function of the value's type,
no free function of the script or the database, no built-in.

```sql
SELECT lowre('ABC');
```

Write the name of a function that exists:

```sql
SELECT lower('ABC');
```
"#,
};

/// There is no function `name`, called on a value of type `receiver` with a point.
pub(crate) fn unknown_function(
    span: Span,
    name: &str,
    receiver: Option<&Type>,
    similar: Option<&str>,
) -> Diagnostic {
    let message = match receiver {
        Some(ty) => format!("{ty} has no method `{name}`, and no function is called so"),
        None => format!("there is no function `{name}`"),
    };
    let diagnostic = Diagnostic::error(PAGE.code, span, message).with_text("not found");
    suggest(diagnostic, span, similar, "a function")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
