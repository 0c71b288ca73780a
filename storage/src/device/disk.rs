//! A folder on the file system.

use super::{Device, File, Lock};
use arrow_buffer::Buffer;
use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

/// A database folder on disk. The folder is created when it does not exist.
#[derive(Debug)]
pub struct DiskDevice {
    root: PathBuf,
}

#[derive(Debug)]
struct DiskFile(fs::File);

impl DiskDevice {
    /// Uses `root` as the database's folder.
    pub fn new(root: impl AsRef<Path>) -> io::Result<DiskDevice> {
        fs::create_dir_all(root.as_ref())?;
        Ok(DiskDevice { root: root.as_ref().to_owned() })
    }
}

impl Device for DiskDevice {
    fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn File>> {
        let file = fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(self.root.join(path))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn File>> {
        let file = fs::File::options().read(true).write(true).open(self.root.join(path))?;
        Ok(Arc::new(DiskFile(file)))
    }

    #[allow(unsafe_code)]
    fn map(&self, path: &str) -> io::Result<Buffer> {
        let file = fs::File::open(self.root.join(path))?;
        // SAFETY: mapped files are blocks, which the engine writes once, under a name that was
        // never used before, and never changes afterwards; LOCK keeps other engines out.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        let length = map.len();
        let Some(start) = NonNull::new(map.as_ptr().cast_mut()) else {
            return Err(io::Error::other("the mapping has no address"));
        };
        // SAFETY: `start` and `length` describe the mapping's bytes, which stay valid as long as
        // the `Mmap` lives; the buffer owns it through the `Arc` and never writes.
        Ok(unsafe { Buffer::from_custom_allocation(start, length, Arc::new(map)) })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(path))
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.root.join(path))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.root.join(path)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        fs::File::open(self.root.join(path))?.sync_all()
    }

    fn lock(&self) -> io::Result<Lock> {
        let file = fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.root.join("LOCK"))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

impl File for DiskFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
