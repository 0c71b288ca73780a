//! E0216: A part of a query that does not fit.

use crate::ast::ClauseKind;
use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0216` prints.
pub const PAGE: Page = Page {
    code: "E0216",
    title: "A part of a query that does not fit",
    explanation: r#"A query begins with WITH, SELECT, FROM or VALUES. Between two of them stands
UNION, INTERSECT or EXCEPT. ORDER BY and LIMIT before a set operator need parentheses around
their query.

Wrong:
```sql
SELECT a FROM t ORDER BY a UNION SELECT b FROM u;
```

Mended:
```sql
(SELECT a FROM t ORDER BY a) UNION SELECT b FROM u;
```
"#,
};

/// VALUES or a query in parentheses where the query before it has not ended.
pub(crate) fn second_query(span: Span, before: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "a second query begins here")
        .with_text("the one before has not ended")
        .with_label(before, "this one")
        .with_help("put UNION, INTERSECT or EXCEPT between them, or a `;`")
}

/// A clause where a query should begin.
pub(crate) fn no_query(kind: ClauseKind, span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, format!("a query cannot begin with {}", kind.keyword()))
        .with_text("expected SELECT, FROM, VALUES or `(`")
}

/// A clause of one query behind a query in parentheses or VALUES.
pub(crate) fn clause_of_nested(kind: ClauseKind, span: Span) -> Diagnostic {
    let keyword = kind.keyword();
    Diagnostic::error(
        PAGE.code,
        span,
        format!("{keyword} cannot follow a query in parentheses or VALUES"),
    )
    .with_text("belongs inside")
    .with_help(format!("pipe it: `(…) |> {keyword} …`, or write `FROM (…) {keyword} …`"))
}

/// A set operator without a query on one side.
pub(crate) fn missing_operand(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "a query is missing beside UNION, INTERSECT or EXCEPT")
        .with_text("expected SELECT, FROM, VALUES or `(`")
}

/// ORDER BY and the like before a set operator.
pub(crate) fn before_operator(kind: ClauseKind, span: Span, operator: Span) -> Diagnostic {
    Diagnostic::error(
        PAGE.code,
        span,
        format!("{} cannot stand before a set operator", kind.keyword()),
    )
    .with_text("of which query?")
    .with_label(operator, "joins two queries")
    .with_help("put the query in parentheses, or move the clause to the end")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
