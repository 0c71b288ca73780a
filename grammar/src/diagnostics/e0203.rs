//! E0203: A bracket that is not closed.

use crate::diagnostic::{Diagnostic, Page};
use crate::token::{Kind, Token};

/// What `grizzlyc explain E0203` prints.
pub const PAGE: Page = Page {
    code: "E0203",
    title: "A bracket that is not closed",
    explanation: r#"Each `(`, `[` and `{` needs its `)`, `]` and `}`. Parentheses and square
brackets must close before the `;` of the statement.

Wrong:
```sql
SELECT (1 + 2;
```

Mended:
```sql
SELECT (1 + 2);
```
"#,
};

/// An opening bracket without its mate.
pub(crate) fn unclosed(token: Token) -> Diagnostic {
    let (open, close) = match token.kind {
        Kind::LeftParen => ("(", ")"),
        Kind::LeftBracket => ("[", "]"),
        _ => ("{", "}"),
    };
    Diagnostic::error(PAGE.code, token.span, format!("this `{open}` is not closed"))
        .with_text(format!("no `{close}` follows for it"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
