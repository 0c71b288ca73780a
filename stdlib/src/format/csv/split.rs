//! Cuts text into rows and fields. Delimiters, line ends and quotes are found eight bytes at a
//! time; a field is a [`Span`] of the text, which nothing copies.

use crate::format::window::MAX_TEXT;

/// The bytes that give a text its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields.
    pub quote: Option<u8>,
    /// Before a quote inside quotes; usually the quote itself.
    pub escape: u8,
    /// At the end of a row: `\n`, before which `\r` may stand, or `\r` alone.
    pub newline: u8,
}

impl Default for Shape {
    fn default() -> Self {
        Shape { delimiter: b',', quote: Some(b'"'), escape: b'"', newline: b'\n' }
    }
}

/// A field: where it lies in the text, without its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    /// The end, and two flags above it.
    end: u32,
}

const QUOTED: u32 = 1 << 31;
const ESCAPED: u32 = 1 << 30;

impl Span {
    fn new(start: usize, end: usize, flags: u32) -> Span {
        debug_assert!(end < MAX_TEXT, "positions fit 30 bits");
        Span { start: start as u32, end: end as u32 | flags }
    }

    /// Its bytes as they stand in the text.
    #[inline]
    pub fn raw(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..(self.end & !(QUOTED | ESCAPED)) as usize).unwrap_or(&[])
    }

    /// Where it begins.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// Whether it stood in quotes.
    #[inline]
    pub fn is_quoted(self) -> bool {
        self.end & QUOTED != 0
    }

    /// Whether quotes in it are escaped.
    #[inline]
    pub fn is_escaped(self) -> bool {
        self.end & ESCAPED != 0
    }

    /// Its value; escapes are taken out into `scratch`.
    #[inline]
    pub fn value<'a>(self, text: &'a [u8], shape: Shape, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let raw = self.raw(text);
        if !self.is_escaped() {
            return raw;
        }
        scratch.clear();
        let mut rest = raw.iter().copied();
        while let Some(byte) = rest.next() {
            if byte != shape.escape {
                scratch.push(byte);
                continue;
            }
            match rest.next() {
                Some(next) if Some(next) == shape.quote || next == shape.escape => {
                    scratch.push(next);
                }
                next => scratch.extend(std::iter::once(byte).chain(next)),
            }
        }
        scratch
    }
}

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowEnd {
    /// The next row begins here.
    Next(usize),
    /// The text ends before the row does.
    Incomplete,
    /// The row is wrong at a position.
    Malformed(usize, Mistake),
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Something stands between a closing quote and the delimiter.
    AfterQuote,
    /// A quote is not closed.
    OpenQuote,
}

/// Cuts a text, row by row.
pub(crate) struct Splitter<'a> {
    text: &'a [u8],
    shape: Shape,
    /// Whether nothing follows the text.
    last: bool,
    patterns: [u64; 3],
    /// The word that is being looked at, and its delimiters, line ends and quotes that were not
    /// taken yet: the high bit of each such byte.
    base: usize,
    mask: u64,
    at: usize,
}

const LOW: u64 = 0x0101_0101_0101_0101;
const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The high bit of each byte of `word` that equals the byte of which `pattern` is made.
#[inline]
fn equal_bytes(word: u64, pattern: u64) -> u64 {
    let x = word ^ pattern;
    !(((x & SEVEN) + SEVEN) | x | SEVEN)
}

impl<'a> Splitter<'a> {
    /// A splitter of a text of less than [`MAX_TEXT`] bytes.
    pub fn new(text: &'a [u8], shape: Shape, last: bool) -> Splitter<'a> {
        let text = text.get(..MAX_TEXT - 1).unwrap_or(text);
        let quote = shape.quote.unwrap_or(shape.newline);
        let patterns = [shape.delimiter, shape.newline, quote].map(|b| u64::from(b) * LOW);
        let mut splitter = Splitter { text, shape, last, patterns, base: 0, mask: 0, at: 0 };
        splitter.mask = splitter.load();
        splitter
    }

    #[inline]
    fn load(&self) -> u64 {
        let bytes = match self.text.get(self.base..self.base + 8) {
            Some(bytes) => <[u8; 8]>::try_from(bytes).unwrap_or_default(),
            None => {
                // Behind the end stand zeros, which are none of the bytes that are looked for.
                let mut padded = [0; 8];
                let rest = self.text.get(self.base..).unwrap_or(&[]);
                padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                padded
            }
        };
        let word = u64::from_le_bytes(bytes);
        let [a, b, c] = self.patterns;
        equal_bytes(word, a) | equal_bytes(word, b) | equal_bytes(word, c)
    }

    /// The position of the next delimiter, line end or quote.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.base += 8;
            if self.base >= self.text.len() {
                return None;
            }
            self.mask = self.load();
        }
        let at = self.base + (self.mask.trailing_zeros() / 8) as usize;
        self.mask &= self.mask - 1;
        Some(at)
    }

    /// Cuts the next row and appends its fields; `None` at the end of the text. Where the row is
    /// incomplete or wrong, what was appended of it is taken back.
    #[inline]
    pub fn row(&mut self, spans: &mut Vec<Span>) -> Option<RowEnd> {
        if self.at >= self.text.len() {
            return None;
        }
        let before = spans.len();
        let end = self.fields(spans);
        match end {
            RowEnd::Next(next) => self.at = next,
            RowEnd::Incomplete | RowEnd::Malformed(..) => spans.truncate(before),
        }
        Some(end)
    }

    /// Where the next row begins.
    pub fn position(&self) -> usize {
        self.at
    }

    #[inline]
    fn fields(&mut self, spans: &mut Vec<Span>) -> RowEnd {
        let mut start = self.at;
        loop {
            if self.shape.quote.is_some() && self.text.get(start).copied() == self.shape.quote {
                match self.quoted(start, spans) {
                    Ok(next) => start = next,
                    Err(end) => return end,
                }
                continue;
            }
            match self.next() {
                Some(at) if self.text[at] == self.shape.delimiter => {
                    spans.push(Span::new(start, at, 0));
                    start = at + 1;
                }
                Some(at) if self.text[at] == self.shape.newline => {
                    spans.push(Span::new(start, self.before_newline(start, at), 0));
                    return RowEnd::Next(at + 1);
                }
                // A quote in the middle of a field is itself.
                Some(_) => {}
                None if self.last => {
                    let end = self.before_newline(start, self.text.len());
                    spans.push(Span::new(start, end, 0));
                    return RowEnd::Next(self.text.len());
                }
                None => return RowEnd::Incomplete,
            }
        }
    }

    /// The end of a field whose row ends at `at`, without the `\r` of `\r\n`.
    #[inline]
    fn before_newline(&self, start: usize, at: usize) -> usize {
        let has_return = at > start && self.text[at - 1] == b'\r';
        if has_return { at - 1 } else { at }
    }

    /// A field in quotes: where the next one begins, or how the row ended.
    fn quoted(&mut self, start: usize, spans: &mut Vec<Span>) -> Result<usize, RowEnd> {
        let unfinished = |mistake| match self.last {
            true => RowEnd::Malformed(start, mistake),
            false => RowEnd::Incomplete,
        };
        let (open, too_short) = (unfinished(Mistake::OpenQuote), !self.last);
        // The opening quote.
        self.next();
        let mut flags = QUOTED;
        let close = loop {
            let at = self.next().ok_or(open)?;
            if Some(self.text[at]) != self.shape.quote {
                continue;
            }
            if Some(self.shape.escape) != self.shape.quote {
                let inside = &self.text[start + 1..at];
                let escapes = inside.iter().rev().take_while(|b| **b == self.shape.escape).count();
                flags |= if escapes > 0 { ESCAPED } else { 0 };
                if escapes % 2 == 0 {
                    break at;
                }
                continue;
            }
            match self.text.get(at + 1) {
                Some(byte) if Some(*byte) == self.shape.quote => {
                    flags |= ESCAPED;
                    self.next();
                }
                None if too_short => return Err(RowEnd::Incomplete),
                _ => break at,
            }
        };
        if Some(self.shape.escape) != self.shape.quote
            && self.text[start + 1..close].contains(&self.shape.escape)
        {
            flags |= ESCAPED;
        }
        spans.push(Span::new(start + 1, close, flags));
        self.after_quote(close + 1)
    }

    /// What follows a closing quote.
    fn after_quote(&mut self, at: usize) -> Result<usize, RowEnd> {
        let newline = self.shape.newline;
        match (self.text.get(at).copied(), self.text.get(at + 1).copied()) {
            (None, _) if self.last => Err(RowEnd::Next(at)),
            (Some(b'\r'), None) if self.last && newline != b'\r' => Err(RowEnd::Next(at + 1)),
            (None, _) | (Some(b'\r'), None) if !self.last => Err(RowEnd::Incomplete),
            (Some(byte), _) if byte == self.shape.delimiter => {
                self.next();
                Ok(at + 1)
            }
            (Some(byte), _) if byte == newline => {
                self.next();
                Err(RowEnd::Next(at + 1))
            }
            (Some(b'\r'), Some(byte)) if byte == newline => {
                self.next();
                Err(RowEnd::Next(at + 2))
            }
            _ => Err(RowEnd::Malformed(at, Mistake::AfterQuote)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, shape: Shape) -> Vec<Vec<String>> {
        let mut splitter = Splitter::new(text.as_bytes(), shape, true);
        let (mut spans, mut rows, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(end) = splitter.row(&mut spans) {
            assert!(matches!(end, RowEnd::Next(_)), "{text:?}: {end:?}");
            let value = |span: Span| {
                let value = span.value(text.as_bytes(), shape, &mut scratch);
                String::from_utf8_lossy(value).into_owned()
            };
            rows.push(spans.drain(..).map(value).collect());
        }
        rows
    }

    #[test]
    fn fields_are_cut_as_rfc_4180_says() {
        let text = "a,b,c\r\n\"x,y\",\"say \"\"hi\"\"\",\"two\r\nlines\"\n,,\nlast,\"\",q\"q";
        let expected = [
            vec!["a", "b", "c"],
            vec!["x,y", "say \"hi\"", "two\r\nlines"],
            vec!["", "", ""],
            vec!["last", "", "q\"q"],
        ];
        assert_eq!(rows(text, Shape::default()), expected);
    }

    #[test]
    fn other_escapes_and_line_ends() {
        let shape = Shape { delimiter: b'|', escape: b'\\', newline: b'\r', ..Shape::default() };
        let text = "\"a\\\"b\"|\"c\\\\\"|d\r1|2|3\r";
        assert_eq!(rows(text, shape), [vec!["a\"b", "c\\", "d"], vec!["1", "2", "3"]]);
        let bare = Shape { quote: None, ..Shape::default() };
        assert_eq!(rows("\"a,b\"\n", bare), [vec!["\"a", "b\""]]);
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let end = |text: &str, last| {
            Splitter::new(text.as_bytes(), Shape::default(), last).row(&mut Vec::new())
        };
        assert_eq!(end("\"a\"b,c\n", true), Some(RowEnd::Malformed(3, Mistake::AfterQuote)));
        assert_eq!(end("x,\"a\nb", true), Some(RowEnd::Malformed(2, Mistake::OpenQuote)));
        assert_eq!(end("x,\"a\nb", false), Some(RowEnd::Incomplete));
        assert_eq!(end("x,y", false), Some(RowEnd::Incomplete));
        assert_eq!(end("x,\"y\"", false), Some(RowEnd::Incomplete));
        assert_eq!(end("x,\"y\"\r", false), Some(RowEnd::Incomplete));
        assert_eq!(end("x,\"y\"\r\n", false), Some(RowEnd::Next(7)));
        assert_eq!(end("", true), None);
    }
}
