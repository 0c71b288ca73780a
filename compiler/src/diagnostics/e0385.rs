//! E0385: an option of a file that there is not, or with a value that it does not take.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0385` prints.
pub const PAGE: Page = Page {
    code: "E0385",
    title: "wrong option of a file",
    explanation: r#"The options of read_csv, read_json and COPY have fixed names and kinds of
values. They must be known when the script is checked, so their values are literals.

```sql
FROM read_csv('sales.csv', seperator: ';');
```

Write the option as it is called:

```sql
FROM read_csv('sales.csv', delimiter: ';', header: TRUE, types: { zip: 'TEXT' });
```
"#,
};

/// The option at `span` is wrong in the way that `message` says.
pub(crate) fn file_option(span: Span, message: &str, help: Option<&str>) -> Diagnostic {
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
