//! Reading scripts.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// The name of standard input in messages.
pub const STANDARD_INPUT: &str = "<stdin>";

/// A script's name and text; `-` is standard input.
///
/// # Errors
/// A sentence for the user: the file cannot be read, or is not what scripts are.
pub fn read(path: &Path) -> Result<(String, String), String> {
    if path == Path::new("-") {
        return read_standard_input();
    }
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    Ok((name.clone(), text_of(&name, bytes)?))
}

/// The text on standard input.
///
/// # Errors
/// As for [`read`].
pub fn read_standard_input() -> Result<(String, String), String> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok((STANDARD_INPUT.to_owned(), text_of(STANDARD_INPUT, bytes)?))
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(format!("{name} is compressed by gzip, which is not supported yet"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let valid = error.as_bytes().get(..at).unwrap_or(&[]);
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let before = valid.get(start..).and_then(|rest| std::str::from_utf8(rest).ok());
        let column = before.map_or(0, |rest| rest.chars().count()) + 1;
        let bad = error.as_bytes().get(at).copied().unwrap_or(0);
        format!("{name}:{line}:{column}: the text is not UTF-8: byte {at} is 0x{bad:02x}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        let error = text_of("x.gz", b"SELECT 1;\n-- \xc3\xa9\xff".to_vec()).expect_err("refused");
        assert_eq!(error, "x.gz:2:5: the text is not UTF-8: byte 15 is 0xff");
        assert!(text_of("x.gz", vec![0x1f, 0x8b, 8]).expect_err("refused").contains("gzip"));
    }
}
