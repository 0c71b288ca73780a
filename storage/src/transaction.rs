//! Transactions: the one way to read and write tables.
//!
//! A transaction reads its snapshot (a pinned version of every tree, and a commit timestamp) with
//! its own writes on top. Writes stay private until COMMIT.

use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::request::{Exactness, RowKey, ScanBatch, ScanRequest, TableStatistics};
use crate::schema::{ColumnId, CommitTs, TableId, TableSpec};
use arrow_array::RecordBatch;
use std::sync::Arc;

/// What a transaction is protected from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Reads a snapshot; of two transactions that write one row the first to commit wins.
    Snapshot,
    /// Also fails when something it read was changed by a transaction that committed first.
    Serializable,
}

/// A point to return to within a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub(crate) u64);

fn later<T>() -> Result<T> {
    Err(Error::Unsupported("this method's body lands with the first slice".into()))
}

/// A transaction. Dropping it rolls it back.
pub struct Transaction {}

impl Transaction {
    /// Creates a table under a new id.
    pub fn create_table(&mut self, spec: TableSpec) -> Result<TableId> {
        let _ = spec;
        later()
    }
    /// Creates a table under the id asked for; `Error::TableExists` if it is taken.
    pub fn create_table_with_id(&mut self, id: TableId, spec: TableSpec) -> Result<()> {
        let _ = (id, spec);
        later()
    }
    /// Drops a table.
    pub fn drop_table(&mut self, table: TableId) -> Result<()> {
        let _ = table;
        later()
    }
    /// The tables of this transaction's snapshot, with its own DDL applied, by id.
    pub fn tables(&self) -> Vec<TableId> {
        Vec::new()
    }
    /// The shape of a table.
    pub fn table_spec(&self, table: TableId) -> Result<Arc<TableSpec>> {
        let _ = table;
        later()
    }
    /// Inserts a row: one value per column, in the order of the spec.
    pub fn insert(&mut self, table: TableId, row: &[Datum<'_>]) -> Result<()> {
        let _ = (table, row);
        later()
    }
    /// Sets columns of the row with this key; setting key columns moves the row.
    pub fn update(
        &mut self,
        table: TableId,
        key: RowKey<'_>,
        columns: &[ColumnId],
        values: &[Datum<'_>],
    ) -> Result<()> {
        let _ = (table, key, columns, values);
        later()
    }
    /// Deletes the row with this key.
    pub fn delete(&mut self, table: TableId, key: RowKey<'_>) -> Result<()> {
        let _ = (table, key);
        later()
    }
    /// Encodes the key of a row from the values of its key columns, in key order, into `out`
    /// (cleared first). For key ranges a prefix of the key columns may be given.
    pub fn encode_key(&self, table: TableId, key: &[Datum<'_>], out: &mut Vec<u8>) -> Result<()> {
        let _ = (table, key, out);
        later()
    }
    /// Reads columns of one row: calls `visit(index in columns, value)` for each; false: no row.
    pub fn get(
        &self,
        table: TableId,
        key: &[Datum<'_>],
        columns: &[ColumnId],
        visit: impl FnMut(usize, Datum<'_>),
    ) -> Result<bool> {
        let _ = (table, key, columns, visit);
        later()
    }
    /// Starts a scan of the table as it is now in this transaction; later writes do not show.
    pub fn scan(&self, request: ScanRequest) -> Result<Scan> {
        let _ = request;
        later()
    }
    /// Inserts Arrow batches (columns in spec order, types as in FORMAT.md).
    pub fn bulk_insert(
        &mut self,
        table: TableId,
        batches: impl Iterator<Item = Result<RecordBatch>>,
    ) -> Result<u64> {
        let _ = (table, batches);
        later()
    }
    /// Statistics of a table at this snapshot.
    pub fn statistics(&self, table: TableId) -> Result<TableStatistics> {
        let _ = table;
        later()
    }
    /// Marks the current state of the transaction's writes.
    pub fn savepoint(&self) -> Mark {
        Mark(0)
    }
    /// Undoes every write since the mark.
    pub fn rollback_to(&mut self, mark: Mark) -> Result<()> {
        let _ = mark;
        later()
    }
    /// Makes the writes durable and visible.
    pub fn commit(self) -> Result<CommitTs> {
        later()
    }
    /// Forgets the writes; the same as dropping.
    pub fn rollback(self) {}
}

/// A scan, before it is divided.
pub struct Scan {}

impl Scan {
    /// Per predicate of the request, how far it is applied.
    pub fn exactness(&self) -> &[Exactness] {
        &[]
    }
    /// About how many rows it returns at most.
    pub fn rows_estimate(&self) -> u64 {
        0
    }
    /// Divides the scan into at most `n` parts of similar size that may run on different
    /// threads. An ordered scan's parts, taken one after the other, are in order.
    pub fn split(self, n: usize) -> Vec<Morsel> {
        let _ = n;
        Vec::new()
    }
}

/// A part of a scan.
pub struct Morsel {}

impl Morsel {
    /// The next batch; `None` at the end.
    pub fn next(&mut self) -> Result<Option<ScanBatch>> {
        later()
    }
}
