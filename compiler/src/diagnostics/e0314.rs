//! E0314: a column that a grouped query does not group by.

use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0314` prints.
pub const PAGE: Page = Page {
    code: "E0314",
    title: "Column is not grouped",
    explanation: r#"After GROUP BY, or beside an aggregate, a column has many values per group.
Only the keys and aggregates have one.

```sql
CREATE TABLE sales (region TEXT, amount INT64);
SELECT region, sum(amount) FROM sales;
```

Group by the column, or aggregate it:

```sql
CREATE TABLE sales (region TEXT, amount INT64);
SELECT region, sum(amount) FROM sales GROUP BY region;
```
"#,
};

/// `column` is neither a key nor inside an aggregate; `group_by` is the place of GROUP BY, if any.
pub(crate) fn not_grouped(span: Span, column: &str, group_by: Option<Span>) -> Diagnostic {
    let message = format!("`{column}` is neither grouped nor aggregated");
    let diagnostic = Diagnostic::error(PAGE.code, span, message)
        .with_text("it has many values per group")
        .with_help(format!("add `{column}` to GROUP BY, or take one value: `first({column})`"));
    match group_by {
        Some(place) => {
            let fixed = format!(", {column}");
            diagnostic
                .with_label(place, "the groups")
                .with_fix(Span::at(place.end), fixed, "add the column to GROUP BY")
        }
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
