//! Running a part of a scan.

use super::merge::{Merged, merge};
use super::{Plan, Unit};
use crate::block::ColumnBuilder;
use crate::datum::Datum;
use crate::error::Result;
use crate::request::{KeyOrder, ScanBatch};
use crate::row::Operation;
use crate::sync::Arc;
use arrow_array::BinaryArray;
use arrow_array::builder::BinaryBuilder;
use std::collections::VecDeque;

/// A part of a scan.
#[derive(Debug)]
pub struct Morsel {
    plan: Arc<Plan>,
    units: VecDeque<Unit>,
    current: Option<Current>,
}

/// The unit being scanned.
#[derive(Debug)]
struct Current {
    merged: Merged,
    /// The merged keys that are rows, in the order to return them.
    rows: Vec<u32>,
    done: usize,
}

impl Morsel {
    pub(super) fn new(plan: Arc<Plan>, units: Vec<Unit>) -> Morsel {
        Morsel { plan, units: units.into(), current: None }
    }

    /// The next batch, never empty; `None` at the end.
    ///
    /// # Errors
    /// Damage and I/O errors of the files read.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<ScanBatch>> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(batch) = current.next_delta(&self.plan)? {
                    return Ok(Some(batch));
                }
                self.current = None;
            }
            let Some(unit) = self.units.pop_front() else {
                return Ok(None);
            };
            self.current = Some(Current::start(&self.plan, &unit));
        }
    }
}

impl Current {
    fn start(plan: &Plan, unit: &Unit) -> Current {
        let (low, high) = unit.bounds();
        let merged = merge(&plan.table, &plan.layers, low, high);
        let mut rows = Vec::with_capacity(merged.len());
        for index in 0..merged.len() {
            // Without a leaf below, patches alone are no row.
            let live = merged.messages(index).last().is_some_and(|at| {
                plan.layers[at.layer as usize].operation(at.row as usize) == Operation::Put
            });
            if live {
                rows.push(index as u32);
            }
        }
        if plan.request.order == Some(KeyOrder::Descending) {
            rows.reverse();
        }
        Current { merged, rows, done: 0 }
    }

    /// The next batch of rows that come from messages.
    fn next_delta(&mut self, plan: &Plan) -> Result<Option<ScanBatch>> {
        let end = self.rows.len().min(self.done + plan.request.batch_rows);
        let rows = &self.rows[self.done..end];
        if rows.is_empty() {
            return Ok(None);
        }
        let mut scratch = Vec::new();
        let mut columns = Vec::with_capacity(plan.columns.len());
        for &position in &plan.columns {
            let kind = plan.table.columns[position].kind;
            let mut builder = ColumnBuilder::new(kind, rows.len());
            for &row in rows {
                let value = self.merged.messages(row as usize).iter().find_map(|at| {
                    let layer = &plan.layers[at.layer as usize];
                    // The borrow of `scratch` ends with each value, so it is found, then pushed.
                    let value = layer.value(&plan.table, at.row as usize, position, &mut scratch);
                    value.map(|value| builder.push(value))
                });
                if value.is_none() {
                    builder.push(Datum::Null);
                }
            }
            columns.push(builder.finish(false)?);
        }
        let row_keys = plan.request.needs_row_key.then(|| self.row_keys(rows));
        let len = rows.len();
        self.done = end;
        Ok(Some(ScanBatch { columns, len, selection: None, row_keys }))
    }

    fn row_keys(&self, rows: &[u32]) -> BinaryArray {
        let mut builder = BinaryBuilder::with_capacity(rows.len(), rows.len() * 16);
        rows.iter().for_each(|&row| builder.append_value(self.merged.key(row as usize)));
        builder.finish()
    }
}
