//! Sorted runs of messages in row form, and the arena their entries live in.
//!
//! An arena is append-only; its chunks are shared by reference count, so a run (slots plus chunks)
//! stays valid while the arena grows: a chunk that is shared is never written again, the next entry
//! opens a new one. Chunks are at most one WAL record long, so COMMIT writes them as they are.

use crate::row::{self, Message};
use crate::sync::Arc;
use std::cmp::Ordering;
use std::ops::{Bound, Range};

/// Bytes of entries in one chunk; a single longer entry has a chunk of its own.
pub(crate) const CHUNK_BYTES: usize = 65_000;

const FIRST_CHUNK_BYTES: usize = 256;

/// Where an entry is, and the first bytes of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) prefix: u64,
    pub(crate) chunk: u32,
    pub(crate) offset: u32,
}

/// Entries in the order they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
    chunks: Vec<Arc<Vec<u8>>>,
}

/// A length of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArenaMark {
    chunks: u32,
    offset: u32,
}

impl Arena {
    /// Appends an entry.
    pub(crate) fn push(&mut self, message: &Message<'_>, prefix: u64) -> Slot {
        let length = row::ENTRY_HEADER_BYTES + message.key.len() + message.body.len();
        let chunks = self.chunks.len();
        if let Some(chunk) = self.chunks.last_mut().and_then(Arc::get_mut)
            && chunk.len() + length <= CHUNK_BYTES
        {
            let offset = chunk.len() as u32;
            row::push_entry(message, chunk);
            return Slot { prefix, chunk: chunks as u32 - 1, offset };
        }
        // After a full chunk another one is likely to fill; a short one was cut off by sharing.
        let full = self.chunks.last().is_some_and(|chunk| chunk.len() >= CHUNK_BYTES / 2);
        let capacity = if full { CHUNK_BYTES } else { FIRST_CHUNK_BYTES };
        let mut chunk = Vec::with_capacity(capacity.max(length));
        row::push_entry(message, &mut chunk);
        self.chunks.push(Arc::new(chunk));
        Slot { prefix, chunk: chunks as u32, offset: 0 }
    }

    /// Adopts the bytes of a WAL batch, which were checked to be whole entries.
    pub(crate) fn adopt(&mut self, chunk: Vec<u8>) -> u32 {
        self.chunks.push(Arc::new(chunk));
        self.chunks.len() as u32 - 1
    }

    pub(crate) fn chunks(&self) -> &[Arc<Vec<u8>>] {
        &self.chunks
    }

    pub(crate) fn key(&self, slot: Slot) -> &[u8] {
        row::key_at(&self.chunks[slot.chunk as usize], slot.offset as usize)
    }

    pub(crate) fn message(&self, slot: Slot) -> Message<'_> {
        row::entry_at(&self.chunks[slot.chunk as usize], slot.offset as usize)
    }

    /// Bytes of entries.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    pub(crate) fn mark(&self) -> ArenaMark {
        let offset = self.chunks.last().map_or(0, |chunk| chunk.len() as u32);
        ArenaMark { chunks: self.chunks.len() as u32, offset }
    }

    /// Forgets the entries written after `mark`.
    pub(crate) fn truncate(&mut self, mark: ArenaMark) {
        self.chunks.truncate(mark.chunks as usize);
        if let Some(last) = self.chunks.last_mut()
            && last.len() > mark.offset as usize
        {
            // A run that shares the chunk keeps the old bytes; this arena goes on with a copy.
            Arc::make_mut(last).truncate(mark.offset as usize);
        }
    }

    /// Calls `visit` with every entry, in order.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(u32, u32, Message<'_>)) {
        for (index, chunk) in self.chunks.iter().enumerate() {
            let mut offset = 0;
            while let Some((message, end)) = row::parse_entry(chunk, offset) {
                visit(index as u32, offset as u32, message);
                offset = end;
            }
        }
    }

    pub(crate) fn compare(&self, slot: Slot, prefix: u64, key: &[u8]) -> Ordering {
        slot.prefix.cmp(&prefix).then_with(|| self.key(slot).cmp(key))
    }
}

/// Messages sorted by key, one per key.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowRun {
    pub(crate) slots: Arc<Vec<Slot>>,
    pub(crate) arena: Arena,
}

impl RowRun {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn key(&self, index: usize) -> &[u8] {
        self.arena.key(self.slots[index])
    }

    pub(crate) fn message(&self, index: usize) -> Message<'_> {
        self.arena.message(self.slots[index])
    }

    /// The message for a key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Message<'_>> {
        self.search(key).ok().map(|index| self.message(index))
    }

    /// Where a key is, or would be.
    pub(crate) fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let prefix = crate::key::prefix_of(key);
        self.slots.binary_search_by(|&slot| self.arena.compare(slot, prefix, key))
    }

    /// The positions of the keys between two bounds.
    pub(crate) fn range(&self, low: Bound<&[u8]>, high: Bound<&[u8]>) -> Range<usize> {
        let start = match low {
            Bound::Unbounded => 0,
            Bound::Included(key) => self.search(key).unwrap_or_else(|index| index),
            Bound::Excluded(key) => self.search(key).map_or_else(|index| index, |at| at + 1),
        };
        let end = match high {
            Bound::Unbounded => self.len(),
            Bound::Included(key) => self.search(key).map_or_else(|index| index, |at| at + 1),
            Bound::Excluded(key) => self.search(key).unwrap_or_else(|index| index),
        };
        start..end.max(start)
    }

    /// Bytes held: entries and slots.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.bytes() + self.slots.len() * size_of::<Slot>()
    }
}
