//! The one error type of the storage engine.
//!
//! Every variant belongs to a [`Class`], which says who can do something about it, and carries
//! its place (file and byte offset) where there is one. Rendering for people is the facade's.

use crate::schema::{ColumnId, TableId};
use std::fmt;
use std::io;

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request breaks a rule the caller knows: a duplicate key, a NULL, an unknown table.
    User,
    /// Running the transaction again may succeed.
    Retry,
    /// Bytes on the device are not what was written.
    Corrupt,
    /// The operating system refused an operation.
    Io,
    /// No space is left.
    Full,
    /// The engine or its caller broke an invariant.
    Bug,
}

/// An error of the storage engine.
#[derive(Clone, Debug)]
pub enum Error {
    /// A live row with the same key exists (in the snapshot, or written by this transaction, or
    /// by a transaction that committed first).
    UniqueViolation {
        /// The table written to.
        table: TableId,
        /// The table's key columns, in key order.
        columns: Vec<ColumnId>,
        /// The key as text, values separated by `, `.
        key: String,
        /// The unique index's name; `None` for the table's own key.
        index: Option<String>,
    },
    /// NULL was written to a column that is NOT NULL.
    NotNullViolation {
        /// The table written to.
        table: TableId,
        /// The column.
        column: ColumnId,
    },
    /// A value does not fit its column's storage type.
    TypeMismatch {
        /// The table written to.
        table: TableId,
        /// The column.
        column: ColumnId,
        /// What was given, in words.
        found: String,
    },
    /// The table does not exist in this transaction's snapshot.
    UnknownTable(TableId),
    /// The column does not exist in the table.
    UnknownColumn(TableId, ColumnId),
    /// A table with this id exists already.
    TableExists(TableId),
    /// A request that cannot be carried out as stated; the text says which rule it breaks.
    InvalidRequest(String),
    /// A documented shape that this version does not store yet.
    Unsupported(String),
    /// Another transaction that committed first wrote what this one read or wrote.
    SerializationFailure {
        /// The table in conflict.
        table: TableId,
    },
    /// Another process has the database open.
    Locked {
        /// The database's folder.
        path: String,
    },
    /// Stored bytes are damaged.
    Corrupt {
        /// The file, relative to the database's folder.
        file: String,
        /// Byte offset of the damage in that file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The database was written by a version with another format.
    FormatVersion {
        /// The file that states the version.
        file: String,
        /// The version found.
        found: u32,
        /// The version this build reads and writes.
        supported: u32,
    },
    /// The operating system refused an operation.
    Io {
        /// The file, relative to the database's folder.
        file: String,
        /// The operation, one word.
        operation: &'static str,
        /// The kind the operating system reported.
        kind: io::ErrorKind,
        /// Its message.
        message: String,
    },
    /// The device is full.
    Full {
        /// The file that could not grow.
        file: String,
    },
    /// An earlier sync failed, so what is durable is no longer known; the database must be
    /// opened again.
    Poisoned {
        /// The failure that poisoned the database.
        cause: String,
    },
    /// An invariant does not hold.
    Bug(String),
}

impl Error {
    /// Who can do something about this error.
    pub fn class(&self) -> Class {
        match self {
            Error::UniqueViolation { .. }
            | Error::NotNullViolation { .. }
            | Error::TypeMismatch { .. }
            | Error::UnknownTable(_)
            | Error::UnknownColumn(..)
            | Error::TableExists(_)
            | Error::InvalidRequest(_)
            | Error::Unsupported(_) => Class::User,
            Error::SerializationFailure { .. } => Class::Retry,
            Error::Corrupt { .. } | Error::FormatVersion { .. } => Class::Corrupt,
            Error::Locked { .. } | Error::Io { .. } | Error::Poisoned { .. } => Class::Io,
            Error::Full { .. } => Class::Full,
            Error::Bug(_) => Class::Bug,
        }
    }

    /// Folds an operating system error with its place.
    pub(crate) fn io(file: &str, operation: &'static str, error: &io::Error) -> Error {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return Error::Full { file: file.to_owned() };
        }
        Error::Io {
            file: file.to_owned(),
            operation,
            kind: error.kind(),
            message: error.to_string(),
        }
    }

    /// Damage at a place.
    pub(crate) fn corrupt(file: &str, offset: u64, what: impl Into<String>) -> Error {
        Error::Corrupt { file: file.to_owned(), offset, what: what.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UniqueViolation { table, key, .. } => {
                write!(f, "table {} already has a row with the key ({key})", table.0)
            }
            Error::NotNullViolation { table, column } => {
                write!(f, "column {} of table {} is NOT NULL", column.0, table.0)
            }
            Error::TypeMismatch { table, column, found } => {
                write!(f, "column {} of table {} cannot hold {found}", column.0, table.0)
            }
            Error::UnknownTable(table) => write!(f, "there is no table {}", table.0),
            Error::UnknownColumn(table, column) => {
                write!(f, "table {} has no column {}", table.0, column.0)
            }
            Error::TableExists(table) => write!(f, "table {} exists already", table.0),
            Error::InvalidRequest(what) => f.write_str(what),
            Error::Unsupported(what) => write!(f, "not supported yet: {what}"),
            Error::SerializationFailure { table } => {
                write!(f, "another transaction changed table {} first; run again", table.0)
            }
            Error::Locked { path } => {
                write!(f, "another process has the database {path} open")
            }
            Error::Corrupt { file, offset, what } => {
                write!(f, "{file} is damaged at byte {offset}: {what}")
            }
            Error::FormatVersion { file, found, supported } => {
                write!(f, "{file} has format version {found}; this build reads {supported}")
            }
            Error::Io { file, operation, message, .. } => {
                write!(f, "{operation} {file}: {message}")
            }
            Error::Full { file } => write!(f, "no space is left to write {file}"),
            Error::Poisoned { cause } => {
                write!(
                    f,
                    "an earlier write was not made durable ({cause}); open the database again"
                )
            }
            Error::Bug(what) => write!(f, "internal error in storage: {what}"),
        }
    }
}

impl std::error::Error for Error {}
