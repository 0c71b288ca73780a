//! Skips rows, passes some, and ends the pipeline.

use super::Flow;
use crate::Fault;
use crate::batch::Batch;
use grizzly_bytecode::query::Count;
use grizzly_bytecode::{Builtin, Value};

/// A limit at work.
pub(super) struct Limit {
    skip: u64,
    left: Option<u64>,
    kept: Vec<u16>,
}

impl Limit {
    /// # Errors
    /// TypeError where a parameter counts fewer than no rows.
    pub(super) fn new(
        limit: Option<Count>,
        offset: Count,
        parameters: &[Value],
    ) -> Result<Limit, Fault> {
        let left = limit.map(|limit| rows(limit, parameters)).transpose()?.flatten();
        Ok(Limit { skip: rows(offset, parameters)?.unwrap_or(0), left, kept: Vec::new() })
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

/// The number of rows that a count says, `None` for NULL.
///
/// # Errors
/// TypeError where it is negative.
pub(super) fn rows(count: Count, parameters: &[Value]) -> Result<Option<u64>, Fault> {
    let parameter = match count {
        Count::Constant(n) => return Ok(Some(n)),
        Count::Param(p) => parameters.get(p.index()).unwrap_or(&Value::Null),
    };
    match parameter {
        Value::Null => Ok(None),
        Value::Int(n) => match u64::try_from(*n) {
            Ok(n) => Ok(Some(n)),
            Err(_) => {
                let message = format!("LIMIT and OFFSET must not be negative, got {n}");
                Err(Fault::new(Builtin::TypeError, message))
            }
        },
        _ => Err(Fault::new(Builtin::TypeError, "LIMIT and OFFSET take an INT64")),
    }
}
