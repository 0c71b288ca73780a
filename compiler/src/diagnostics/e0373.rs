//! E0373: a recursive query of a wrong shape.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0373` prints.
pub const PAGE: Page = Page {
    code: "E0373",
    title: "Wrong shape of a recursive query",
    explanation: r#"A query of WITH that refers to itself is a UNION or UNION ALL: its left side
gives the first rows without referring to itself, and the right side makes further
rows of those of the round before.

```sql
WITH RECURSIVE n AS (SELECT x + 1 AS x FROM n UNION ALL SELECT 1) SELECT x FROM n LIMIT 3;
```

Put the first rows on the left:

```sql
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT x FROM n;
```
"#,
};

/// The query `name` of WITH refers to itself where it may not.
pub(crate) fn misplaced_recursion(span: Span, name: &str, recursive: bool) -> Diagnostic {
    let message = format!("`{name}` refers to itself in the wrong place");
    let diagnostic = Diagnostic::error(PAGE.code, span, message);
    if recursive {
        diagnostic
            .with_text("here are no rows yet")
            .with_help("the left side of UNION gives the first rows; refer to it on the right side")
    } else {
        diagnostic.with_text("needs WITH RECURSIVE").with_help("write `WITH RECURSIVE`")
    }
}

/// The step of the recursive query `name` gives the column `column` another type.
pub(crate) fn recursive_type_differs(
    span: Span,
    name: &str,
    column: &str,
    types: (&grizzly_bytecode::Type, &grizzly_bytecode::Type),
) -> Diagnostic {
    let (first, step) = types;
    let message = format!("the column `{column}` of `{name}` is {first} first and then {step}");
    Diagnostic::error(PAGE.code, span, message)
        .with_text(format!("gives {step}"))
        .with_help(format!("cast one of the two, as in `{column}::{step}` in the first SELECT"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
