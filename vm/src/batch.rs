//! A batch: columns of the same length and the rows of them that count.

use crate::vector::Vector;
use grizzly_bytecode::{Type, Value};

/// The most rows of a batch. A selection's indices fit 16 bits.
pub const CAPACITY: usize = 4096;

/// Columns of `len` rows and an optional selection of them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The columns, each of at least `len` rows.
    pub columns: Vec<Vector>,
    /// The number of rows, selected or not; at most [`CAPACITY`].
    pub len: usize,
    /// The rows that count.
    pub selection: Selection,
}

/// The rows of a batch that count: all, or a list of them, whose memory is kept for reuse.
#[derive(Debug, Default)]
pub struct Selection {
    active: bool,
    rows: Vec<u16>,
}

/// A selection for reading.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// The rows 0 to n - 1.
    All(usize),
    /// Some rows, ascending.
    Some(&'a [u16]),
}

impl Selection {
    /// The selection of a batch of `len` rows.
    pub fn rows(&self, len: usize) -> Rows<'_> {
        if self.active { Rows::Some(&self.rows) } else { Rows::All(len) }
    }

    /// Selects all rows.
    pub fn select_all(&mut self) {
        self.active = false;
    }

    /// Selects the rows that are put into the list, which is empty at first and must ascend.
    pub fn select(&mut self) -> &mut Vec<u16> {
        self.active = true;
        self.rows.clear();
        &mut self.rows
    }

    /// Exchanges the list with another one, whose rows are selected from now on.
    pub fn exchange(&mut self, rows: &mut Vec<u16>) {
        self.active = true;
        std::mem::swap(&mut self.rows, rows);
    }

    /// Whether all rows count.
    pub fn is_all(&self) -> bool {
        !self.active
    }
}

impl<'a> Rows<'a> {
    /// The number of rows.
    #[inline]
    pub fn count(&self) -> usize {
        match self {
            Rows::All(len) => *len,
            Rows::Some(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The row at a position of the selection.
    #[inline]
    pub fn at(&self, position: usize) -> usize {
        match self {
            Rows::All(_) => position,
            Rows::Some(rows) => usize::from(rows[position]),
        }
    }

    /// Calls `visit` with every row, ascending.
    #[inline]
    pub fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Rows::All(len) => (0..*len).for_each(visit),
            Rows::Some(rows) => rows.iter().for_each(|&row| visit(usize::from(row))),
        }
    }

    /// The rows, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> + Clone + 'a {
        (0..self.count()).map(move |position| self.at(position))
    }

    /// The first row that fulfils a condition.
    pub fn find(&self, mut condition: impl FnMut(usize) -> bool) -> Option<usize> {
        self.iter().find(|&row| condition(row))
    }
}

impl Batch {
    /// The rows that count.
    pub fn rows(&self) -> Rows<'_> {
        self.selection.rows(self.len)
    }

    /// Makes the batch have `len` rows, all of which count, and `columns` columns to fill.
    pub fn reset(&mut self, columns: usize, len: usize) {
        debug_assert!(len <= CAPACITY, "a batch holds at most CAPACITY rows");
        self.columns.resize_with(columns, Vector::default);
        self.len = len;
        self.selection.select_all();
    }

    /// The value of a column, whose type is given, in a row (not a position of the selection).
    pub fn value(&self, row: usize, column: usize, ty: &Type) -> Value {
        self.columns[column].value(row, ty)
    }
}
