//! From keys to dense ids: 0, 1, … in the order in which keys are first seen. Groups, hash joins
//! and DISTINCT stand on it. One key of 64-bit integers has a table of its own; everything else
//! goes by [`EncodedKeys`].

use super::keys::{EncodedKeys, KeyColumn, KeyColumns, KeyOrder};
use super::rows::NO_ROW;
use crate::Fault;
use crate::batch::Rows;
use crate::budget::{Budget, Reservation};
use crate::kernels::Frame;
use crate::vector::{Data, Operand, Vector};
use grizzly_bytecode::{VReg, VectorKind};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// An id that stands for no key.
pub const NO_ID: u32 = NO_ROW;

/// The ids of keys of one or more columns.
#[derive(Debug)]
pub struct KeyIndex {
    kinds: Vec<VectorKind>,
    table: Table,
    scratch: EncodedKeys,
    memory: Reservation,
}

#[derive(Debug)]
enum Table {
    Integers(Integers),
    Encoded(KeyTable),
}

/// Open addressing with linear probing: a key and its id lie in one entry, so that a lookup waits
/// for one cache line where a table with separate control bytes waits for two.
#[derive(Debug, Default)]
struct Integers {
    /// Keys with their ids plus one, 0 where the entry is free; a power of two of entries, at most
    /// half of them taken.
    entries: Vec<(i64, u32)>,
    null: Option<u32>,
    len: u32,
}

impl KeyIndex {
    /// An index over keys of columns of these kinds.
    pub fn new(kinds: Vec<VectorKind>, budget: &Budget) -> KeyIndex {
        let table = match kinds.as_slice() {
            [VectorKind::I64] => Table::Integers(Integers::default()),
            _ => Table::Encoded(KeyTable::default()),
        };
        let memory = Reservation::none(budget);
        KeyIndex { kinds, table, scratch: EncodedKeys::default(), memory }
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        match &self.table {
            Table::Integers(integers) => integers.len as usize,
            Table::Encoded(table) => table.len(),
        }
    }

    fn columns<'f>(&self, frame: &'f Frame, keys: &[VReg]) -> KeyColumns<'f> {
        let wide = self.kinds.iter().map(|kind| *kind == VectorKind::I128);
        let column = |(key, wide): (&VReg, bool)| {
            KeyColumn::new(frame.register(*key), wide, KeyOrder::default())
        };
        KeyColumns::new(keys.iter().zip(wide).map(column))
    }

    /// Gives every selected row the id of its key at `ids[row]`, a new one to a new key, and pushes
    /// the rows that brought new keys, in the order of their ids. NULL equals NULL.
    ///
    /// # Errors
    /// ResourceExhausted.
    pub fn insert(
        &mut self,
        (frame, keys): (&Frame, &[VReg]),
        rows: Rows<'_>,
        ids: &mut [u32],
        new_rows: &mut Vec<u16>,
    ) -> Result<(), Fault> {
        let columns = self.columns(frame, keys);
        match &mut self.table {
            Table::Integers(integers) => {
                integers.make_room(rows.count(), &mut self.memory)?;
                integers.insert(frame.register(keys[0]), rows, ids, new_rows);
            }
            Table::Encoded(table) => {
                self.scratch.clear();
                self.scratch.encode(&columns, rows, |_| None);
                table.make_room(&self.scratch, &mut self.memory)?;
                for (position, row) in rows.iter().enumerate() {
                    let before = table.len();
                    ids[row] = table.insert(self.scratch.get(position));
                    if table.len() != before {
                        new_rows.push(row as u16);
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives every selected row the id of its key at `ids[row]`, [`NO_ID`] where the key is unknown
    /// or holds a NULL in a column for which `null_keys` does not say that NULL equals NULL.
    /// `scratch` is memory to encode keys in.
    pub fn find(
        &self,
        (frame, keys): (&Frame, &[VReg]),
        null_keys: &[bool],
        rows: Rows<'_>,
        ids: &mut [u32],
        scratch: &mut EncodedKeys,
    ) {
        match &self.table {
            Table::Integers(integers) => {
                let key = frame.register(keys[0]);
                integers.find(key, rows, ids);
                if let (Some(null), [true]) = (integers.null, null_keys) {
                    rows.iter().filter(|row| key.is_null(*row)).for_each(|row| ids[row] = null);
                }
            }
            Table::Encoded(table) => {
                let columns = self.columns(frame, keys);
                scratch.clear();
                scratch.encode(&columns, rows, |_| None);
                for (position, row) in rows.iter().enumerate() {
                    let mut nulls = columns.iter().zip(null_keys);
                    let null = nulls.any(|(column, equal)| !equal && column.is_null(row));
                    ids[row] = if null { NO_ID } else { table.find(scratch.get(position)) };
                }
            }
        }
    }
}

/// A mix that spreads all bits of the key over the hash (the finisher of MurmurHash3, halved).
#[inline]
fn hash_i64(key: i64) -> u64 {
    let mixed = (key as u64 ^ key as u64 >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

fn integers_of(key: &Vector) -> Operand<'_, i64> {
    match key.data() {
        Data::I64(values) => values.operand(),
        // The verifier has checked the kinds of keys.
        other => unreachable!("expected I64 keys, got {other:?}"),
    }
}

impl Integers {
    fn make_room(&mut self, more: usize, memory: &mut Reservation) -> Result<(), Fault> {
        let needed = ((self.len as usize + more) * 2).next_power_of_two();
        if needed <= self.entries.len() {
            return Ok(());
        }
        memory.grow((needed * size_of::<(i64, u32)>()) as u64)?;
        let old = std::mem::replace(&mut self.entries, vec![(0, 0); needed]);
        for (key, id) in old.iter().filter(|(_, id)| *id != 0) {
            let at = self.place_of(*key);
            self.entries[at] = (*key, *id);
        }
        memory.shrink((old.len() * size_of::<(i64, u32)>()) as u64);
        Ok(())
    }

    /// The entry that holds a key, or the free one where it would go.
    #[inline]
    fn place_of(&self, key: i64) -> usize {
        let mask = self.entries.len() - 1;
        let mut at = hash_i64(key) as usize & mask;
        loop {
            // Half of the entries are free: the walk ends.
            let (known, id) = self.entries[at & mask];
            if id == 0 || known == key {
                return at & mask;
            }
            at += 1;
        }
    }

    /// Gives every selected row the id of its key. [`Integers::make_room`] comes first.
    fn insert(&mut self, key: &Vector, rows: Rows<'_>, ids: &mut [u32], new_rows: &mut Vec<u16>) {
        // Most keys are known: looking them up first keeps that loop free of changes, so that the
        // processor waits for several entries at a time.
        self.find(key, rows, ids);
        let (values, validity) = (integers_of(key), key.validity());
        for row in rows.iter() {
            if ids[row] != NO_ID {
                continue;
            }
            let known = if validity.get(row) {
                let key = *values.get(row);
                let at = self.place_of(key);
                let entry = &mut self.entries[at];
                if entry.1 == 0 {
                    *entry = (key, self.len + 1);
                }
                entry.1 - 1
            } else {
                *self.null.get_or_insert(self.len)
            };
            ids[row] = known;
            if known == self.len {
                self.len += 1;
                new_rows.push(row as u16);
            }
        }
    }

    fn find(&self, key: &Vector, rows: Rows<'_>, ids: &mut [u32]) {
        if self.entries.is_empty() {
            return rows.each(|row| ids[row] = NO_ID);
        }
        let (values, validity) = (integers_of(key), key.validity());
        let id_of = |key: i64| {
            let (_, id) = self.entries[self.place_of(key)];
            // A free entry's 0 becomes `NO_ID`.
            id.wrapping_sub(1)
        };
        if validity.is_all_valid() {
            return rows.each(|row| ids[row] = id_of(*values.get(row)));
        }
        rows.each(|row| ids[row] = if validity.get(row) { id_of(*values.get(row)) } else { NO_ID });
    }
}

/// The ids of encoded keys.
#[derive(Debug, Default)]
pub struct KeyTable {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    keys: EncodedKeys,
    hasher: DefaultHashBuilder,
}

impl KeyTable {
    /// The number of keys.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Makes room for all of these keys.
    ///
    /// # Errors
    /// ResourceExhausted.
    pub fn make_room(&mut self, keys: &EncodedKeys, memory: &mut Reservation) -> Result<(), Fault> {
        let more = keys.ends.len();
        memory.make_room(&mut self.hashes, more)?;
        memory.make_room(&mut self.keys.ends, more)?;
        memory.make_room(&mut self.keys.bytes, keys.bytes.len())?;
        if self.table.capacity() - self.table.len() < more {
            let buckets = ((self.table.len() + more) * 8 / 7 + 1).next_power_of_two();
            memory.grow((buckets * (size_of::<u32>() + 1)) as u64)?;
            self.table.reserve(more, |id| self.hashes[*id as usize]);
        }
        Ok(())
    }

    /// The id of a key, a new one for a new key. [`KeyTable::make_room`] comes first.
    pub fn insert(&mut self, key: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(key);
        let (hashes, keys) = (&mut self.hashes, &mut self.keys);
        let same = |id: &u32| hashes[*id as usize] == hash && keys.get(*id as usize) == key;
        if let Some(id) = self.table.find(hash, same) {
            return *id;
        }
        // Row counts of one state stay below 2^32 - 1.
        let id = hashes.len() as u32;
        hashes.push(hash);
        keys.bytes.extend_from_slice(key);
        keys.ends.push(keys.bytes.len());
        self.table.insert_unique(hash, id, |id| hashes[*id as usize]);
        id
    }

    /// The id of a key, [`NO_ID`] where it is unknown.
    pub fn find(&self, key: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(key);
        let same =
            |id: &u32| self.hashes[*id as usize] == hash && self.keys.get(*id as usize) == key;
        self.table.find(hash, same).copied().unwrap_or(NO_ID)
    }
}
