//! Native functions: the bodies of built-ins, supplied by the standard library.

use crate::Fault;
use crate::ports::{Clock, Entropy, Files, TableScan};
use crate::progress::Progress;
use grizzly_bytecode::{Builtin, FileScan, Type, Value};
use std::sync::Arc;

/// What a native body may use beside its arguments.
pub struct NativeContext<'a> {
    /// The clocks; `now()` is [`NativeContext::transaction_micros`].
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// When the transaction began, in microseconds since 1970-01-01 UTC.
    pub transaction_micros: i64,
    /// The static types of the arguments.
    pub argument_types: &'a [Type],
    /// The static type of the result.
    pub result_type: &'a Type,
}

/// A native body: from values to a value. A strict function is never called with NULL.
pub type NativeBody = fn(&NativeContext<'_>, &[Value]) -> Result<Value, Fault>;

/// What a scan of a file is asked for.
pub struct FileScanRequest<'a> {
    /// The file and the columns.
    pub scan: &'a FileScan,
    /// Where files are.
    pub files: &'a dyn Files,
    /// What hears of the rows and bytes that were read.
    pub progress: &'a Arc<Progress>,
}

/// Finds native bodies by the names that programs use.
pub trait Natives: Send + Sync {
    /// The body of a function, `None` where there is none of that name.
    fn find(&self, name: &str) -> Option<NativeBody>;

    /// Starts a scan of a file.
    ///
    /// # Errors
    /// An IoError fault where the file cannot be opened, or where there are no file formats, as by
    /// default; CompileError where the file has other columns than the program knows.
    fn scan_file(&self, request: &FileScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        let message = format!("there is no format to read {}", request.scan.source.request);
        Err(Fault::new(Builtin::IoError, message))
    }
}
