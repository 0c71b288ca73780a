//! Indexes within a transaction: made from the rows there are, and kept by every write of a row.
//!
//! A write first works out the entries that go and come, and fails while nothing is written if a
//! unique index has one of the latter; once the row's own message is written, theirs follow. Being
//! ordinary writes they are undone by savepoints, logged with the row's and validated with them.

use super::{Isolation, TableState, Transaction, check_row};
use crate::block::ColumnReader;
use crate::commit::Ddl;
use crate::datum::{Datum, OwnedDatum};
use crate::error::{Error, Result};
use crate::index;
use crate::key::encode_part;
use crate::ranges;
use crate::request::{KeyRange, Predicate, ScanRequest};
use crate::row::{self, Operation};
use crate::scan::{Rows, Scan};
use crate::schema::{IndexSpec, TableId};
use crate::sync::{Arc, Ordering};
use crate::table::Table;
use crate::version::TableVersion;
use std::ops::Bound;

/// An index of a table that is written.
#[derive(Clone, Debug)]
pub(super) struct IndexUse {
    /// Its state in the transaction.
    state: usize,
    index: Arc<Table>,
    /// The positions of its columns in the table.
    positions: Vec<usize>,
    unique: bool,
}

/// What a write of a row does to an index.
#[derive(Debug, Default)]
pub(super) struct Entry {
    state: usize,
    /// The key of the entry that goes, if one does.
    old: Vec<u8>,
    /// The key and the body of the entry that comes, if one does.
    new: Vec<u8>,
    body: Vec<u8>,
    changes: (bool, bool),
}

/// The rules of uniqueness whose violation is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arbiters<'a> {
    /// No rule.
    None,
    /// The table's key and all its unique indexes.
    All,
    /// These: the table's own id stands for its key.
    These(&'a [TableId]),
}

impl Arbiters<'_> {
    fn holds(self, id: TableId) -> bool {
        match self {
            Arbiters::None => false,
            Arbiters::All => true,
            Arbiters::These(ids) => ids.contains(&id),
        }
    }
}

/// What became of a row to insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is there.
    New,
    /// Another row is in its way.
    Conflict,
}

impl Transaction {
    /// Makes an index of a table from the rows that this transaction sees.
    ///
    /// # Errors
    /// [`Error::UniqueViolation`] where two rows have the same values; [`Error::UnknownTable`],
    /// [`Error::UnknownColumn`], [`Error::InvalidRequest`], [`Error::Unsupported`]; damage and I/O
    /// errors of the files read.
    pub fn create_index(&mut self, spec: IndexSpec) -> Result<TableId> {
        let parent = Arc::clone(&self.version(spec.table)?.table);
        let id = self.inner.allocate_table();
        let table = Arc::new(index::table(id, spec, &parent)?);
        let version = Arc::new(TableVersion::new(Arc::clone(&table), Default::default()));
        self.tables.push(TableState::new(version));
        self.ddl.push(Ddl::Create(Arc::clone(&table)));
        self.forget_indexes();
        let state = self.tables.len() - 1;
        let filled = self.fill_index(state, &table, &parent);
        if filled.is_err() {
            self.ddl.pop();
            self.tables.pop();
        }
        filled.map(|()| id)
    }

    /// Drops an index.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn drop_index(&mut self, index: TableId) -> Result<()> {
        if self.version(index)?.table.index.is_none() {
            return Err(Error::UnknownTable(index));
        }
        self.ddl.push(Ddl::Drop(index));
        self.forget_indexes();
        Ok(())
    }

    /// The shapes of a table's indexes.
    pub fn indexes(&self, table: TableId) -> Vec<(TableId, Arc<IndexSpec>)> {
        let ids = self.index_ids(table).into_iter();
        ids.filter_map(|id| Some((id, self.version(id).ok()?.table.index.clone()?))).collect()
    }

    /// The ranges of keys outside of which no row fulfils the predicates: keys of a table, or of
    /// the entries of an index. `None` where the predicates do not bound the key's first column.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn key_ranges(
        &self,
        id: TableId,
        predicates: &[Predicate],
    ) -> Result<Option<Vec<KeyRange>>> {
        let table = &self.version(id)?.table;
        if table.has_hidden_key() || predicates.is_empty() {
            return Ok(None);
        }
        let columns: Vec<_> = match &table.index {
            Some(index) => index.columns.iter().map(|column| column.column).collect(),
            None => table.spec.key.clone(),
        };
        Ok(ranges::of(&table.key, &columns, predicates))
    }

    /// A scan by an index: the entries in the ranges name the rows.
    pub(super) fn scan_index(&self, index: TableId, request: ScanRequest) -> Result<Scan> {
        let entries = self.version(index)?;
        let mut found = Vec::new();
        let all = KeyRange { low: Bound::Unbounded, high: Bound::Unbounded };
        let ranges =
            if request.key_ranges.is_empty() { vec![all] } else { request.key_ranges.clone() };
        for range in ranges {
            let mut one = ScanRequest::all(index, vec![index::row_column(&entries.table)]);
            one.key_ranges = vec![range];
            for mut morsel in self.scan(one)?.split(1) {
                while let Some(batch) = morsel.next()? {
                    found.extend(batch.bytes_of(0)?);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let version = Arc::clone(self.version(request.table)?);
        if self.isolation == Isolation::Serializable {
            let keys = found.iter().map(|key| (request.table, key.as_slice().into()));
            self.reads.lock().keys.extend(keys);
        }
        let own = self.own_run(request.table);
        Scan::of_rows(Rows { version, ts: self.ts, own }, found, request)
    }

    /// The ids of a table's indexes.
    pub(super) fn index_ids(&self, table: TableId) -> Vec<TableId> {
        let mut ids = self.versions.indexes_of(table).to_vec();
        for ddl in &self.ddl {
            match ddl {
                Ddl::Create(made) if made.index.as_ref().is_some_and(|i| i.table == table) => {
                    ids.push(made.id);
                }
                Ddl::Drop(dropped) => ids.retain(|id| id != dropped),
                Ddl::Create(_) => {}
            }
        }
        ids
    }

    /// After a change of the indexes, or of where states are.
    pub(super) fn forget_indexes(&mut self) {
        self.tables.iter_mut().for_each(|state| state.indexes = None);
    }

    /// The indexes of the table of a state.
    pub(super) fn index_uses(&mut self, state: usize) -> Result<Arc<[IndexUse]>> {
        if let Some(known) = &self.tables[state].indexes {
            return Ok(Arc::clone(known));
        }
        let parent = Arc::clone(&self.tables[state].version.table);
        let mut uses = Vec::new();
        for id in self.index_ids(parent.id) {
            let state = self.state_index(id)?;
            let index = Arc::clone(&self.tables[state].version.table);
            let Some(spec) = &index.index else { continue };
            let columns: Vec<_> = spec.columns.iter().map(|column| column.column).collect();
            let (positions, unique) = (parent.positions(&columns)?, spec.unique);
            uses.push(IndexUse { state, index, positions, unique });
        }
        let uses: Arc<[IndexUse]> = uses.into();
        self.tables[state].indexes = Some(Arc::clone(&uses));
        Ok(uses)
    }

    /// Inserts a row, unless a row is in its way by one of the rules of `arbiters`, whose tree key
    /// then is in `found`. After an insert `found` is the new row's tree key.
    ///
    /// # Errors
    /// As [`Transaction::insert`], by the other rules.
    pub fn insert_or_find(
        &mut self,
        table: TableId,
        row: &[Datum<'_>],
        arbiters: Arbiters<'_>,
        found: &mut Vec<u8>,
    ) -> Result<Inserted> {
        let state = self.state_index(table)?;
        let version = self.table_version(state);
        check_row(&version.table, row)?;
        let mut key = std::mem::take(&mut self.key);
        let outcome = self.insert_checked(state, &version, row, &mut key, arbiters, found);
        if matches!(outcome, Ok(Inserted::New)) && arbiters != Arbiters::None {
            found.clear();
            found.extend_from_slice(&key);
        }
        self.key = key;
        outcome
    }

    fn insert_checked(
        &mut self,
        state: usize,
        version: &Arc<TableVersion>,
        row: &[Datum<'_>],
        key: &mut Vec<u8>,
        arbiters: Arbiters<'_>,
        found: &mut Vec<u8>,
    ) -> Result<Inserted> {
        let table = &version.table;
        if table.has_hidden_key() {
            let id = version.next_row_id.fetch_add(1, Ordering::Relaxed);
            key.clear();
            encode_part(&table.key[0], &Datum::Int(id as i64), key);
        } else {
            table.encode_row_key(row, key)?;
            if self.is_live(state, version, key)? {
                if !arbiters.holds(table.id) {
                    return Err(table.duplicate(key));
                }
                found.clone_from(key);
                return Ok(Inserted::Conflict);
            }
        }
        let uses = self.index_uses(state)?;
        self.entries.clear();
        for index in uses.iter() {
            let values = index.positions.iter().map(|at| row[*at]);
            let mut entry =
                Entry { state: index.state, changes: (false, true), ..Entry::default() };
            let null = index::encode_key(&index.index, values, key, &mut entry.new)?;
            index::encode_body(&index.index, key, &mut entry.body)?;
            if index.unique && !null {
                let version = self.table_version(index.state);
                if self.is_live(index.state, &version, &entry.new)? {
                    if !arbiters.holds(index.index.id) {
                        return Err(index::duplicate(&index.index, &entry.new));
                    }
                    return self.entry_row(index, &version, &entry.new, found);
                }
            }
            self.entries.push(entry);
        }
        row::encode_image(table, row, &mut self.body)?;
        self.write(state, Operation::Put, key);
        self.write_entries();
        Ok(Inserted::New)
    }

    /// Reads the tree key of the row that a live entry of a unique index finds.
    fn entry_row(
        &mut self,
        index: &IndexUse,
        version: &TableVersion,
        entry: &[u8],
        found: &mut Vec<u8>,
    ) -> Result<Inserted> {
        let own = self.tables[index.state].writes.get_mut().find(entry);
        let scratch = self.scratch.get_mut();
        scratch.key.clear();
        scratch.key.extend_from_slice(entry);
        let at = index::width(&index.index);
        scratch.read(version, self.ts, own, std::iter::once(at), |_, value| {
            found.clear();
            if let Datum::Bytes(key) = value {
                found.extend_from_slice(key);
            }
        })?;
        Ok(Inserted::Conflict)
    }

    /// Works out what an update of columns outside the key does to the indexes.
    pub(super) fn begin_update(
        &mut self,
        state: usize,
        version: &Arc<TableVersion>,
        key: &[u8],
        changes: &[(usize, Datum<'_>)],
    ) -> Result<()> {
        self.entries.clear();
        let uses = self.index_uses(state)?;
        let changed = |at: &usize| changes.iter().any(|change| change.0 == *at);
        if !uses.iter().any(|index| index.positions.iter().any(changed)) {
            return Ok(());
        }
        let Some(old) = self.read_row(state, version, key)? else { return Ok(()) };
        let mut new: Vec<Datum<'_>> = old.iter().map(OwnedDatum::borrow).collect();
        for (at, value) in changes {
            new[*at] = *value;
        }
        self.change_entries(&uses, Some((key, &old)), Some((key, &new)))
    }

    /// Works out what an update of the whole row does to the indexes.
    pub(super) fn begin_move(
        &mut self,
        state: usize,
        old: (&[u8], &[OwnedDatum]),
        new: (&[u8], &[Datum<'_>]),
    ) -> Result<()> {
        let uses = self.index_uses(state)?;
        self.change_entries(&uses, Some(old), Some(new))
    }

    /// Works out what a delete does to the indexes.
    pub(super) fn begin_delete(&mut self, state: usize, key: &[u8]) -> Result<()> {
        self.entries.clear();
        let uses = self.index_uses(state)?;
        if uses.is_empty() {
            return Ok(());
        }
        let version = self.table_version(state);
        let Some(old) = self.read_row(state, &version, key)? else { return Ok(()) };
        self.change_entries(&uses, Some((key, &old)), None)
    }

    /// All values of a row.
    fn read_row(
        &mut self,
        state: usize,
        version: &TableVersion,
        key: &[u8],
    ) -> Result<Option<Vec<OwnedDatum>>> {
        let mut row = Vec::with_capacity(version.table.columns.len());
        let scratch = self.scratch.get_mut();
        scratch.key.clear();
        scratch.key.extend_from_slice(key);
        let own = self.tables[state].writes.get_mut().find(key);
        let positions = 0..version.table.columns.len();
        let found = scratch
            .read(version, self.ts, own, positions, |_, value| row.push(value.to_owned()))?;
        Ok(found.then_some(row))
    }

    /// Fills `self.entries` with the difference between a row before and after.
    fn change_entries(
        &mut self,
        uses: &[IndexUse],
        old: Option<(&[u8], &[OwnedDatum])>,
        new: Option<(&[u8], &[Datum<'_>])>,
    ) -> Result<()> {
        self.entries.clear();
        for index in uses {
            let mut entry = Entry { state: index.state, ..Entry::default() };
            if let Some((key, row)) = old {
                let values = index.positions.iter().map(|at| row[*at].borrow());
                index::encode_key(&index.index, values, key, &mut entry.old)?;
            }
            let mut null = false;
            if let Some((key, row)) = new {
                let values = index.positions.iter().map(|at| row[*at]);
                null = index::encode_key(&index.index, values, key, &mut entry.new)?;
                index::encode_body(&index.index, key, &mut entry.body)?;
            }
            let same_row = old.map(|old| old.0) == new.map(|new| new.0);
            if same_row && entry.old == entry.new {
                continue;
            }
            let moves = entry.old != entry.new;
            if new.is_some() && moves && index.unique && !null {
                let version = self.table_version(index.state);
                if self.is_live(index.state, &version, &entry.new)? {
                    return Err(index::duplicate(&index.index, &entry.new));
                }
            }
            entry.changes = (old.is_some() && moves, new.is_some());
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Writes what was worked out.
    pub(super) fn write_entries(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        for entry in entries.drain(..) {
            if entry.changes.0 {
                self.body.clear();
                self.write(entry.state, Operation::Delete, &entry.old);
            }
            if entry.changes.1 {
                self.body.clone_from(&entry.body);
                self.write(entry.state, Operation::Put, &entry.new);
            }
        }
        self.entries = entries;
    }

    /// Writes the entries of all rows of a table into its new index, in key order.
    fn fill_index(&mut self, state: usize, index: &Table, parent: &Table) -> Result<()> {
        let Some(spec) = &index.index else { return Ok(()) };
        let columns: Vec<_> = spec.columns.iter().map(|column| column.column).collect();
        let kinds: Vec<_> =
            parent.positions(&columns)?.iter().map(|at| parent.columns[*at].kind).collect();
        let mut request = ScanRequest::all(parent.id, columns);
        request.needs_row_key = true;
        // The key of each entry, whether it may stand twice, and the tree key.
        let mut entries: Vec<(Vec<u8>, bool, Vec<u8>)> = Vec::new();
        for mut morsel in self.scan(request)?.split(1) {
            while let Some(batch) = morsel.next()? {
                let mut readers = Vec::with_capacity(kinds.len());
                for (kind, array) in kinds.iter().zip(&batch.columns) {
                    readers.push(ColumnReader::new(*kind, array)?);
                }
                let all = 0..batch.len;
                let mut add = |at: usize| -> Result<()> {
                    let tree_key = batch.row_key(at).map_or(&[][..], |key| key.0);
                    let mut key = Vec::new();
                    let values = readers.iter().map(|reader| reader.value(at));
                    let null = index::encode_key(index, values, tree_key, &mut key)?;
                    entries.push((key, null, tree_key.to_vec()));
                    Ok(())
                };
                match &batch.selection {
                    Some(rows) => rows.iter().try_for_each(|at| add(usize::from(*at)))?,
                    None => all.into_iter().try_for_each(add)?,
                }
            }
        }
        entries.sort_unstable();
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(index::duplicate(index, &pair[0].0));
        }
        for (key, _, tree_key) in &entries {
            let mut body = std::mem::take(&mut self.body);
            index::encode_body(index, tree_key, &mut body)?;
            self.body = body;
            self.write(state, Operation::Put, key);
        }
        Ok(())
    }

    /// An error of a COMMIT in terms of tables, not of their indexes.
    pub(super) fn of_table(&self, error: Error) -> Error {
        match error {
            Error::SerializationFailure { table } => {
                let index = self.versions.tables.get(&table).and_then(|v| v.table.index.clone());
                Error::SerializationFailure { table: index.map_or(table, |index| index.table) }
            }
            other => other,
        }
    }
}
