//! Running a part of a scan.

use super::cache::Laid;
use super::fetch::Fetch;
use super::zone::excludes;
use super::{Plan, Unit};
use crate::block::Block;
use crate::error::Result;
use crate::layer::Layer;
use crate::merge::{Merged, merge};
use crate::overlay::{
    ColumnSet, Overlay, OverlayRow, Piece, Sources, take_last_pieces, take_pieces,
};
use crate::request::{KeyOrder, ScanBatch};
use crate::sync::Arc;
use arrow_array::BinaryArray;
use arrow_array::builder::BinaryBuilder;
use std::collections::VecDeque;
use std::ops::Range;

/// Rows in the first batches of an ordered scan that is expected to end early.
const FIRST_ROWS: usize = 64;

/// A part of a scan.
#[derive(Debug)]
pub struct Morsel {
    plan: Arc<Plan>,
    units: VecDeque<Unit>,
    current: Option<Current>,
    /// Rows fetched one by one, in place of units.
    fetch: Option<Fetch>,
    returned: u64,
}

/// The unit being scanned.
#[derive(Debug)]
struct Current {
    merged: Arc<Merged>,
    layers: Arc<Vec<Layer>>,
    leaf: Option<Arc<Block>>,
    rest: Rest,
}

/// What of a unit is still to be returned.
#[derive(Debug)]
enum Rest {
    /// First the leaf's rows with a selection, then the rows of messages.
    Apart { base: Range<usize>, hidden: Vec<u32>, rows: Vec<OverlayRow>, done: usize },
    /// Everything interleaved in key order.
    InOrder(VecDeque<Piece>),
}

impl Morsel {
    pub(super) fn new(plan: Arc<Plan>, units: Vec<Unit>) -> Morsel {
        Morsel { plan, units: units.into(), current: None, fetch: None, returned: 0 }
    }

    pub(super) fn of_rows(plan: Arc<Plan>, fetch: Fetch) -> Morsel {
        Morsel { plan, units: VecDeque::new(), current: None, fetch: Some(fetch), returned: 0 }
    }

    /// The next batch, with at least one live row; `None` at the end.
    ///
    /// # Errors
    /// Damage and I/O errors of the files read.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<ScanBatch>> {
        if let Some(fetch) = &mut self.fetch {
            return fetch.next_batch(&self.plan);
        }
        loop {
            if let Some(current) = &mut self.current {
                if let Some(batch) = current.next_batch(&self.plan, self.returned)? {
                    self.returned += batch.live_rows() as u64;
                    return Ok(Some(batch));
                }
                self.current = None;
            }
            let Some(unit) = self.units.pop_front() else {
                return Ok(None);
            };
            self.current = Some(Current::start(&self.plan, unit)?);
        }
    }
}

impl Current {
    fn start(plan: &Plan, unit: Unit) -> Result<Current> {
        let (low, high) = unit.bounds();
        let leaf = unit.leaf.as_deref();
        let whole = plan.request.key_ranges.is_empty();
        let ordered = plan.request.order.is_some();
        let skipped = match leaf {
            Some(leaf) => skips(plan, leaf)?,
            None => true,
        };
        let base = match leaf {
            None => 0..0,
            Some(leaf) if whole => 0..leaf.rows,
            Some(leaf) => leaf.keys()?.range(low, high),
        };
        let laid = lay(&unit, base.clone(), whole)?;
        let rest = if laid.merged.is_empty() && plan.request.order != Some(KeyOrder::Descending) {
            let base = if skipped { base.end..base.end } else { base };
            Rest::Apart { base, hidden: Vec::new(), rows: Vec::new(), done: 0 }
        } else if ordered {
            Rest::InOrder(laid.overlay.pieces().into())
        } else {
            // No row of the leaf matches when its zones say so; patched ones still may.
            let base = if skipped { base.end..base.end } else { base };
            let read = columns_read(plan)?;
            let (hidden, rows) = (laid.overlay.hidden(read), laid.overlay.rows(read));
            Rest::Apart { base, hidden, rows, done: 0 }
        };
        Ok(Current { merged: laid.merged, layers: unit.layers, leaf: unit.leaf, rest })
    }

    fn next_batch(&mut self, plan: &Plan, returned: u64) -> Result<Option<ScanBatch>> {
        let size = plan.request.batch_rows;
        match &mut self.rest {
            Rest::Apart { base, hidden, rows, done } => {
                while let Some(leaf) = &self.leaf
                    && base.start < base.end
                {
                    let taken = base.start..base.end.min(base.start + size);
                    base.start = taken.end;
                    if let Some(batch) = base_batch(plan, leaf, taken, hidden)? {
                        return Ok(Some(batch));
                    }
                }
                let taken = *done..rows.len().min(*done + size);
                *done = taken.end;
                let sources = Sources {
                    table: &plan.table,
                    layers: &self.layers,
                    merged: &self.merged,
                    leaf: self.leaf.as_deref(),
                };
                rows_batch(plan, &sources, &rows[taken])
            }
            Rest::InOrder(pieces) => {
                // Those who want few rows get them without building many.
                let few = plan.request.limit_hint.is_some_and(|limit| limit > returned);
                let size = if few { size.min(FIRST_ROWS.max(returned as usize)) } else { size };
                let taken = match plan.request.order {
                    Some(KeyOrder::Descending) => take_last_pieces(pieces, size),
                    _ => take_pieces(pieces, size),
                };
                let sources = Sources {
                    table: &plan.table,
                    layers: &self.layers,
                    merged: &self.merged,
                    leaf: self.leaf.as_deref(),
                };
                pieces_batch(plan, &sources, &taken)
            }
        }
    }
}

/// Lays the messages of a unit over the rows `base` of its leaf; scans of whole leaves remember it.
fn lay(unit: &Unit, base: Range<usize>, whole: bool) -> Result<Laid> {
    let leaf = unit.leaf.as_deref();
    let cache = leaf.filter(|_| whole && !unit.layers.is_empty()).map(|leaf| &leaf.overlays);
    if let Some(laid) = cache.and_then(|cache| cache.get(unit)) {
        return Ok(laid);
    }
    let (low, high) = unit.bounds();
    let merged = merge(&unit.layers, low, high);
    let overlay = Overlay::new(&unit.layers, &merged, leaf, base)?;
    let laid = Laid { merged: Arc::new(merged), overlay: Arc::new(overlay) };
    if let Some(cache) = cache
        && !laid.merged.is_empty()
    {
        cache.put(unit, &laid);
    }
    Ok(laid)
}

/// The columns that a scan returns or tests.
fn columns_read(plan: &Plan) -> Result<ColumnSet> {
    let mut positions = plan.columns.clone();
    for predicate in &plan.request.predicates {
        positions.push(plan.table.position(predicate.column)?);
    }
    Ok(ColumnSet::of(positions))
}

/// Whether zone maps rule out every row of a leaf.
fn skips(plan: &Plan, leaf: &Block) -> Result<bool> {
    for predicate in &plan.request.predicates {
        let position = plan.table.position(predicate.column)?;
        if excludes(&leaf.summary()?.zones[position], leaf.rows, predicate) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A batch of a leaf's rows, none of them copied; `None` if all are hidden.
fn base_batch(
    plan: &Plan,
    leaf: &Block,
    range: Range<usize>,
    hidden: &[u32],
) -> Result<Option<ScanBatch>> {
    let first = hidden.partition_point(|&row| (row as usize) < range.start);
    let last = hidden.partition_point(|&row| (row as usize) < range.end);
    let hidden = &hidden[first..last];
    if hidden.len() == range.len() {
        return Ok(None);
    }
    let selection = (!hidden.is_empty()).then(|| selection_without(&range, hidden));
    let mut columns = Vec::with_capacity(plan.columns.len());
    for &position in &plan.columns {
        columns.push(leaf.column(position)?.slice(range.start, range.len()));
    }
    let row_keys = if plan.request.needs_row_key {
        let keys = leaf.keys()?;
        let mut builder = BinaryBuilder::with_capacity(range.len(), range.len() * 16);
        let mut key = Vec::new();
        for row in range.clone() {
            keys.encode(row, &mut key);
            builder.append_value(&key);
        }
        Some(builder.finish())
    } else {
        None
    };
    Ok(Some(ScanBatch { columns, len: range.len(), selection, row_keys }))
}

/// The rows of `range`, counted from its start, that are not hidden.
fn selection_without(range: &Range<usize>, hidden: &[u32]) -> Vec<u16> {
    let mut selection = Vec::with_capacity(range.len() - hidden.len());
    let mut next = range.start;
    for &row in hidden {
        let row = row as usize;
        selection.extend((next - range.start..row - range.start).map(|row| row as u16));
        next = row + 1;
    }
    selection.extend((next - range.start..range.len()).map(|row| row as u16));
    selection
}

/// A batch of rows that messages stand for; `None` if there are none.
fn rows_batch(
    plan: &Plan,
    sources: &Sources<'_>,
    rows: &[OverlayRow],
) -> Result<Option<ScanBatch>> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut columns = Vec::with_capacity(plan.columns.len());
    for &position in &plan.columns {
        columns.push(sources.column_of_rows(rows, position)?);
    }
    let row_keys = plan.request.needs_row_key.then(|| {
        let mut builder = BinaryBuilder::with_capacity(rows.len(), rows.len() * 16);
        rows.iter().for_each(|row| builder.append_value(sources.merged.key(row.index as usize)));
        builder.finish()
    });
    Ok(Some(ScanBatch { columns, len: rows.len(), selection: None, row_keys }))
}

/// A batch of interleaved rows; `None` if there are none.
fn pieces_batch(plan: &Plan, sources: &Sources<'_>, pieces: &[Piece]) -> Result<Option<ScanBatch>> {
    let len = pieces.iter().map(Piece::len).sum();
    if len == 0 {
        return Ok(None);
    }
    let mut columns = Vec::with_capacity(plan.columns.len());
    for &position in &plan.columns {
        columns.push(sources.column_of_pieces(pieces, position)?.finish(false)?);
    }
    let row_keys =
        if plan.request.needs_row_key { Some(piece_keys(sources, pieces, len)?) } else { None };
    Ok(Some(ScanBatch { columns, len, selection: None, row_keys }))
}

fn piece_keys(sources: &Sources<'_>, pieces: &[Piece], rows: usize) -> Result<BinaryArray> {
    let mut builder = BinaryBuilder::with_capacity(rows, rows * 16);
    sources.for_each_key(pieces, |key| builder.append_value(key))?;
    Ok(builder.finish())
}
