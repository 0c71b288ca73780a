//! E0309: an operator that its operands do not have.

use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Page, Span};

/// What `explain E0309` prints.
pub const PAGE: Page = Page {
    code: "E0309",
    title: "No such operator",
    explanation: r#"The operator is not defined for operands of these types. TEXT never becomes
a number by itself.

```sql
CREATE TABLE t (name TEXT);
SELECT name + 1 FROM t;
```

Convert one of them:

```sql
CREATE TABLE t (name TEXT);
SELECT name::INT64 + 1 FROM t;
```
"#,
};

/// `left op right` is not defined.
pub(crate) fn no_operator(
    op_span: Span,
    op: &str,
    left: (Span, &Type),
    right: (Span, &Type),
) -> Diagnostic {
    let message = format!("`{op}` is not defined for {} and {}", left.1, right.1);
    let diagnostic = Diagnostic::error(PAGE.code, op_span, message)
        .with_label(left.0, format!("{}", left.1))
        .with_label(right.0, format!("{}", right.1));
    match (left.1, right.1) {
        _ if op == "||" => diagnostic,
        (Type::Text, ty) if ty.is_number() => convert(diagnostic, left.0, ty),
        (ty, Type::Text) if ty.is_number() => convert(diagnostic, right.0, ty),
        _ => diagnostic,
    }
}

/// `op operand` is not defined.
pub(crate) fn no_prefix_operator(op_span: Span, op: &str, operand: (Span, &Type)) -> Diagnostic {
    Diagnostic::error(PAGE.code, op_span, format!("`{op}` is not defined for {}", operand.1))
        .with_label(operand.0, format!("{}", operand.1))
}

fn convert(diagnostic: Diagnostic, span: Span, ty: &Type) -> Diagnostic {
    diagnostic
        .with_help(format!("convert the text: `…::{ty}`"))
        .with_fix(Span::at(span.end), format!("::{ty}"), format!("convert to {ty}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_and_mends_it() {
        crate::diagnostics::testing::check_page(&super::PAGE);
    }
}
