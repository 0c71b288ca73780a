//! The engine: opening a database, snapshots, and the steps of background work.
//!
//! The core starts no thread. What can be done in the background is offered by
//! [`Engine::poll_work`] and done by [`Engine::perform`]; a runtime is a loop over these two.

use crate::codec::{Reader, read_spec};
use crate::commit::{Changes, CommitState, Ddl};
use crate::device::{Device, Lock};
use crate::error::{Error, Result};
use crate::row;
use crate::run::{Arena, RowRun};
use crate::schema::{CommitTs, TableId};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering, RwLock};
use crate::table::Table;
use crate::transaction::{Isolation, Transaction};
use crate::version::Versions;
use crate::wal::{self, Change, RecordKind, Wal};
use crate::write_set::TableWrites;
use std::collections::BTreeMap;
use std::io;

/// The first id given to tables whose creator asks for none.
const FIRST_FREE_TABLE: u64 = 256;

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether COMMIT waits until the device has the log. Without it a crash of the machine may
    /// lose the latest commits, never their order or wholeness.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { durable: true }
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
    pub(crate) device: Arc<dyn Device>,
    pub(crate) wal: Wal,
    pub(crate) published: RwLock<Published>,
    pub(crate) commits: Mutex<CommitState>,
    pub(crate) apply: Mutex<()>,
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
        device.create_dir("wal").map_err(|error| Error::io("wal", "create", &error))?;
        let mut replay = Replay::default();
        let recovered =
            wal::recover(&*device, 0, |ts, lsn, changes| replay.apply(ts, lsn, changes))?;
        let wal = Wal::new(Arc::clone(&device), &recovered, options.durable);
        let inner = Inner {
            device,
            wal,
            published: RwLock::default(),
            commits: Mutex::default(),
            apply: Mutex::new(()),
            next_table: AtomicU64::new(FIRST_FREE_TABLE),
            _lock: HeldLock(lock),
        };
        for (ts, lsn, changes) in replay.commits {
            for ddl in &changes.ddl {
                if let Ddl::Create(table) = ddl {
                    inner.reserve_table(table.id);
                }
            }
            inner.apply(ts, lsn, &changes)?;
            inner.commits.lock().last_ts = ts;
        }
        Ok(Engine { inner: Arc::new(inner) })
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

/// Commits read from the log.
#[derive(Default)]
struct Replay {
    tables: BTreeMap<TableId, Arc<Table>>,
    commits: Vec<(CommitTs, u64, Changes)>,
}

impl Replay {
    fn apply(&mut self, ts: CommitTs, lsn: u64, changes: Vec<Change>) -> Result<()> {
        let mut result = Changes::default();
        let mut arenas: BTreeMap<TableId, Arena> = BTreeMap::new();
        for change in changes {
            let damaged = |what: &str| Error::corrupt(&change.file, change.offset, what);
            match change.kind {
                RecordKind::CreateTable => {
                    let spec = read_spec(&mut Reader(&change.payload))
                        .ok_or_else(|| damaged("the table's shape cannot be read"))?;
                    let table = Arc::new(Table::new(change.table, spec)?);
                    self.tables.insert(change.table, Arc::clone(&table));
                    result.ddl.push(Ddl::Create(table));
                }
                RecordKind::DropTable => {
                    self.tables.remove(&change.table);
                    result.ddl.push(Ddl::Drop(change.table));
                }
                RecordKind::Batch => {
                    let table = self
                        .tables
                        .get(&change.table)
                        .ok_or_else(|| damaged("a batch names an unknown table"))?;
                    if !is_well_formed(table, &change.payload) {
                        return Err(damaged("a batch does not hold whole entries of its table"));
                    }
                    arenas.entry(change.table).or_default().adopt(change.payload);
                }
                RecordKind::Load | RecordKind::Commit => {
                    return Err(damaged("the record is out of place"));
                }
            }
        }
        for (table, arena) in arenas {
            let run: RowRun = TableWrites::from_arena(arena).view();
            result.writes.push((table, Arc::new(run)));
        }
        self.commits.push((ts, lsn, result));
        Ok(())
    }
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
    /// A new table id.
    pub(crate) fn allocate_table(&self) -> TableId {
        TableId(self.next_table.fetch_add(1, Ordering::Relaxed) as u32)
    }

    /// Keeps ids that were asked for from being given out again.
    pub(crate) fn reserve_table(&self, table: TableId) {
        self.next_table.fetch_max(u64::from(table.0) + 1, Ordering::Relaxed);
    }
}
