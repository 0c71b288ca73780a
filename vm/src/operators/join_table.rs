//! The finished hash table of a join: ids of keys, per key the chain of its rows in the order in
//! which they came, and the rows' payload. Without keys, all rows are one chain.

use super::key_index::{KeyIndex, NO_ID};
use super::keys::EncodedKeys;
use super::rows::{FrozenRows, NO_ROW};
use crate::Fault;
use crate::batch::Rows;
use crate::budget::{Budget, Reservation};
use crate::kernels::Frame;
use grizzly_bytecode::VReg;
use std::sync::atomic::{AtomicBool, Ordering};

/// A finished hash table.
#[derive(Debug)]
pub(super) struct JoinTable {
    /// The keys; `None` for a join without keys.
    pub(super) index: Option<KeyIndex>,
    /// For each key, whether NULL equals NULL.
    pub(super) null_keys: Vec<bool>,
    pub(super) rows: FrozenRows,
    pub(super) chains: Chains,
    /// The rows that came, kept or not.
    pub(super) taken: u64,
    /// Whether a row came with a NULL in a key where NULL equals nothing.
    pub(super) has_null_key: bool,
    /// Which rows have had a match; empty where nobody asks.
    pub(super) noted: Vec<AtomicBool>,
}

/// The rows of each key: the first one by id, then from row to row.
#[derive(Debug)]
pub(super) struct Chains {
    first: Vec<u32>,
    last: Vec<u32>,
    next: Vec<u32>,
    unique: bool,
    memory: Reservation,
}

impl JoinTable {
    /// Writes the id of every selected row's key to `ids[row]`, [`NO_ID`] where it matches nothing.
    pub(super) fn find(
        &self,
        keys: (&Frame, &[VReg]),
        rows: Rows<'_>,
        ids: &mut [u32],
        scratch: &mut EncodedKeys,
    ) {
        match &self.index {
            Some(index) => index.find(keys, &self.null_keys, rows, ids, scratch),
            None => {
                let id = if self.rows.len == 0 { NO_ID } else { 0 };
                rows.each(|row| ids[row] = id);
            }
        }
    }

    /// The first row of a key, [`NO_ROW`] for [`NO_ID`].
    #[inline]
    pub(super) fn first(&self, id: u32) -> u32 {
        // Without duplicates the rows are numbered as their keys are; both "none" are one number.
        const { assert!(NO_ID == NO_ROW) };
        let numbered = self.chains.unique || id == NO_ID || self.index.is_none();
        if numbered { id } else { self.chains.first[id as usize] }
    }

    /// The row after this one with the same key, [`NO_ROW`] behind the last.
    #[inline]
    pub(super) fn next(&self, row: u32) -> u32 {
        if self.index.is_some() {
            return self.chains.next[row as usize];
        }
        if (row as usize) + 1 < self.rows.len { row + 1 } else { NO_ROW }
    }

    /// The rows of a key.
    pub(super) fn chain(&self, id: u32) -> impl Iterator<Item = u32> + '_ {
        let some = |row: u32| (row != NO_ROW).then_some(row);
        std::iter::successors(some(self.first(id)), move |row| some(self.next(*row)))
    }

    /// The number of rows of each key.
    pub(super) fn counts(&self, memory: &mut Reservation) -> Result<Vec<u32>, Fault> {
        let keys = self.index.as_ref().map_or(1, KeyIndex::len);
        let mut counts = Vec::new();
        memory.make_room(&mut counts, keys)?;
        counts.extend((0..keys as u32).map(|id| {
            let any = self.rows.len > 0;
            if any { self.chain(id).count() as u32 } else { 0 }
        }));
        Ok(counts)
    }

    /// Whether no key has two rows.
    pub(super) fn is_unique(&self) -> bool {
        if self.index.is_some() { self.chains.unique } else { self.rows.len <= 1 }
    }

    /// Remembers that a row has had a match.
    #[inline]
    pub(super) fn note(&self, row: u32) {
        if let Some(noted) = self.noted.get(row as usize) {
            noted.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a row has had a match.
    #[inline]
    pub(super) fn is_noted(&self, row: u32) -> bool {
        self.noted.get(row as usize).is_some_and(|noted| noted.load(Ordering::Relaxed))
    }
}

impl Chains {
    pub(super) fn new(budget: &Budget) -> Chains {
        let memory = Reservation::none(budget);
        Chains { first: Vec::new(), last: Vec::new(), next: Vec::new(), unique: true, memory }
    }

    /// The budget that the chains reserve from.
    pub(super) fn budget(&self) -> &Budget {
        self.memory.budget()
    }

    /// Adds rows with the ids of their keys; one with [`NO_ID`] is in no chain.
    pub(super) fn append(&mut self, rows: Rows<'_>, ids: &[u32], keys: usize) -> Result<(), Fault> {
        let new_keys = keys - self.first.len();
        self.memory.make_room(&mut self.first, new_keys)?;
        self.memory.make_room(&mut self.last, new_keys)?;
        self.memory.make_room(&mut self.next, rows.count())?;
        self.first.resize(keys, NO_ROW);
        self.last.resize(keys, NO_ROW);
        rows.each(|row| {
            // Row counts of one state stay below 2^32 - 1: the budget ends long before.
            let at = self.next.len() as u32;
            self.next.push(NO_ROW);
            if ids[row] == NO_ID {
                // From here on rows and keys are numbered differently.
                self.unique = false;
                return;
            }
            let id = ids[row] as usize;
            match self.last[id] {
                NO_ROW => self.first[id] = at,
                last => {
                    self.unique = false;
                    self.next[last as usize] = at;
                }
            }
            self.last[id] = at;
        });
        Ok(())
    }
}
