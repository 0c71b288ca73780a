//! File formats: what a file's columns are, its rows as the scans of the machine, and results
//! written as files. COPY and FROM of a file use them; which file is meant by which statement is
//! the compiler's business.
//!
//! Files are reached through the machine's port, so that a test or a program that embeds the
//! library decides what a path means.

pub mod arrow;
mod csv;
mod feather;
mod json;
mod values;
mod window;

#[cfg(test)]
mod tests;

pub use csv::CsvWriter;
pub use json::JsonWriter;

use grizzly_bytecode::{
    Builtin, Fault, Field, FileColumn, FileFormat, FileOrigin, FileRequest, FileSource,
};
use grizzly_vm::batch::Batch;
use grizzly_vm::native::FileScanRequest;
use grizzly_vm::ports::{Files, Morsel, NewFile, ReadSeek, TableScan};
use grizzly_vm::progress::Progress;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;

/// A file that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// How it is to be read: every option that matters is said.
    pub request: FileRequest,
    /// Its columns.
    pub columns: Vec<FileColumn>,
}

/// Why a file's columns are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undescribed {
    /// It cannot be opened or read, which may change.
    NotNow(String),
    /// What the statement says of it is wrong, or it is no file of the format.
    Wrong(String),
}

impl Undescribed {
    fn not_now(path: &str, error: &io::Error) -> Undescribed {
        Undescribed::NotNow(format!("`{path}` cannot be read: {}", reason(error)))
    }
}

/// Looks at a file, or at the files of a pattern.
///
/// # Errors
/// [`Undescribed`].
pub fn describe(files: &dyn Files, request: &FileRequest) -> Result<Described, Undescribed> {
    let paths = files.find(&request.path);
    let paths = paths.map_err(|error| Undescribed::not_now(&request.path, &error))?;
    match request.format {
        FileFormat::Csv => csv::describe(files, &paths, request),
        FileFormat::Json => json::describe(files, &paths, request),
        FileFormat::Feather => feather::describe(files, &paths, request),
    }
}

/// Starts a scan.
///
/// # Errors
/// An IoError fault where no file can be found.
pub(crate) fn scan(request: &FileScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
    let source = &request.scan.source;
    let path = &source.request.path;
    let paths = request.files.find(path).map_err(|error| read_fault(path, &error))?;
    for path in &paths {
        request.progress.expect(request.files.stat(path).map_or(0, |stat| stat.bytes));
    }
    let files = FileList {
        files: request.files.handle(),
        many: paths.len() > 1,
        paths: paths.into(),
        progress: request.progress.clone(),
    };
    let scan = request.scan.clone();
    let morsel: Box<dyn Morsel> = match source.request.format {
        FileFormat::Csv => Box::new(csv::CsvMorsel::new(scan, files)),
        FileFormat::Json => Box::new(json::JsonMorsel::new(scan, files)),
        FileFormat::Feather => Box::new(feather::FeatherMorsel::new(scan, files)),
    };
    Ok(Box::new(OneMorsel(morsel)))
}

/// A scan that is read from its first row to its last.
struct OneMorsel(Box<dyn Morsel>);

impl TableScan for OneMorsel {
    fn exact(&self) -> Vec<bool> {
        Vec::new()
    }

    fn split(self: Box<Self>, _: usize) -> Vec<Box<dyn Morsel>> {
        vec![self.0]
    }
}

/// The files of a scan that were not read yet.
pub(crate) struct FileList {
    files: Arc<dyn Files>,
    paths: VecDeque<String>,
    /// Whether there were several at first.
    many: bool,
    progress: Arc<Progress>,
}

impl FileList {
    fn next_path(&mut self) -> Option<String> {
        self.paths.pop_front()
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, Fault> {
        self.files.open(path).map_err(|error| read_fault(path, &error))
    }

    fn advance(&self, rows: usize, bytes: usize) {
        self.progress.advance(rows as u64, bytes as u64);
    }
}

/// The exception of a file that cannot be read.
fn read_fault(path: &str, error: &io::Error) -> Fault {
    Fault::new(Builtin::IoError, format!("{path} cannot be read: {}", reason(error)))
}

/// The exception of a file that cannot be written.
fn write_fault(path: &str, error: &io::Error) -> Fault {
    Fault::new(Builtin::IoError, format!("{path} cannot be written: {}", reason(error)))
}

/// What went wrong, in words without the system's number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The place of a column that an option names.
fn column_named(columns: &[FileColumn], name: &str) -> Result<usize, Undescribed> {
    let found = columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let known = known.join(", ");
        Undescribed::Wrong(format!("the file has no column `{name}`; it has {known}"))
    })
}

/// For each column of a source, its place among the names of a file, by name; `None` where the file
/// lacks it. A missing column is an error where the file was described.
fn places_by_name(
    source: &FileSource,
    path: &str,
    names: &[&str],
) -> Result<Vec<Option<usize>>, Fault> {
    let place = |column: &FileColumn| {
        let found = names.iter().position(|name| name.eq_ignore_ascii_case(&column.name));
        let wanted = source.origin == FileOrigin::Described || !column.nullable;
        if found.is_none() && wanted {
            let (name, names) = (&column.name, names.join(", "));
            let message = format!("{path}: there is no column `{name}`; it has {names}");
            return Err(Fault::new(Builtin::CastError, message));
        }
        Ok(found)
    };
    source.columns.iter().map(place).collect()
}

/// Writes the rows of a result as a file, which appears when it is finished.
pub trait RowWriter: Send {
    /// Takes rows.
    ///
    /// # Errors
    /// An IoError fault where the file cannot be written.
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault>;

    /// Puts the file in its place.
    ///
    /// # Errors
    /// As for [`RowWriter::batch`].
    fn finish(self: Box<Self>, columns: &[Field]) -> Result<(), Fault>;
}

/// A writer of a file of some columns. Nothing is to be seen of the file before it is finished.
///
/// # Errors
/// An IoError fault where the file cannot be made.
pub fn writer(
    files: &dyn Files,
    request: &FileRequest,
    columns: &[Field],
) -> Result<Box<dyn RowWriter>, Fault> {
    let path = request.path.to_string();
    let file = files.create(&path).map_err(|error| write_fault(&path, &error))?;
    let out = Target { path, file };
    Ok(match request.format {
        FileFormat::Csv => Box::new(TextFile::new(out, CsvWriter::new(&request.options))),
        FileFormat::Json => {
            let lines = request.options.lines.unwrap_or_else(|| is_lines(&request.path));
            Box::new(TextFile::new(out, JsonWriter::new(lines)))
        }
        FileFormat::Feather => Box::new(feather::FeatherWriter::new(out, columns)?),
    })
}

/// Whether the files of this name hold one JSON value a line.
fn is_lines(path: &str) -> bool {
    [".jsonl", ".ndjson"].iter().any(|end| path.to_ascii_lowercase().ends_with(end))
}

/// A file that is being written, and its path for messages.
struct Target {
    path: String,
    file: Box<dyn NewFile>,
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.file.write_all(bytes).map_err(|error| write_fault(&self.path, &error))
    }

    fn finish(self) -> Result<(), Fault> {
        let path = self.path;
        self.file.finish().map_err(|error| write_fault(&path, &error))
    }
}

/// Writes rows as text.
pub trait TextRows: Send {
    /// What stands before the first row.
    fn begin(&mut self, out: &mut String, columns: &[Field]);
    /// A row.
    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize);
    /// What follows the last row.
    fn end(&mut self, out: &mut String, columns: &[Field]);
}

/// A file of text.
struct TextFile<R> {
    out: Target,
    rows: R,
    buffer: String,
    begun: bool,
}

/// The text that is gathered before it goes to the file.
const TEXT_BYTES: usize = 1 << 17;

impl<R: TextRows> TextFile<R> {
    fn new(out: Target, rows: R) -> TextFile<R> {
        TextFile { out, rows, buffer: String::new(), begun: false }
    }

    fn begin(&mut self, columns: &[Field]) {
        if !std::mem::replace(&mut self.begun, true) {
            self.rows.begin(&mut self.buffer, columns);
        }
    }
}

impl<R: TextRows> RowWriter for TextFile<R> {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        self.begin(columns);
        for row in batch.rows().iter() {
            self.rows.row(&mut self.buffer, columns, batch, row);
            if self.buffer.len() >= TEXT_BYTES {
                self.out.write(self.buffer.as_bytes())?;
                self.buffer.clear();
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, columns: &[Field]) -> Result<(), Fault> {
        self.begin(columns);
        self.rows.end(&mut self.buffer, columns);
        self.out.write(self.buffer.as_bytes())?;
        self.out.finish()
    }
}
