//! E0381: the index of a constraint.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0381` prints.
pub const PAGE: Page = Page {
    code: "E0381",
    title: "The index of a constraint",
    explanation: r#"The index of a UNIQUE constraint is what keeps it; it goes with its table, not
by DROP INDEX.

```sql
CREATE TABLE users (id INT64 PRIMARY KEY, email TEXT, CONSTRAINT one_email UNIQUE (email));
DROP INDEX one_email;
```

A unique index that was made by itself can be dropped:

```sql
CREATE TABLE users (id INT64 PRIMARY KEY, email TEXT);
CREATE UNIQUE INDEX one_email ON users (email);
DROP INDEX one_email;
```
"#,
};

/// `index` belongs to a UNIQUE constraint of `table`.
pub(crate) fn index_of_constraint(span: Span, index: &str, table: &str) -> Diagnostic {
    let message = format!("`{index}` keeps a UNIQUE constraint of `{table}`");
    Diagnostic::error(PAGE.code, span, message)
        .with_help(format!("the constraint goes when `{table}` is dropped"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
