//! What a snapshot pins: for every table its shape and its layers of messages.
//!
//! Versions are immutable; a change publishes a new one. The memtable inside is the exception: it
//! takes messages of later commits, which a snapshot tells apart by their timestamps. The layers
//! of a table from newest to oldest: memtable, frozen runs, the tree.

use crate::error::Result;
use crate::key;
use crate::manifest::TableState;
use crate::memtable::Memtable;
use crate::request::TableStatistics;
use crate::run::RowRun;
use crate::schema::{CommitTs, TableId};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering};
use crate::table::Table;
use crate::tree::Tree;
use std::collections::BTreeMap;

/// All tables, at some version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions {
    /// Indexes are tables of their own among them.
    pub(crate) tables: BTreeMap<TableId, Arc<TableVersion>>,
    /// The indexes of tables that have any.
    indexes: BTreeMap<TableId, Vec<TableId>>,
}

impl Versions {
    /// Adds a table or an index that was not there.
    pub(crate) fn add(&mut self, version: Arc<TableVersion>) {
        if let Some(index) = &version.table.index {
            self.indexes.entry(index.table).or_default().push(version.table.id);
        }
        self.tables.insert(version.table.id, version);
    }

    /// Removes a table or an index.
    pub(crate) fn remove(&mut self, id: TableId) -> Option<Arc<TableVersion>> {
        let version = self.tables.remove(&id)?;
        if let Some(index) = &version.table.index
            && let Some(indexes) = self.indexes.get_mut(&index.table)
        {
            indexes.retain(|other| *other != id);
        }
        Some(version)
    }

    /// The indexes of a table.
    pub(crate) fn indexes_of(&self, table: TableId) -> &[TableId] {
        self.indexes.get(&table).map_or(&[], Vec::as_slice)
    }
}

/// One table, at some version.
#[derive(Clone, Debug)]
pub(crate) struct TableVersion {
    pub(crate) table: Arc<Table>,
    /// The commit that created the table.
    pub(crate) created: CommitTs,
    pub(crate) memtable: Arc<Memtable>,
    /// Frozen root buffers, oldest first.
    pub(crate) frozen: Vec<Frozen>,
    pub(crate) tree: Arc<Tree>,
    /// The newest commit that is in the tree with everything before it.
    pub(crate) flushed: CommitTs,
    /// The next hidden row id; shared by all versions.
    pub(crate) next_row_id: Arc<AtomicU64>,
    /// The statistics that were gathered last; shared by all versions.
    pub(crate) gathered: Arc<Mutex<Option<Gathered>>>,
}

/// Statistics, and how many messages and rows there were when they were gathered.
pub(crate) type Gathered = (u64, Arc<TableStatistics>);

/// A root buffer that takes no more messages.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    pub(crate) run: Arc<RowRun>,
    /// The newest commit in it.
    pub(crate) last_ts: CommitTs,
    /// Where the log starts to hold its messages.
    pub(crate) start_lsn: u64,
}

impl TableVersion {
    /// A new, empty table.
    pub(crate) fn new(table: Arc<Table>, created: CommitTs) -> TableVersion {
        TableVersion {
            table,
            created,
            memtable: Arc::default(),
            frozen: Vec::new(),
            tree: Arc::default(),
            // The commit that creates a table may fill it.
            flushed: CommitTs(created.0.saturating_sub(1)),
            next_row_id: Arc::new(AtomicU64::new(1)),
            gathered: Arc::default(),
        }
    }

    /// The statistics, gathered anew where the table has grown or shrunk by more than an eighth.
    pub(crate) fn estimates(&self) -> Result<Arc<TableStatistics>> {
        let frozen: usize = self.frozen.iter().map(|frozen| frozen.run.len()).sum();
        let size = self.tree.rows() + (frozen + self.memtable.len()) as u64;
        let mut gathered = self.gathered.lock();
        if let Some((then, statistics)) = &*gathered
            && size.abs_diff(*then) * 8 <= *then
        {
            return Ok(Arc::clone(statistics));
        }
        let statistics = Arc::new(crate::statistics::of(self)?);
        *gathered = Some((size, Arc::clone(&statistics)));
        Ok(statistics)
    }

    /// Turns the memtable into a frozen run and starts a new one. No commit may be adding to it.
    pub(crate) fn freeze(&mut self) {
        if self.memtable.is_empty() {
            return;
        }
        let (last_ts, start_lsn) = self.memtable.extent();
        let run = self.memtable.view(last_ts);
        self.frozen.push(Frozen { run, last_ts, start_lsn });
        self.memtable = Arc::default();
    }

    /// Keeps the hidden row ids up to that of `key` from being given out again.
    pub(crate) fn reserve_row_ids(&self, key: &[u8]) {
        if self.table.has_hidden_key() && key.len() == 8 {
            let used = key::unflip64(key) as u64;
            self.next_row_id.fetch_max(used + 1, Ordering::Relaxed);
        }
    }

    /// Whether no message and no row was ever committed to this version.
    pub(crate) fn is_untouched(&self) -> bool {
        self.memtable.is_empty() && self.frozen.is_empty() && self.tree.root.is_none()
    }

    /// What the manifest should say about the table.
    pub(crate) fn manifest_state(&self) -> TableState {
        TableState {
            spec: Arc::clone(&self.table.spec),
            index: self.table.index.clone(),
            created: self.created,
            root: self.tree.root_id(),
            flushed: self.flushed,
            next_row_id: self.next_row_id.load(Ordering::Relaxed),
        }
    }

    /// A key that no committed row of any snapshot of this version is above; empty: no rows.
    pub(crate) fn upper_key(&self) -> Result<Vec<u8>> {
        let mut upper = self.memtable.with_last_key(|key| key.unwrap_or_default().to_vec());
        upper = upper.max(self.tree.upper_key()?);
        for frozen in &self.frozen {
            if let Some(last) = frozen.run.len().checked_sub(1)
                && frozen.run.key(last) > upper.as_slice()
            {
                upper = frozen.run.key(last).to_vec();
            }
        }
        Ok(upper)
    }

    /// Where the log starts to hold messages that are in no file yet.
    pub(crate) fn start_lsn(&self) -> Option<u64> {
        self.start_lsn_after(0)
    }

    /// As [`TableVersion::start_lsn`] once the `gone` oldest frozen runs are in files.
    pub(crate) fn start_lsn_after(&self, gone: usize) -> Option<u64> {
        let frozen = self.frozen.get(gone).map(|frozen| frozen.start_lsn);
        frozen.or_else(|| self.memtable.start_lsn())
    }

    /// Bytes of messages that are in no file yet.
    pub(crate) fn unflushed_bytes(&self) -> usize {
        let frozen: usize = self.frozen.iter().map(|frozen| frozen.run.bytes()).sum();
        frozen + self.memtable.bytes()
    }
}
