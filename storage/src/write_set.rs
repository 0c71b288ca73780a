//! The private writes of one transaction to one table.
//!
//! Entries are appended to an arena; `slots` has one slot per key, for its latest entry. The first
//! `sorted` slots are in key order; while all are, keys are found by binary search and a key above
//! the last is appended without any search. The first key out of order builds a hash table over all
//! slots. Sorting (for scans and COMMIT) drops it again. Superseded entries stay in the arena until
//! the transaction ends, so it can always be read back in order.

use crate::key::prefix_of;
use crate::row::{Message, Operation};
use crate::run::{Arena, ArenaMark, RowRun, Slot};
use crate::sync::Arc;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// The private writes of one transaction to one table.
#[derive(Debug, Default)]
pub(crate) struct TableWrites {
    arena: Arena,
    slots: Arc<Vec<Slot>>,
    sorted: usize,
    hash: Option<HashTable<u32>>,
    hasher: DefaultHashBuilder,
    /// Slots that were replaced, with what they were.
    undo: Vec<(u32, Slot)>,
    /// Grows with every sort; slot numbers are comparable only within one generation.
    generation: u32,
    /// The state at the first write after each live savepoint.
    saved: Vec<(u64, TableMark)>,
}

/// A state of a table's writes to return to.
#[derive(Clone, Copy, Debug)]
struct TableMark {
    slots: u32,
    sorted: u32,
    undo: u32,
    generation: u32,
    arena: ArenaMark,
}

impl TableWrites {
    /// The writes an arena holds, for recovery.
    pub(crate) fn from_arena(arena: Arena) -> TableWrites {
        let mut writes = TableWrites { arena, ..TableWrites::default() };
        writes.rebuild();
        writes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The latest message for a key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Message<'_>> {
        self.locate(key).map(|index| self.arena.message(self.slots[index]))
    }

    fn locate(&self, key: &[u8]) -> Option<usize> {
        let prefix = prefix_of(key);
        if let Some(hash) = &self.hash {
            let found = hash.find(self.hasher.hash_one(key), |&index| {
                let slot = self.slots[index as usize];
                slot.prefix == prefix && self.arena.key(slot) == key
            });
            return found.map(|&index| index as usize);
        }
        let last = *self.slots.last()?;
        if self.arena.compare(last, prefix, key).is_lt() {
            return None;
        }
        self.slots.binary_search_by(|&slot| self.arena.compare(slot, prefix, key)).ok()
    }

    /// Notes the state before the first write after the savepoint `top`.
    pub(crate) fn before_write(&mut self, top: Option<u64>) {
        let Some(top) = top else { return };
        if self.saved.last().is_none_or(|saved| saved.0 < top) {
            let mark = TableMark {
                slots: self.slots.len() as u32,
                sorted: self.sorted as u32,
                undo: self.undo.len() as u32,
                generation: self.generation,
                arena: self.arena.mark(),
            };
            self.saved.push((top, mark));
        }
    }

    /// Writes a message that stands for everything this transaction did to the key.
    pub(crate) fn write(&mut self, operation: Operation, key: &[u8], body: &[u8]) {
        let existing = self.locate(key);
        let slot = self.arena.push(&Message { operation, key, body }, prefix_of(key));
        self.place(existing, slot, key);
    }

    fn place(&mut self, existing: Option<usize>, slot: Slot, key: &[u8]) {
        if let Some(index) = existing {
            let slots = Arc::make_mut(&mut self.slots);
            self.undo.push((index as u32, slots[index]));
            slots[index] = slot;
            return;
        }
        let index = self.slots.len();
        let in_order = self.hash.is_none()
            && self
                .slots
                .last()
                .is_none_or(|&last| self.arena.compare(last, slot.prefix, key).is_lt());
        Arc::make_mut(&mut self.slots).push(slot);
        if in_order {
            self.sorted = index + 1;
            return;
        }
        if self.hash.is_none() {
            self.build_hash();
        } else {
            self.hash_slot(index, key);
        }
    }

    fn build_hash(&mut self) {
        let mut hash = HashTable::with_capacity(self.slots.len() + 16);
        for (index, &slot) in self.slots.iter().enumerate() {
            let code = self.hasher.hash_one(self.arena.key(slot));
            hash.insert_unique(code, index as u32, |&other| {
                self.hasher.hash_one(self.arena.key(self.slots[other as usize]))
            });
        }
        self.hash = Some(hash);
    }

    fn hash_slot(&mut self, index: usize, key: &[u8]) {
        let code = self.hasher.hash_one(key);
        let (arena, slots, hasher) = (&self.arena, &self.slots, &self.hasher);
        if let Some(hash) = &mut self.hash {
            hash.insert_unique(code, index as u32, |&other| {
                hasher.hash_one(arena.key(slots[other as usize]))
            });
        }
    }

    /// Brings all slots into key order.
    fn sort(&mut self) {
        if self.sorted == self.slots.len() {
            return;
        }
        let arena = &self.arena;
        let slots = Arc::make_mut(&mut self.slots);
        let order = |a: &Slot, b: &Slot| {
            a.prefix.cmp(&b.prefix).then_with(|| arena.key(*a).cmp(arena.key(*b)))
        };
        // The stable sort merges runs that are already in order.
        slots[self.sorted..].sort_unstable_by(order);
        slots.sort_by(order);
        self.sorted = slots.len();
        self.hash = None;
        self.generation += 1;
    }

    /// The writes so far as a sorted run that later writes do not change.
    pub(crate) fn view(&mut self) -> RowRun {
        self.sort();
        RowRun { slots: Arc::clone(&self.slots), arena: self.arena.clone() }
    }

    /// Undoes what was written since savepoint `mark`.
    pub(crate) fn rollback_to(&mut self, mark: u64) {
        let Some(first) = self.saved.iter().position(|saved| saved.0 >= mark) else {
            return;
        };
        let state = self.saved[first].1;
        self.saved.truncate(first);
        self.arena.truncate(state.arena);
        if state.generation != self.generation {
            self.rebuild();
            return;
        }
        let slots = Arc::make_mut(&mut self.slots);
        for (index, slot) in self.undo.drain(state.undo as usize..).rev() {
            slots[index as usize] = slot;
        }
        slots.truncate(state.slots as usize);
        self.sorted = state.sorted as usize;
        if self.hash.take().is_some() && self.sorted < self.slots.len() {
            self.build_hash();
        }
    }

    /// Reads everything back from the arena, for marks of an older generation. Entries stay where
    /// they are, so the arena positions of earlier marks stay valid.
    fn rebuild(&mut self) {
        *self = TableWrites {
            arena: std::mem::take(&mut self.arena),
            generation: self.generation + 1,
            saved: std::mem::take(&mut self.saved),
            ..TableWrites::default()
        };
        let entries = self.arena.clone();
        entries.for_each(|chunk, offset, message| {
            let existing = self.locate(message.key);
            let slot = Slot { prefix: prefix_of(message.key), chunk, offset };
            self.place(existing, slot, message.key);
        });
    }

    /// Forgets savepoint `mark` and later ones, keeping their writes; `top` is the last live one.
    pub(crate) fn release(&mut self, mark: u64, top: Option<u64>) {
        let Some(first) = self.saved.iter().position(|saved| saved.0 >= mark) else {
            return;
        };
        let state = self.saved[first].1;
        self.saved.truncate(first);
        if let Some(top) = top
            && self.saved.last().is_none_or(|saved| saved.0 < top)
        {
            self.saved.push((top, state));
        }
    }
}
