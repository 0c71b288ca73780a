//! What the machine needs of the world, as traits. The facade plugs storage, files and clocks in;
//! tests plug in their own.

mod disk;
mod files;
mod native_code;
mod none;
mod system;
mod tables;

pub use disk::DiskFiles;
pub use files::{FileStat, Files, NewFile, ReadSeek, is_pattern};
pub use native_code::{NativeCompiler, NativeExit, NativeFunction};
pub use none::{NoNatives, NoOutput, NoSecrets, NoTables};
pub use system::{OsEntropy, SystemClock, ThreadTasks};
pub use tables::{
    GetRequest, Morsel, ScanRequest, ScanTest, TableScan, Tables, WriteKind, WriteRequest,
};

use crate::Fault;
use crate::batch::Batch;
use grizzly_bytecode::{Field, Type, Value};

/// Where a statement's result and its PRINT lines go.
pub trait Output {
    /// Takes a batch of the statement's result. `columns` is the same for all batches of a
    /// statement.
    ///
    /// # Errors
    /// An IoError fault where the reader is gone; the statement ends.
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault>;
    /// Takes the text of a PRINT, without a line end.
    ///
    /// # Errors
    /// An IoError fault where the reader is gone.
    fn print(&mut self, value: &Value, ty: &Type) -> Result<(), Fault>;
}

/// The clocks.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01 UTC.
    fn now_micros(&self) -> i64;
    /// Monotonic nanoseconds from an arbitrary start.
    fn monotonic_nanos(&self) -> u64;
}

/// Randomness.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
    /// Makes what follows a function of `seed`, as `setseed` asks.
    fn seed(&self, seed: u64);
}

/// Secrets, opened for one use at a time. The bytes are wiped after use.
pub trait Secrets: Send + Sync {
    /// Calls `read` with the plaintext of a secret; `None` where there is no such secret.
    fn with_secret(&self, name: &str, read: &mut dyn FnMut(&[u8])) -> Option<()>;
}

/// Threads for work that may run side by side.
pub trait Tasks: Send + Sync {
    /// The number of threads, at least 1.
    fn threads(&self) -> usize;
    /// Runs all jobs, on up to [`Tasks::threads`] threads, and returns when the last has ended.
    fn run<'scope>(&self, jobs: Vec<Box<dyn FnOnce() + Send + 'scope>>);
}
