//! E0393: FOR over what has no elements

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0393` prints.
pub const PAGE: Page = Page {
    code: "E0393",
    title: "Nothing to go through",
    explanation: r#"FOR goes through an array, a range of integers or the rows of a query.

```sql
CREATE FUNCTION f(n: INT64) RETURNS INT64 { LET sum = 0; FOR i IN n { SET sum = sum + i; } sum }
```

Write the range, whose ends both belong to it:

```sql
CREATE FUNCTION f(n: INT64) RETURNS INT64 { LET sum = 0; FOR i IN 1..n { SET sum = sum + i; } sum }
```
"#,
};

/// The source of FOR has no elements.
pub(crate) fn not_iterable(span: Span, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("FOR cannot go through {found}"));
    match found.is_integer() {
        true => diagnostic.with_help("write the range: `1..n`"),
        false => diagnostic.with_help("FOR takes an array, a range or a query"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
