//! Skips rows, passes some, and ends the pipeline.

use super::Flow;
use crate::batch::Batch;

/// A limit at work.
pub(super) struct Limit {
    skip: u64,
    left: Option<u64>,
    kept: Vec<u16>,
}

impl Limit {
    pub(super) fn new(limit: Option<u64>, offset: u64) -> Limit {
        Limit { skip: offset, left: limit, kept: Vec::new() }
    }

    /// Narrows the batch to the rows to pass; says whether more may come.
    pub(super) fn apply(&mut self, batch: &mut Batch) -> Flow {
        let count = batch.rows().count() as u64;
        let skipped = self.skip.min(count);
        self.skip -= skipped;
        let passed = (count - skipped).min(self.left.unwrap_or(u64::MAX));
        if let Some(left) = &mut self.left {
            *left -= passed;
        }
        if passed < count {
            self.kept.clear();
            // The numbers are within a batch.
            let rows = batch.rows().iter().skip(skipped as usize).take(passed as usize);
            self.kept.extend(rows.map(|row| row as u16));
            batch.selection.exchange(&mut self.kept);
        }
        if self.left == Some(0) { Flow::Done } else { Flow::More }
    }
}
