//! E0371: sides of a set operation with different numbers of columns.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0371` prints.
pub const PAGE: Page = Page {
    code: "E0371",
    title: "Set operation of different widths",
    explanation: r#"UNION, INTERSECT and EXCEPT pair the columns of their sides by position, so both
sides have the same number of them.

```sql
CREATE TABLE a (id INT64, name TEXT);
CREATE TABLE b (id INT64);
SELECT id, name FROM a UNION SELECT id FROM b;
```

Select as many columns on both sides:

```sql
CREATE TABLE a (id INT64, name TEXT);
CREATE TABLE b (id INT64);
SELECT id, name FROM a UNION SELECT id, NULL FROM b;
```
"#,
};

/// The sides of the set operation `op` have different numbers of columns.
pub(crate) fn set_width(
    op_span: Span,
    op: &str,
    left: (Span, usize),
    right: (Span, usize),
) -> Diagnostic {
    let count = |n: usize| if n == 1 { "1 column".to_owned() } else { format!("{n} columns") };
    let message = format!("the sides of {op} have {} and {}", count(left.1), count(right.1));
    let (short, side) = if left.1 < right.1 { ("left", left.0) } else { ("right", right.0) };
    let diagnostic = Diagnostic::error(PAGE.code, op_span, message)
        .with_text("needs the same number of columns on both sides")
        .with_label(left.0, count(left.1))
        .with_label(right.0, count(right.1));
    if side.is_empty() {
        return diagnostic;
    }
    diagnostic.with_help(format!("add columns on the {short} side, NULL where it has none"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
