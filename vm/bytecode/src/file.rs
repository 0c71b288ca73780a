//! Files as sources of rows: what a statement says of one, what is known of its columns, and what
//! a scan reads. The formats themselves are the standard library's.

use crate::types::{Field, Type};
use smol_str::SmolStr;
use std::fmt;
use std::sync::Arc;

/// The file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Separated values: RFC 4180 and its relatives.
    Csv,
    /// JSON: an array of objects, or objects one after the other.
    Json,
    /// Feather: an Arrow IPC file.
    Feather,
}

impl FileFormat {
    /// As scripts call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FileFormat::Csv => "csv",
            FileFormat::Json => "json",
            FileFormat::Feather => "feather",
        }
    }

    /// The format of a path, by its last extension.
    #[must_use]
    pub fn of_path(path: &str) -> Option<FileFormat> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "txt" => FileFormat::Csv,
            "json" | "jsonl" | "ndjson" => FileFormat::Json,
            "feather" | "arrow" | "ipc" => FileFormat::Feather,
            _ => return None,
        })
    }
}

/// What a statement says about how a file is to be read or written. What it leaves out is found by
/// looking at the file, or is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileOptions {
    /// Whether the first line names the columns.
    pub header: Option<bool>,
    /// The byte between fields.
    pub delimiter: Option<u8>,
    /// The byte around fields; `Some(None)` for none.
    pub quote: Option<Option<u8>>,
    /// The byte before a quote inside quotes.
    pub escape: Option<u8>,
    /// The texts that mean NULL.
    pub nulls: Option<Vec<SmolStr>>,
    /// Names of the columns, from the first on.
    pub names: Vec<SmolStr>,
    /// Types of some columns, by name.
    pub types: Vec<Field>,
    /// All columns: names and types; nothing is found by looking.
    pub columns: Vec<Field>,
    /// Lines to leave out at the beginning.
    pub skip: u64,
    /// How many rows are looked at to find types; `None` for the default.
    pub sample_rows: Option<u64>,
    /// Whether every column is TEXT.
    pub all_text: bool,
    /// JSON to write: one object a line instead of an array.
    pub lines: Option<bool>,
}

/// A file, or all files of a pattern, to be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileRequest {
    /// The path or pattern as the script has it.
    pub path: SmolStr,
    /// The format.
    pub format: FileFormat,
    /// How to read it.
    pub options: FileOptions,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileColumn {
    /// Its name.
    pub name: SmolStr,
    /// The type of its values.
    pub ty: Type,
    /// Whether a missing value may stand in it; where it may not, the reader raises
    /// NotNullViolation with the place in the file.
    pub nullable: bool,
    /// Whether the type was guessed from a sample: a value that does not fit gets help that says
    /// so.
    pub guessed: bool,
}

/// What is known of a file when a scan of it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileSource {
    /// The file.
    pub request: FileRequest,
    /// All of its columns, in order.
    pub columns: Vec<FileColumn>,
    /// Where the columns come from.
    pub origin: FileOrigin,
}

/// Where the columns of a file's source come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileOrigin {
    /// The file was described: the columns are its own and the options are complete.
    Described,
    /// A table's columns, which the file must fit (COPY); nothing is known of the file.
    Target,
}

/// A scan of a file.
#[derive(Clone, Debug)]
pub struct FileScan {
    /// The file.
    pub source: Arc<FileSource>,
    /// The columns to read, in the order of the batch: indices into the source's columns.
    pub columns: Vec<usize>,
}

impl FileScan {
    /// The columns that are read.
    pub fn read_columns(&self) -> impl Iterator<Item = &FileColumn> {
        self.columns.iter().filter_map(|index| self.source.columns.get(*index))
    }
}

impl fmt::Display for FileRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.format.name(), self.path)
    }
}
