//! Remembering how messages lie over a leaf.
//!
//! Finding the leaf's row for every message costs more than reading the rest of the leaf, and its
//! outcome is the same for every scan of the same layers. Each leaf remembers the last one. Layers
//! are told apart by identity; a row run is held weakly, so remembering keeps no memory of messages
//! alive.

use crate::layer::Layer;
use crate::merge::Merged;
use crate::overlay::Overlay;
use crate::run::RowRun;
use crate::scan::Unit;
use crate::sync::{Arc, Mutex, Weak};
use crate::tree::Slice;
use std::ops::Bound;

/// Merged messages and how they lie over a leaf.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    pub(crate) merged: Arc<Merged>,
    pub(crate) overlay: Arc<Overlay>,
}

/// What a leaf remembers.
#[derive(Debug, Default)]
pub(crate) struct OverlayCache(Mutex<Option<Entry>>);

#[derive(Debug)]
struct Entry {
    layers: Vec<LayerId>,
    low: Bound<Vec<u8>>,
    high: Bound<Vec<u8>>,
    laid: Laid,
}

#[derive(Debug)]
enum LayerId {
    Rows(Weak<RowRun>),
    Columns { block: u64, start: usize, end: usize },
}

impl LayerId {
    fn of(layer: &Layer) -> LayerId {
        match layer {
            Layer::Rows(run) => LayerId::Rows(Arc::downgrade(run)),
            Layer::Columns(Slice { block, start, end }) => {
                LayerId::Columns { block: block.id, start: *start, end: *end }
            }
        }
    }

    fn is(&self, layer: &Layer) -> bool {
        match (self, layer) {
            (LayerId::Rows(known), Layer::Rows(run)) => std::ptr::eq(known.as_ptr(), &**run),
            (LayerId::Columns { block, start, end }, Layer::Columns(slice)) => {
                (*block, *start, *end) == (slice.block.id, slice.start, slice.end)
            }
            _ => false,
        }
    }
}

impl OverlayCache {
    /// What is remembered for the layers and bounds of a unit.
    pub(crate) fn get(&self, unit: &Unit) -> Option<Laid> {
        let entry = self.0.lock();
        let entry = entry.as_ref()?;
        let same = entry.layers.len() == unit.layers.len()
            && entry.layers.iter().zip(unit.layers.iter()).all(|(id, layer)| id.is(layer))
            && entry.low == unit.low
            && entry.high == unit.high;
        same.then(|| entry.laid.clone())
    }

    /// Remembers instead of what was.
    pub(crate) fn put(&self, unit: &Unit, laid: &Laid) {
        *self.0.lock() = Some(Entry {
            layers: unit.layers.iter().map(LayerId::of).collect(),
            low: unit.low.clone(),
            high: unit.high.clone(),
            laid: laid.clone(),
        });
    }
}
