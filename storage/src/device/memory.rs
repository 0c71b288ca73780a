//! A database in memory, for tests and for databases that need not outlive the process.
//!
//! Clones share the files, so a database can be closed and opened again on the same device.

use super::{Device, File, Lock};
use crate::sync::{Arc, Mutex};
use arrow_buffer::{Buffer, MutableBuffer};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDevice {
    files: Arc<Mutex<BTreeMap<String, Arc<MemoryFile>>>>,
    lock: Arc<Mutex<bool>>,
}

#[derive(Debug, Default)]
pub(super) struct MemoryFile {
    pub(super) bytes: Mutex<Vec<u8>>,
}

struct Held(Arc<Mutex<bool>>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.lock() = false;
    }
}

impl MemoryDevice {
    /// An empty device.
    pub fn new() -> MemoryDevice {
        MemoryDevice::default()
    }

    /// A device with these files.
    pub(super) fn from_files(files: BTreeMap<String, Vec<u8>>) -> MemoryDevice {
        let device = MemoryDevice::new();
        for (path, bytes) in files {
            let file = Arc::new(MemoryFile { bytes: Mutex::new(bytes) });
            device.files.lock().insert(path, file);
        }
        device
    }

    fn find(&self, path: &str) -> io::Result<Arc<MemoryFile>> {
        self.files.lock().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// The names directly inside `folder`, given every file's path.
pub(super) fn names_inside<'a>(
    folder: &str,
    paths: impl Iterator<Item = &'a String>,
) -> Vec<String> {
    let names: BTreeSet<String> = paths
        .filter_map(|path| {
            let rest = if folder.is_empty() {
                path.as_str()
            } else {
                path.strip_prefix(folder)?.strip_prefix('/')?
            };
            rest.split('/').next().map(str::to_owned)
        })
        .collect();
    names.into_iter().collect()
}

/// Copies bytes to an aligned buffer, which stands in for a mapping.
pub(super) fn aligned(bytes: &[u8]) -> Buffer {
    let mut copy = MutableBuffer::with_capacity(bytes.len());
    copy.extend_from_slice(bytes);
    copy.into()
}

impl Device for MemoryDevice {
    fn name(&self) -> String {
        ":memory:".to_owned()
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn File>> {
        let file = Arc::new(MemoryFile::default());
        self.files.lock().insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn File>> {
        Ok(self.find(path)?)
    }

    fn map(&self, path: &str) -> io::Result<Buffer> {
        Ok(aligned(&self.find(path)?.bytes.lock()))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let removed = self.files.lock().remove(path);
        removed.map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create_dir(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        Ok(names_inside(path, self.files.lock().keys()))
    }

    fn sync_dir(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<Lock> {
        let mut held = self.lock.lock();
        if *held {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *held = true;
        Ok(Box::new(Held(Arc::clone(&self.lock))))
    }
}

/// Copies what fits from `bytes` at `offset`.
pub(super) fn read_from(bytes: &[u8], buffer: &mut [u8], offset: u64) -> usize {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let length = buffer.len().min(bytes.len() - start);
    buffer[..length].copy_from_slice(&bytes[start..start + length]);
    length
}

/// Writes `bytes` into `target` at `offset`, growing it with zeros.
pub(super) fn write_to(target: &mut Vec<u8>, bytes: &[u8], offset: u64) -> io::Result<()> {
    let start = usize::try_from(offset).map_err(io::Error::other)?;
    let end = start + bytes.len();
    if target.len() < end {
        target.resize(end, 0);
    }
    target[start..end].copy_from_slice(bytes);
    Ok(())
}

impl File for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(read_from(&self.bytes.lock(), buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        write_to(&mut self.bytes.lock(), bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
