//! What can go wrong in a session, folded once: messages of the compiler, exceptions, and a
//! database that cannot be opened. The command line turns the class of an error into its exit code.

use grizzly_bytecode::{Fault, SourceId};
use grizzly_grammar::Diagnostic;
use grizzly_storage as storage;
use std::fmt;

/// The result type of the facade.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the facade.
#[derive(Debug)]
pub enum Error {
    /// The script does not compile; at least one diagnostic is an error.
    Compile {
        /// The text that the diagnostics are about.
        source: SourceId,
        /// What is wrong, in order of place.
        diagnostics: Vec<Diagnostic>,
    },
    /// An exception that nothing caught.
    Raised(Box<Fault>),
    /// A database that cannot be opened or is damaged.
    Database {
        /// The database's folder, as it was given.
        path: String,
        /// Why.
        error: storage::Error,
    },
    /// Stored bytes turned out to be damaged while a statement ran.
    Damaged(Box<Fault>),
    /// The stored objects of a database no longer compile.
    Catalog {
        /// The database's folder.
        path: String,
        /// The text that the diagnostics are about.
        source: SourceId,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
}

impl Error {
    /// The exit code of cli.md.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Compile { .. } => 2,
            Error::Raised(fault) if fault.is("CompileError") => 2,
            Error::Raised(_) => 1,
            Error::Database { .. } | Error::Damaged(_) | Error::Catalog { .. } => 3,
        }
    }

    /// The exception, where it is one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Error::Raised(fault) | Error::Damaged(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Raised(Box::new(fault))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Compile { diagnostics, .. } => {
                let first = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
                let message = first.map_or("the script does not compile", |d| d.message.as_str());
                f.write_str(message)
            }
            Error::Raised(fault) | Error::Damaged(fault) => {
                write!(f, "{}: {}", fault.exception.ty.name, fault.exception.message)
            }
            Error::Database { path, error } => {
                write!(f, "the database {path} cannot be opened: {error}")
            }
            Error::Catalog { path, .. } => {
                write!(f, "the stored objects of the database {path} cannot be read")
            }
        }
    }
}

impl std::error::Error for Error {}
