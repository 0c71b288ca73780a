//! E0380: no rule of uniqueness for ON CONFLICT.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0380` prints.
pub const PAGE: Page = Page {
    code: "E0380",
    title: "No rule of uniqueness for ON CONFLICT",
    explanation: r#"ON CONFLICT (columns) names a primary key, a UNIQUE constraint or a unique
index by its columns; rows conflict by one of these, and by nothing else.

```sql
CREATE TABLE users (id INT64 PRIMARY KEY, email TEXT);
INSERT INTO users VALUES (1, 'a@b.c') ON CONFLICT (email) DO NOTHING;
```

Make the columns unique, or name those that are:

```sql
CREATE TABLE users (id INT64 PRIMARY KEY, email TEXT UNIQUE);
INSERT INTO users VALUES (1, 'a@b.c') ON CONFLICT (email) DO NOTHING;
```
"#,
};

/// `table` has no rule of uniqueness over the columns at `span`; `known` are those it has.
pub(crate) fn no_arbiter(span: Span, table: &str, known: &[String]) -> Diagnostic {
    let message = format!("nothing makes these columns of `{table}` unique");
    let diagnostic = Diagnostic::error(PAGE.code, span, message);
    if known.is_empty() {
        return diagnostic.with_help(format!("`{table}` has neither a key nor a unique index"));
    }
    diagnostic.with_help(format!("rows of `{table}` conflict by {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
