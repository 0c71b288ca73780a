//! Reads the objects of a text that is a part of a file: the text may end anywhere, which is not
//! the same as being wrong.

use std::borrow::Cow;

/// Deeper nesting is refused, so that no text uses up the stack of whoever reads it later.
const MAX_DEPTH: usize = 512;

/// A value of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A string without its escapes.
    Text(Cow<'a, str>),
    /// An object or an array as it is written.
    Nested(&'a str),
}

/// Why nothing was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends first.
    Incomplete,
    /// It is no JSON at a position: what was expected.
    Wrong(usize, &'static str),
}

/// A text and how far it was read.
pub(crate) struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

type Parsed<T> = Result<T, Stop>;

impl<'a> Parser<'a> {
    /// A parser that begins at a position.
    pub fn new(text: &'a [u8], at: usize) -> Parser<'a> {
        Parser { text, at }
    }

    /// How far it was read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next byte that is no white space; it stays.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn wrong<T>(&self, what: &'static str) -> Parsed<T> {
        Err(Stop::Wrong(self.at, what))
    }

    fn expect(&mut self, wanted: u8, what: &'static str) -> Parsed<()> {
        match self.peek() {
            Some(byte) if byte == wanted => {
                self.at += 1;
                Ok(())
            }
            Some(_) => self.wrong(what),
            None => Err(Stop::Incomplete),
        }
    }

    /// Reads an object and hands its keys and values out.
    pub fn object(&mut self, visit: &mut dyn FnMut(&str, Scalar<'a>)) -> Parsed<()> {
        self.expect(b'{', "an object was expected, from `{` to `}`")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.string("a key in double quotes was expected")?;
            self.expect(b':', "`:` was expected after a key")?;
            let value = self.value()?;
            visit(&key, value);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => return self.wrong("`,` or `}` was expected after a value"),
                None => return Err(Stop::Incomplete),
            }
        }
    }

    fn value(&mut self) -> Parsed<Scalar<'a>> {
        match self.peek() {
            None => Err(Stop::Incomplete),
            Some(b'"') => Ok(Scalar::Text(self.string("a string was expected")?)),
            Some(b'{' | b'[') => self.nested(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null").map(|()| Scalar::Null),
            Some(b't') => self.word("true").map(|()| Scalar::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Scalar::Bool(false)),
            Some(_) => self.wrong("a value was expected"),
        }
    }

    fn word(&mut self, word: &'static str) -> Parsed<()> {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let found = rest.get(..word.len()).unwrap_or(rest);
        if found.len() < word.len() && word.as_bytes().starts_with(found) {
            return Err(Stop::Incomplete);
        }
        if found != word.as_bytes() {
            return self.wrong("a value was expected");
        }
        self.at += word.len();
        Ok(())
    }

    fn slice(&self, start: usize, end: usize) -> Parsed<&'a str> {
        let bytes = self.text.get(start..end).unwrap_or(&[]);
        std::str::from_utf8(bytes)
            .map_err(|error| Stop::Wrong(start + error.valid_up_to(), "this is not UTF-8"))
    }

    fn number(&mut self) -> Parsed<Scalar<'a>> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or(&[]);
        let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let Some(len) = rest.iter().position(|byte| !part(byte)) else {
            // A row is an object, so something follows every number.
            return Err(Stop::Incomplete);
        };
        let text = self.slice(start, start + len)?;
        if !is_number(text.as_bytes()) {
            return self.wrong("this is no number");
        }
        self.at = start + len;
        Ok(Scalar::Number(text))
    }

    /// The end of a string whose quote stands at `self.at`, behind its last quote; whether it has
    /// escapes.
    fn string_end(&self) -> Parsed<(usize, bool)> {
        let (mut at, mut escaped) = (self.at + 1, false);
        loop {
            let rest = self.text.get(at..).unwrap_or(&[]);
            let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let Some(next) = rest.iter().position(stop) else { return Err(Stop::Incomplete) };
            at += next;
            match self.text.get(at) {
                Some(b'"') => return Ok((at + 1, escaped)),
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                _ => return Err(Stop::Wrong(at, "a control character must be escaped")),
            }
        }
    }

    fn string(&mut self, what: &'static str) -> Parsed<Cow<'a, str>> {
        match self.peek() {
            Some(b'"') => {}
            Some(_) => return self.wrong(what),
            None => return Err(Stop::Incomplete),
        }
        let start = self.at + 1;
        let (end, escaped) = self.string_end()?;
        let raw = self.slice(start, end - 1)?;
        let text = match escaped {
            false => Cow::Borrowed(raw),
            true => match unescape(raw) {
                Some(text) => Cow::Owned(text),
                None => return self.wrong("an escape in this string is not one of JSON's"),
            },
        };
        self.at = end;
        Ok(text)
    }

    /// An object or an array, which is checked, but not taken apart.
    fn nested(&mut self) -> Parsed<Scalar<'a>> {
        let start = self.at;
        // The brackets that are open: `true` for an object.
        let mut open: Vec<bool> = Vec::new();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    open.push(bracket == b'{');
                    if open.len() > MAX_DEPTH {
                        return self.wrong("values are nested too deeply");
                    }
                    let close = if bracket == b'{' { b'}' } else { b']' };
                    if self.peek() == Some(close) {
                        self.at += 1;
                        open.pop();
                    } else {
                        self.key_if(bracket == b'{')?;
                        continue;
                    }
                }
                _ => _ = self.value()?,
            }
            loop {
                let Some(object) = open.last().copied() else {
                    return self.slice(start, self.at).map(Scalar::Nested);
                };
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.key_if(object)?;
                        break;
                    }
                    Some(b'}') if object => open.pop(),
                    Some(b']') if !object => open.pop(),
                    Some(_) => return self.wrong("`,` or a closing bracket was expected"),
                    None => return Err(Stop::Incomplete),
                };
                self.at += 1;
            }
        }
    }

    fn key_if(&mut self, object: bool) -> Parsed<()> {
        if object {
            self.string("a key in double quotes was expected")?;
            self.expect(b':', "`:` was expected after a key")?;
        }
        Ok(())
    }
}

/// Whether a text is a number as JSON writes them.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    let mut rest = &rest[whole..];
    if let [b'.', after @ ..] = rest {
        let fraction = digits(after);
        if fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let after = match after {
            [b'+' | b'-', after @ ..] => after,
            _ => after,
        };
        let exponent = digits(after);
        return exponent > 0 && exponent == after.len();
    }
    rest.is_empty()
}

/// A string without its escapes; a surrogate without its partner becomes the replacement character.
fn unescape(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        out.push(match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => unicode(&mut rest)?,
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

fn unicode(rest: &mut &str) -> Option<char> {
    let unit = |text: &mut &str| {
        let digits = text.get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        *text = text.get(4..)?;
        Some(unit)
    };
    let first = unit(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let mut after = *rest;
    if let Some(tail) = after.strip_prefix("\\u") {
        after = tail;
        if let Some(second) = unit(&mut after).filter(|unit| (0xdc00..0xe000).contains(unit)) {
            *rest = after;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
    }
    Some(char::REPLACEMENT_CHARACTER)
}

/// JSON without white space between its parts.
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in json.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\n' | '\r' | '\t') {
            continue;
        } else {
            in_string = character == '"';
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Result<Vec<(String, String)>, Stop> {
        let mut found = Vec::new();
        let visit = &mut |key: &str, value: Scalar<'_>| {
            found.push((key.to_owned(), format!("{value:?}")));
        };
        Parser::new(text.as_bytes(), 0).object(visit).map(|()| found)
    }

    #[test]
    fn objects_are_read() {
        let text = r#" {"a": 1, "b\u00e9\n": "x\ud83d\ude00y", "c": [1, {"d": []}], "e": null,
            "f": true, "g": -1.5e+3, "h": {}} tail"#;
        let found = object(text).unwrap();
        let shown: Vec<String> = found.iter().map(|(k, v)| format!("{k:?} {v}")).collect();
        assert_eq!(
            shown,
            [
                "\"a\" Number(\"1\")",
                "\"bé\\n\" Text(\"x😀y\")",
                "\"c\" Nested(\"[1, {\\\"d\\\": []}]\")",
                "\"e\" Null",
                "\"f\" Bool(true)",
                "\"g\" Number(\"-1.5e+3\")",
                "\"h\" Nested(\"{}\")",
            ]
        );
    }

    #[test]
    fn a_text_that_ends_is_incomplete_wherever_it_ends() {
        let text = r#"{"a": [1, {"b": "x\u0041"}], "c": true, "d": 12, "e": {}}"#;
        assert!(object(text).is_ok());
        for end in 0..text.len() {
            assert_eq!(object(&text[..end]), Err(Stop::Incomplete), "{}", &text[..end]);
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let wrong = [
            "[1]",
            "{a: 1}",
            "{\"a\" 1}",
            "{\"a\": 01}",
            "{\"a\": 1.}",
            "{\"a\": +1 }",
            "{\"a\": nul }",
            "{\"a\": [1 2]}",
            "{\"a\": [1}",
            "{\"a\": \"\\x\"}",
            "{\"a\": 1 \"b\"",
            "{\"a\": \"\n\"}",
            "{,}",
            "{\"a\": 1,}",
        ];
        for text in wrong {
            assert!(matches!(object(text), Err(Stop::Wrong(..))), "{text}");
        }
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        assert!(matches!(object(&deep), Err(Stop::Wrong(..))));
    }

    #[test]
    fn compact_json_keeps_strings() {
        assert_eq!(compact("{ \"a b\" : [ 1 , \"\\\" \" ] }"), "{\"a b\":[1,\"\\\" \"]}");
    }
}
