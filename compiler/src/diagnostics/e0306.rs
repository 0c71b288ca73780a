//! E0306: a column name that several tables have.

use grizzly_grammar::{Diagnostic, Page, Span};
use smol_str::SmolStr;

/// What `explain E0306` prints.
pub const PAGE: Page = Page {
    code: "E0306",
    title: "Ambiguous column",
    explanation: r#"Several tables of FROM have a column of this name.

```sql
CREATE TABLE a (id INT64);
CREATE TABLE b (id INT64);
SELECT id FROM a JOIN b ON a.id = b.id;
```

Say which table is meant:

```sql
CREATE TABLE a (id INT64);
CREATE TABLE b (id INT64);
SELECT a.id FROM a JOIN b ON a.id = b.id;
```
"#,
};

/// `owners` all have a column `name`.
pub(crate) fn ambiguous_column(span: Span, name: &str, owners: &[SmolStr]) -> Diagnostic {
    let choices: Vec<String> = owners.iter().map(|owner| format!("`{owner}.{name}`")).collect();
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("`{name}` is ambiguous"));
    if owners.iter().any(SmolStr::is_empty) || owners.is_empty() {
        return diagnostic
            .with_text("several columns have this name")
            .with_help("give the columns different names with `AS t(a, b, …)`");
    }
    let mut diagnostic = diagnostic
        .with_text(format!("{} tables have this column", owners.len()))
        .with_help(format!("write {}", choices.join(" or ")));
    for owner in owners {
        let fixed = format!("{owner}.{name}");
        diagnostic = diagnostic.with_fix(span, fixed, format!("take the column of `{owner}`"));
    }
    diagnostic
}

/// `name` is a column of `table` and a local, which is a `what`.
pub(crate) fn column_or_local(span: Span, name: &str, table: &str, what: &str) -> Diagnostic {
    let column = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
    let local = format!("{{{name}}}");
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("`{name}` is ambiguous"))
        .with_text(format!("both a column and a {what}"))
        .with_help(format!("write `{column}` for the column or `{local}` for the {what}"));
    let diagnostic = if table.is_empty() {
        diagnostic
    } else {
        diagnostic.with_fix(span, column, "take the column")
    };
    diagnostic.with_fix(span, local, format!("take the {what}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
