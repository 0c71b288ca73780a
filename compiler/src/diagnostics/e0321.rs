//! E0321: an arm that no value reaches.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0321` prints.
pub const PAGE: Page = Page {
    code: "E0321",
    title: "Unreachable arm",
    explanation: r#"Earlier arms take every value that this arm fits. The first arm that fits wins.

```sql
CREATE FUNCTION f(x: INT64) RETURNS TEXT { MATCH x { _ => 'any', 1 => 'one' } }
```

Put the special arm first, or remove it:

```sql
CREATE FUNCTION f(x: INT64) RETURNS TEXT { MATCH x { 1 => 'one', _ => 'any' } }
```
"#,
};

/// The arm at `span` is never taken because of the one at `earlier`.
pub(crate) fn unreachable_arm(span: Span, earlier: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::warning(PAGE.code, span, "this arm is never taken")
        .with_text("unreachable")
        .with_help("put it before the arms that take its values, or remove it");
    match earlier {
        Some(earlier) => diagnostic.with_label(earlier, "its values are taken here"),
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
