//! Keeps all rows in the order in which they come.

use super::Flow;
use super::rows::{FrozenRows, RowSet};
use crate::Fault;
use crate::batch::Batch;
use crate::budget::Budget;

/// A collection at work.
pub(super) struct Collect {
    rows: RowSet,
}

impl Collect {
    pub(super) fn new(budget: &Budget) -> Collect {
        Collect { rows: RowSet::new(budget) }
    }

    pub(super) fn take(&mut self, batch: &mut Batch) -> Result<Flow, Fault> {
        let rows = batch.selection.rows(batch.len);
        self.rows.append(batch.columns.iter(), rows)?;
        Ok(Flow::More)
    }

    pub(super) fn finish(self) -> FrozenRows {
        self.rows.freeze()
    }
}
