//! The storage engine: WAL, fractal tree, Feather leaves, transactions.

mod block;
mod bulk;
mod codec;
mod commit;
mod datum;
pub mod device;
mod engine;
mod error;
mod key;
mod layer;
mod maintenance;
mod manifest;
mod memtable;
mod merge;
mod overlay;
mod point;
mod request;
mod row;
mod run;
mod scan;
mod schema;
mod statistics;
mod store;
mod sync;
mod table;
mod transaction;
mod tree;
mod version;
mod wal;
mod write_set;

pub use datum::{Datum, OwnedDatum};
pub use device::{Device, DiskDevice, FaultDevice, MemoryDevice};
pub use engine::{Engine, Options};
pub use error::{Class, Error, Result};
pub use maintenance::{Info, Runtime, TableInfo, Work};
pub use request::{
    ColumnStatistics, Exactness, KeyOrder, KeyRange, MAX_BATCH_ROWS, Predicate, PredicateOp,
    RowKey, ScanBatch, ScanRequest, TableStatistics,
};
pub use scan::{Morsel, Scan};
pub use schema::{ColumnId, ColumnSpec, CommitTs, StorageType, TableId, TableSpec};
pub use store::TreeLimits;
pub use transaction::{Isolation, Mark, Transaction};
