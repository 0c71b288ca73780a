//! Work in the background: flushing messages into trees, recycling the log, removing files.
//!
//! A flush reads a version, writes files, makes the manifest name them, publishes a version without
//! the flushed layers and gives up what is no longer needed, in this order. One piece of work runs
//! at a time; commits go on meanwhile.

use crate::engine::{Engine, Inner};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::manifest::{Edit, Manifest, State, TableState};
use crate::schema::{CommitTs, TableId};
use crate::sync::{Arc, Ordering};
use crate::tree::{Flush, Tree};
use crate::version::{TableVersion, Versions};

/// Frozen bytes of a table from which on its flush is worth while.
const FLUSH_BYTES: usize = 4 << 20;
/// Unflushed bytes of a table beyond which a committing transaction flushes by itself.
const STALL_BYTES: usize = 512 << 20;

/// A step of background work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work(Step);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Flush(TableId),
    RemoveFiles,
    WriteCatalog,
}

/// What can be seen of a database from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The newest visible commit.
    pub commit: CommitTs,
    /// Every table, by id.
    pub tables: Vec<TableInfo>,
}

/// What can be seen of a table from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Its id.
    pub table: TableId,
    /// Its name.
    pub name: String,
    /// The files of its leaves, in key order, relative to the database's folder.
    pub leaf_files: Vec<String>,
    /// Files that hold messages for the leaves.
    pub buffer_files: Vec<String>,
    /// Rows in the leaves.
    pub leaf_rows: u64,
    /// Bytes of messages that are in the log and in memory only.
    pub unflushed_bytes: u64,
}

impl Engine {
    /// A step of work that would help now, if any.
    pub fn poll_work(&self) -> Option<Work> {
        if self.inner.store.has_garbage() {
            return Some(Work(Step::RemoveFiles));
        }
        if !self.inner.dropped.lock().is_empty() {
            return Some(Work(Step::WriteCatalog));
        }
        let versions = Arc::clone(&self.inner.published.read().versions);
        let bytes = |version: &TableVersion| -> usize {
            version.frozen.iter().map(|frozen| frozen.run.bytes()).sum()
        };
        let (id, most) = versions
            .tables
            .iter()
            .map(|(id, version)| (*id, bytes(version)))
            .max_by_key(|(_, bytes)| *bytes)?;
        (most >= FLUSH_BYTES).then_some(Work(Step::Flush(id)))
    }

    /// Does a step of work.
    ///
    /// # Errors
    /// I/O errors and damage of the files involved. Nothing committed is lost by a failed step.
    pub fn perform(&self, work: Work) -> Result<()> {
        match work.0 {
            Step::Flush(table) => self.inner.flush(table, false, false),
            Step::RemoveFiles => self.inner.store.remove_garbage(),
            Step::WriteCatalog => self.inner.write_catalog(),
        }
    }

    /// Brings every committed message into files of the trees and lets go of the log so far.
    ///
    /// # Errors
    /// As [`Engine::perform`].
    pub fn checkpoint(&self) -> Result<()> {
        self.for_each_table(|table| self.inner.flush(table, true, false))
    }

    /// Brings every committed message into the leaves: each table is then exactly what its leaf
    /// files hold.
    ///
    /// # Errors
    /// As [`Engine::perform`].
    pub fn flush_all(&self) -> Result<()> {
        self.for_each_table(|table| self.inner.flush(table, true, true))
    }

    fn for_each_table(&self, mut body: impl FnMut(TableId) -> Result<()>) -> Result<()> {
        let versions = Arc::clone(&self.inner.published.read().versions);
        versions.tables.keys().try_for_each(|table| body(*table))?;
        drop(versions);
        self.inner.write_catalog()?;
        self.inner.store.remove_garbage()
    }

    /// What can be seen from outside.
    pub fn info(&self) -> Info {
        let published = self.inner.published.read();
        let (versions, commit) = (Arc::clone(&published.versions), published.ts);
        drop(published);
        let tables = versions.tables.iter().map(|(id, version)| table_info(*id, version));
        Info { commit, tables: tables.collect() }
    }
}

fn table_info(table: TableId, version: &TableVersion) -> TableInfo {
    let leaves = version.tree.leaves();
    let mut leaf_files: Vec<String> = Vec::new();
    leaf_files.extend(leaves.iter().map(|leaf| leaf.handle.path.clone()));
    let mut buffer_files = Vec::new();
    version.tree.for_each_file(&mut |_, handle| {
        let path = &handle.path;
        if path.ends_with(".feather") && !leaf_files.contains(path) && !buffer_files.contains(path)
        {
            buffer_files.push(path.clone());
        }
    });
    TableInfo {
        table,
        name: version.table.spec.name.clone(),
        leaf_files,
        buffer_files,
        leaf_rows: version.tree.rows(),
        unflushed_bytes: version.unflushed_bytes() as u64,
    }
}

impl Inner {
    /// Flushes when memory holds too much of a table, whoever runs the background work.
    pub(crate) fn relieve(&self, tables: &[TableId]) -> Result<()> {
        for &table in tables {
            let version = self.published.read().versions.tables.get(&table).cloned();
            if version.is_some_and(|version| version.unflushed_bytes() > STALL_BYTES) {
                self.flush(table, false, false)?;
            }
        }
        Ok(())
    }

    /// Flushes a table's frozen runs, with `memtable` also what is not frozen yet; with `force`
    /// down to the leaves.
    pub(crate) fn flush(&self, id: TableId, memtable: bool, force: bool) -> Result<()> {
        let mut manifest = self.manifest.lock();
        self.wal.check()?;
        let Some(version) = self.version_to_flush(id, memtable) else {
            return Ok(());
        };
        let buffered = force && version.tree.has_buffers();
        if version.frozen.is_empty() && !buffered {
            return Ok(());
        }
        self.store.create_folders(id)?;
        let layers: Vec<Layer> = version
            .frozen
            .iter()
            .rev()
            .map(|frozen| Layer::Rows(Arc::clone(&frozen.run)))
            .collect();
        let flush = Flush { store: &self.store, table: &version.table, force };
        let tree = flush.run(&version.tree, &layers)?;
        let flushed = version.frozen.last().map_or(version.flushed, |frozen| frozen.last_ts);
        let state = TableState { root: tree.root_id(), flushed, ..version.manifest_state() };
        tree.keep_files();
        self.advance(&mut manifest, Some((id, state)), version.frozen.len(), || {
            self.install(id, &version, tree, flushed);
        })
    }

    /// The version of a table, its memtable frozen if asked for.
    fn version_to_flush(&self, id: TableId, memtable: bool) -> Option<TableVersion> {
        let _order = self.apply.lock();
        let current = Arc::clone(&self.published.read().versions);
        let mut version = (**current.tables.get(&id)?).clone();
        if memtable && !version.memtable.is_empty() {
            version.freeze();
            self.publish(&current, id, version.clone());
        }
        Some(version)
    }

    /// Publishes another version of a table. The caller holds the apply lock.
    fn publish(&self, current: &Versions, id: TableId, version: TableVersion) {
        let mut versions = current.clone();
        versions.tables.insert(id, Arc::new(version));
        self.published.write().versions = Arc::new(versions);
    }

    /// Publishes a flushed tree in place of the layers that went into it.
    fn install(&self, id: TableId, flushed: &TableVersion, tree: Tree, ts: CommitTs) {
        let _order = self.apply.lock();
        let current = Arc::clone(&self.published.read().versions);
        flushed.tree.retire_files_not_in(&tree);
        let Some(version) = current.tables.get(&id) else {
            // Dropped meanwhile: the new files go as well.
            tree.retire_files_not_in(&Tree::default());
            return;
        };
        if !Arc::ptr_eq(&version.table, &flushed.table) {
            tree.retire_files_not_in(&Tree::default());
            return;
        }
        let mut next = (**version).clone();
        next.frozen.drain(..flushed.frozen.len());
        next.tree = Arc::new(tree);
        next.flushed = ts;
        self.publish(&current, id, next);
    }

    /// Makes the manifest name what is published, with one table's state replaced, whose `gone`
    /// oldest frozen runs are in its tree then; runs `install`; lets go of what is not needed.
    fn advance(
        &self,
        manifest: &mut Manifest,
        table: Option<(TableId, TableState)>,
        gone: usize,
        install: impl FnOnce(),
    ) -> Result<()> {
        let (edit, dropped) = self.edit(&manifest.state, table, gone);
        let log_start = edit.log_start;
        if let Err(error) = manifest.append(edit) {
            // Whether the edit counts is not known, so neither old nor new files may go.
            self.wal.poison(&error);
            return Err(error);
        }
        install();
        dropped.iter().for_each(|tree| tree.retire_files_not_in(&Tree::default()));
        self.wal.release(log_start)
    }

    /// The edit from what the manifest says to what is published, and the trees of dropped tables.
    fn edit(
        &self,
        known: &State,
        table: Option<(TableId, TableState)>,
        gone: usize,
    ) -> (Edit, Vec<Arc<Tree>>) {
        let _order = self.apply.lock();
        let published = self.published.read();
        let mut edit = Edit {
            catalog: published.ts,
            last: published.ts,
            log_start: self.applied_lsn.load(Ordering::Acquire),
            next_table: self.next_table.load(Ordering::Relaxed),
            ..Edit::default()
        };
        let tables = &published.versions.tables;
        for (id, version) in tables {
            let flushed = table
                .as_ref()
                .filter(|(flushed, state)| flushed == id && state.created == version.created);
            let first = version.frozen.get(if flushed.is_some() { gone } else { 0 });
            let oldest = first.map(|frozen| frozen.start_lsn);
            let oldest = oldest.or_else(|| version.memtable.start_lsn());
            edit.log_start = edit.log_start.min(oldest.unwrap_or(u64::MAX));
            let state = match flushed {
                Some((_, state)) => state.clone(),
                None => version.manifest_state(),
            };
            let same = known.tables.get(id).is_some_and(|known| {
                (known.created, known.root, known.flushed)
                    == (state.created, state.root, state.flushed)
            });
            if !same {
                edit.put.insert(*id, state);
            }
        }
        edit.removed.extend(known.tables.keys().filter(|id| !tables.contains_key(id)));
        (edit, std::mem::take(&mut *self.dropped.lock()))
    }

    /// Brings the manifest up to date without flushing anything.
    pub(crate) fn write_catalog(&self) -> Result<()> {
        let mut manifest = self.manifest.lock();
        self.wal.check()?;
        self.advance(&mut manifest, None, 0, || {})
    }
}

/// The threads that do the background work; stops when dropped.
#[derive(Debug)]
pub struct Runtime {
    shared: Arc<RuntimeShared>,
    thread: Option<crate::sync::JoinHandle>,
}

#[derive(Debug, Default)]
struct RuntimeShared {
    stopping: crate::sync::Mutex<bool>,
    wake: crate::sync::Condvar,
    failure: crate::sync::Mutex<Option<Error>>,
}

impl Runtime {
    /// Starts a thread that does the engine's work as it comes up.
    ///
    /// # Errors
    /// [`Error::Io`] if the thread cannot be started.
    pub fn start(engine: &Engine) -> Result<Runtime> {
        let shared = Arc::new(RuntimeShared::default());
        let (engine, for_thread) = (engine.clone(), Arc::clone(&shared));
        let thread = crate::sync::spawn("grizzly-storage", move || run(&engine, &for_thread))
            .map_err(|error| Error::io("thread", "start", &error))?;
        Ok(Runtime { shared, thread: Some(thread) })
    }

    /// The error that ended the work, if one did.
    pub fn failure(&self) -> Option<Error> {
        self.shared.failure.lock().clone()
    }
}

fn run(engine: &Engine, shared: &RuntimeShared) {
    const IDLE: std::time::Duration = std::time::Duration::from_millis(20);
    loop {
        let mut stopping = shared.stopping.lock();
        if *stopping {
            return;
        }
        let Some(work) = engine.poll_work() else {
            shared.wake.wait_for(&mut stopping, IDLE);
            continue;
        };
        drop(stopping);
        if let Err(error) = engine.perform(work) {
            *shared.failure.lock() = Some(error);
            return;
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        *self.shared.stopping.lock() = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}
