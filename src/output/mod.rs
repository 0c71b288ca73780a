//! Results as text: the output formats of the command line.
//!
//! A [`Printer`] is the machine's output port. It writes the header with the first batch, one empty
//! line between a result and what stands around it, and the text of PRINT in between. A [`Format`]
//! writes one result and knows nothing of what stands around it.

mod csv;
mod html;
mod json;
mod line;
mod list;
mod table;

use grizzly_bytecode::{Builtin, Fault, Field, Type, Value};
use grizzly_stdlib::display::write_value;
use grizzly_vm::batch::Batch;
use grizzly_vm::ports;
use std::io::{self, Write};

/// What a session writes results to.
pub trait Output: ports::Output {
    /// The statement ended; a result without rows still has its header to write.
    ///
    /// # Errors
    /// An IoError fault where the reader is gone.
    fn finish(&mut self, columns: &[Field]) -> Result<(), Fault>;

    /// The statement raised; a result that was begun ends where it is.
    fn abort(&mut self);
}

/// How one result is written.
trait Format {
    /// The header.
    fn begin(&mut self, out: &mut String, columns: &[Field]);
    /// One row.
    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize);
    /// What follows the last row.
    fn end(&mut self, out: &mut String, columns: &[Field]);
}

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatKind {
    /// Comma-separated values, RFC 4180.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// One JSON array a result.
    Json,
    /// One JSON object a row.
    JsonLines,
    /// A Markdown table.
    Markdown,
    /// A table of lines.
    Box,
    /// One `column = value` a line.
    Line,
    /// The values of a row with `|` in between.
    List,
    /// An HTML table.
    Html,
    /// Nothing.
    None,
}

/// The room that a result has; only a box asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The columns of the terminal; `None` for any number.
    pub width: Option<usize>,
    /// The most rows that are shown; 0 for all.
    pub max_rows: usize,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout { width: None, max_rows: 40 }
    }
}

impl FormatKind {
    /// All formats by the names that `--format` takes.
    pub const ALL: &[(&str, FormatKind)] = &[
        ("box", FormatKind::Box),
        ("csv", FormatKind::Csv),
        ("html", FormatKind::Html),
        ("json", FormatKind::Json),
        ("jsonl", FormatKind::JsonLines),
        ("line", FormatKind::Line),
        ("list", FormatKind::List),
        ("markdown", FormatKind::Markdown),
        ("none", FormatKind::None),
        ("tsv", FormatKind::Tsv),
    ];

    /// The format of a name.
    pub fn named(name: &str) -> Option<FormatKind> {
        FormatKind::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The format of a name that a user gave.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn parse(name: &str) -> Result<FormatKind, String> {
        FormatKind::named(name).ok_or_else(|| {
            if matches!(name, "vega" | "arrow") {
                return format!("the format {name} is not supported yet");
            }
            let known: Vec<&str> = FormatKind::ALL.iter().map(|(name, _)| *name).collect();
            format!("there is no format {name}; there are {}", known.join(", "))
        })
    }

    fn format(self, layout: Layout) -> Option<Box<dyn Format + Send>> {
        Some(match self {
            FormatKind::Csv => Box::new(csv::Csv),
            FormatKind::Tsv => Box::new(csv::Tsv),
            FormatKind::Json => Box::new(json::Json::array()),
            FormatKind::JsonLines => Box::new(json::Json::lines()),
            FormatKind::Markdown => Box::new(table::Table::markdown()),
            FormatKind::Box => Box::new(table::Table::boxed(layout)),
            FormatKind::Line => Box::new(line::Line::default()),
            FormatKind::List => Box::new(list::List),
            FormatKind::Html => Box::new(html::Html),
            FormatKind::None => return None,
        })
    }
}

/// What was written last.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Print,
    Result,
}

/// Writes results and PRINT lines to a stream.
pub struct Printer<W> {
    stream: W,
    format: Option<Box<dyn Format + Send>>,
    last: Last,
    /// Whether a result's header was written and its end was not.
    open: bool,
    buffer: String,
    broken: bool,
}

/// The text that is gathered before it goes to the stream.
const BUFFER_BYTES: usize = 64 << 10;

impl<W: Write> Printer<W> {
    /// A printer of a format.
    pub fn new(stream: W, format: FormatKind) -> Printer<W> {
        Printer::with_layout(stream, format, Layout::default())
    }

    /// A printer of a format within some room.
    pub fn with_layout(stream: W, format: FormatKind, layout: Layout) -> Printer<W> {
        let (last, buffer) = (Last::Nothing, String::new());
        Printer { stream, format: format.format(layout), last, open: false, buffer, broken: false }
    }

    /// Whether the reader went away.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// The stream, with all that was printed written to it.
    ///
    /// # Errors
    /// As for [`Output::finish`].
    pub fn into_inner(mut self) -> Result<W, Fault> {
        self.flush()?;
        Ok(self.stream)
    }

    /// Writes what was gathered.
    ///
    /// # Errors
    /// An IoError fault where the stream does not take it.
    pub fn flush(&mut self) -> Result<(), Fault> {
        let written = self.stream.write_all(self.buffer.as_bytes());
        self.buffer.clear();
        written.and_then(|()| self.stream.flush()).map_err(|error| self.refused(&error))
    }

    fn refused(&mut self, error: &io::Error) -> Fault {
        self.broken |= error.kind() == io::ErrorKind::BrokenPipe;
        Fault::new(Builtin::IoError, format!("the result cannot be written: {error}"))
    }

    fn flush_if_full(&mut self) -> Result<(), Fault> {
        if self.buffer.len() < BUFFER_BYTES {
            return Ok(());
        }
        let written = self.stream.write_all(self.buffer.as_bytes());
        self.buffer.clear();
        written.map_err(|error| self.refused(&error))
    }

    fn begin(&mut self, columns: &[Field]) {
        if self.open {
            return;
        }
        if let Some(format) = &mut self.format {
            if self.last != Last::Nothing {
                self.buffer.push('\n');
            }
            format.begin(&mut self.buffer, columns);
            self.last = Last::Result;
        }
        self.open = true;
    }
}

impl<W: Write> ports::Output for Printer<W> {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        self.begin(columns);
        let Some(format) = &mut self.format else { return Ok(()) };
        for row in batch.rows().iter() {
            format.row(&mut self.buffer, columns, batch, row);
        }
        self.flush_if_full()
    }

    fn print(&mut self, value: &Value, ty: &Type) -> Result<(), Fault> {
        if self.last == Last::Result {
            self.buffer.push('\n');
        }
        write_value(&mut self.buffer, value, ty);
        self.buffer.push('\n');
        self.last = Last::Print;
        self.flush_if_full()
    }
}

impl<W: Write> Output for Printer<W> {
    fn finish(&mut self, columns: &[Field]) -> Result<(), Fault> {
        if !columns.is_empty() {
            self.begin(columns);
            if let Some(format) = &mut self.format {
                format.end(&mut self.buffer, columns);
            }
        }
        self.open = false;
        self.flush()
    }

    fn abort(&mut self) {
        self.open = false;
        // What was written before the fault is still to be seen; a second error adds nothing.
        let _ = self.flush();
    }
}

/// The values of a row, in order.
fn values<'a>(
    columns: &'a [Field],
    batch: &'a Batch,
    row: usize,
) -> impl Iterator<Item = (Value, &'a Field)> {
    columns
        .iter()
        .enumerate()
        .map(move |(index, field)| (batch.value(row, index, &field.ty), field))
}

#[cfg(test)]
mod tests;
