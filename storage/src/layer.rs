//! The layers of messages above the leaves, behind one set of questions.

use crate::datum::Datum;
use crate::error::Result;
use crate::row::{self, Operation};
use crate::run::RowRun;
use crate::sync::Arc;
use crate::table::Table;
use crate::tree::Slice;
use std::ops::{Bound, Range};

/// A message: a layer's number in its list and a position in the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageAt {
    pub(crate) layer: u32,
    pub(crate) row: u32,
}

/// Messages sorted by key, one per key.
#[derive(Clone, Debug)]
pub(crate) enum Layer {
    /// In row form.
    Rows(Arc<RowRun>),
    /// In columns; only made by [`Layer::of_slice`], which opens the block.
    Columns(Slice),
}

/// Why a `Columns` layer's block answers without an error: it was opened when the layer was made.
fn opened<T>(outcome: Result<T>) -> Option<T> {
    debug_assert!(outcome.is_ok(), "a layer's block is open");
    outcome.ok()
}

impl Layer {
    /// The layer of a node's buffer; opens and checks its block.
    pub(crate) fn of_slice(slice: &Slice) -> Result<Layer> {
        slice.block.keys()?;
        slice.block.messages()?;
        Ok(Layer::Columns(slice.clone()))
    }

    /// About how many bytes a message takes.
    pub(crate) fn message_bytes(&self) -> usize {
        match self {
            Layer::Rows(run) => run.arena.bytes() / run.len().max(1),
            Layer::Columns(slice) => slice.block.bytes as usize / slice.block.rows.max(1),
        }
    }

    /// The positions between two bounds.
    pub(crate) fn range(&self, low: Bound<&[u8]>, high: Bound<&[u8]>) -> Range<usize> {
        match self {
            Layer::Rows(run) => run.range(low, high),
            Layer::Columns(slice) => {
                let range = opened(slice.block.keys()).map_or(0..0, |keys| keys.range(low, high));
                let start = range.start.max(slice.start);
                start..range.end.min(slice.end).max(start)
            }
        }
    }

    /// Prepares `scratch` for [`Layer::key`] at the same position.
    pub(crate) fn load_key(&self, row: usize, scratch: &mut Vec<u8>) {
        if let Layer::Columns(slice) = self
            && let Some(keys) = opened(slice.block.keys())
        {
            keys.encode(row, scratch);
        }
    }

    /// The key at a position.
    pub(crate) fn key<'a>(&'a self, row: usize, scratch: &'a [u8]) -> &'a [u8] {
        match self {
            Layer::Rows(run) => run.key(row),
            Layer::Columns(_) => scratch,
        }
    }

    pub(crate) fn operation(&self, row: usize) -> Operation {
        match self {
            Layer::Rows(run) => run.message(row).operation,
            Layer::Columns(slice) => opened(slice.block.messages())
                .map_or(Operation::Delete, |messages| messages.operation(row)),
        }
    }

    /// The value of a column in a message; `None` if the message does not set it.
    pub(crate) fn value<'a>(
        &'a self,
        table: &Table,
        row: usize,
        position: usize,
        scratch: &'a mut Vec<u8>,
    ) -> Option<Datum<'a>> {
        match self {
            Layer::Rows(run) => run.message(row).value(table, position, scratch),
            Layer::Columns(slice) => opened(slice.block.messages())?.value(row, position),
        }
    }

    /// Adds the positions of the columns a patch sets.
    pub(crate) fn add_patched(&self, row: usize, positions: &mut Vec<usize>) {
        match self {
            Layer::Rows(run) => {
                let body = run.message(row).body;
                let count = row::patch_count(body);
                positions.extend((0..count).map(|index| row::patch_position(body, index)));
            }
            Layer::Columns(slice) => {
                if let Some(messages) = opened(slice.block.messages()) {
                    positions.extend(messages.patched_positions(row));
                }
            }
        }
    }
}
