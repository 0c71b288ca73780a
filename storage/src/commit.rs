//! COMMIT: validation, order, durability, visibility.
//!
//! 1. Under the commit lock: validate against commits the transaction did not see, take the next
//!    timestamp, append to the log. The log's order is the order of timestamps.
//! 2. Wait for the log, together with whoever else waits.
//! 3. Under the apply lock: push the messages of every durable commit into the memtables, in
//!    order, and publish the new watermark. It advances without gaps, whoever applies.

use crate::codec::put_table;
use crate::engine::Inner;
use crate::error::{Error, Result};
use crate::request::KeyRange;
use crate::run::RowRun;
use crate::schema::{CommitTs, TableId};
use crate::sync::{Arc, Ordering};
use crate::table::Table;
use crate::tree::Tree;
use crate::version::{Frozen, TableVersion, Versions};
use crate::wal::RecordKind;
use std::collections::{BTreeMap, VecDeque};

/// A run with more messages than this becomes a frozen root buffer of its own at COMMIT.
const MEMTABLE_RUN_ROWS: usize = 4096;
/// A memtable with more bytes than this is frozen.
const MEMTABLE_BYTES: usize = 8 << 20;

/// A change of the set of tables.
#[derive(Clone, Debug)]
pub(crate) enum Ddl {
    Create(Arc<Table>),
    Drop(TableId),
}

impl Ddl {
    fn table(&self) -> TableId {
        match self {
            Ddl::Create(table) => table.id,
            Ddl::Drop(table) => *table,
        }
    }
}

/// What a transaction wants to do to the database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) ddl: Vec<Ddl>,
    /// Trees that become the rows of empty tables.
    pub(crate) loads: Vec<(TableId, Arc<Tree>)>,
    pub(crate) writes: Vec<(TableId, Arc<RowRun>)>,
}

/// What a serializable transaction has read.
#[derive(Debug, Default)]
pub(crate) struct ReadSet {
    pub(crate) keys: Vec<(TableId, Box<[u8]>)>,
    pub(crate) ranges: Vec<(TableId, KeyRange)>,
}

/// Commits in order, and the snapshots that transactions hold.
#[derive(Debug, Default)]
pub(crate) struct CommitState {
    last_ts: CommitTs,
    /// Appended to the log, not yet visible.
    queue: VecDeque<Pending>,
    /// Commits that some active transaction does not see, oldest first.
    recent: VecDeque<(CommitTs, Changes)>,
    /// Active snapshots and how many transactions hold each.
    active: BTreeMap<CommitTs, usize>,
}

/// A commit that is on its way.
#[derive(Debug)]
pub(crate) struct Pending {
    ts: CommitTs,
    start_lsn: u64,
    end_lsn: u64,
    changes: Changes,
}

impl CommitState {
    /// The state of a database whose last commit was `last_ts`.
    pub(crate) fn starting_at(last_ts: CommitTs) -> CommitState {
        CommitState { last_ts, ..CommitState::default() }
    }

    /// Registers a snapshot.
    pub(crate) fn enter(&mut self, ts: CommitTs) {
        *self.active.entry(ts).or_default() += 1;
    }

    /// Gives a snapshot up.
    pub(crate) fn leave(&mut self, ts: CommitTs) {
        if let Some(count) = self.active.get_mut(&ts) {
            *count -= 1;
            if *count == 0 {
                self.active.remove(&ts);
            }
        }
        let oldest = self.active.keys().next().copied();
        while let Some((ts, _)) = self.recent.front()
            && oldest.is_none_or(|oldest| *ts <= oldest)
        {
            self.recent.pop_front();
        }
    }

    /// Fails if a commit after `snapshot` wrote what `changes` write or `reads` read.
    fn validate(&self, snapshot: CommitTs, changes: &Changes, reads: &ReadSet) -> Result<()> {
        let first = self.recent.partition_point(|(ts, _)| *ts <= snapshot);
        for (_, other) in self.recent.range(first..) {
            let conflict = ddl_conflict(changes, other)
                .or_else(|| write_conflict(changes, other))
                .or_else(|| read_conflict(reads, other));
            if let Some(table) = conflict {
                return Err(Error::SerializationFailure { table });
            }
        }
        Ok(())
    }
}

fn ddl_conflict(mine: &Changes, other: &Changes) -> Option<TableId> {
    let touches = |changes: &Changes, table: TableId| {
        whole(changes).any(|other| other == table)
            || changes.writes.iter().any(|(written, _)| *written == table)
    };
    let theirs = whole(other).find(|table| touches(mine, *table));
    theirs.or_else(|| whole(mine).find(|table| touches(other, *table)))
}

/// The tables that changes concern as a whole. A new index concerns its table: it knows the rows of
/// its snapshot only, and who writes others does not know it.
fn whole(changes: &Changes) -> impl Iterator<Item = TableId> {
    let loads = changes.loads.iter().map(|(table, _)| *table);
    let indexed = changes.ddl.iter().filter_map(|ddl| match ddl {
        Ddl::Create(table) => table.index.as_ref().map(|index| index.table),
        Ddl::Drop(_) => None,
    });
    changes.ddl.iter().map(Ddl::table).chain(loads).chain(indexed)
}

fn write_conflict(mine: &Changes, other: &Changes) -> Option<TableId> {
    for (table, run) in &mine.writes {
        for (_, theirs) in other.writes.iter().filter(|(written, _)| written == table) {
            let (small, large) =
                if run.len() < theirs.len() { (run, theirs) } else { (theirs, run) };
            if (0..small.len()).any(|index| large.search(small.key(index)).is_ok()) {
                return Some(*table);
            }
        }
    }
    None
}

fn read_conflict(reads: &ReadSet, other: &Changes) -> Option<TableId> {
    for (table, run) in &other.writes {
        let key_read =
            reads.keys.iter().any(|(read, key)| read == table && run.search(key).is_ok());
        let range_read = reads.ranges.iter().any(|(read, range)| {
            let (low, high) = (&range.low, &range.high);
            let bounds = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
            read == table && !run.range(bounds.0, bounds.1).is_empty()
        });
        if key_read || range_read {
            return Some(*table);
        }
    }
    None
}

impl Inner {
    /// Commits the changes of a transaction that read `snapshot`.
    pub(crate) fn commit(
        &self,
        snapshot: CommitTs,
        changes: Changes,
        reads: &ReadSet,
    ) -> Result<CommitTs> {
        let written: Vec<TableId> = changes.writes.iter().map(|(table, _)| *table).collect();
        let specs: Vec<Vec<u8>> = changes.ddl.iter().map(encode_ddl).collect();
        let mut state = self.commits.lock();
        state.validate(snapshot, &changes, reads)?;
        let ts = CommitTs(state.last_ts.0 + 1);
        let ddl = changes.ddl.iter().zip(&specs).map(|(ddl, bytes)| {
            let kind = match ddl {
                Ddl::Create(_) => RecordKind::CreateTable,
                Ddl::Drop(_) => RecordKind::DropTable,
            };
            (kind, ddl.table(), bytes.as_slice())
        });
        let roots: Vec<[u8; 8]> = changes.loads.iter().map(|(_, tree)| encode_root(tree)).collect();
        changes.loads.iter().for_each(|(_, tree)| tree.keep_files());
        let loads = changes.loads.iter().zip(&roots);
        let loads = loads.map(|((table, _), root)| (RecordKind::Load, *table, root.as_slice()));
        let batches = changes.writes.iter().flat_map(|(table, run)| {
            let chunks = run.arena.chunks().iter();
            chunks.map(|chunk| (RecordKind::Batch, *table, chunk.as_slice()))
        });
        let (start_lsn, end_lsn) = self.wal.append(ts, ddl.chain(loads).chain(batches))?;
        state.last_ts = ts;
        // Any snapshot taken until this commit is visible does not see it.
        state.recent.push_back((ts, changes.clone()));
        state.queue.push_back(Pending { ts, start_lsn, end_lsn, changes });
        drop(state);
        self.wal.wait(end_lsn)?;
        self.apply_until(ts)?;
        // The commit has happened whether or not this works; who flushes next gets the error.
        let _ = self.relieve(&written);
        Ok(ts)
    }

    /// Makes every commit up to `ts`, all of them durable, visible.
    fn apply_until(&self, ts: CommitTs) -> Result<()> {
        let _order = self.apply.lock();
        loop {
            let next = {
                let mut state = self.commits.lock();
                match state.queue.front() {
                    Some(pending) if pending.ts <= ts => state.queue.pop_front(),
                    _ => None,
                }
            };
            let Some(pending) = next else {
                return Ok(());
            };
            self.apply(pending.ts, pending.start_lsn, &pending.changes)?;
            self.applied_lsn.store(pending.end_lsn, Ordering::Release);
        }
    }

    /// Pushes one commit's messages and publishes it. The caller holds the apply lock.
    fn apply(&self, ts: CommitTs, start_lsn: u64, changes: &Changes) -> Result<()> {
        let current = Arc::clone(&self.published.read().versions);
        let mut dropped = self.dropped.lock();
        let changed = apply(&current, (ts, start_lsn), changes, &mut dropped)?;
        let mut published = self.published.write();
        if let Some(versions) = changed {
            published.versions = Arc::new(versions);
        }
        published.ts = ts;
        Ok(())
    }
}

/// Applies one commit to the tables: messages go to their roots in place, new versions of tables
/// are returned if there are any. The trees of dropped tables are added to `dropped`.
pub(crate) fn apply(
    current: &Versions,
    (ts, start_lsn): (CommitTs, u64),
    changes: &Changes,
    dropped: &mut Vec<Arc<Tree>>,
) -> Result<Option<Versions>> {
    let mut changed: Option<Versions> = None;
    for ddl in &changes.ddl {
        let versions = changed.get_or_insert_with(|| current.clone());
        match ddl {
            Ddl::Create(table) => {
                let version = TableVersion::new(Arc::clone(table), ts);
                versions.add(Arc::new(version));
            }
            Ddl::Drop(table) => {
                if let Some(version) = versions.remove(*table) {
                    dropped.push(Arc::clone(&version.tree));
                }
            }
        }
    }
    for (id, tree) in &changes.loads {
        let versions = changed.get_or_insert_with(|| current.clone());
        if let Some(version) = versions.tables.get(id) {
            let mut next = (**version).clone();
            next.tree = Arc::clone(tree);
            // Messages of the same commit are not in the tree.
            next.flushed = CommitTs(ts.0 - 1);
            next.reserve_row_ids(&tree.upper_key()?);
            versions.tables.insert(*id, Arc::new(next));
        }
    }
    for (id, run) in &changes.writes {
        let versions = changed.as_ref().unwrap_or(current);
        let Some(version) = versions.tables.get(id) else {
            continue;
        };
        if let Some(next) = push_run(version, ts, start_lsn, run)? {
            let versions = changed.get_or_insert_with(|| current.clone());
            versions.tables.insert(*id, Arc::new(next));
        }
    }
    Ok(changed)
}

/// Adds a run to a table's root; a new version if its layers changed.
fn push_run(
    version: &Arc<TableVersion>,
    ts: CommitTs,
    start_lsn: u64,
    run: &Arc<RowRun>,
) -> Result<Option<TableVersion>> {
    if let Some(last) = run.len().checked_sub(1) {
        version.reserve_row_ids(run.key(last));
    }
    if run.len() > MEMTABLE_RUN_ROWS {
        let mut next = (**version).clone();
        next.freeze();
        next.frozen.push(Frozen { run: Arc::clone(run), last_ts: ts, start_lsn });
        return Ok(Some(next));
    }
    version.memtable.push(&version.table, (ts, start_lsn), run)?;
    if version.memtable.bytes() <= MEMTABLE_BYTES {
        return Ok(None);
    }
    let mut next = (**version).clone();
    next.freeze();
    Ok(Some(next))
}

fn encode_root(tree: &Tree) -> [u8; 8] {
    tree.root_id().unwrap_or(0).to_le_bytes()
}

fn encode_ddl(ddl: &Ddl) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ddl::Create(table) = ddl {
        put_table(&mut bytes, &table.spec, table.index.as_deref());
    }
    bytes
}
