//! Looks at the first rows of a file: its shape, its header, and what its columns may hold.

use super::infer::{Guess, null_texts};
use super::sniff;
use super::split::{RowEnd, Shape, Span, Splitter};
use crate::format::window::Window;
use grizzly_bytecode::{FileOptions, Type};
use grizzly_vm::ports::ReadSeek;
use std::io;

/// Rows that are looked at where nothing else is said.
pub(crate) const SAMPLE_ROWS: u64 = 20_480;
/// Bytes from which the shape is found.
const SHAPE_BYTES: usize = 1 << 16;

/// What a file looks like.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Its shape.
    pub shape: Shape,
    /// Whether the first row names the columns.
    pub header: bool,
    /// The fields of the first row; none in an empty file.
    pub first: Vec<Field>,
    /// What the columns hold, without the header.
    pub guesses: Vec<Guess>,
}

/// A field of the first row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its value.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// The columns that a file is expected to have.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// Their names.
    pub names: &'a [&'a str],
    /// Their types.
    pub types: &'a [Type],
}

/// Leaves out the lines of the option `skip` and empty lines after them.
pub(crate) fn skip(window: &mut Window, lines: u64) -> io::Result<()> {
    for _ in 0..lines {
        if !window.take_line()? {
            break;
        }
    }
    Ok(())
}

impl Sample {
    /// Looks at a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(
        file: Box<dyn ReadSeek>,
        options: &FileOptions,
        expected: Option<Expected<'_>>,
    ) -> io::Result<Sample> {
        let mut window = Window::new(file)?;
        window.set_newline(newline_of(window.text()));
        skip(&mut window, options.skip)?;
        while window.text().len() < SHAPE_BYTES && !window.is_last() {
            window.more()?;
        }
        let text = window.text();
        let shape_text = text.get(..SHAPE_BYTES).unwrap_or(text);
        let is_all = window.is_last() && shape_text.len() == text.len();
        let shape = sniff::shape(shape_text, is_all, options);
        let mut sample = Sample { shape, header: false, first: Vec::new(), guesses: Vec::new() };
        sample.rows(&mut window, options)?;
        let rows = sample.guesses.first().is_some_and(Guess::is_used);
        sample.header = match options.header {
            Some(header) => header,
            None => match expected {
                Some(expected) => sample.is_header_of(expected),
                None => sample.looks_like_header(rows),
            },
        };
        if !sample.header {
            let given = options.nulls.is_some();
            for (guess, field) in sample.guesses.iter_mut().zip(&sample.first) {
                guess.take(field.text.as_bytes(), field.quoted, given);
            }
        }
        Ok(sample)
    }

    /// Takes the rows: the first apart, the others into the guesses.
    fn rows(&mut self, window: &mut Window, options: &FileOptions) -> io::Result<()> {
        // The first row may be the header.
        let mut left = options.sample_rows.unwrap_or(SAMPLE_ROWS).saturating_add(1);
        let (mut spans, mut scratch): (Vec<Span>, Vec<u8>) = (Vec::new(), Vec::new());
        loop {
            let taken = {
                let text = window.text();
                let mut splitter = Splitter::new(text, self.shape, window.is_last());
                while left > 0 {
                    spans.clear();
                    match splitter.row(&mut spans) {
                        Some(RowEnd::Next(_)) => {}
                        // The scan says what is wrong, with its line.
                        Some(RowEnd::Malformed(..)) => return Ok(()),
                        Some(RowEnd::Incomplete) | None => break,
                    }
                    let blank = matches!(spans[..], [span] if span.raw(text).is_empty());
                    if !(blank && self.first.len() != 1) {
                        self.row(text, &spans, &mut scratch, options);
                        left -= 1;
                    }
                }
                splitter.position()
            };
            window.take(taken);
            if left == 0 || window.is_last() {
                return Ok(());
            }
            window.more()?;
        }
    }

    fn row(&mut self, text: &[u8], spans: &[Span], scratch: &mut Vec<u8>, options: &FileOptions) {
        if self.first.is_empty() {
            for span in spans {
                let value = span.value(text, self.shape, scratch);
                let value = String::from_utf8_lossy(value).into_owned();
                self.first.push(Field { text: value, quoted: span.is_quoted() });
            }
            self.guesses.resize(spans.len(), Guess::default());
            return;
        }
        let nulls = options.nulls.as_deref();
        for (guess, span) in self.guesses.iter_mut().zip(spans) {
            let value = span.value(text, self.shape, scratch);
            let is_null = |nulls: &[smol_str::SmolStr]| {
                !span.is_quoted() && nulls.iter().any(|null| null.as_bytes() == value)
            };
            match nulls {
                Some(nulls) if is_null(nulls) => guess.note_row(),
                _ => guess.take(value, span.is_quoted(), nulls.is_some()),
            }
        }
    }

    /// Whether the first row differs from the others as a header does: in every column that is no
    /// TEXT it holds something else. Where all columns are TEXT, it is one.
    fn looks_like_header(&self, has_rows: bool) -> bool {
        let typed = |text: &str| {
            let mut guess = Guess::default();
            guess.take(text.as_bytes(), false, false);
            guess.ty() != Some(Type::Text)
        };
        let typed_columns = self.guesses.iter().zip(&self.first).filter(|(guess, _)| {
            let ty = guess.ty();
            ty.is_some() && ty != Some(Type::Text)
        });
        let mut known = typed_columns.peekable();
        if !has_rows || known.peek().is_none() {
            return self.first.iter().all(|field| !typed(&field.text));
        }
        known.all(|(guess, field)| !guess.fits(field.text.as_bytes()))
    }

    /// Whether the first row is the header of a file for known columns.
    fn is_header_of(&self, expected: Expected<'_>) -> bool {
        if self.places(expected.names).is_some() {
            return true;
        }
        let mut typed = expected.types.iter().zip(&self.first).filter(|(ty, _)| **ty != Type::Text);
        let mut any = false;
        let none_fits = typed.all(|(ty, field)| {
            any = true;
            let value = grizzly_bytecode::Value::text(&field.text);
            !field.text.is_empty() && crate::convert::convert(&value, &Type::Text, ty).is_err()
        });
        let words = self.first.iter().all(|field| {
            let mut guess = Guess::default();
            guess.take(field.text.as_bytes(), false, false);
            guess.ty() == Some(Type::Text)
        });
        any && none_fits && words
    }

    /// Where each of some columns stands, if the first row names exactly these.
    pub fn places(&self, names: &[&str]) -> Option<Vec<usize>> {
        places(&self.first, names)
    }

    /// The texts that mean NULL, by the options or by what the columns hold.
    pub fn nulls(&self, options: &FileOptions, types: &[Option<Type>]) -> Vec<smol_str::SmolStr> {
        if let Some(nulls) = &options.nulls {
            return nulls.clone();
        }
        let fixed = types.iter().cloned().chain(std::iter::repeat(None));
        null_texts(self.guesses.iter().zip(fixed)).into_iter().map(Into::into).collect()
    }
}

/// Where each of some columns stands in a header that names exactly these.
pub(crate) fn places(header: &[Field], names: &[&str]) -> Option<Vec<usize>> {
    if header.len() != names.len() {
        return None;
    }
    let place =
        |name: &&str| header.iter().position(|field| field.text.trim().eq_ignore_ascii_case(name));
    let places: Vec<usize> = names.iter().map(place).collect::<Option<_>>()?;
    let each_once = (0..names.len()).all(|at| places.contains(&at));
    each_once.then_some(places)
}

/// What ends the lines of a text.
pub(crate) fn newline_of(text: &[u8]) -> u8 {
    match (text.contains(&b'\n'), text.contains(&b'\r')) {
        (false, true) => b'\r',
        _ => b'\n',
    }
}
