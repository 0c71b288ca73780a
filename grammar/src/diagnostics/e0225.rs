//! E0225: A star of a value.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0225` prints.
pub const PAGE: Page = Page {
    code: "E0225",
    title: "A star of a value",
    explanation: r#"`t.*` stands for the columns of the table or alias t. Of a struct value, name
the fields.

Wrong:
```sql
SELECT f(a).* FROM t;
```

Mended:
```sql
SELECT t.* FROM t;
```
"#,
};

/// `value.*`.
pub(crate) fn star_of_value(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "only a table's name can stand before `.*`")
        .with_text("not a name")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
