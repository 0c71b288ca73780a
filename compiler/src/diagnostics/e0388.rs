//! E0388: SET of a setting that does not exist.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0388` prints.
pub const PAGE: Page = Page {
    code: "E0388",
    title: "Unknown setting",
    explanation: r#"`SET system.name` sets a setting of the session. This one does not exist.

```sql
SET system.thread = 4;
```

SHOW SETTINGS lists those that do:

```sql
SET system.threads = 4;
```
"#,
};

/// `name` is no setting.
pub(crate) fn unknown_setting(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let report = Diagnostic::error(PAGE.code, span, format!("`{name}` is not a setting"));
    match near {
        Some(near) => report.with_help(format!("did you mean `system.{near}`?")),
        None => report.with_help("SHOW SETTINGS lists the settings"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
