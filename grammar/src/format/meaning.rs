//! What a tree says, without where it says it: two texts with the same meaning differ in layout
//! and in the spellings that the formatter may change only.

use crate::ast::Script;

/// A text that is the same for two scripts if their trees differ at most in places, in the case of
/// names and in the quotes of names.
#[must_use]
pub fn meaning(script: &Script) -> String {
    let tree = format!("{:?}", script.statements);
    let mut out = String::with_capacity(tree.len());
    let mut rest = tree.as_str();
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (text, behind) = rest.split_at(string_length(rest));
            if out.ends_with("name: ") {
                out.push_str(&text.to_ascii_lowercase());
            } else {
                out.push_str(text);
            }
            rest = behind;
        } else if first.is_ascii_digit() {
            let (number, behind) = rest.split_at(digits(rest));
            match behind.strip_prefix("..") {
                // A place.
                Some(end) => rest = end.get(digits(end)..).unwrap_or(""),
                None => {
                    out.push_str(number);
                    rest = behind;
                }
            }
        } else if let Some(behind) = rest.strip_prefix("quoted: ") {
            rest = behind.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or("");
        }
    }
    out
}

fn digits(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()
}

/// The length of the quoted text at the start, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
