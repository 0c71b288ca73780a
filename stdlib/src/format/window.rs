//! The part of a file that is being read: it moves over the file, and knows at which line it
//! begins.

use grizzly_vm::ports::ReadSeek;
use std::io::{self, Read};

/// The text is shorter than this, so that positions fit 30 bits.
pub(crate) const MAX_TEXT: usize = 1 << 30;

/// The bytes that are read at a time: they and what is made of them fit a cache.
const STEP: usize = 1 << 18;

/// A part of a file.
pub(crate) struct Window {
    file: Box<dyn ReadSeek>,
    buffer: Vec<u8>,
    /// Where the part that was not taken begins.
    start: usize,
    /// Whether the file ends with the buffer.
    last: bool,
    newline: u8,
    /// The line at which the part begins, from 1.
    line: u64,
}

impl Window {
    /// The beginning of a file, without a byte order mark. Lines end with `\n` until
    /// [`Window::set_newline`] says otherwise.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(file: Box<dyn ReadSeek>) -> io::Result<Window> {
        let (buffer, newline) = (Vec::new(), b'\n');
        let mut window = Window { file, buffer, start: 0, last: false, newline, line: 1 };
        window.more()?;
        if window.text().starts_with(b"\xef\xbb\xbf") {
            window.start = 3;
        }
        Ok(window)
    }

    /// What was not taken yet.
    pub fn text(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or(&[])
    }

    /// Whether the file ends with the text.
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// The line of a position of the text.
    pub fn line_at(&self, position: usize) -> u64 {
        self.line + self.newlines(position)
    }

    /// Says what ends a line.
    pub fn set_newline(&mut self, newline: u8) {
        self.newline = newline;
    }

    fn newlines(&self, end: usize) -> u64 {
        let text = self.text();
        let passed = text.get(..end.min(text.len())).unwrap_or(&[]);
        passed.iter().filter(|byte| **byte == self.newline).count() as u64
    }

    /// Takes the first bytes of the text.
    pub fn take(&mut self, bytes: usize) {
        self.line += self.newlines(bytes);
        self.start = (self.start + bytes).min(self.buffer.len());
    }

    /// Takes a line; whether there was one.
    ///
    /// # Errors
    /// As for [`Window::more`].
    pub fn take_line(&mut self) -> io::Result<bool> {
        loop {
            let newline = self.newline;
            match self.text().iter().position(|byte| *byte == newline) {
                Some(end) => {
                    self.take(end + 1);
                    return Ok(true);
                }
                None if self.last => {
                    let rest = self.text().len();
                    self.take(rest);
                    return Ok(rest > 0);
                }
                None => _ = self.more()?,
            }
        }
    }

    /// Makes the text longer; the number of bytes read.
    ///
    /// # Errors
    /// What the system says; FileTooLarge for a row that no memory should hold.
    pub fn more(&mut self) -> io::Result<usize> {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.len() + STEP >= MAX_TEXT {
            let message = "a row is longer than a gigabyte; is a quote not closed?";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        // A long row makes the steps longer, so that it is not read again and again.
        let wanted = self.buffer.len().clamp(STEP, MAX_TEXT / 4);
        let wanted = wanted.min(MAX_TEXT - 1 - self.buffer.len());
        let read = (&mut self.file).take(wanted as u64).read_to_end(&mut self.buffer)?;
        self.last = read < wanted;
        Ok(read)
    }
}
