//! E0316: an ordinal that names no column.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0316` prints.
pub const PAGE: Page = Page {
    code: "E0316",
    title: "No column of this number",
    explanation: r#"A number in GROUP BY and ORDER BY counts the columns of SELECT from 1.

```sql
SELECT 'a' AS x ORDER BY 2;
```

Count again, or write the name:

```sql
SELECT 'a' AS x ORDER BY 1;
```
"#,
};

/// `clause` names column number `found` of `count`.
pub(crate) fn bad_ordinal(span: Span, found: &str, count: usize, clause: &str) -> Diagnostic {
    let message = format!("{clause} {found} names no column of SELECT");
    let columns = if count == 1 { "is 1 column" } else { "are columns 1 to" };
    let known = if count == 1 { columns.to_owned() } else { format!("{columns} {count}") };
    Diagnostic::error(PAGE.code, span, message).with_text(format!("there {known}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
