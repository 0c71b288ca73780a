//! Finds the delimiter, the quotes and the line ends of a text: those with which its first rows
//! have the same number of fields.

use super::sample::newline_of;
use super::split::{RowEnd, Shape, Span, Splitter};
use grizzly_bytecode::FileOptions;

/// Rows that are looked at.
const ROWS: usize = 500;

const DELIMITERS: &[u8] = b",;\t|";
/// Quotes with their escapes.
const QUOTES: &[(u8, u8)] = &[(b'"', b'"'), (b'"', b'\\'), (b'\'', b'\'')];

/// How well a shape fits, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// Of a thousand rows, how many have the usual number of fields; 0 where that is one.
    regular: usize,
    /// Whether every quote is closed where a field ends.
    well_formed: bool,
    /// Fields in quotes of this kind.
    quoted: bool,
    /// The usual number of fields.
    fields: usize,
}

/// The shape of a text that begins with `sample`; what the options say stays.
pub(crate) fn shape(sample: &[u8], last: bool, options: &FileOptions) -> Shape {
    let newline = newline_of(sample);
    let given = options.delimiter.map(|delimiter| vec![delimiter]);
    let delimiters = given.unwrap_or_else(|| DELIMITERS.to_vec());
    let mut best: Option<(Score, Shape)> = None;
    for delimiter in delimiters {
        for (quote, escape) in quotes(options) {
            let shape = Shape { delimiter, quote, escape, newline };
            let score = score(sample, last, shape);
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, shape));
            }
        }
    }
    best.map_or_else(Shape::default, |(_, shape)| shape)
}

fn quotes(options: &FileOptions) -> Vec<(Option<u8>, u8)> {
    match (options.quote, options.escape) {
        (Some(quote), escape) => vec![(quote, escape.or(quote).unwrap_or(b'"'))],
        (None, Some(escape)) => vec![(Some(b'"'), escape)],
        (None, None) => QUOTES.iter().map(|(quote, escape)| (Some(*quote), *escape)).collect(),
    }
}

fn score(sample: &[u8], last: bool, shape: Shape) -> Score {
    let mut splitter = Splitter::new(sample, shape, last);
    let (mut spans, mut counts): (Vec<Span>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut well_formed, mut quoted) = (true, 0);
    while counts.len() < ROWS {
        spans.clear();
        match splitter.row(&mut spans) {
            Some(RowEnd::Next(_)) => {
                // An empty line says nothing.
                let blank = matches!(spans[..], [span] if span.raw(sample).is_empty());
                if !blank {
                    counts.push(spans.len());
                }
                quoted += spans.iter().filter(|span| span.is_quoted()).count();
            }
            Some(RowEnd::Malformed(..)) => {
                well_formed = false;
                break;
            }
            Some(RowEnd::Incomplete) | None => break,
        }
    }
    let rows = counts.len().max(1);
    let usual = usual(&counts);
    let regular = match usual {
        0 | 1 => 0,
        _ => counts.iter().filter(|count| **count == usual).count() * 1000 / rows,
    };
    // Half of the rows at least.
    let regular = if regular >= 500 { regular } else { 0 };
    let fields = if regular > 0 { usual } else { 1 };
    Score { regular, well_formed, quoted: quoted > 0, fields }
}

/// The most frequent number, the first of these.
fn usual(counts: &[usize]) -> usize {
    let often = |count: &usize| counts.iter().filter(|other| *other == count).count();
    let mut best = (0, 0);
    for count in counts {
        let times = often(count);
        if times > best.1 {
            best = (*count, times);
        }
        if times * 2 > counts.len() {
            break;
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Shape {
        shape(text.as_bytes(), true, &FileOptions::default())
    }

    #[test]
    fn the_delimiter_is_the_one_that_is_regular() {
        assert_eq!(found("a,b\n1,2\n"), Shape::default());
        assert_eq!(found("a;b\n1,5;2\n2,5;3\n").delimiter, b';');
        assert_eq!(found("a\tb\tc\nx, y\tz\tw\n").delimiter, b'\t');
        assert_eq!(found("a|b\r1|2\r"), Shape { delimiter: b'|', newline: b'\r', ..found("") });
        assert_eq!(found("just words\nand, maybe, more\n").delimiter, b',');
        assert_eq!(found("a,b,c\n1,2,3\n4,5\n6,7,8\n").delimiter, b',');
    }

    #[test]
    fn quotes_are_those_that_close() {
        assert_eq!(found("a,b\n\"x\\\"y\",\"p,q\"\n").escape, b'\\');
        assert_eq!(found("a,b\n'x,y',1\n'z,w',2\n").quote, Some(b'\''));
        assert_eq!(found("a,b\nit's,1\nthat's,2\n").quote, Some(b'"'));
    }
}
