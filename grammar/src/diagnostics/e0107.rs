//! E0107: A file that is not UTF-8.

use crate::diagnostic::{Diagnostic, Page};
use crate::span::Span;

/// What `grizzlyc explain E0107` prints.
pub const PAGE: Page = Page {
    code: "E0107",
    title: "A file that is not UTF-8",
    explanation: r#"Source files are UTF-8. Save the file in that encoding; for data in other
encodings use a BLOB.
"#,
};

/// The bytes at `offset` are no UTF-8.
pub(crate) fn not_utf8(bytes: &[u8], offset: usize, length: usize) -> Diagnostic {
    let line = bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span::new(clamp(offset), clamp(offset + length));
    let byte = bytes.get(offset).copied().unwrap_or(0);
    Diagnostic::error(
        PAGE.code,
        span,
        format!("this is not UTF-8: byte 0x{byte:02x} at offset {offset}, line {line}"),
    )
    .with_text("not UTF-8")
    .with_help("save the file as UTF-8")
}
