//! E0376: a view that cannot be read.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0376` prints.
pub const PAGE: Page = Page {
    code: "E0376",
    title: "View that cannot be read",
    explanation: r#"The query of a view is checked where the view is used. It does not fit the
objects that it names any more, reads itself, or has two columns of one name.

```sql
CREATE TABLE users (id INT64, age INT64);
CREATE VIEW both AS SELECT id, age AS id FROM users;
```

Give each column a name of its own:

```sql
CREATE TABLE users (id INT64, age INT64);
CREATE VIEW both AS SELECT id, age FROM users;
```
"#,
};

/// The view or function (`what`) called `name` does not fit the objects that it uses: `why`.
pub(crate) fn broken_object(span: Span, what: &str, name: &str, why: &str) -> Diagnostic {
    let message = format!("the {what} `{name}` does not fit the objects that it uses");
    Diagnostic::error(PAGE.code, span, message).with_note(format!("in its query: {why}"))
}

/// The view `name` reads itself.
pub(crate) fn recursive_view(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("the view `{name}` would read itself"))
        .with_text("leads back to it")
        .with_help("name the tables that are meant, or use WITH RECURSIVE")
}

/// Two columns of a view are called `name`.
pub(crate) fn duplicate_column(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("two columns of the view are called `{name}`"))
        .with_text("the second")
        .with_help("give it another name with AS, or name the columns after the view's name")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
