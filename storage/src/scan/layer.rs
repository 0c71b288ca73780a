//! The layers of messages a scan sees above the leaves, behind one set of questions.

use crate::datum::Datum;
use crate::row::Operation;
use crate::run::RowRun;
use crate::sync::Arc;
use crate::table::Table;
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
}

impl Layer {
    pub(crate) fn len(&self) -> usize {
        match self {
            Layer::Rows(run) => run.len(),
        }
    }

    /// The positions between two bounds.
    pub(crate) fn range(&self, low: Bound<&[u8]>, high: Bound<&[u8]>) -> Range<usize> {
        match self {
            Layer::Rows(run) => run.range(low, high),
        }
    }

    /// Prepares `scratch` for [`Layer::key`] at the same position.
    pub(crate) fn load_key(&self, _row: usize, _scratch: &mut Vec<u8>) {
        match self {
            Layer::Rows(_) => {}
        }
    }

    /// The key at a position.
    pub(crate) fn key<'a>(&'a self, row: usize, _scratch: &'a [u8]) -> &'a [u8] {
        match self {
            Layer::Rows(run) => run.key(row),
        }
    }

    pub(crate) fn operation(&self, row: usize) -> Operation {
        match self {
            Layer::Rows(run) => run.message(row).operation,
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
        }
    }
}
