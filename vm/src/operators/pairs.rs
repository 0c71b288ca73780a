//! The pairs of a batch's rows and their candidates in a hash table, a batch of pairs at a time.

use super::join_table::JoinTable;
use super::rows::NO_ROW;
use crate::batch::{Batch, CAPACITY};

/// How far a batch has been probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// There may be pairs.
    Pairs,
    /// What is left are the rows without a match.
    Rest,
    /// It has given all its output.
    Done,
}

/// Pairs of a batch's rows and the table's, and where to go on.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) probe_rows: Vec<u16>,
    pub(super) build_rows: Vec<u32>,
    /// The next position of the batch's selection.
    position: usize,
    /// The next row of the chain of the row before that position, [`NO_ROW`] behind its end.
    chain: u32,
}

impl Pairs {
    /// Begins with a batch.
    pub(super) fn restart(&mut self) {
        self.position = 0;
        self.chain = NO_ROW;
    }

    /// Fills the lists with the next pairs; says whether there may be more. With `left`, a row
    /// without a candidate is paired with [`NO_ROW`]; rows of `enough` need no more pairs.
    pub(super) fn fill(
        &mut self,
        batch: &Batch,
        table: &JoinTable,
        ids: &[u32],
        left: bool,
        enough: &[bool],
    ) -> bool {
        self.probe_rows.clear();
        self.build_rows.clear();
        let rows = batch.rows();
        loop {
            // Positions before the current one are done but for the rest of the last one's chain.
            if self.chain != NO_ROW {
                let row = rows.at(self.position - 1);
                if enough.get(row) == Some(&true) {
                    self.chain = NO_ROW;
                }
                while self.chain != NO_ROW {
                    if self.probe_rows.len() == CAPACITY {
                        return true;
                    }
                    self.probe_rows.push(row as u16);
                    self.build_rows.push(self.chain);
                    self.chain = table.next(self.chain);
                }
            }
            if self.position == rows.count() {
                return false;
            }
            if self.probe_rows.len() == CAPACITY {
                return true;
            }
            let row = rows.at(self.position);
            self.chain = table.first(ids[row]);
            self.position += 1;
            if self.chain == NO_ROW && left {
                self.probe_rows.push(row as u16);
                self.build_rows.push(NO_ROW);
            }
        }
    }
}
