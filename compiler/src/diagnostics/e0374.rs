//! E0374: an object that views need.

use super::list;
use grizzly_grammar::{Diagnostic, Page, Span};
use smol_str::SmolStr;

/// What `explain E0374` prints.
pub const PAGE: Page = Page {
    code: "E0374",
    title: "Object needed by a view",
    explanation: r#"A table, view or function that a view uses can only be dropped together with the
view.

```sql
CREATE TABLE users (id INT64, age INT64);
CREATE VIEW adults AS SELECT id FROM users WHERE age >= 18;
DROP TABLE users;
```

Drop the view first, or drop both with CASCADE:

```sql
CREATE TABLE users (id INT64, age INT64);
CREATE VIEW adults AS SELECT id FROM users WHERE age >= 18;
DROP TABLE users CASCADE;
```
"#,
};

/// The `what` called `name` is used by the views `users`.
pub(crate) fn needed_by_views(span: Span, what: &str, name: &str, users: &[SmolStr]) -> Diagnostic {
    let plural = if users.len() == 1 { "view" } else { "views" };
    let message = format!("the {what} `{name}` is needed by the {plural} {}", list(users));
    Diagnostic::error(PAGE.code, span, message)
        .with_text("cannot be dropped alone")
        .with_help(format!("drop the {plural} first, or write CASCADE to drop all of them"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
