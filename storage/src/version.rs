//! What a snapshot pins: for every table its shape and its layers of messages.
//!
//! Versions are immutable; a change publishes a new one. The memtable inside is the exception: it
//! takes messages of later commits, which a snapshot tells apart by their timestamps. The layers
//! of a table from newest to oldest: memtable, frozen runs, the tree.

use crate::error::Result;
use crate::memtable::Memtable;
use crate::run::RowRun;
use crate::schema::{CommitTs, TableId};
use crate::sync::{Arc, AtomicU64};
use crate::table::Table;
use std::collections::BTreeMap;

/// All tables, at some version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions {
    pub(crate) tables: BTreeMap<TableId, Arc<TableVersion>>,
}

/// One table, at some version.
#[derive(Clone, Debug)]
pub(crate) struct TableVersion {
    pub(crate) table: Arc<Table>,
    pub(crate) memtable: Arc<Memtable>,
    /// Frozen root buffers, oldest first.
    pub(crate) frozen: Vec<Frozen>,
    /// The next hidden row id; shared by all versions.
    pub(crate) next_row_id: Arc<AtomicU64>,
}

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
    pub(crate) fn new(table: Arc<Table>) -> TableVersion {
        TableVersion {
            table,
            memtable: Arc::default(),
            frozen: Vec::new(),
            next_row_id: Arc::new(AtomicU64::new(1)),
        }
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

    /// A key that no committed row of any snapshot of this version is above; empty: no rows.
    pub(crate) fn upper_key(&self) -> Result<Vec<u8>> {
        let mut upper = self.memtable.with_last_key(|key| key.unwrap_or_default().to_vec());
        for frozen in &self.frozen {
            if let Some(last) = frozen.run.len().checked_sub(1)
                && frozen.run.key(last) > upper.as_slice()
            {
                upper = frozen.run.key(last).to_vec();
            }
        }
        Ok(upper)
    }

    /// Bytes of messages that are in no file yet.
    pub(crate) fn unflushed_bytes(&self) -> usize {
        let frozen: usize = self.frozen.iter().map(|frozen| frozen.run.bytes()).sum();
        frozen + self.memtable.bytes()
    }
}
