//! E0223: A type where a query gives it.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0223` prints.
pub const PAGE: Page = Page {
    code: "E0223",
    title: "A type where a query gives it",
    explanation: r#"The columns of CREATE TABLE … AS take their types from the query; only their
names may be given.

Wrong:
```sql
CREATE TABLE t (a INT64) AS SELECT 1;
```

Mended:
```sql
CREATE TABLE t (a) AS SELECT 1;
```
"#,
};

/// A type or constraint before AS.
pub(crate) fn typed_column_of_query(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "the query gives the columns their types")
        .with_text("only a name may stand here")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
