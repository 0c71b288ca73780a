//! What an instance keeps beside registers and frames: memory that instructions reuse, savepoints,
//! and the exception that was caught last.

use super::emit::RowBuffer;
use super::queries::OpenRows;
use crate::budget::Reservation;
use grizzly_bytecode::{Fault, Value};

/// The reused memory and the marks of an instance.
#[derive(Default)]
pub(crate) struct Side {
    /// The budget's share of banks that grew in this run.
    pub(crate) reserved: Option<Reservation>,
    /// The arguments of a native call.
    pub(crate) arguments: Vec<Value>,
    /// The row of a point read.
    pub(crate) row: Vec<Value>,
    /// Rows that were emitted.
    pub(crate) rows: RowBuffer,
    /// The queries whose rows loops read.
    pub(crate) open_rows: Vec<OpenRows>,
    /// The savepoints of open undoing ranges, outermost first.
    pub(crate) savepoints: Vec<Savepoint>,
    /// The fault that a handler caught last and the number of frames below the handler's: raised
    /// again there, it keeps its trace.
    pub(crate) caught: Option<(usize, Fault)>,
}

/// The mark of an undoing range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Savepoint {
    /// The number of frames below the one that set it.
    pub(crate) depth: usize,
    /// The first and one past the last instruction of its range.
    pub(crate) range: (u16, u16),
    /// What the tables call it.
    pub(crate) mark: u64,
    /// The statement's count of rows at that moment.
    pub(crate) rows_written: u64,
}

impl Side {
    /// Forgets what belongs to a run that has ended.
    pub(crate) fn end_run(&mut self) {
        self.savepoints.clear();
        self.open_rows.clear();
        self.caught = None;
        self.row.clear();
        self.rows.clear();
    }

    /// Forgets the savepoints of ranges that `pc`, at `depth`, is not inside: their frames have
    /// returned or their ranges were left without a fault.
    pub(crate) fn leave_ranges(&mut self, depth: usize, pc: u16) {
        while let Some(last) = self.savepoints.last() {
            let inside = last.range.0 < pc && pc < last.range.1;
            if last.depth < depth || (last.depth == depth && inside) {
                break;
            }
            self.savepoints.pop();
        }
    }

    /// The savepoint of the range that begins at `start`, set by the frame at `depth`.
    pub(crate) fn savepoint(&self, depth: usize, start: u16) -> Option<Savepoint> {
        let mut marks = self.savepoints.iter().rev();
        marks.find(|s| s.depth == depth && s.range.0 == start).copied()
    }
}
