//! A batch: columns of the same length and the rows of them that count.

use crate::vector::Vector;

/// The most rows of a batch. A selection's indices fit 16 bits.
pub const CAPACITY: usize = 4096;

/// Columns of `len` rows and an optional selection of them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The columns, each of `len` rows.
    pub columns: Vec<Vector>,
    /// The number of rows, selected or not; at most [`CAPACITY`].
    pub len: usize,
    /// The rows that count, ascending; `None` for all.
    pub selection: Option<Vec<u16>>,
}
