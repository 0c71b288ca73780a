//! The storage engine: WAL, fractal tree, Feather leaves, transactions.
//!
//! One row's way, from [`Transaction::insert`] to a file other programs can read:
//!
//! | step | where | form |
//! |---|---|---|
//! | the row is checked, its key encoded, both kept privately | `write_set` over `key`, `row`,
//! `run` | an entry in an arena |
//! | COMMIT validates, takes a timestamp, appends the arena's chunks to the log | `commit`, `wal` |
//! records, synced in groups |
//! | the messages enter the root of the table's tree and become visible | `memtable`, or a frozen
//! `run` of their own when many | rows sorted by key |
//! | background work moves messages down the tree | `maintenance`, `tree`, `merge`, `overlay` |
//! columnar buffers |
//! | messages reach a leaf, which is written anew | `tree`, `block` | a Feather file |
//! | MANIFEST names the new root, the log is recycled, old files go when no snapshot reads them |
//! `manifest`, `store`, `version` | |
//!
//! A reader holds a snapshot: the versions of all tables (`version`) and a commit timestamp. A
//! point read (`point`) asks the layers of one key from newest to oldest. A scan (`scan`) yields
//! per leaf the mapped columns with a selection that hides overwritten rows, then the rows the
//! messages above the leaf stand for.
//!
//! What is written, to the byte, is in `FORMAT.md`. The disk is reached only through [`device`],
//! locks and threads only through `sync`. The engine starts no thread by itself: see
//! [`Engine::poll_work`] and [`Runtime`].
//!
//! Deliberately absent: evaluation (predicates only skip blocks; CHECK, DEFAULT and foreign keys
//! are the planner's), names (tables and columns are ids; names are carried along for readers of
//! the files), and knowledge of SQL types beyond how their values are stored.

mod block;
mod bulk;
mod codec;
mod commit;
mod datum;
pub mod device;
mod engine;
mod error;
mod index;
mod key;
mod layer;
mod maintenance;
mod manifest;
mod memtable;
mod merge;
mod nested;
mod overlay;
mod point;
mod ranges;
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
pub use nested::{NestedReader, NestedWriter};
pub use request::{
    ColumnStatistics, Exactness, KeyOrder, KeyRange, MAX_BATCH_ROWS, Predicate, PredicateOp,
    RowKey, ScanBatch, ScanRequest, TableStatistics,
};
pub use scan::{Morsel, Scan};
pub use schema::{
    ColumnId, ColumnSpec, CommitTs, IndexColumn, IndexSpec, StorageType, TableId, TableSpec,
};
pub use store::TreeLimits;
pub use transaction::{Arbiters, BulkLoad, Inserted, Isolation, Mark, Transaction};
