//! Messages laid over a leaf: which of the leaf's rows they hide, and which rows they stand for.
//!
//! Used by scans (a selection over the mapped columns plus a batch of new rows), by scans in key
//! order and by flushes (both interleave, as [`Piece`]s).

use crate::block::{Block, ColumnBuilder, ColumnReader};
use crate::datum::Datum;
use crate::error::Result;
use crate::layer::Layer;
use crate::merge::Merged;
use crate::row::Operation;
use crate::table::Table;
use arrow_array::ArrayRef;
use std::ops::Range;

const NONE: u32 = u32::MAX;

/// What the messages for one key mean for a leaf.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The leaf's row with the key, or the one the key sorts before.
    position: u32,
    /// Whether that row has the key.
    exact: bool,
    /// Whether there is a row now.
    live: bool,
    /// The columns that differ from the leaf's row.
    changed: ColumnSet,
}

/// A set of columns by position. One beyond the first 63 stands for all of them, and so does a row
/// that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColumnSet(u64);

impl ColumnSet {
    const ALL: ColumnSet = ColumnSet(u64::MAX);

    /// The set of some positions.
    pub(crate) fn of(positions: impl IntoIterator<Item = usize>) -> ColumnSet {
        positions.into_iter().fold(ColumnSet(0), |set, position| {
            if position < 63 { ColumnSet(set.0 | 1 << position) } else { ColumnSet::ALL }
        })
    }

    /// Whether rows that differ in these columns differ for a reader of `read`.
    fn matters_to(self, read: ColumnSet) -> bool {
        self == ColumnSet::ALL || self.0 & read.0 != 0
    }
}

/// A row the messages stand for: the merged key's number, and the leaf's row below its patches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverlayRow {
    pub(crate) index: u32,
    base: u32,
}

/// A stretch of output rows.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Rows of the leaf as they are.
    Base(Range<usize>),
    /// One row from messages.
    Row(OverlayRow),
}

impl Piece {
    pub(crate) fn len(&self) -> usize {
        match self {
            Piece::Base(range) => range.len(),
            Piece::Row(_) => 1,
        }
    }
}

/// Messages laid over the rows `base` of a leaf.
#[derive(Debug)]
pub(crate) struct Overlay {
    entries: Vec<Entry>,
    base: Range<usize>,
}

impl Overlay {
    /// Lays merged messages over the rows `base` of a leaf (no rows without a leaf).
    pub(crate) fn new(
        layers: &[Layer],
        merged: &Merged,
        leaf: Option<&Block>,
        base: Range<usize>,
    ) -> Result<Overlay> {
        let keys = leaf.map(Block::keys).transpose()?;
        let mut entries = Vec::with_capacity(merged.len());
        let mut near = base.start;
        let step = base.len() / merged.len().max(1);
        for index in 0..merged.len() {
            let found = keys.map_or(Err(0), |keys| keys.search_near(merged.key(index), near, step));
            let (position, exact) = match found {
                Ok(position) => (position, true),
                Err(position) => (position, false),
            };
            near = position;
            let live = merged.messages(index).last().is_some_and(|at| {
                match layers[at.layer as usize].operation(at.row as usize) {
                    Operation::Put => true,
                    Operation::Delete => false,
                    Operation::Patch => exact,
                }
            });
            let changed =
                if exact && live { changed_columns(layers, merged, index) } else { ColumnSet::ALL };
            entries.push(Entry { position: position as u32, exact, live, changed });
        }
        Ok(Overlay { entries, base })
    }

    /// The leaf's rows that are hidden from a reader of some columns, ascending.
    pub(crate) fn hidden(&self, read: ColumnSet) -> Vec<u32> {
        let exact = self.entries.iter().filter(|e| e.exact && e.changed.matters_to(read));
        exact.map(|entry| entry.position).collect()
    }

    fn row(&self, index: usize) -> OverlayRow {
        let entry = self.entries[index];
        OverlayRow { index: index as u32, base: if entry.exact { entry.position } else { NONE } }
    }

    /// The rows that the messages stand for to a reader of some columns, in key order. A row that
    /// differs from the leaf's only in others is not among them: it is not hidden.
    pub(crate) fn rows(&self, read: ColumnSet) -> Vec<OverlayRow> {
        let live = |entry: &Entry| entry.live && entry.changed.matters_to(read);
        let indices = (0..self.entries.len()).filter(|&index| live(&self.entries[index]));
        indices.map(|index| self.row(index)).collect()
    }

    /// Everything there is now, in key order.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut next = self.base.start;
        for (index, entry) in self.entries.iter().enumerate() {
            let position = entry.position as usize;
            if position > next {
                pieces.push(Piece::Base(next..position));
            }
            if entry.live {
                pieces.push(Piece::Row(self.row(index)));
            }
            next = position.max(next) + usize::from(entry.exact);
        }
        if self.base.end > next {
            pieces.push(Piece::Base(next..self.base.end));
        }
        pieces
    }
}

/// The columns that patches of a leaf's row set; all where the row was replaced.
fn changed_columns(layers: &[Layer], merged: &Merged, index: usize) -> ColumnSet {
    let mut positions = Vec::new();
    for at in merged.messages(index) {
        let layer = &layers[at.layer as usize];
        if !matches!(layer.operation(at.row as usize), Operation::Patch) {
            return ColumnSet::ALL;
        }
        layer.add_patched(at.row as usize, &mut positions);
    }
    ColumnSet::of(positions)
}

/// Where the values of overlay rows come from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) table: &'a Table,
    pub(crate) layers: &'a [Layer],
    pub(crate) merged: &'a Merged,
    pub(crate) leaf: Option<&'a Block>,
}

impl Sources<'_> {
    /// The leaf's column, if there is a leaf.
    pub(crate) fn reader(&self, position: usize) -> Result<Option<&ColumnReader>> {
        self.leaf.map(|leaf| leaf.reader(position)).transpose()
    }

    /// Appends the value of a column in an overlay row.
    #[inline]
    pub(crate) fn push(
        &self,
        row: OverlayRow,
        position: usize,
        reader: Option<&ColumnReader>,
        builder: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) {
        for at in self.merged.messages(row.index as usize) {
            let layer = &self.layers[at.layer as usize];
            let value = layer.value(self.table, at.row as usize, position, scratch);
            if let Some(value) = value {
                builder.push(value);
                return;
            }
        }
        match reader {
            Some(reader) if row.base != NONE => builder.push(reader.value(row.base as usize)),
            _ => builder.push(Datum::Null),
        }
    }

    /// A column of overlay rows.
    pub(crate) fn column_of_rows(&self, rows: &[OverlayRow], position: usize) -> Result<ArrayRef> {
        let mut builder = ColumnBuilder::new(self.table.columns[position].kind, rows.len());
        let reader = self.reader(position)?;
        let mut scratch = Vec::new();
        for &row in rows {
            self.push(row, position, reader, &mut builder, &mut scratch);
        }
        builder.finish(false)
    }

    /// A builder filled with a column of pieces.
    pub(crate) fn column_of_pieces(
        &self,
        pieces: &[Piece],
        position: usize,
    ) -> Result<ColumnBuilder> {
        let rows = pieces.iter().map(Piece::len).sum();
        let mut builder = ColumnBuilder::new(self.table.columns[position].kind, rows);
        let reader = self.reader(position)?;
        let mut scratch = Vec::new();
        for piece in pieces {
            match (piece, reader) {
                (Piece::Base(range), Some(reader)) => builder.extend(reader, range.clone()),
                (Piece::Base(_), None) => {}
                (Piece::Row(row), _) => {
                    self.push(*row, position, reader, &mut builder, &mut scratch);
                }
            }
        }
        Ok(builder)
    }

    /// Calls `visit` with the encoded key of every row of pieces.
    pub(crate) fn for_each_key(
        &self,
        pieces: &[Piece],
        mut visit: impl FnMut(&[u8]),
    ) -> Result<()> {
        let keys = self.leaf.map(Block::keys).transpose()?;
        let mut key = Vec::new();
        for piece in pieces {
            match (piece, keys) {
                (Piece::Base(range), Some(keys)) => {
                    for row in range.clone() {
                        keys.encode(row, &mut key);
                        visit(&key);
                    }
                }
                (Piece::Base(_), None) => {}
                (Piece::Row(row), _) => visit(self.merged.key(row.index as usize)),
            }
        }
        Ok(())
    }
}

/// Takes pieces of up to `rows` rows off the front.
pub(crate) fn take_pieces(
    pieces: &mut std::collections::VecDeque<Piece>,
    rows: usize,
) -> Vec<Piece> {
    let mut taken = Vec::new();
    let mut room = rows;
    while room > 0 {
        match pieces.pop_front() {
            None => break,
            Some(Piece::Base(range)) if range.len() > room => {
                let middle = range.start + room;
                pieces.push_front(Piece::Base(middle..range.end));
                taken.push(Piece::Base(range.start..middle));
                room = 0;
            }
            Some(piece) => {
                room -= piece.len();
                taken.push(piece);
            }
        }
    }
    taken
}

/// Takes up to `rows` rows off the back, the last one first.
pub(crate) fn take_last_pieces(
    pieces: &mut std::collections::VecDeque<Piece>,
    rows: usize,
) -> Vec<Piece> {
    let mut taken = Vec::new();
    while taken.len() < rows {
        match pieces.pop_back() {
            None => break,
            Some(Piece::Base(range)) => {
                let start = range.start.max(range.end.saturating_sub(rows - taken.len()));
                if start > range.start {
                    pieces.push_back(Piece::Base(range.start..start));
                }
                taken.extend((start..range.end).rev().map(|row| Piece::Base(row..row + 1)));
            }
            Some(row) => taken.push(row),
        }
    }
    taken
}
