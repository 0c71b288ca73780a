//! Scans of rows whose keys an index named: each row is read by its key.

use super::{Morsel, Plan};
use crate::block::ColumnBuilder;
use crate::error::Result;
use crate::point::PointScratch;
use crate::request::ScanBatch;
use crate::run::RowRun;
use crate::schema::CommitTs;
use crate::sync::Arc;
use crate::version::TableVersion;
use arrow_array::builder::BinaryBuilder;

/// Rows in a batch: enough to spread its cost, few enough for a caller who stops early.
const BATCH_ROWS: usize = 2048;

/// A part has at least this many rows.
const PART_ROWS: usize = 1024;

/// Where rows are read.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) version: Arc<TableVersion>,
    pub(crate) ts: CommitTs,
    /// The transaction's own writes.
    pub(crate) own: Option<Arc<RowRun>>,
}

/// The rows of a part that are still to come.
#[derive(Debug)]
pub(super) struct Fetch {
    rows: Rows,
    keys: std::vec::IntoIter<Vec<u8>>,
    scratch: PointScratch,
}

/// Divides the rows into at most `n` parts.
pub(super) fn split(
    plan: &Arc<Plan>,
    rows: &Rows,
    mut keys: Vec<Vec<u8>>,
    n: usize,
) -> Vec<Morsel> {
    let part = keys.len().div_ceil(n.max(1)).max(PART_ROWS);
    let mut parts = Vec::new();
    loop {
        let rest = if keys.len() > part { keys.split_off(part) } else { Vec::new() };
        let (rows, scratch) = (rows.clone(), PointScratch::default());
        let fetch = Fetch { rows, keys: keys.into_iter(), scratch };
        parts.push(Morsel::of_rows(Arc::clone(plan), fetch));
        if rest.is_empty() {
            return parts;
        }
        keys = rest;
    }
}

impl Fetch {
    /// The next rows; `None` at the end.
    pub(super) fn next_batch(&mut self, plan: &Plan) -> Result<Option<ScanBatch>> {
        let limit = plan.request.limit_hint.map_or(BATCH_ROWS, |limit| limit.max(1) as usize);
        let size = plan.request.batch_rows.min(BATCH_ROWS).min(limit).min(self.keys.len());
        let table = &plan.table;
        let kinds = plan.columns.iter().map(|at| table.columns[*at].kind);
        let mut builders: Vec<_> = kinds.map(|kind| ColumnBuilder::new(kind, size)).collect();
        let mut row_keys = plan.request.needs_row_key.then(BinaryBuilder::new);
        let mut len = 0;
        while len < size
            && let Some(key) = self.keys.next()
        {
            self.scratch.key = key;
            let Rows { version, ts, own } = &self.rows;
            let own = own.as_ref().and_then(|run| run.find(&self.scratch.key));
            let columns = plan.columns.iter().copied();
            let push = |at: usize, value: crate::datum::Datum<'_>| builders[at].push(value);
            if self.scratch.read(version, *ts, own, columns, push)? {
                len += 1;
                if let Some(keys) = &mut row_keys {
                    keys.append_value(&self.scratch.key);
                }
            }
        }
        if len == 0 {
            return Ok(None);
        }
        let columns = builders.into_iter().map(|b| b.finish(false)).collect::<Result<_>>()?;
        let row_keys = row_keys.map(|mut keys| keys.finish());
        Ok(Some(ScanBatch { columns, len, selection: None, row_keys }))
    }
}
