//! E0338: a statement that is checked when it is reached.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0338` prints.
pub const PAGE: Page = Page {
    code: "E0338",
    title: "Late statement",
    explanation: r#"What the statement depends on is known only when the script runs: it is
checked then, and an error found then is a CompileError.

```sql
CREATE TABLE t (x INT64);
SET name = lower('T');
SELECT * FROM {name};
```

Where it can be known earlier, assign a literal once:

```sql
CREATE TABLE t (x INT64);
SET name = 't';
SELECT * FROM {name};
```
"#,
};

/// The statement at `span` depends on `what`.
pub(crate) fn late(span: Span, what: &str) -> Diagnostic {
    Diagnostic::note(PAGE.code, span, "this statement is checked when it is reached")
        .with_text(format!("it depends on {what}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
