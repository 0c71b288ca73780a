//! The engine: opening a database, snapshots, and the steps of background work.
//!
//! The core starts no thread. What can be done in the background is offered by
//! [`Engine::poll_work`] and done by [`Engine::perform`]; a runtime is a loop over these two.

use crate::codec::{Reader, read_table};
use crate::commit::{Changes, CommitState, Ddl, apply};
use crate::device::{Device, Lock};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, State};
use crate::row;
use crate::run::{Arena, RowRun};
use crate::schema::{CommitTs, TableId};
use crate::store::{Store, TreeLimits};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering, RwLock};
use crate::table::Table;
use crate::transaction::{Isolation, Transaction};
use crate::tree::{self, Tree};
use crate::version::{TableVersion, Versions};
use crate::wal::{self, Change, RecordKind, Wal};
use crate::write_set::TableWrites;
use std::collections::{BTreeMap, HashSet};
use std::io;

/// The first id given to tables whose creator asks for none.
const FIRST_FREE_TABLE: u64 = 256;

/// A log of more segments than this is checkpointed when the database is opened.
const MANY_SEGMENTS: usize = 8;

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether COMMIT waits until the device has the log. Without it a crash of the machine may
    /// lose the latest commits, never their order or wholeness.
    pub durable: bool,
    /// How large the parts of trees become.
    pub limits: TreeLimits,
}

impl Default for Options {
    fn default() -> Options {
        Options { durable: true, limits: TreeLimits::default() }
    }
}

/// An open database. Clones are handles to the same one; it closes when the last handle,
/// transaction and scan are gone.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) wal: Wal,
    /// Held during a piece of background work; see [`crate::maintenance`].
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) published: RwLock<Published>,
    pub(crate) commits: Mutex<CommitState>,
    /// Held while versions are replaced and commits made visible.
    pub(crate) apply: Mutex<()>,
    /// Where the log ends as far as it is applied.
    pub(crate) applied_lsn: AtomicU64,
    /// Trees of dropped tables that the manifest still names.
    pub(crate) dropped: Mutex<Vec<Arc<Tree>>>,
    pub(crate) next_table: AtomicU64,
    _lock: HeldLock,
}

struct HeldLock(#[allow(dead_code)] Lock);

impl std::fmt::Debug for HeldLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("held")
    }
}

/// What new snapshots see.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) versions: Arc<Versions>,
    pub(crate) ts: CommitTs,
}

impl Engine {
    /// Opens the database on a device, creating it if the device is empty, and recovers what was
    /// committed.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has it open; [`Error::Corrupt`] with file and offset
    /// if stored bytes are damaged; [`Error::Io`].
    pub fn open(device: Arc<dyn Device>, options: Options) -> Result<Engine> {
        let lock = device.lock().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Error::Locked { path: device.name() },
            _ => Error::io("LOCK", "lock", &error),
        })?;
        for folder in ["wal", "tables"] {
            device.create_dir(folder).map_err(|error| Error::io(folder, "create", &error))?;
        }
        let manifest = Manifest::open(&*device)?;
        let store = Arc::new(Store::new(Arc::clone(&device), options.limits));
        let mut replay = Replay::start(&store, &manifest.state)?;
        let log_start = manifest.state.log_start;
        let recovered =
            wal::recover(&*device, log_start, |ts, lsn, changes| replay.apply(ts, lsn, changes))?;
        let wal = Wal::new(Arc::clone(&device), &recovered, options.durable);
        let next_table = manifest.state.next_table.max(FIRST_FREE_TABLE).max(replay.next_table);
        let commits = CommitState::starting_at(replay.ts);
        let published = Published { versions: Arc::new(replay.versions), ts: replay.ts };
        let dropped = replay.dropped;
        let inner = Inner {
            store,
            wal,
            manifest: Mutex::new(manifest),
            published: RwLock::new(published),
            commits: Mutex::new(commits),
            apply: Mutex::new(()),
            applied_lsn: AtomicU64::new(recovered.end_lsn),
            dropped: Mutex::new(dropped),
            next_table: AtomicU64::new(next_table),
            _lock: HeldLock(lock),
        };
        inner.remove_strays()?;
        let engine = Engine { inner: Arc::new(inner) };
        if recovered.live.len() > MANY_SEGMENTS {
            engine.shorten_log()?;
        }
        Ok(engine)
    }

    /// Checkpoints a log of many segments, which come from many short openings. A full disk is no
    /// reason not to open.
    fn shorten_log(&self) -> Result<()> {
        match self.checkpoint() {
            Err(Error::Full { .. }) => Ok(()),
            outcome => outcome,
        }
    }

    /// Starts a transaction on a snapshot of everything committed so far.
    pub fn begin(&self, isolation: Isolation) -> Transaction {
        let mut commits = self.inner.commits.lock();
        let (versions, ts) = {
            let published = self.inner.published.read();
            (Arc::clone(&published.versions), published.ts)
        };
        commits.enter(ts);
        drop(commits);
        Transaction::new(Arc::clone(&self.inner), versions, ts, isolation)
    }
}

/// The tables of the manifest, and on top of them what the log tells.
struct Replay {
    store: Arc<Store>,
    /// DDL up to here is in the manifest.
    catalog: CommitTs,
    versions: Versions,
    dropped: Vec<Arc<Tree>>,
    ts: CommitTs,
    next_table: u64,
}

impl Replay {
    fn start(store: &Arc<Store>, state: &State) -> Result<Replay> {
        let mut versions = Versions::default();
        for (id, known) in &state.tables {
            let table = Table::of(*id, (*known.spec).clone(), known.index.clone())?;
            let table = Arc::new(table);
            let mut version = TableVersion::new(Arc::clone(&table), known.created);
            version.flushed = known.flushed;
            version.next_row_id.store(known.next_row_id, Ordering::Relaxed);
            if let Some(root) = known.root {
                version.tree = Arc::new(load_tree(store, &table, root)?);
                version.reserve_row_ids(&version.tree.upper_key()?);
            }
            versions.add(Arc::new(version));
        }
        let (catalog, ts) = (state.catalog, state.last);
        let store = Arc::clone(store);
        Ok(Replay { store, catalog, versions, dropped: Vec::new(), ts, next_table: 0 })
    }

    fn apply(&mut self, ts: CommitTs, lsn: u64, changes: Vec<Change>) -> Result<()> {
        let mut result = Changes::default();
        let mut arenas: BTreeMap<TableId, Arena> = BTreeMap::new();
        for change in changes {
            let damaged = |what: &str| Error::corrupt(&change.file, change.offset, what);
            if change.kind == RecordKind::Batch {
                let Some(table) = self.table_for_batch(change.table, ts, &result.ddl) else {
                    continue;
                };
                if !is_well_formed(&table, &change.payload) {
                    return Err(damaged("a batch does not hold whole entries of its table"));
                }
                arenas.entry(change.table).or_default().adopt(change.payload);
            } else if ts > self.catalog {
                self.read_ddl(&change, &mut result)?;
            }
        }
        for (table, arena) in arenas {
            let run: RowRun = TableWrites::from_arena(arena).view();
            result.writes.push((table, Arc::new(run)));
        }
        if let Some(versions) = apply(&self.versions, (ts, lsn), &result, &mut self.dropped)? {
            self.versions = versions;
        }
        self.ts = self.ts.max(ts);
        Ok(())
    }

    /// The table a batch is for, unless its tree has the batch already or the table is gone.
    fn table_for_batch(&self, id: TableId, ts: CommitTs, ddl: &[Ddl]) -> Option<Arc<Table>> {
        let created = ddl.iter().rev().find_map(|ddl| match ddl {
            Ddl::Create(table) if table.id == id => Some(Arc::clone(table)),
            _ => None,
        });
        created.or_else(|| {
            let version = self.versions.tables.get(&id)?;
            (ts > version.flushed).then(|| Arc::clone(&version.table))
        })
    }

    fn read_ddl(&mut self, change: &Change, result: &mut Changes) -> Result<()> {
        let damaged = |what: &str| Error::corrupt(&change.file, change.offset, what);
        match change.kind {
            RecordKind::CreateTable => {
                let (spec, index) = read_table(&mut Reader(&change.payload))
                    .ok_or_else(|| damaged("the table's shape cannot be read"))?;
                self.next_table = self.next_table.max(u64::from(change.table.0) + 1);
                let table = Table::of(change.table, spec, index)?;
                result.ddl.push(Ddl::Create(Arc::new(table)));
            }
            RecordKind::DropTable => result.ddl.push(Ddl::Drop(change.table)),
            RecordKind::Load => {
                let root = Reader(&change.payload)
                    .u64()
                    .ok_or_else(|| damaged("the record does not name a tree"))?;
                let created = result.ddl.iter().rev().find_map(|ddl| match ddl {
                    Ddl::Create(table) if table.id == change.table => Some(table),
                    _ => None,
                });
                let known = self.versions.tables.get(&change.table).map(|known| &known.table);
                let table = created
                    .or(known)
                    .ok_or_else(|| damaged("rows are loaded into an unknown table"))?;
                let tree = load_tree(&self.store, table, root)?;
                result.loads.push((change.table, Arc::new(tree)));
            }
            RecordKind::Batch | RecordKind::Commit => {
                return Err(damaged("the record is out of place"));
            }
        }
        Ok(())
    }
}

fn load_tree(store: &Arc<Store>, table: &Arc<Table>, root: u64) -> Result<Tree> {
    let tree = Tree { root: Some(tree::load(store, table, root)?) };
    tree.keep_files();
    Ok(tree)
}

fn is_well_formed(table: &Table, batch: &[u8]) -> bool {
    let mut offset = 0;
    while let Some((message, end)) = row::parse_entry(batch, offset) {
        if !row::is_well_formed(table, &message) {
            return false;
        }
        offset = end;
    }
    offset == batch.len()
}

impl Inner {
    /// Removes the files in the tables' folders that no tree has: what an interrupted flush or
    /// load wrote, and what a crash kept from being removed.
    fn remove_strays(&self) -> Result<()> {
        let versions = Arc::clone(&self.published.read().versions);
        let dropped = self.dropped.lock();
        let mut known = HashSet::new();
        // The log may still name the trees of dropped tables, so their files must be there.
        let trees = versions.tables.values().map(|version| &version.tree).chain(dropped.iter());
        for tree in trees {
            tree.for_each_file(&mut |_, handle| {
                known.insert(handle.path.as_str());
            });
        }
        let device = &self.store.device;
        let list =
            |folder: &str| device.list(folder).map_err(|error| Error::io(folder, "list", &error));
        for table in list("tables")? {
            for folder in [format!("tables/{table}"), format!("tables/{table}/nodes")] {
                for name in list(&folder)? {
                    let path = format!("{folder}/{name}");
                    let ours = name.ends_with(".feather") || name.ends_with(".node");
                    if ours && !known.contains(path.as_str()) {
                        self.store.reserve_path(&path);
                        device.remove(&path).map_err(|error| Error::io(&path, "remove", &error))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A new table id.
    pub(crate) fn allocate_table(&self) -> TableId {
        TableId(self.next_table.fetch_add(1, Ordering::Relaxed) as u32)
    }

    /// Keeps ids that were asked for from being given out again.
    pub(crate) fn reserve_table(&self, table: TableId) {
        self.next_table.fetch_max(u64::from(table.0) + 1, Ordering::Relaxed);
    }
}
