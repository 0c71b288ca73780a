//! Scans: from a table's layers to batches of Arrow arrays.
//!
//! A scan is planned once: the layers above the leaves are pinned, the key space is cut into
//! [`Unit`]s (a leaf, or a stretch of messages where there are no leaves) and units are dealt to
//! [`Morsel`]s. Per unit a morsel merges the messages, yields the leaf's mapped columns with a
//! selection that masks overwritten rows, then the rows the messages stand for as a small batch of
//! their own. Only a scan in key order interleaves the two, by copying.

mod layer;
mod merge;
mod morsel;

pub(crate) use layer::Layer;
pub use morsel::Morsel;

use crate::error::Result;
use crate::request::{Exactness, KeyOrder, KeyRange, ScanRequest};
use crate::run::RowRun;
use crate::schema::CommitTs;
use crate::sync::Arc;
use crate::table::Table;
use crate::version::TableVersion;
use std::ops::Bound;

/// Messages in a unit that has no leaf, about.
const UNIT_MESSAGES: usize = 65_536;

/// What all morsels of a scan share.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) table: Arc<Table>,
    /// Positions of the requested columns.
    pub(crate) columns: Vec<usize>,
    pub(crate) request: ScanRequest,
    /// Layers above the tree, newest first.
    pub(crate) layers: Vec<Layer>,
}

/// A key range to scan, at most one leaf long.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) low: Bound<Vec<u8>>,
    pub(crate) high: Bound<Vec<u8>>,
    /// Rows in it, about.
    pub(crate) rows: u64,
}

impl Unit {
    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.low.as_ref().map(Vec::as_slice), self.high.as_ref().map(Vec::as_slice))
    }
}

/// A scan, before it is divided.
#[derive(Debug)]
pub struct Scan {
    plan: Arc<Plan>,
    /// In key order, or in reverse for a descending scan.
    units: Vec<Unit>,
    exactness: Vec<Exactness>,
}

impl Scan {
    pub(crate) fn new(
        version: &TableVersion,
        ts: CommitTs,
        own: Option<Arc<RowRun>>,
        request: ScanRequest,
    ) -> Result<Scan> {
        request.check()?;
        let table = Arc::clone(&version.table);
        let columns = table.positions(&request.columns)?;
        for predicate in &request.predicates {
            table.position(predicate.column)?;
        }
        let ranges = disjoint(&request.key_ranges);
        let mut layers = Vec::new();
        layers.extend(own.map(Layer::Rows));
        let committed = match ranges.as_slice() {
            [(low, high)] if !matches!((low, high), (Bound::Unbounded, Bound::Unbounded)) => {
                let bounds = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
                Arc::new(version.memtable.range(ts, bounds.0, bounds.1))
            }
            _ => version.memtable.view(ts),
        };
        if !committed.is_empty() {
            layers.push(Layer::Rows(committed));
        }
        let frozen = version.frozen.iter().rev();
        layers.extend(frozen.map(|frozen| Layer::Rows(Arc::clone(&frozen.run))));
        let mut units = Vec::new();
        for (low, high) in ranges {
            cut_messages(&layers, low, high, &mut units);
        }
        if request.order == Some(KeyOrder::Descending) {
            units.reverse();
        }
        let exactness = vec![Exactness::Inexact; request.predicates.len()];
        let plan = Arc::new(Plan { table, columns, request, layers });
        Ok(Scan { plan, units, exactness })
    }

    /// Per predicate of the request, how far it is applied.
    pub fn exactness(&self) -> &[Exactness] {
        &self.exactness
    }

    /// About how many rows it returns at most.
    pub fn rows_estimate(&self) -> u64 {
        self.units.iter().map(|unit| unit.rows).sum()
    }

    /// Divides the scan into at most `n` parts of similar size that may run on different threads.
    /// The parts of an ordered scan, taken one after the other, are in order.
    pub fn split(self, n: usize) -> Vec<Morsel> {
        let total = self.rows_estimate();
        let parts = n.clamp(1, self.units.len().max(1)) as u64;
        let mut morsels: Vec<Vec<Unit>> = Vec::new();
        let mut done = 0;
        let mut part = u64::MAX;
        for unit in self.units {
            // The part this unit's first row falls into, when rows are dealt evenly.
            let wanted = (done * parts).checked_div(total).unwrap_or(0).min(parts - 1);
            done += unit.rows;
            if wanted != part {
                morsels.push(Vec::new());
                part = wanted;
            }
            if let Some(last) = morsels.last_mut() {
                last.push(unit);
            }
        }
        morsels.into_iter().map(|units| Morsel::new(Arc::clone(&self.plan), units)).collect()
    }
}

/// Key ranges as disjoint ones in order; no range at all is the whole table.
fn disjoint(ranges: &[KeyRange]) -> Vec<(Bound<Vec<u8>>, Bound<Vec<u8>>)> {
    if ranges.is_empty() {
        return vec![(Bound::Unbounded, Bound::Unbounded)];
    }
    let mut sorted: Vec<_> = ranges
        .iter()
        .filter(|range| {
            let low = range.low.as_ref().map(Vec::as_slice);
            let high = range.high.as_ref().map(Vec::as_slice);
            !crate::memtable::is_empty_range(low, high)
        })
        .map(|range| (range.low.clone(), range.high.clone()))
        .collect();
    sorted.sort_by(|a, b| low_order(&a.0).cmp(&low_order(&b.0)));
    let mut result: Vec<(Bound<Vec<u8>>, Bound<Vec<u8>>)> = Vec::new();
    for (low, high) in sorted {
        match result.last_mut() {
            Some(last) if reaches(&last.1, &low) => {
                if high_order(&high) > high_order(&last.1) {
                    last.1 = high;
                }
            }
            _ => result.push((low, high)),
        }
    }
    result
}

fn low_order(bound: &Bound<Vec<u8>>) -> (u8, &[u8], u8) {
    match bound {
        Bound::Unbounded => (0, &[], 0),
        Bound::Included(key) => (1, key, 0),
        Bound::Excluded(key) => (1, key, 1),
    }
}

fn high_order(bound: &Bound<Vec<u8>>) -> (u8, &[u8], u8) {
    match bound {
        Bound::Excluded(key) => (0, key, 0),
        Bound::Included(key) => (0, key, 1),
        Bound::Unbounded => (1, &[], 0),
    }
}

/// Whether a range that ends at `high` meets one that starts at `low`.
fn reaches(high: &Bound<Vec<u8>>, low: &Bound<Vec<u8>>) -> bool {
    match (high, low) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(high), Bound::Included(low) | Bound::Excluded(low))
        | (Bound::Excluded(high), Bound::Included(low)) => high >= low,
        (Bound::Excluded(high), Bound::Excluded(low)) => high > low,
    }
}

/// Cuts a range without leaves into units, at keys of the layer with most messages in it.
fn cut_messages(
    layers: &[Layer],
    low: Bound<Vec<u8>>,
    high: Bound<Vec<u8>>,
    units: &mut Vec<Unit>,
) {
    let bounds = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
    let ranges: Vec<_> = layers.iter().map(|layer| layer.range(bounds.0, bounds.1)).collect();
    let total: usize = ranges.iter().map(|range| range.len()).sum();
    let largest = (0..layers.len()).max_by_key(|&index| ranges[index].len());
    let mut start = low;
    if let Some(largest) = largest {
        let range = ranges[largest].clone();
        let pieces = total.div_ceil(UNIT_MESSAGES).max(1);
        let rows = (total / pieces) as u64;
        for piece in 1..pieces {
            let at = range.start + range.len() * piece / pieces;
            let mut scratch = Vec::new();
            layers[largest].load_key(at, &mut scratch);
            let key = layers[largest].key(at, &scratch).to_vec();
            let end = Bound::Excluded(key.clone());
            units.push(Unit {
                low: std::mem::replace(&mut start, Bound::Included(key)),
                high: end,
                rows,
            });
        }
        units.push(Unit { low: start, high, rows });
    }
}
