//! The port to the disk.
//!
//! Paths are relative to the database's folder and use `/`. What a device promises: bytes written
//! before a successful [`File::sync`] survive a crash; a created, renamed or removed name survives
//! a crash after [`Device::sync_dir`] of its folder; anything else may be kept, lost or torn. The
//! engine relies on nothing more, and [`FaultDevice`] grants nothing more.
//!
//! This folder is the only place of the crate with `unsafe` code: mapping a file.

mod disk;
mod fault;
mod memory;

pub use disk::DiskDevice;
pub use fault::{FaultDevice, Survival};
pub use memory::MemoryDevice;

use arrow_buffer::Buffer;
use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Held while a database is open; dropping it lets others open it.
pub type Lock = Box<dyn Any + Send + Sync>;

/// A folder that holds one database.
pub trait Device: Send + Sync + fmt::Debug {
    /// The folder as text, for messages.
    fn name(&self) -> String;

    /// Creates a file, or empties an existing one, for reading and writing.
    fn create(&self, path: &str) -> io::Result<Arc<dyn File>>;

    /// Opens an existing file for reading and writing.
    fn open(&self, path: &str) -> io::Result<Arc<dyn File>>;

    /// Maps an existing, non-empty file for reading. The buffer starts at least 64-byte aligned
    /// and keeps the mapping alive. The file must not change while it is mapped.
    fn map(&self, path: &str) -> io::Result<Buffer>;

    /// Renames a file, replacing the target.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Creates a folder and its parents; existing ones are fine.
    fn create_dir(&self, path: &str) -> io::Result<()>;

    /// The names of the files and folders in a folder, sorted; empty if there is no such folder.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &str) -> io::Result<()>;

    /// Takes the database's lock; [`io::ErrorKind::WouldBlock`] when another holder has it.
    fn lock(&self) -> io::Result<Lock>;
}

/// An open file. All positions are byte offsets from its start.
pub trait File: Send + Sync + fmt::Debug {
    /// Reads up to `buffer.len()` bytes; fewer only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes, growing the file if needed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Makes every byte written so far, and the length, durable.
    fn sync(&self) -> io::Result<()>;
}

/// Reads a whole file.
pub(crate) fn read_all(device: &dyn Device, path: &str) -> io::Result<Vec<u8>> {
    let file = device.open(path)?;
    let length = usize::try_from(file.len()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Whether a path exists as a file that can be opened.
pub(crate) fn exists(device: &dyn Device, path: &str) -> io::Result<bool> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    Ok(device.list(folder)?.iter().any(|entry| entry == name))
}
