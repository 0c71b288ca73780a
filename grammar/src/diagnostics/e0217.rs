//! E0217: A reserved word as a name.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0217` prints.
pub const PAGE: Page = Page {
    code: "E0217",
    title: "A reserved word as a name",
    explanation: r#"Reserved words cannot be names, save behind a point and before the colon of a
field. Quote the name with `` ` `` or choose another.

Wrong:
```sql
SELECT select FROM t;
```

Mended:
```sql
SELECT `select` FROM t;
```
"#,
};

/// `word` stands where a name should.
pub(crate) fn reserved(span: Span, word: &str, expected: &[String]) -> Diagnostic {
    let list = super::one_of(expected);
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("`{word}` is a reserved word"))
        .with_help(format!("as a name it must be quoted: `` `{word}` ``"));
    if list.is_empty() { diagnostic } else { diagnostic.with_text(format!("expected {list}")) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
