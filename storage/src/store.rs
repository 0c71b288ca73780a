//! Files of the trees: their names, and when they may be removed.
//!
//! Every block and node holds a [`FileHandle`]. A file is kept once its tree is about to be named
//! by the manifest or the log. Until then, and again when a new tree version no longer has it, its
//! path is queued for removal as soon as nothing uses the handle any more.

use crate::device::Device;
use crate::error::{Error, Result};
use crate::schema::TableId;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};

/// How large the parts of trees become. Not part of the format: a database may be opened with
/// other limits than it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLimits {
    /// Rows in a leaf at most.
    pub leaf_rows: usize,
    /// Bytes of a leaf's data at most, about.
    pub leaf_bytes: usize,
    /// Children of an inner node at most.
    pub fanout: usize,
    /// Messages an inner node keeps at most.
    pub node_messages: usize,
    /// Bytes of messages an inner node keeps at most, about.
    pub node_bytes: usize,
    /// A child gets more than this many messages at once, unless its node is full.
    pub push_messages: usize,
}

impl Default for TreeLimits {
    fn default() -> TreeLimits {
        TreeLimits {
            leaf_rows: 131_072,
            leaf_bytes: 64 << 20,
            fanout: 64,
            node_messages: 65_536,
            node_bytes: 16 << 20,
            push_messages: 4096,
        }
    }
}

/// Where trees keep their files.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) limits: TreeLimits,
    pub(crate) device: Arc<dyn Device>,
    next_file: AtomicU64,
    garbage: Mutex<Vec<String>>,
}

/// A file of a tree.
#[derive(Debug)]
pub(crate) struct FileHandle {
    pub(crate) path: String,
    obsolete: AtomicBool,
    store: Arc<Store>,
}

impl Drop for FileHandle {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire) {
            self.store.garbage.lock().push(std::mem::take(&mut self.path));
        }
    }
}

impl FileHandle {
    /// A handle of a file that is not kept so far.
    pub(crate) fn new(store: &Arc<Store>, path: String) -> FileHandle {
        FileHandle { path, obsolete: AtomicBool::new(true), store: Arc::clone(store) }
    }

    /// Keeps the file from being removed.
    pub(crate) fn keep(&self) {
        self.obsolete.store(false, Ordering::Release);
    }

    /// Has the file removed when nothing uses it any more.
    pub(crate) fn retire(&self) {
        self.obsolete.store(true, Ordering::Release);
    }
}

impl Store {
    pub(crate) fn new(device: Arc<dyn Device>, limits: TreeLimits) -> Store {
        Store { limits, device, next_file: AtomicU64::new(1), garbage: Mutex::default() }
    }

    /// A file number that was never used.
    pub(crate) fn allocate(&self) -> u64 {
        self.next_file.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps numbers that are in use from being given out again.
    pub(crate) fn reserve(&self, file: u64) {
        self.next_file.fetch_max(file + 1, Ordering::Relaxed);
    }

    /// Keeps the number of a file found in a table's folder from being given out again.
    pub(crate) fn reserve_path(&self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some(number) = name.split('.').next().and_then(|stem| stem.parse().ok()) {
            self.reserve(number);
        }
    }

    /// Writes and syncs a new file.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let fail = |operation| move |error: std::io::Error| Error::io(path, operation, &error);
        let file = self.device.create(path).map_err(fail("create"))?;
        file.write_at(bytes, 0).map_err(fail("write"))?;
        file.sync().map_err(fail("sync"))
    }

    /// Makes a table's folders.
    pub(crate) fn create_folders(&self, table: TableId) -> Result<()> {
        let nodes = node_folder(table);
        let fail = |error| Error::io(&nodes, "create", &error);
        self.device.create_dir(&nodes).map_err(fail)?;
        for folder in ["tables", ""] {
            self.device.sync_dir(folder).map_err(fail)?;
        }
        Ok(())
    }

    /// Makes the names in a table's folders durable.
    pub(crate) fn sync_folders(&self, table: TableId) -> Result<()> {
        for folder in [node_folder(table), leaf_folder(table)] {
            self.device.sync_dir(&folder).map_err(|error| Error::io(&folder, "sync", &error))?;
        }
        Ok(())
    }

    /// Whether there are files to remove.
    pub(crate) fn has_garbage(&self) -> bool {
        !self.garbage.lock().is_empty()
    }

    /// Removes the files nothing uses any more.
    pub(crate) fn remove_garbage(&self) -> Result<()> {
        let paths = std::mem::take(&mut *self.garbage.lock());
        for path in paths {
            match self.device.remove(&path) {
                // A file that could not even be created leaves a handle, too.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io(&path, "remove", &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

pub(crate) fn leaf_folder(table: TableId) -> String {
    format!("tables/{}", table.0)
}

pub(crate) fn node_folder(table: TableId) -> String {
    format!("tables/{}/nodes", table.0)
}

pub(crate) fn leaf_path(table: TableId, file: u64) -> String {
    format!("tables/{}/{file:08}.feather", table.0)
}

pub(crate) fn buffer_path(table: TableId, file: u64) -> String {
    format!("tables/{}/nodes/{file:08}.feather", table.0)
}

pub(crate) fn node_path(table: TableId, file: u64) -> String {
    format!("tables/{}/nodes/{file:08}.node", table.0)
}
