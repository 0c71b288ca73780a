//! E0105: A malformed number.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0105` prints.
pub const PAGE: Page = Page {
    code: "E0105",
    title: "A malformed number",
    explanation: r#"Numbers are written `42`, `1_000_000`, `0xff`, `1.5`, `.5` or `1e-3`. An
underscore stands between two digits; a name does not begin with a digit. A numbered parameter
counts from `$1`.

Wrong:
```sql
SELECT 12abc;
```

Mended:
```sql
SELECT 12 AS abc;
```
"#,
};

/// Something that begins like a number.
pub(crate) fn bad_number(span: Span, text: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(PAGE.code, span, format!("`{text}` is not a number"))
        .with_text("malformed");
    if text.starts_with("0x") || text.starts_with("0X") {
        diagnostic.with_help("after `0x` stand hexadecimal digits, as in `0xff`")
    } else if text.contains('_') {
        diagnostic.with_help("an underscore stands between two digits, as in `1_000`")
    } else {
        diagnostic.with_help("a name cannot begin with a digit; put it in `` ` ``")
    }
}

/// `$0`, or a number beyond all reason.
pub(crate) fn bad_parameter(span: Span) -> Diagnostic {
    Diagnostic::error(PAGE.code, span, "there is no such parameter")
        .with_text("parameters are `$1`, `$2`, …")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_what_it_says() {
        super::super::check_page(&super::PAGE);
    }
}
