//! E0396: a collection function that rows do not have.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0396` prints.
pub const PAGE: Page = Page {
    code: "E0396",
    title: "Only on arrays",
    explanation: r#"The rows of a query can be filtered, mapped, sorted, cut and aggregated by
functions; `reduce`, `flat_map`, `zip` and `group_by` work on arrays.

```sql
CREATE TABLE t (a INT64);
FROM t |> reduce((sum, row) -> sum + row.a, 0);
```

Make the rows an array first:

```sql
CREATE TABLE t (a INT64);
ARRAY(FROM t |> map(row -> row.a)) |> reduce((sum, a) -> sum + a, 0);
```
"#,
};

/// `name` works on arrays, not on rows.
pub(crate) fn arrays_only(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        PAGE.code,
        span,
        format!("`{name}` works on arrays, not on the rows of a query"),
    )
    .with_help(format!("make an array of the rows: `ARRAY(…) |> {name}(…)`"))
}

/// `name` works on arrays and queries, and stands after another value.
pub(crate) fn not_a_collection(span: Span, name: &str, found: &Type) -> Diagnostic {
    let message = format!("`{name}` works on arrays and queries, and this is {found}");
    Diagnostic::error(PAGE.code, span, message).with_help(
        "`|>` after an expression belongs to that expression; to go on with the rows, put the \
         query before it into parentheses",
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
