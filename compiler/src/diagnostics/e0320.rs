//! E0320: a MATCH that leaves values without an arm.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0320` prints.
pub const PAGE: Page = Page {
    code: "E0320",
    title: "MATCH is not exhaustive",
    explanation: r#"A MATCH must have an arm for every value, NULL included where the value may
be NULL.

```sql
CREATE FUNCTION name(b: BOOLEAN) RETURNS TEXT { MATCH b { TRUE => 'yes', FALSE => 'no' } }
```

Add the missing arms, or `_`:

```sql
CREATE FUNCTION name(b: BOOLEAN) RETURNS TEXT {
    MATCH b { TRUE => 'yes', FALSE => 'no', NULL => 'unknown' }
}
```
"#,
};

/// The MATCH at `span` has no arm for `missing`; its last arm ends at `end`.
pub(crate) fn not_exhaustive(span: Span, missing: &[String], end: Option<Span>) -> Diagnostic {
    let shown: Vec<String> = missing.iter().map(|value| format!("`{value}`")).collect();
    let verb = if missing.len() == 1 { "has no arm" } else { "have no arms" };
    let message = match missing {
        [other] if other == "_" => "all other values have no arm".to_owned(),
        _ => format!("{} {verb}", shown.join(", ")),
    };
    let diagnostic =
        Diagnostic::error(PAGE.code, span, message)
            .with_text("not every value of this is matched");
    let arms: Vec<String> = missing.iter().map(|value| format!("{value} => …")).collect();
    match end {
        Some(end) => diagnostic
            .with_label(end, "the last arm")
            .with_help(format!("add `{}`", arms.join(", "))),
        None => diagnostic.with_help(format!("add `{}`", arms.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
