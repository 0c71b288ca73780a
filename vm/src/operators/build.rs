//! Builds the hash table of a join: ids of keys, per key the chain of its rows in the order in
//! which they came, and the rows' payload. A row with a NULL in its key matches nothing and is left
//! out.

use super::Flow;
use super::key_index::{KeyIndex, NO_ID};
use super::rows::{FrozenRows, NO_ROW, RowSet};
use crate::Fault;
use crate::batch::{Batch, CAPACITY, Rows};
use crate::budget::{Budget, Reservation};
use crate::kernels::{Environment, Frame};
use grizzly_bytecode::VReg;
use grizzly_bytecode::query::VectorCode;

/// A finished hash table.
#[derive(Debug)]
pub(super) struct JoinTable {
    pub(super) index: KeyIndex,
    pub(super) rows: FrozenRows,
    chains: Chains,
}

/// The rows of each key: the first one by id, then from row to row.
#[derive(Debug)]
struct Chains {
    first: Vec<u32>,
    last: Vec<u32>,
    next: Vec<u32>,
    unique: bool,
    memory: Reservation,
}

impl JoinTable {
    /// The first row of a key, [`NO_ROW`] for [`NO_ID`].
    #[inline]
    pub(super) fn first(&self, id: u32) -> u32 {
        // Without duplicates the rows are numbered as their keys are; both "none" are one number.
        const { assert!(NO_ID == NO_ROW) };
        if self.chains.unique || id == NO_ID { id } else { self.chains.first[id as usize] }
    }

    /// The row after this one with the same key, [`NO_ROW`] behind the last.
    #[inline]
    pub(super) fn next(&self, row: u32) -> u32 {
        self.chains.next[row as usize]
    }

    /// Whether no key has two rows.
    pub(super) fn is_unique(&self) -> bool {
        self.chains.unique
    }
}

/// A hash table under construction.
pub(super) struct Build<'q> {
    code: &'q VectorCode,
    keys: &'q [VReg],
    payload: &'q [VReg],
    frame: Frame,
    index: KeyIndex,
    rows: RowSet,
    chains: Chains,
    ids: Vec<u32>,
    new_rows: Vec<u16>,
    valid_rows: Vec<u16>,
}

impl<'q> Build<'q> {
    pub(super) fn new(
        code: &'q VectorCode,
        keys: &'q [VReg],
        payload: &'q [VReg],
        budget: &Budget,
    ) -> Build<'q> {
        let kinds = keys.iter().map(|key| code.registers[key.index()]).collect();
        let memory = Reservation::none(budget);
        Build {
            code,
            keys,
            payload,
            frame: Frame::new(code, &[keys, payload].concat()),
            index: KeyIndex::new(kinds, budget),
            rows: RowSet::new(budget),
            chains: Chains {
                first: Vec::new(),
                last: Vec::new(),
                next: Vec::new(),
                unique: true,
                memory,
            },
            ids: vec![0; CAPACITY],
            new_rows: Vec::new(),
            valid_rows: Vec::new(),
        }
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        self.frame.exchange(&mut batch.columns);
        let rows = batch.selection.rows(batch.len);
        self.frame.run(self.code, environment, rows, batch.len)?;
        let frame = &self.frame;
        let nullable = |key: &VReg| !frame.register(*key).validity().is_all_valid();
        let rows = if self.keys.iter().any(nullable) {
            let is_null = |row| self.keys.iter().any(|key| frame.register(*key).is_null(row));
            let valid = rows.iter().filter(|row| !is_null(*row)).map(|row| row as u16);
            self.valid_rows.clear();
            self.valid_rows.extend(valid);
            Rows::Some(&self.valid_rows)
        } else {
            rows
        };
        self.new_rows.clear();
        self.index.insert((frame, self.keys), rows, &mut self.ids, &mut self.new_rows)?;
        self.chains.append(rows, &self.ids, self.index.len())?;
        self.rows.append(self.payload.iter().map(|register| frame.register(*register)), rows)?;
        self.frame.exchange(&mut batch.columns);
        Ok(Flow::More)
    }

    pub(super) fn finish(self) -> JoinTable {
        JoinTable { index: self.index, rows: self.rows.freeze(), chains: self.chains }
    }
}

impl Chains {
    fn append(&mut self, rows: Rows<'_>, ids: &[u32], keys: usize) -> Result<(), Fault> {
        let new_keys = keys - self.first.len();
        self.memory.make_room(&mut self.first, new_keys)?;
        self.memory.make_room(&mut self.last, new_keys)?;
        self.memory.make_room(&mut self.next, rows.count())?;
        self.first.resize(keys, NO_ROW);
        self.last.resize(keys, NO_ROW);
        rows.each(|row| {
            let id = ids[row] as usize;
            // Row counts of one state stay below 2^32 - 1: the budget ends long before.
            let at = self.next.len() as u32;
            match self.last[id] {
                NO_ROW => self.first[id] = at,
                last => {
                    self.unique = false;
                    self.next[last as usize] = at;
                }
            }
            self.last[id] = at;
            self.next.push(NO_ROW);
        });
        Ok(())
    }
}
