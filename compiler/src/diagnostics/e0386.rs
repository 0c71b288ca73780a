//! E0386: a file whose columns cannot be found.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0386` prints.
pub const PAGE: Page = Page {
    code: "E0386",
    title: "file cannot be used",
    explanation: r#"The columns of a file in FROM are found by looking at it. A file that cannot be
opened when the script is checked is looked at when its statement is reached; one that cannot be
opened then, or that is of no known format, is an error.

```sql
FROM 'sales.dat';
```

Say how the file is to be read:

```sql
FROM read_csv('sales.dat');
```
"#,
};

/// The file at `span` cannot be used: `message` says why.
pub(crate) fn file_unusable(span: Span, message: &str, help: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, message);
    match help {
        Some(help) => diagnostic.with_help(help),
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
