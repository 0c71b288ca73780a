//! What a scan asks for and what it answers with, as plain data.

use crate::datum::OwnedDatum;
use crate::error::{Error, Result};
use crate::schema::{ColumnId, TableId};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray};
use std::ops::Bound;

/// The largest number of rows in a [`ScanBatch`]: a selection holds 16-bit row numbers.
pub const MAX_BATCH_ROWS: usize = 65_536;

/// An encoded tree key; identifies a row for updates and deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey<'a>(pub &'a [u8]);

/// A range of tree keys, in encoded bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Where it starts.
    pub low: Bound<Vec<u8>>,
    /// Where it ends.
    pub high: Bound<Vec<u8>>,
}

/// The direction of a key-ordered scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// The comparison of a predicate; NULL in the column never satisfies the first seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredicateOp {
    /// Equal to the one value.
    Equal,
    /// Not equal to the one value.
    NotEqual,
    /// Below the one value.
    Less,
    /// Below or equal to the one value.
    LessOrEqual,
    /// Above the one value.
    Greater,
    /// Above or equal to the one value.
    GreaterOrEqual,
    /// Equal to one of the values.
    In,
    /// NULL; no values.
    IsNull,
    /// Not NULL; no values.
    IsNotNull,
}

/// A condition on one column. Predicates of a request are joined by AND.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    /// The column.
    pub column: ColumnId,
    /// The comparison.
    pub op: PredicateOp,
    /// The constants it compares with, in the column's own representation.
    pub values: Vec<OwnedDatum>,
}

/// How far a scan applied a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// Every row returned satisfies it.
    Exact,
    /// Rows were skipped where zone maps allow; the caller must still evaluate it.
    Inexact,
}

/// What to scan.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// The table.
    pub table: TableId,
    /// The columns to return, in this order. May be empty (counting rows).
    pub columns: Vec<ColumnId>,
    /// The index that finds the rows, where one does. They come in key order all the same.
    pub index: Option<TableId>,
    /// Only rows whose key (of the index, where one is given) lies in one of these ranges; empty:
    /// the whole table. Applied exactly. Ranges may overlap; a row is returned once.
    pub key_ranges: Vec<KeyRange>,
    /// Conditions used to skip blocks.
    pub predicates: Vec<Predicate>,
    /// Key order, when the caller needs it.
    pub order: Option<KeyOrder>,
    /// How many rows the caller expects to take; a hint only.
    pub limit_hint: Option<u64>,
    /// Whether batches carry row keys.
    pub needs_row_key: bool,
    /// Rows per batch at most; 1 to [`MAX_BATCH_ROWS`].
    pub batch_rows: usize,
}

impl ScanRequest {
    /// A scan of all rows of `table`, with the largest batches.
    pub fn all(table: TableId, columns: Vec<ColumnId>) -> ScanRequest {
        ScanRequest {
            table,
            columns,
            index: None,
            key_ranges: Vec::new(),
            predicates: Vec::new(),
            order: None,
            limit_hint: None,
            needs_row_key: false,
            batch_rows: MAX_BATCH_ROWS,
        }
    }

    /// Refuses a request whose numbers make no sense.
    pub(crate) fn check(&self) -> Result<()> {
        if self.batch_rows == 0 || self.batch_rows > MAX_BATCH_ROWS {
            return Err(Error::InvalidRequest(format!(
                "batch_rows is {}, it must be 1 to {MAX_BATCH_ROWS}",
                self.batch_rows
            )));
        }
        Ok(())
    }
}

/// A batch of rows.
#[derive(Clone, Debug)]
pub struct ScanBatch {
    /// One array per requested column, each of `len` rows: slices of a mapped block (no copy), or
    /// small arrays of rows that were written since. The Arrow type of a column may differ between
    /// batches where FORMAT.md allows two (TEXT: `Utf8` or `Dictionary(UInt16, Utf8)`).
    pub columns: Vec<ArrayRef>,
    /// Rows in the arrays.
    pub len: usize,
    /// The rows that are live, ascending; `None`: all.
    pub selection: Option<Vec<u16>>,
    /// Per row of the arrays its encoded tree key, if asked for.
    pub row_keys: Option<BinaryArray>,
}

impl ScanBatch {
    /// Live rows.
    pub fn live_rows(&self) -> usize {
        self.selection.as_ref().map_or(self.len, Vec::len)
    }

    /// The live values of a column of bytes.
    pub(crate) fn bytes_of(&self, column: usize) -> Result<Vec<Vec<u8>>> {
        let array = self.columns.get(column).and_then(|c| c.as_binary_opt::<i32>());
        let array = array.ok_or_else(|| Error::Bug("a column is not bytes".into()))?;
        let value = |row: usize| array.value(row).to_vec();
        Ok(match &self.selection {
            Some(rows) => rows.iter().map(|row| value(usize::from(*row))).collect(),
            None => (0..self.len).map(value).collect(),
        })
    }

    /// The key of row `row` (a row number in the arrays), if keys were asked for.
    pub fn row_key(&self, row: usize) -> Option<RowKey<'_>> {
        let keys = self.row_keys.as_ref()?;
        (row < keys.len()).then(|| RowKey(keys.value(row)))
    }
}

/// What is known about one column of a table; estimates, except the bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnStatistics {
    /// No live value is below this; `None`: not known.
    pub min: Option<OwnedDatum>,
    /// No live value is above this; `None`: not known.
    pub max: Option<OwnedDatum>,
    /// About how many values are NULL.
    pub null_count: u64,
    /// About how many distinct values there are.
    pub distinct_estimate: u64,
}

/// What is known about a table at a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct TableStatistics {
    /// About how many rows are live.
    pub rows: u64,
    /// Per column, in the order of the table's spec.
    pub columns: Vec<ColumnStatistics>,
}
