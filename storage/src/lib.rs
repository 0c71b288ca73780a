//! The storage engine: WAL, fractal tree, Feather leaves, transactions.

mod datum;
mod error;
mod request;
mod schema;
mod transaction;

pub use datum::{Datum, OwnedDatum};
pub use error::{Class, Error, Result};
pub use request::{
    ColumnStatistics, Exactness, KeyOrder, KeyRange, MAX_BATCH_ROWS, Predicate, PredicateOp,
    RowKey, ScanBatch, ScanRequest, TableStatistics,
};
pub use schema::{ColumnId, ColumnSpec, CommitTs, StorageType, TableId, TableSpec};
pub use transaction::{Isolation, Mark, Morsel, Scan, Transaction};
