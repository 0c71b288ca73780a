//! The tables' port: scans with pushdown, point reads, writes. Batches come as borrowed vectors;
//! there is no call per row but for statements that are about one row.

use crate::Fault;
use crate::batch::Batch;
use grizzly_bytecode::{Arbiters, Cmp, ColumnId, TableId, Type, Value, query::WriteOperation};

/// The tables of one transaction.
pub trait Tables {
    /// Starts a scan.
    ///
    /// # Errors
    /// An IoError fault for a damaged or unreadable file.
    fn scan(&mut self, request: &ScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault>;

    /// Reads columns of the row with this primary key into `out`, which is cleared first. Returns
    /// whether there is such a row.
    ///
    /// # Errors
    /// An IoError fault for a damaged or unreadable file.
    fn get(&mut self, request: GetRequest<'_>, out: &mut Vec<Value>) -> Result<bool, Fault>;

    /// Changes one row, found by its values or its primary key.
    ///
    /// # Errors
    /// A ConstraintViolation, SerializationFailure, ReadOnly, ResourceExhausted or IoError fault.
    /// The caller undoes the statement.
    fn write_row(&mut self, request: &WriteRequest<'_>, row: &[Value]) -> Result<u64, Fault>;

    /// Inserts a row, unless a row is in its way by one of the rules of `arbiters`: that row's key.
    ///
    /// # Errors
    /// As for [`Tables::write_row`]; CardinalityViolation as `arbiters` says.
    fn insert_unless(
        &mut self,
        request: &WriteRequest<'_>,
        row: &[Value],
        arbiters: &Arbiters,
    ) -> Result<Option<Value>, Fault>;

    /// Changes the selected rows of a batch as [`grizzly_bytecode::query::Write`] says, and returns
    /// how many.
    ///
    /// # Errors
    /// As for [`Tables::write_row`].
    fn write(&mut self, request: &WriteRequest<'_>, batch: &Batch) -> Result<u64, Fault>;

    /// Ends the writes of a pipeline: rows that [`Tables::write`] may have held back are written.
    ///
    /// # Errors
    /// As for [`Tables::write_row`].
    fn finish_writes(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// Marks a savepoint.
    fn savepoint(&mut self) -> u64;

    /// Undoes all changes since a savepoint.
    ///
    /// # Errors
    /// An IoError fault where spilled changes cannot be read.
    fn rollback_to(&mut self, savepoint: u64) -> Result<(), Fault>;
}

/// What a scan is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ScanRequest<'a> {
    /// The table.
    pub table: TableId,
    /// The columns, in the order of the batch.
    pub columns: &'a [(ColumnId, Type)],
    /// Conditions, all of which a wanted row fulfils.
    pub predicates: &'a [(ColumnId, ScanTest)],
    /// The index that finds the rows, by the predicates on its first columns.
    pub index: Option<TableId>,
    /// Whether a last column holds the row's key as bytes.
    pub needs_row_key: bool,
    /// Whether rows must come in key order.
    pub ordered: bool,
    /// How many rows are wanted at most, as a hint.
    pub limit_hint: Option<u64>,
}

/// A test of a column against values of its own type.
#[derive(Clone, Debug)]
pub enum ScanTest {
    /// `column op value`.
    Compare(Cmp, Value),
    /// `column IN (values)`.
    In(Vec<Value>),
    /// `column IS NULL`.
    IsNull,
    /// `column IS NOT NULL`.
    IsNotNull,
}

/// A scan that has started.
pub trait TableScan {
    /// For each predicate of the request, whether every row of the batches fulfils it.
    fn exact(&self) -> Vec<bool>;
    /// Cuts the scan into parts of about equal work, at most `n`, at least one. In an ordered scan
    /// the parts follow each other in key order.
    fn split(self: Box<Self>, n: usize) -> Vec<Box<dyn Morsel>>;
}

/// A part of a scan.
pub trait Morsel: Send {
    /// Fills `batch` with the next rows: at most [`crate::batch::CAPACITY`], with a selection where
    /// some of them are not live. Returns whether there were any.
    ///
    /// # Errors
    /// An IoError fault for a damaged or unreadable file.
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault>;
}

/// A point read.
#[derive(Clone, Copy, Debug)]
pub struct GetRequest<'a> {
    /// The table.
    pub table: TableId,
    /// The primary key's values, or the row key.
    pub key: &'a [Value],
    /// Which of them.
    pub kind: WriteKind,
    /// The columns to read.
    pub columns: &'a [(ColumnId, Type)],
}

/// How rows are found for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// By the row key: in the batch's last column, or in front of the row.
    RowKey,
    /// By the values of the primary key, in front of the row.
    PrimaryKey,
}

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct WriteRequest<'a> {
    /// The table.
    pub table: TableId,
    /// The operation.
    pub operation: WriteOperation,
    /// The columns written: for an insert all of the table's, in order.
    pub columns: &'a [(ColumnId, Type)],
    /// How rows are found, for update and delete.
    pub kind: WriteKind,
}
