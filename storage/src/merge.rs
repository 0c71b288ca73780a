//! Merging the messages of several layers within a key range.
//!
//! The result has every key once, in order, with the messages for it from newest to oldest, ending
//! with the first that says everything (a Put or a Delete). What is a row and what a column's
//! value is follows from that list and from the leaf below.

use crate::layer::{Layer, MessageAt};
use crate::row::Operation;
use std::cmp::Ordering;
use std::ops::Bound;

/// The messages of a key range, by key.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    keys: Vec<u8>,
    key_ends: Vec<u32>,
    messages: Vec<MessageAt>,
    message_ends: Vec<u32>,
}

impl Merged {
    /// Number of keys.
    pub(crate) fn len(&self) -> usize {
        self.key_ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.key_ends.is_empty()
    }

    pub(crate) fn key(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.key_ends[before]);
        &self.keys[start as usize..self.key_ends[index] as usize]
    }

    /// The messages for a key, newest first; never empty.
    pub(crate) fn messages(&self, index: usize) -> &[MessageAt] {
        let start = index.checked_sub(1).map_or(0, |before| self.message_ends[before]);
        &self.messages[start as usize..self.message_ends[index] as usize]
    }

    fn end_key(&mut self, key: &[u8]) {
        self.keys.extend_from_slice(key);
        self.key_ends.push(self.keys.len() as u32);
        self.message_ends.push(self.messages.len() as u32);
    }
}

struct Cursor<'a> {
    layer: &'a Layer,
    index: u32,
    at: usize,
    end: usize,
    /// The current key, for layers that do not store keys as bytes.
    scratch: Vec<u8>,
}

impl Cursor<'_> {
    fn load(&mut self) {
        self.layer.load_key(self.at, &mut self.scratch);
    }

    fn key(&self) -> &[u8] {
        self.layer.key(self.at, &self.scratch)
    }
}

/// Merges the messages of `layers`, newest first, between two bounds.
pub(crate) fn merge(layers: &[Layer], low: Bound<&[u8]>, high: Bound<&[u8]>) -> Merged {
    let mut cursors = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let range = layer.range(low, high);
        if !range.is_empty() {
            let (at, end) = (range.start, range.end);
            let mut cursor = Cursor { layer, index: index as u32, at, end, scratch: Vec::new() };
            cursor.load();
            cursors.push(cursor);
        }
    }
    let mut merged = Merged::default();
    if let [cursor] = cursors.as_mut_slice() {
        merge_single(cursor, &mut merged);
        return merged;
    }
    while !cursors.is_empty() {
        merge_next(&mut cursors, &mut merged);
    }
    merged
}

/// The whole of a single layer.
fn merge_single(cursor: &mut Cursor<'_>, merged: &mut Merged) {
    while cursor.at < cursor.end {
        cursor.load();
        merged.messages.push(MessageAt { layer: cursor.index, row: cursor.at as u32 });
        merged.end_key(cursor.key());
        cursor.at += 1;
    }
}

/// Takes the smallest key from all cursors that stand on it.
fn merge_next(cursors: &mut Vec<Cursor<'_>>, merged: &mut Merged) {
    let mut smallest = 0;
    for index in 1..cursors.len() {
        if cursors[index].key().cmp(cursors[smallest].key()) == Ordering::Less {
            smallest = index;
        }
    }
    let mut complete = false;
    for cursor in &cursors[smallest..] {
        if complete || cursor.key() != cursors[smallest].key() {
            continue;
        }
        merged.messages.push(MessageAt { layer: cursor.index, row: cursor.at as u32 });
        complete = cursor.layer.operation(cursor.at) != Operation::Patch;
    }
    merged.end_key(cursors[smallest].key());
    let key_start = merged.key_ends.iter().rev().nth(1).copied().unwrap_or(0) as usize;
    let mut index = smallest;
    while index < cursors.len() {
        let cursor = &mut cursors[index];
        if *cursor.key() == merged.keys[key_start..] {
            cursor.at += 1;
            if cursor.at == cursor.end {
                cursors.remove(index);
                continue;
            }
            cursor.load();
        }
        index += 1;
    }
}

/// A stretch of keys.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(crate) low: Bound<Vec<u8>>,
    pub(crate) high: Bound<Vec<u8>>,
    /// Messages in it, about.
    pub(crate) messages: usize,
}

/// Cuts a range into stretches of about `size` messages, at keys of the layer with most of them.
pub(crate) fn cut(
    layers: &[Layer],
    low: Bound<Vec<u8>>,
    high: Bound<Vec<u8>>,
    size: usize,
) -> Vec<Stretch> {
    let bounds = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
    let ranges: Vec<_> = layers.iter().map(|layer| layer.range(bounds.0, bounds.1)).collect();
    let total: usize = ranges.iter().map(|range| range.len()).sum();
    let Some(largest) = (0..layers.len()).max_by_key(|&index| ranges[index].len()) else {
        return Vec::new();
    };
    let range = ranges[largest].clone();
    let count = total.div_ceil(size).max(1);
    let mut stretches = Vec::new();
    let mut start = low;
    let messages = total / count;
    let mut scratch = Vec::new();
    for piece in 1..count.min(range.len().max(1)) {
        let at = range.start + range.len() * piece / count;
        layers[largest].load_key(at, &mut scratch);
        let key = layers[largest].key(at, &scratch).to_vec();
        let high = Bound::Excluded(key.clone());
        let low = std::mem::replace(&mut start, Bound::Included(key));
        stretches.push(Stretch { low, high, messages });
    }
    stretches.push(Stretch { low: start, high, messages });
    stretches
}
