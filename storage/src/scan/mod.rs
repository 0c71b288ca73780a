//! Scans: from a table's layers to batches of Arrow arrays.
//!
//! A scan is planned once: the layers above the leaves are pinned, the key space is cut into
//! [`Unit`]s (a leaf, or a stretch of messages where there are no leaves) and units are dealt to
//! [`Morsel`]s. Per unit a morsel merges the messages, yields the leaf's mapped columns with a
//! selection that masks overwritten rows, then the rows the messages stand for as a small batch of
//! their own. Only a scan in key order interleaves the two, by copying.

mod cache;
mod fetch;
mod morsel;
mod zone;

pub(crate) use cache::OverlayCache;
pub(crate) use fetch::Rows;
pub use morsel::Morsel;

use crate::block::Block;
use crate::error::Result;
use crate::layer::Layer;
use crate::memtable::is_empty_range;
use crate::merge::cut;
use crate::request::{Exactness, KeyOrder, KeyRange, ScanRequest};
use crate::run::RowRun;
use crate::schema::CommitTs;
use crate::sync::Arc;
use crate::table::Table;
use crate::tree::{Child, Node};
use crate::version::TableVersion;
use std::ops::Bound;

/// Messages in a unit that has no leaf, about.
const UNIT_MESSAGES: usize = 65_536;

type Keys = Bound<Vec<u8>>;

/// What all morsels of a scan share.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) table: Arc<Table>,
    /// Positions of the requested columns.
    pub(crate) columns: Vec<usize>,
    pub(crate) request: ScanRequest,
}

/// A key range to scan, at most one leaf long.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) low: Keys,
    pub(crate) high: Keys,
    /// The layers above the leaf, newest first.
    pub(crate) layers: Arc<Vec<Layer>>,
    pub(crate) leaf: Option<Arc<Block>>,
    /// Rows in it, about.
    pub(crate) rows: u64,
}

impl Unit {
    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (as_slice(&self.low), as_slice(&self.high))
    }
}

fn as_slice(bound: &Keys) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// A scan, before it is divided.
#[derive(Debug)]
pub struct Scan {
    plan: Arc<Plan>,
    /// In key order, or in reverse for a descending scan.
    units: Vec<Unit>,
    /// The rows to fetch one by one, in place of units.
    rows: Option<(Rows, Vec<Vec<u8>>)>,
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
        let layers = upper_layers(version, ts, own, &ranges);
        let mut units = Vec::new();
        for (low, high) in ranges {
            match &version.tree.root {
                Some(root) => cut_node(root, &layers, (low, high), &mut units)?,
                None => cut_messages(&Arc::new(layers.clone()), low, high, &mut units),
            }
        }
        if request.order == Some(KeyOrder::Descending) {
            units.reverse();
        }
        let exactness = vec![Exactness::Inexact; request.predicates.len()];
        let plan = Arc::new(Plan { table, columns, request });
        Ok(Scan { plan, units, rows: None, exactness })
    }

    /// A scan of the rows with these keys, which ascend.
    pub(crate) fn of_rows(
        rows: Rows,
        mut keys: Vec<Vec<u8>>,
        request: ScanRequest,
    ) -> Result<Scan> {
        request.check()?;
        let table = Arc::clone(&rows.version.table);
        let columns = table.positions(&request.columns)?;
        if request.order == Some(KeyOrder::Descending) {
            keys.reverse();
        }
        let exactness = vec![Exactness::Inexact; request.predicates.len()];
        let plan = Arc::new(Plan { table, columns, request });
        Ok(Scan { plan, units: Vec::new(), rows: Some((rows, keys)), exactness })
    }

    /// Per predicate of the request, how far it is applied.
    pub fn exactness(&self) -> &[Exactness] {
        &self.exactness
    }

    /// About how many rows it returns at most.
    pub fn rows_estimate(&self) -> u64 {
        let rows = self.rows.as_ref().map_or(0, |(_, keys)| keys.len() as u64);
        rows + self.units.iter().map(|unit| unit.rows).sum::<u64>()
    }

    /// Divides the scan into at most `n` parts of similar size that may run on different threads.
    /// The parts of an ordered scan, taken one after the other, are in order.
    pub fn split(self, n: usize) -> Vec<Morsel> {
        if let Some((rows, keys)) = self.rows {
            return fetch::split(&self.plan, &rows, keys, n);
        }
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

/// The layers above the tree, newest first.
fn upper_layers(
    version: &TableVersion,
    ts: CommitTs,
    own: Option<Arc<RowRun>>,
    ranges: &[(Keys, Keys)],
) -> Vec<Layer> {
    let mut layers: Vec<Layer> = own.map(Layer::Rows).into_iter().collect();
    let committed = match ranges {
        // Full scans share a view; a bounded one takes its messages only.
        [(Bound::Unbounded, Bound::Unbounded)] => version.memtable.view(ts),
        _ => Arc::new(version.memtable.ranges(ts, ranges)),
    };
    if !committed.is_empty() {
        layers.push(Layer::Rows(committed));
    }
    let frozen = version.frozen.iter().rev();
    layers.extend(frozen.map(|frozen| Layer::Rows(Arc::clone(&frozen.run))));
    layers
}

/// Cuts a range below a node into units, one for each leaf.
fn cut_node(
    node: &Node,
    upper: &[Layer],
    range: (Keys, Keys),
    units: &mut Vec<Unit>,
) -> Result<()> {
    let mut layers = upper.to_vec();
    for slice in node.buffers.iter().rev() {
        layers.push(Layer::of_slice(slice)?);
    }
    let layers = Arc::new(layers);
    for (index, child) in node.children.iter().enumerate() {
        let low = match index.checked_sub(1).map(|at| Bound::Included(node.pivots[at].clone())) {
            Some(low) if low_order(&low) > low_order(&range.0) => low,
            _ => range.0.clone(),
        };
        let high = match node.pivots.get(index).map(|pivot| Bound::Excluded(pivot.clone())) {
            Some(high) if high_order(&high) < high_order(&range.1) => high,
            _ => range.1.clone(),
        };
        if is_empty_range(as_slice(&low), as_slice(&high)) {
            continue;
        }
        match child {
            Child::Node(inner) => cut_node(inner, &layers, (low, high), units)?,
            Child::Leaf(leaf) => units.push(Unit {
                low,
                high,
                layers: Arc::clone(&layers),
                rows: leaf.rows as u64,
                leaf: Some(Arc::clone(leaf)),
            }),
        }
    }
    Ok(())
}

/// Cuts a range without leaves into units.
fn cut_messages(layers: &Arc<Vec<Layer>>, low: Keys, high: Keys, units: &mut Vec<Unit>) {
    units.extend(cut(layers, low, high, UNIT_MESSAGES).into_iter().map(|stretch| Unit {
        low: stretch.low,
        high: stretch.high,
        layers: Arc::clone(layers),
        leaf: None,
        rows: stretch.messages as u64,
    }));
}

/// Key ranges as disjoint ones in order; no range at all is the whole table.
fn disjoint(ranges: &[KeyRange]) -> Vec<(Keys, Keys)> {
    if ranges.is_empty() {
        return vec![(Bound::Unbounded, Bound::Unbounded)];
    }
    let mut sorted: Vec<_> = ranges
        .iter()
        .filter(|range| !is_empty_range(as_slice(&range.low), as_slice(&range.high)))
        .map(|range| (range.low.clone(), range.high.clone()))
        .collect();
    sorted.sort_by(|a, b| low_order(&a.0).cmp(&low_order(&b.0)));
    let mut result: Vec<(Keys, Keys)> = Vec::new();
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
