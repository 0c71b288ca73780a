//! Decoding of texts and names, and of bytes that should be UTF-8.

use crate::diagnostic::Diagnostic;
use crate::diagnostics;
use smol_str::{SmolStr, SmolStrBuilder};

/// The text of a source file, or a diagnostic with the place of the first byte that is not UTF-8.
///
/// # Errors
/// `E0107`, whose primary span holds the offending bytes.
#[allow(clippy::result_large_err, reason = "once per file, and diagnostics travel by value")]
pub fn decode(bytes: &[u8]) -> Result<&str, Diagnostic> {
    std::str::from_utf8(bytes).map_err(|error| {
        let length = error.error_len().unwrap_or(bytes.len() - error.valid_up_to());
        diagnostics::e0107::not_utf8(bytes, error.valid_up_to(), length)
    })
}

/// The value of `'it''s'`, given with its quotes.
pub(crate) fn decode_single(raw: &str) -> SmolStr {
    undouble(raw, '\'', "''")
}

/// The name in `` `a``b` ``, given with its quotes.
pub(crate) fn quoted_name(raw: &str) -> SmolStr {
    undouble(raw, '`', "``")
}

fn undouble(raw: &str, quote: char, doubled: &str) -> SmolStr {
    let inner = raw.strip_prefix(quote).unwrap_or(raw);
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    if inner.contains(quote) {
        let single = doubled.get(..quote.len_utf8()).unwrap_or("");
        inner.replace(doubled, single).into()
    } else {
        SmolStr::new(inner)
    }
}

/// Offset and length, in bytes from the opening quote, of an escape that means nothing.
pub(crate) type BadEscape = (u32, u32);

/// The value of `"a\tb"`, given with its quotes, and its bad escapes, which stand for themselves.
pub(crate) fn decode_double(raw: &str) -> (SmolStr, Vec<BadEscape>) {
    let inner = raw.strip_prefix('"').unwrap_or(raw);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.contains('\\') {
        return (SmolStr::new(inner), Vec::new());
    }
    let mut value = SmolStrBuilder::new();
    let mut problems = Vec::new();
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        value.push_str(before);
        let (decoded, length) = decode_escape(escape);
        match decoded {
            Some(character) => value.push(character),
            None => {
                // A text is shorter than 4 GiB, as is the whole source.
                let offset = (1 + inner.len() - rest.len() + at) as u32;
                problems.push((offset, length as u32));
                value.push_str(escape.get(..length).unwrap_or(escape));
            }
        }
        rest = escape.get(length..).unwrap_or("");
    }
    value.push_str(rest);
    (value.finish(), problems)
}

/// The character that an escape at the start of `text` stands for, and the escape's length.
fn decode_escape(text: &str) -> (Option<char>, usize) {
    let mut characters = text.chars();
    characters.next();
    let Some(kind) = characters.next() else { return (None, 1) };
    let simple = match kind {
        '"' | '\\' | '/' | '\'' => Some(kind),
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        '0' => Some('\0'),
        _ => None,
    };
    if simple.is_some() || kind != 'u' {
        return (simple, 1 + kind.len_utf8());
    }
    if let Some(braced) = text.get(2..).and_then(|rest| rest.strip_prefix('{')) {
        let digits =
            braced.len() - braced.trim_start_matches(|c: char| c.is_ascii_hexdigit()).len();
        let closed = braced.get(digits..).is_some_and(|rest| rest.starts_with('}'));
        let value = braced.get(..digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let length = 3 + digits + usize::from(closed);
        return (value.filter(|_| closed).and_then(char::from_u32), length);
    }
    decode_four_digits(text)
}

/// `\uD83D\uDC3B`: four hexadecimal digits, two such escapes for one beyond the first plane.
fn decode_four_digits(text: &str) -> (Option<char>, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 4)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(2) else { return (None, 2) };
    if (0xd800..0xdc00).contains(&first)
        && text.get(6..8) == Some("\\u")
        && let Some(second @ 0xdc00..0xe000) = unit(8)
    {
        let value = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(value), 12);
    }
    (char::from_u32(first), 6)
}

/// The one-word name of a type that standard SQL spells with several words.
pub(crate) fn type_of_several_words(text: &str) -> SmolStr {
    let words: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    SmolStr::new(match words.as_slice() {
        ["double", "precision"] => "DOUBLE",
        ["character" | "char", "varying"] => "VARCHAR",
        ["timestamp", "with", ..] => "TIMESTAMPTZ",
        ["timestamp", "without", ..] => "TIMESTAMP",
        ["time", "with" | "without", ..] => "TIME",
        // A comment between the words leads here; the first one is what counts.
        [first, ..] => first,
        [] => "",
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_double, decode_single};

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(
            decode_double(r#""tab\t \"q\" \u{1F43B} \u00e9 \uD83D\uDC3B""#).0,
            "tab\t \"q\" 🐻 é 🐻"
        );
        assert_eq!(decode_single("'it''s \\n'"), "it's \\n");
    }

    #[test]
    fn bad_escapes_are_located_and_kept() {
        let (value, problems) = decode_double(r#""é\q \u{110000} \u12 \ud800 x""#);
        assert_eq!(value, r"é\q \u{110000} \u12 \ud800 x");
        assert_eq!(problems, [(3, 2), (6, 10), (17, 2), (22, 6)]);
    }

    #[test]
    fn bytes_that_are_not_utf8_have_a_place() {
        let diagnostic = decode(b"SELECT '\xff'").unwrap_err();
        assert_eq!(diagnostic.code, "E0107");
        assert_eq!(diagnostic.primary.span.range(), 8..9);
        assert!(decode("é".as_bytes()).is_ok());
    }
}
