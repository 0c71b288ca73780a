//! Writing leaves and buffers anew from pieces, messages and Arrow batches.

use super::{Child, Slice};
use crate::block::{self, Block, BlockKind, ColumnBuilder, ColumnReader, ROW_ID_KIND};
use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::key;
use crate::layer::Layer;
use crate::merge::Merged;
use crate::overlay::{Overlay, Piece, Sources, take_pieces};
use crate::row::Operation;
use crate::store::{Store, TreeLimits};
use crate::sync::Arc;
use crate::table::Table;
use arrow_array::ArrayRef;
use arrow_array::builder::{BinaryBuilder, UInt8Builder};
use std::collections::VecDeque;

/// Rows appended between two looks at the size of a leaf.
const STEP_ROWS: usize = 4096;

/// A child with the smallest key it may hold.
pub(crate) type Keyed = (Vec<u8>, Child);

/// What every write of blocks needs.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) store: &'a Arc<Store>,
    pub(crate) table: &'a Arc<Table>,
}

impl Writer<'_> {
    /// Writes the leaves that replace `leaf` when messages are applied to it.
    pub(crate) fn rewrite(
        &self,
        leaf: Option<&Block>,
        layers: &[Layer],
        merged: &Merged,
    ) -> Result<Vec<Keyed>> {
        let rows = leaf.map_or(0, |leaf| leaf.rows);
        let overlay = Overlay::new(layers, merged, leaf, 0..rows)?;
        let mut pieces: VecDeque<Piece> = overlay.pieces().into();
        let total: usize = pieces.iter().map(Piece::len).sum();
        let sources = Sources { table: self.table, layers, merged, leaf };
        let most = rows_per_leaf(&self.store.limits, leaf, layers);
        // Keys that grow fill their leaves; other leaves are halved and keep room.
        let base_rows: usize = pieces
            .iter()
            .skip(1)
            .map(|piece| match piece {
                Piece::Base(range) => range.len(),
                Piece::Row(_) => 0,
            })
            .sum();
        let each = if base_rows == 0 { most } else { total.div_ceil(total.div_ceil(most).max(1)) };
        let mut leaves = Vec::new();
        while !pieces.is_empty() {
            let taken = take_pieces(&mut pieces, each);
            self.write_pieces(&sources, taken, &mut leaves)?;
        }
        Ok(leaves)
    }

    /// Writes one leaf, or more if its text is too long for one.
    fn write_pieces(
        &self,
        sources: &Sources<'_>,
        pieces: Vec<Piece>,
        leaves: &mut Vec<Keyed>,
    ) -> Result<()> {
        let rows: usize = pieces.iter().map(Piece::len).sum();
        let mut columns = Vec::new();
        for position in 0..self.table.columns.len() {
            let builder = sources.column_of_pieces(&pieces, position)?;
            if builder.variable_bytes() > 2 * self.store.limits.leaf_bytes && rows > 1 {
                let mut rest: VecDeque<Piece> = pieces.into();
                let half = take_pieces(&mut rest, rows / 2);
                self.write_pieces(sources, half, leaves)?;
                return self.write_pieces(sources, rest.into(), leaves);
            }
            columns.push(builder.finish(true)?);
        }
        if self.table.has_hidden_key() {
            let mut ids = ColumnBuilder::new(ROW_ID_KIND, rows);
            sources.for_each_key(&pieces, |key| ids.push(Datum::Int(key::unflip64(key))))?;
            columns.push(ids.finish(false)?);
        }
        leaves.push(self.write_leaf(columns)?);
        Ok(())
    }

    /// Writes one leaf of these columns.
    pub(crate) fn write_leaf(&self, columns: Vec<ArrayRef>) -> Result<Keyed> {
        let block = block::write(self.store, self.table, BlockKind::Leaf, columns)?;
        let mut key = Vec::new();
        block.keys()?.encode(0, &mut key);
        Ok((key, Child::Leaf(block)))
    }

    /// Joins two neighbours into one leaf.
    pub(crate) fn join(&self, left: &Block, right: &Block) -> Result<Arc<Block>> {
        let rows = left.rows + right.rows;
        let mut columns = Vec::new();
        for (position, column) in self.table.columns.iter().enumerate() {
            let mut builder = ColumnBuilder::new(column.kind, rows);
            builder.extend(left.reader(position)?, 0..left.rows);
            builder.extend(right.reader(position)?, 0..right.rows);
            columns.push(builder.finish(true)?);
        }
        if self.table.has_hidden_key() {
            let mut ids = ColumnBuilder::new(ROW_ID_KIND, rows);
            let mut key = Vec::new();
            for leaf in [left, right] {
                for row in 0..leaf.rows {
                    leaf.keys()?.encode(row, &mut key);
                    ids.push(Datum::Int(key::unflip64(&key)));
                }
            }
            columns.push(ids.finish(false)?);
        }
        block::write(self.store, self.table, BlockKind::Leaf, columns)
    }

    /// Writes the messages of several merged ranges, in order, as a buffer.
    pub(crate) fn write_messages(
        &self,
        layers: &[Layer],
        ranges: &[Merged],
    ) -> Result<Option<Slice>> {
        let rows: usize = ranges.iter().map(Merged::len).sum();
        if rows == 0 {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for position in 0..self.table.columns.len() {
            columns.push(self.message_column(layers, ranges, position, rows)?);
        }
        if self.table.has_hidden_key() {
            let mut ids = ColumnBuilder::new(ROW_ID_KIND, rows);
            for merged in ranges {
                for index in 0..merged.len() {
                    ids.push(Datum::Int(key::unflip64(merged.key(index))));
                }
            }
            columns.push(ids.finish(false)?);
        }
        let mut operations = UInt8Builder::with_capacity(rows);
        let mut patched = BinaryBuilder::with_capacity(rows, 0);
        for merged in ranges {
            for index in 0..merged.len() {
                let (operation, positions) = joint_operation(layers, merged, index);
                operations.append_value(operation as u8);
                let bytes: Vec<u8> =
                    positions.iter().flat_map(|at| (*at as u16).to_le_bytes()).collect();
                patched.append_value(&bytes);
            }
        }
        columns.push(Arc::new(operations.finish()));
        columns.push(Arc::new(patched.finish()));
        let block = block::write(self.store, self.table, BlockKind::Messages, columns)?;
        Ok(Some(Slice { block, start: 0, end: rows }))
    }

    fn message_column(
        &self,
        layers: &[Layer],
        ranges: &[Merged],
        position: usize,
        rows: usize,
    ) -> Result<ArrayRef> {
        let column = &self.table.columns[position];
        let mut builder = ColumnBuilder::new(column.kind, rows);
        let mut scratch = Vec::new();
        for merged in ranges {
            for index in 0..merged.len() {
                if let Some(part) = column.key_part {
                    // Every message has its key, also those that set no columns.
                    let key = merged.key(index);
                    builder.push(key::decode_part(&self.table.key, part, key, &mut scratch));
                    continue;
                }
                let pushed = merged.messages(index).iter().any(|at| {
                    let layer = &layers[at.layer as usize];
                    let value = layer.value(self.table, at.row as usize, position, &mut scratch);
                    value.map(|value| builder.push(value)).is_some()
                });
                if !pushed {
                    builder.push(Datum::Null);
                }
            }
        }
        builder.finish(false)
    }
}

/// What the messages for a key do together; for a patch also the columns it sets.
fn joint_operation(layers: &[Layer], merged: &Merged, index: usize) -> (Operation, Vec<usize>) {
    let messages = merged.messages(index);
    let mut positions = Vec::new();
    for at in messages {
        let layer = &layers[at.layer as usize];
        match layer.operation(at.row as usize) {
            Operation::Patch => layer.add_patched(at.row as usize, &mut positions),
            last => return (last, Vec::new()),
        }
    }
    positions.sort_unstable();
    positions.dedup();
    (Operation::Patch, positions)
}

fn rows_per_leaf(limits: &TreeLimits, leaf: Option<&Block>, layers: &[Layer]) -> usize {
    let leaf_row = leaf.map_or(0, |leaf| leaf.bytes as usize / leaf.rows.max(1));
    let message = layers.iter().map(Layer::message_bytes).max().unwrap_or(0);
    (limits.leaf_bytes / leaf_row.max(message).max(1)).clamp(1, limits.leaf_rows)
}

/// Collects Arrow batches, in key order, into leaves of full size.
#[derive(Debug)]
pub(crate) struct LeafBuilder {
    store: Arc<Store>,
    table: Arc<Table>,
    builders: Vec<ColumnBuilder>,
    rows: usize,
    next_row_id: u64,
    pub(crate) leaves: Vec<Keyed>,
    pub(crate) total: u64,
}

impl LeafBuilder {
    /// Starts; hidden row ids are given from `first_row_id` on.
    pub(crate) fn new(writer: Writer<'_>, first_row_id: u64) -> LeafBuilder {
        let mut builder = LeafBuilder {
            store: Arc::clone(writer.store),
            table: Arc::clone(writer.table),
            builders: Vec::new(),
            rows: 0,
            next_row_id: first_row_id,
            leaves: Vec::new(),
            total: 0,
        };
        builder.restart();
        builder
    }

    fn restart(&mut self) {
        let rows = self.store.limits.leaf_rows;
        let kinds = self.table.columns.iter().map(|column| column.kind);
        self.builders = kinds.map(|kind| ColumnBuilder::new(kind, rows)).collect();
        self.rows = 0;
    }

    /// Appends the first `rows` rows of a checked batch, given by its readers.
    pub(crate) fn push(&mut self, readers: &[ColumnReader], rows: usize) -> Result<()> {
        let limits = self.store.limits;
        let mut start = 0;
        while start < rows {
            let count = (rows - start).min(limits.leaf_rows - self.rows).min(STEP_ROWS);
            for (builder, reader) in self.builders.iter_mut().zip(readers) {
                builder.extend(reader, start..start + count);
            }
            start += count;
            self.rows += count;
            let variable: usize = self.builders.iter().map(ColumnBuilder::variable_bytes).sum();
            let bytes = variable + self.rows * self.table.fixed_bytes;
            if self.rows == limits.leaf_rows || bytes >= limits.leaf_bytes {
                self.finish_leaf()?;
            }
        }
        Ok(())
    }

    /// Writes the rows collected so far as a leaf.
    pub(crate) fn finish_leaf(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let rows = self.rows;
        let mut columns = Vec::new();
        for builder in std::mem::take(&mut self.builders) {
            columns.push(builder.finish(true)?);
        }
        if self.table.has_hidden_key() {
            let mut ids = ColumnBuilder::new(ROW_ID_KIND, rows);
            let end = self.next_row_id + rows as u64;
            (self.next_row_id..end).for_each(|id| ids.push(Datum::Int(id as i64)));
            self.next_row_id = end;
            columns.push(ids.finish(false)?);
        }
        let writer = Writer { store: &self.store, table: &self.table };
        self.leaves.push(writer.write_leaf(columns)?);
        self.total += rows as u64;
        self.restart();
        Ok(())
    }

    /// The next hidden row id.
    pub(crate) fn next_row_id(&self) -> Result<u64> {
        if self.rows > 0 {
            return Err(Error::Bug("a leaf is unfinished".into()));
        }
        Ok(self.next_row_id)
    }
}
