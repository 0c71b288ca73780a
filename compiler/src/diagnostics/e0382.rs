//! E0382: unknown index.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0382` prints.
pub const PAGE: Page = Page {
    code: "E0382",
    title: "Unknown index",
    explanation: r#"There is no index of this name.

```sql
CREATE TABLE users (id INT64 PRIMARY KEY, email TEXT);
CREATE INDEX by_email ON users (email);
DROP INDEX by_mail;
```

Give its name as it was made:

```sql
CREATE TABLE users (id INT64 PRIMARY KEY, email TEXT);
CREATE INDEX by_email ON users (email);
DROP INDEX by_email;
```
"#,
};

/// There is no index `name`; `similar` is one that there is.
pub(crate) fn unknown_index(span: Span, name: &str, similar: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("there is no index `{name}`"));
    super::suggest(diagnostic, span, similar, "an index")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
