//! Transactions: the one way to read and write tables.
//!
//! A transaction reads its snapshot (a pinned version of every table, and a commit timestamp) with
//! its own writes on top. Writes stay private until COMMIT; dropping the transaction forgets them.
//! Storage enforces types, NOT NULL and the uniqueness of keys; everything else is the caller's.

mod index;

pub use index::{Arbiters, Inserted};

use crate::bulk;
use crate::commit::{Changes, Ddl, ReadSet};
use crate::datum::{Datum, OwnedDatum};
use crate::engine::Inner;
use crate::error::{Error, Result};
use crate::key;
use crate::point::PointScratch;
use crate::request::{KeyRange, RowKey, ScanRequest, TableStatistics};
use crate::row::{self, Message, Operation};
use crate::run::RowRun;
use crate::scan::Scan;
use crate::schema::{ColumnId, CommitTs, TableId, TableSpec};
use crate::statistics;
use crate::sync::{Arc, Mutex};
use crate::table::Table;
use crate::version::{TableVersion, Versions};
use crate::write_set::TableWrites;
use arrow_array::RecordBatch;
use index::{Entry, IndexUse};
use std::ops::Bound;

/// What a transaction is protected from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Reads a snapshot; of two transactions that write one row the first to commit wins.
    Snapshot,
    /// Also fails at COMMIT when something it read was changed by a transaction that committed
    /// first, so that all commits could have run one after the other.
    Serializable,
}

/// A point to return to within a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// A transaction. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    inner: Arc<Inner>,
    versions: Arc<Versions>,
    ts: CommitTs,
    isolation: Isolation,
    tables: Vec<TableState>,
    ddl: Vec<Ddl>,
    /// Live savepoints: their number and how much DDL came before.
    marks: Vec<(u64, usize)>,
    next_mark: u64,
    reads: Mutex<ReadSet>,
    scratch: Mutex<PointScratch>,
    /// Encoded key and body of the row being written.
    key: Vec<u8>,
    body: Vec<u8>,
    /// Its entries in the table's indexes.
    entries: Vec<Entry>,
}

/// A bulk load that goes on.
#[derive(Debug)]
pub struct BulkLoad {
    table: TableId,
    /// While all rows have come in key order.
    ordered: Option<bulk::Load>,
}

/// A table this transaction has written to.
#[derive(Debug)]
struct TableState {
    /// What the snapshot has.
    base: Arc<TableVersion>,
    /// What the transaction sees below its writes: `base`, or what it loaded.
    version: Arc<TableVersion>,
    /// The newest savepoint that was live when rows were loaded.
    loaded_after: Option<u64>,
    writes: Mutex<TableWrites>,
    /// No committed row has a key above this; `None` until it is needed.
    upper: Option<Vec<u8>>,
    /// The table's indexes; `None` until they are needed.
    indexes: Option<Arc<[IndexUse]>>,
}

impl TableState {
    fn new(version: Arc<TableVersion>) -> TableState {
        TableState {
            base: Arc::clone(&version),
            version,
            loaded_after: None,
            writes: Mutex::default(),
            upper: None,
            indexes: None,
        }
    }
}

impl Transaction {
    pub(crate) fn new(
        inner: Arc<Inner>,
        versions: Arc<Versions>,
        ts: CommitTs,
        isolation: Isolation,
    ) -> Transaction {
        Transaction {
            inner,
            versions,
            ts,
            isolation,
            tables: Vec::new(),
            ddl: Vec::new(),
            marks: Vec::new(),
            next_mark: 1,
            reads: Mutex::default(),
            scratch: Mutex::default(),
            key: Vec::new(),
            body: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// The newest commit this transaction sees.
    pub fn snapshot(&self) -> CommitTs {
        self.ts
    }

    /// Creates a table under a new id.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a spec that contradicts itself, [`Error::Unsupported`] for
    /// list and struct columns.
    pub fn create_table(&mut self, spec: TableSpec) -> Result<TableId> {
        let id = self.inner.allocate_table();
        self.create_table_with_id(id, spec)?;
        Ok(id)
    }

    /// Creates a table under the id asked for (ids below 256 are never given out otherwise).
    ///
    /// # Errors
    /// As [`Transaction::create_table`]; [`Error::TableExists`] if the id is taken.
    pub fn create_table_with_id(&mut self, id: TableId, spec: TableSpec) -> Result<()> {
        if self.version(id).is_ok() {
            return Err(Error::TableExists(id));
        }
        let table = Arc::new(Table::new(id, spec)?);
        self.inner.reserve_table(id);
        let version = Arc::new(TableVersion::new(Arc::clone(&table), CommitTs(0)));
        self.tables.push(TableState::new(version));
        self.ddl.push(Ddl::Create(table));
        Ok(())
    }

    /// Drops a table with its indexes.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn drop_table(&mut self, table: TableId) -> Result<()> {
        self.version(table)?;
        let indexes = self.index_ids(table);
        self.ddl.extend(indexes.into_iter().map(Ddl::Drop));
        self.ddl.push(Ddl::Drop(table));
        Ok(())
    }

    /// The tables of this transaction's snapshot with its own DDL applied, by id.
    pub fn tables(&self) -> Vec<TableId> {
        let mut ids: Vec<TableId> = self.versions.tables.keys().copied().collect();
        for ddl in &self.ddl {
            match ddl {
                Ddl::Create(table) => ids.push(table.id),
                Ddl::Drop(table) => ids.retain(|id| id != table),
            }
        }
        ids.sort();
        ids
    }

    /// The shape of a table.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn table_spec(&self, table: TableId) -> Result<Arc<TableSpec>> {
        Ok(Arc::clone(&self.version(table)?.table.spec))
    }

    /// The version of a table this transaction works on.
    fn version(&self, id: TableId) -> Result<&Arc<TableVersion>> {
        let latest = self.ddl.iter().rev().find_map(|ddl| match ddl {
            Ddl::Create(table) if table.id == id => Some(true),
            Ddl::Drop(table) if *table == id => Some(false),
            _ => None,
        });
        match latest {
            Some(false) => Err(Error::UnknownTable(id)),
            Some(true) => self
                .state(id)
                .map(|state| &state.version)
                .ok_or_else(|| Error::Bug("a table created here has no state".into())),
            None => match self.state(id) {
                Some(state) => Ok(&state.version),
                None => self.versions.tables.get(&id).ok_or(Error::UnknownTable(id)),
            },
        }
    }

    fn state(&self, id: TableId) -> Option<&TableState> {
        self.tables.iter().rev().find(|state| state.version.table.id == id)
    }

    /// The index of the table's state, made at the first write.
    fn state_index(&mut self, id: TableId) -> Result<usize> {
        if self.ddl.is_empty()
            && let Some(index) = self.tables.iter().position(|s| s.version.table.id == id)
        {
            return Ok(index);
        }
        let version = Arc::clone(self.version(id)?);
        let known = self.tables.iter().rposition(|state| Arc::ptr_eq(&state.version, &version));
        Ok(known.unwrap_or_else(|| {
            self.tables.push(TableState::new(version));
            self.tables.len() - 1
        }))
    }

    /// Inserts a row: one value per column, in the order of the spec.
    ///
    /// # Errors
    /// [`Error::UniqueViolation`], [`Error::NotNullViolation`], [`Error::TypeMismatch`];
    /// nothing is written then.
    pub fn insert(&mut self, table: TableId, row: &[Datum<'_>]) -> Result<()> {
        match self.insert_or_find(table, row, Arbiters::None, &mut Vec::new())? {
            Inserted::New => Ok(()),
            Inserted::Conflict => Err(Error::Bug("a conflict that nobody asked for".into())),
        }
    }

    /// Inserts rows one after the other; stops at the first error, with the rows before it written.
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub fn insert_many<'r, 'd: 'r>(
        &mut self,
        table: TableId,
        rows: impl IntoIterator<Item = &'r [Datum<'d>]>,
    ) -> Result<u64> {
        let mut count = 0;
        for row in rows {
            self.insert(table, row)?;
            count += 1;
        }
        Ok(count)
    }

    /// The version that a state works on.
    fn table_version(&self, index: usize) -> Arc<TableVersion> {
        Arc::clone(&self.tables[index].version)
    }

    /// Writes `self.body` under a key.
    fn write(&mut self, index: usize, operation: Operation, key: &[u8]) {
        let top = self.marks.last().map(|mark| mark.0);
        let writes = self.tables[index].writes.get_mut();
        writes.before_write(top);
        writes.write(operation, key, &self.body);
    }

    /// Whether a row with this key is live for this transaction.
    fn is_live(&mut self, index: usize, version: &TableVersion, key: &[u8]) -> Result<bool> {
        let state = &mut self.tables[index];
        match state.writes.get_mut().find(key).map(|message| message.operation) {
            Some(Operation::Delete) => return Ok(false),
            Some(Operation::Put) => return Ok(true),
            Some(Operation::Patch) | None => {}
        }
        if state.upper.is_none() {
            state.upper = Some(version.upper_key()?);
        }
        if state.upper.as_deref().is_some_and(|upper| upper < key) {
            return Ok(false);
        }
        if self.isolation == Isolation::Serializable {
            self.reads.get_mut().keys.push((version.table.id, key.into()));
        }
        let scratch = self.scratch.get_mut();
        scratch.key.clear();
        scratch.key.extend_from_slice(key);
        scratch.exists(version, self.ts, None)
    }

    /// Sets columns of the row with this key, which the caller got from a scan or made with
    /// [`Transaction::encode_key`] and knows to exist. Setting key columns moves the row.
    ///
    /// # Errors
    /// As [`Transaction::insert`]; [`Error::UnknownColumn`].
    pub fn update(
        &mut self,
        table: TableId,
        key: RowKey<'_>,
        columns: &[ColumnId],
        values: &[Datum<'_>],
    ) -> Result<()> {
        let index = self.state_index(table)?;
        let version = self.table_version(index);
        let table = &version.table;
        if columns.len() != values.len() {
            return Err(Error::InvalidRequest("an update gives one value per column".into()));
        }
        let mut changes: Vec<(usize, Datum<'_>)> = Vec::with_capacity(columns.len());
        for (column, value) in columns.iter().zip(values) {
            let position = table.position(*column)?;
            table.check_value(position, value)?;
            changes.push((position, *value));
        }
        changes.sort_by_key(|change| change.0);
        if changes.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::InvalidRequest("an update sets a column twice".into()));
        }
        if changes.iter().any(|change| table.columns[change.0].key_part.is_some()) {
            return self.move_row(index, &version, key, &changes);
        }
        self.begin_update(index, &version, key.0, &changes)?;
        row::encode_patch(table, &changes, &mut self.body)?;
        let operation = {
            let writes = self.tables[index].writes.get_mut();
            match writes.find(key.0) {
                None => Operation::Patch,
                Some(older) => {
                    let patch = std::mem::take(&mut self.body);
                    let newer = Message { operation: Operation::Patch, key: key.0, body: &patch };
                    row::fold(table, &older, &newer, &mut self.body)?
                }
            }
        };
        self.write(index, operation, key.0);
        self.write_entries();
        Ok(())
    }

    /// An update of key columns: the row leaves its old key and enters under the new one.
    fn move_row(
        &mut self,
        index: usize,
        version: &Arc<TableVersion>,
        key: RowKey<'_>,
        changes: &[(usize, Datum<'_>)],
    ) -> Result<()> {
        let table = &version.table;
        let mut row: Vec<OwnedDatum> = Vec::with_capacity(table.columns.len());
        let scratch = self.scratch.get_mut();
        scratch.key.clear();
        scratch.key.extend_from_slice(key.0);
        let own = self.tables[index].writes.get_mut().find(key.0);
        let positions = 0..table.columns.len();
        let found = scratch
            .read(version, self.ts, own, positions, |_, value| row.push(value.to_owned()))?;
        if !found {
            return Ok(());
        }
        let mut moved: Vec<Datum<'_>> = row.iter().map(OwnedDatum::borrow).collect();
        for (position, value) in changes {
            moved[*position] = *value;
        }
        let mut new_key = Vec::new();
        table.encode_row_key(&moved, &mut new_key)?;
        if new_key != key.0 && self.is_live(index, version, &new_key)? {
            return Err(table.duplicate(&new_key));
        }
        self.begin_move(index, (key.0, &row), (&new_key, &moved))?;
        if new_key != key.0 {
            self.body.clear();
            self.write(index, Operation::Delete, key.0);
        }
        row::encode_image(table, &moved, &mut self.body)?;
        self.write(index, Operation::Put, &new_key);
        self.write_entries();
        Ok(())
    }

    /// Deletes the row with this key; nothing happens if there is none.
    ///
    /// # Errors
    /// [`Error::UnknownTable`]; for a table with indexes also damage and I/O errors of the files
    /// read.
    pub fn delete(&mut self, table: TableId, key: RowKey<'_>) -> Result<()> {
        let index = self.state_index(table)?;
        self.begin_delete(index, key.0)?;
        self.body.clear();
        self.write(index, Operation::Delete, key.0);
        self.write_entries();
        Ok(())
    }

    /// Encodes the values of key columns, in key order, into `out` (cleared first): all of them
    /// for a row's key, or the first few for the bounds of a key range. For a table with a hidden
    /// row id the one value is the id.
    ///
    /// # Errors
    /// [`Error::TypeMismatch`] or [`Error::NotNullViolation`] for a value that cannot be in the
    /// key, [`Error::InvalidRequest`] for too many values.
    pub fn encode_key(&self, table: TableId, key: &[Datum<'_>], out: &mut Vec<u8>) -> Result<()> {
        encode_key(&self.version(table)?.table, key, out)
    }

    /// The range of all keys whose first columns have these values.
    ///
    /// # Errors
    /// As [`Transaction::encode_key`].
    pub fn key_prefix(&self, table: TableId, key: &[Datum<'_>]) -> Result<KeyRange> {
        let mut low = Vec::new();
        self.encode_key(table, key, &mut low)?;
        let high = match key::after_prefix(&low) {
            Some(after) => Bound::Excluded(after),
            None => Bound::Unbounded,
        };
        Ok(KeyRange { low: Bound::Included(low), high })
    }

    /// Reads columns of the row with this key (all key columns, in key order): calls
    /// `visit(index in columns, value)` for each. Returns false if there is no such row.
    /// `visit` must not use this transaction.
    ///
    /// # Errors
    /// As [`Transaction::encode_key`]; damage and I/O errors of the files read.
    pub fn get(
        &self,
        table: TableId,
        key: &[Datum<'_>],
        columns: &[ColumnId],
        visit: impl FnMut(usize, Datum<'_>),
    ) -> Result<bool> {
        let version = self.version(table)?;
        if key.len() != version.table.key.len() {
            return Err(Error::InvalidRequest(format!(
                "the key has {} columns, not {}",
                version.table.key.len(),
                key.len()
            )));
        }
        let mut scratch = self.scratch.lock();
        encode_key(&version.table, key, &mut scratch.key)?;
        self.get_encoded(version, &mut scratch, columns, visit)
    }

    /// As [`Transaction::get`], with the key encoded.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub fn get_row(
        &self,
        table: TableId,
        key: RowKey<'_>,
        columns: &[ColumnId],
        visit: impl FnMut(usize, Datum<'_>),
    ) -> Result<bool> {
        let version = self.version(table)?;
        let mut scratch = self.scratch.lock();
        scratch.key.clear();
        scratch.key.extend_from_slice(key.0);
        self.get_encoded(version, &mut scratch, columns, visit)
    }

    fn get_encoded(
        &self,
        version: &TableVersion,
        scratch: &mut PointScratch,
        columns: &[ColumnId],
        visit: impl FnMut(usize, Datum<'_>),
    ) -> Result<bool> {
        let table = &version.table;
        if self.isolation == Isolation::Serializable {
            self.reads.lock().keys.push((table.id, scratch.key.as_slice().into()));
        }
        for column in columns {
            table.position(*column)?;
        }
        // Every position was found just above.
        let positions = columns.iter().map(|column| table.position(*column).unwrap_or_default());
        match self.state(table.id) {
            None => scratch.read(version, self.ts, None, positions, visit),
            Some(state) => {
                let writes = state.writes.lock();
                let own = writes.find(&scratch.key);
                scratch.read(version, self.ts, own, positions, visit)
            }
        }
    }

    /// Inserts Arrow batches: columns in the order of the spec, with the Arrow types of FORMAT.md
    /// (text as `Utf8` or `Dictionary(UInt16, Utf8)`). Into an empty table, batches in key order
    /// are written straight into leaves; everything else is inserted row by row. Returns the
    /// number of rows.
    ///
    /// # Errors
    /// Those of the iterator; as [`Transaction::insert`]. Rows before the failing one may be
    /// written; return to a savepoint to be rid of them.
    pub fn bulk_insert(
        &mut self,
        table: TableId,
        batches: impl Iterator<Item = Result<RecordBatch>>,
    ) -> Result<u64> {
        let mut total = 0;
        let mut load = self.begin_load(table)?;
        for batch in batches {
            let batch = batch?;
            total += batch.num_rows() as u64;
            self.load(&mut load, &batch)?;
        }
        self.finish_load(load)?;
        Ok(total)
    }

    /// Starts a bulk load. Rows of a table without any are written straight to its files for as
    /// long as they come in key order, and show when the load is finished; others are inserted.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn begin_load(&mut self, table: TableId) -> Result<BulkLoad> {
        let fresh = self.is_unwritten(table)?;
        let index = self.state_index(table)?;
        let base = &self.tables[index].base;
        let ordered = fresh.then(|| bulk::Load::new(&self.inner.store, base));
        Ok(BulkLoad { table, ordered })
    }

    /// Whether a table has no rows and none were written to it in this transaction.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn is_unwritten(&mut self, table: TableId) -> Result<bool> {
        let index = self.state_index(table)?;
        let indexed = !self.index_uses(index)?.is_empty();
        let state = &mut self.tables[index];
        let fresh = !indexed && state.base.is_untouched() && state.loaded_after.is_none();
        Ok(fresh && state.writes.get_mut().is_empty())
    }

    /// Loads the rows of a batch, whose columns are the table's, in order.
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub fn load(&mut self, load: &mut BulkLoad, batch: &RecordBatch) -> Result<()> {
        let Some(ordered) = &mut load.ordered else {
            return self.insert_batch(load.table, batch);
        };
        if let Some(rest) = ordered.push(batch)? {
            self.finish_ordered(load)?;
            self.insert_batch(load.table, &rest)?;
        }
        Ok(())
    }

    /// Ends a bulk load. One that is dropped instead leaves the table as it was, but for rows that
    /// were inserted; return to a savepoint to be rid of these.
    ///
    /// # Errors
    /// Those of the device.
    pub fn finish_load(&mut self, mut load: BulkLoad) -> Result<()> {
        self.finish_ordered(&mut load)
    }

    /// Makes the rows that were written to files the table's.
    fn finish_ordered(&mut self, load: &mut BulkLoad) -> Result<()> {
        let Some(ordered) = load.ordered.take() else { return Ok(()) };
        let index = self.state_index(load.table)?;
        let state = &mut self.tables[index];
        let tree = ordered.finish(&state.base)?;
        if tree.root.is_some() {
            let mut version = (*state.base).clone();
            version.tree = Arc::new(tree);
            state.version = Arc::new(version);
            state.loaded_after = Some(self.marks.last().map_or(0, |mark| mark.0));
            state.upper = None;
        }
        Ok(())
    }

    /// Inserts the rows of a batch one by one.
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub fn insert_batch(&mut self, table: TableId, batch: &RecordBatch) -> Result<()> {
        let shape = Arc::clone(&self.version(table)?.table);
        let readers = bulk::readers(&shape, batch)?;
        let mut row = Vec::with_capacity(readers.len());
        for index in 0..batch.num_rows() {
            row.clear();
            row.extend(readers.iter().map(|reader| reader.value(index)));
            self.insert(table, &row)?;
        }
        Ok(())
    }

    /// What is known about a table at this snapshot, this transaction's own writes apart.
    ///
    /// # Errors
    /// [`Error::UnknownTable`]; damage and I/O errors of the files read.
    pub fn statistics(&self, table: TableId) -> Result<TableStatistics> {
        statistics::of(self.version(table)?)
    }

    /// As [`Transaction::statistics`], but of some recent state: bounds may not hold.
    ///
    /// # Errors
    /// As [`Transaction::statistics`].
    pub fn estimates(&self, table: TableId) -> Result<Arc<TableStatistics>> {
        self.version(table)?.estimates()
    }

    /// Starts a scan of the table as it is now in this transaction; later writes do not show.
    ///
    /// # Errors
    /// [`Error::UnknownTable`], [`Error::UnknownColumn`], [`Error::InvalidRequest`].
    pub fn scan(&self, request: ScanRequest) -> Result<Scan> {
        if let Some(index) = request.index {
            return self.scan_index(index, request);
        }
        let version = self.version(request.table)?;
        if self.isolation == Isolation::Serializable {
            let mut reads = self.reads.lock();
            for range in &request.key_ranges {
                reads.ranges.push((request.table, range.clone()));
            }
            if request.key_ranges.is_empty() {
                let all = KeyRange { low: Bound::Unbounded, high: Bound::Unbounded };
                reads.ranges.push((request.table, all));
            }
        }
        Scan::new(version, self.ts, self.own_run(request.table), request)
    }

    /// This transaction's writes of a table so far, if there are any.
    fn own_run(&self, table: TableId) -> Option<Arc<RowRun>> {
        let mut writes = self.state(table)?.writes.lock();
        (!writes.is_empty()).then(|| Arc::new(writes.view()))
    }

    /// Marks the current state of the transaction's writes. Marks cost nothing until something is
    /// written; release those that are no longer needed.
    pub fn savepoint(&mut self) -> Mark {
        let mark = self.next_mark;
        self.next_mark += 1;
        self.marks.push((mark, self.ddl.len()));
        Mark(mark)
    }

    /// Forgets a mark and all later ones, keeping the writes.
    pub fn release(&mut self, mark: Mark) {
        self.marks.retain(|live| live.0 < mark.0);
        let top = self.marks.last().map(|live| live.0);
        for state in &mut self.tables {
            state.writes.get_mut().release(mark.0, top);
        }
    }

    /// Undoes every write since the mark, which stays usable; later marks are gone.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the mark is not live.
    pub fn rollback_to(&mut self, mark: Mark) -> Result<()> {
        let live = self.marks.iter().position(|live| live.0 == mark.0);
        let live = live.ok_or_else(|| Error::InvalidRequest("the savepoint is gone".into()))?;
        self.ddl.truncate(self.marks[live].1);
        self.marks.truncate(live + 1);
        for state in &mut self.tables {
            state.writes.get_mut().rollback_to(mark.0);
            if state.loaded_after.is_some_and(|after| after >= mark.0) {
                state.version = Arc::clone(&state.base);
                state.loaded_after = None;
                state.upper = None;
            }
        }
        let (versions, ddl) = (&self.versions, &self.ddl);
        self.tables.retain(|state| {
            let table = &state.version.table;
            let committed = versions.tables.get(&table.id);
            committed.is_some_and(|version| Arc::ptr_eq(version, &state.base))
                || ddl.iter().any(|d| matches!(d, Ddl::Create(made) if Arc::ptr_eq(made, table)))
        });
        self.forget_indexes();
        Ok(())
    }

    /// Makes the writes durable and visible; the timestamp of the commit, or of the snapshot if
    /// nothing was written.
    ///
    /// # Errors
    /// [`Error::SerializationFailure`] if a transaction that committed first is in the way: nothing
    /// happened then. [`Error::Poisoned`], [`Error::Full`] or [`Error::Io`] if the log could not be
    /// made durable: after opening again the commit is there whole or not at all.
    pub fn commit(mut self) -> Result<CommitTs> {
        let ddl = std::mem::take(&mut self.ddl);
        let mut changes = Changes { ddl, ..Changes::default() };
        for state in std::mem::take(&mut self.tables) {
            let table = &state.version.table;
            let mut writes = state.writes.into_inner();
            let dropped = changes.ddl.iter().rev().find_map(|ddl| match ddl {
                Ddl::Create(made) if made.id == table.id => Some(!Arc::ptr_eq(made, table)),
                Ddl::Drop(id) if *id == table.id => Some(true),
                _ => None,
            });
            if dropped == Some(true) {
                continue;
            }
            if state.loaded_after.is_some() {
                changes.loads.push((table.id, Arc::clone(&state.version.tree)));
            }
            if !writes.is_empty() {
                changes.writes.push((table.id, Arc::new(writes.view())));
            }
        }
        if changes.ddl.is_empty() && changes.loads.is_empty() && changes.writes.is_empty() {
            return Ok(self.ts);
        }
        let reads = std::mem::take(self.reads.get_mut());
        self.inner.commit(self.ts, changes, &reads).map_err(|error| self.of_table(error))
    }

    /// Forgets the writes; the same as dropping.
    pub fn rollback(self) {}
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.inner.commits.lock().leave(self.ts);
    }
}

fn check_row(table: &Table, row: &[Datum<'_>]) -> Result<()> {
    if row.len() != table.columns.len() {
        return Err(Error::InvalidRequest(format!(
            "table {} has {} columns, the row has {}",
            table.spec.name,
            table.columns.len(),
            row.len()
        )));
    }
    row.iter().enumerate().try_for_each(|(position, value)| table.check_value(position, value))
}

fn encode_key(table: &Table, values: &[Datum<'_>], out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    if values.len() > table.key.len() {
        return Err(Error::InvalidRequest(format!(
            "the key has {} columns, {} values were given",
            table.key.len(),
            values.len()
        )));
    }
    for (part, value) in table.key.iter().zip(values) {
        match part.column {
            Some(position) => table.check_value(position, value)?,
            None if matches!(value, Datum::Int(_)) => {}
            None => return Err(Error::InvalidRequest("a row id is an integer".into())),
        }
        key::encode_part(part, value, out);
    }
    table.check_key_length(out)
}
