//! E0358: a column of INSERT or UPDATE that is named wrongly.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0358` prints.
pub const PAGE: Page = Page {
    code: "E0358",
    title: "Value for an unknown target",
    explanation: r#"A condition or assignment names something that cannot be changed.

```sql
CREATE TABLE t (a INT64);
UPDATE t SET a = 1, a = 2 WHERE TRUE;
```

Name each column once:

```sql
CREATE TABLE t (a INT64);
UPDATE t SET a = 1 WHERE TRUE;
```
"#,
};

/// The column `name` gets two values.
pub(crate) fn assigned_twice(span: Span, first: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("the column `{name}` gets two values"))
        .with_text("the second")
        .with_label(first, "the first")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
