//! Builds the hash table of a join. A row that can match nothing, for a NULL in its key, is left
//! out, unless all rows are to be kept.

use super::Flow;
use super::join_table::{Chains, JoinTable};
use super::key_index::{KeyIndex, NO_ID};
use super::rows::RowSet;
use crate::Fault;
use crate::batch::{Batch, CAPACITY, Rows};
use crate::budget::{Budget, Reservation};
use crate::kernels::{Environment, Frame};
use grizzly_bytecode::VReg;
use grizzly_bytecode::query::{Sink, VectorCode};
use std::sync::atomic::AtomicBool;

/// A hash table under construction.
pub(super) struct Build<'q> {
    code: &'q VectorCode,
    keys: &'q [VReg],
    null_keys: &'q [bool],
    payload: &'q [VReg],
    keep_all: bool,
    frame: Frame,
    index: Option<KeyIndex>,
    rows: RowSet,
    chains: Chains,
    ids: Vec<u32>,
    new_rows: Vec<u16>,
    valid_rows: Vec<u16>,
    taken: u64,
    has_null_key: bool,
}

impl<'q> Build<'q> {
    /// The table of a [`Sink::HashBuild`]; `None` of another sink.
    pub(super) fn new(sink: &'q Sink, budget: &Budget) -> Option<Build<'q>> {
        let Sink::HashBuild { code, keys, null_keys, payload, keep_all, .. } = sink else {
            return None;
        };
        let kinds = keys.iter().map(|key| code.registers[key.index()]).collect();
        Some(Build {
            code,
            keys,
            null_keys,
            payload,
            keep_all: *keep_all,
            frame: Frame::new(code, &[keys.as_slice(), payload].concat()),
            index: (!keys.is_empty()).then(|| KeyIndex::new(kinds, budget)),
            rows: RowSet::new(budget),
            chains: Chains::new(budget),
            ids: vec![0; CAPACITY],
            new_rows: Vec::new(),
            valid_rows: Vec::new(),
            taken: 0,
            has_null_key: false,
        })
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        self.frame.exchange(&mut batch.columns);
        let rows = batch.selection.rows(batch.len);
        self.taken += rows.count() as u64;
        self.frame.run(self.code, environment, rows, batch.len)?;
        self.insert(rows)?;
        self.frame.exchange(&mut batch.columns);
        Ok(Flow::More)
    }

    fn insert(&mut self, rows: Rows<'_>) -> Result<(), Fault> {
        let frame = &self.frame;
        let payload = self.payload.iter().map(|register| frame.register(*register));
        let Some(index) = &mut self.index else { return self.rows.append(payload, rows) };
        let mut strict = self.keys.iter().zip(self.null_keys).filter(|(_, nulls)| !**nulls);
        let all_valid =
            strict.clone().all(|(key, _)| frame.register(*key).validity().is_all_valid());
        let mut valid = rows;
        if !all_valid {
            self.valid_rows.clear();
            rows.each(|row| {
                if strict.clone().any(|(key, _)| frame.register(*key).is_null(row)) {
                    self.ids[row] = NO_ID;
                } else {
                    self.valid_rows.push(row as u16);
                }
            });
            valid = Rows::Some(&self.valid_rows);
            self.has_null_key |= valid.count() < rows.count() && strict.next().is_some();
        }
        self.new_rows.clear();
        index.insert((frame, self.keys), valid, &mut self.ids, &mut self.new_rows)?;
        let kept = if self.keep_all { rows } else { valid };
        self.chains.append(kept, &self.ids, index.len())?;
        self.rows.append(payload, kept)
    }

    pub(super) fn finish(self) -> Result<JoinTable, Fault> {
        let mut rows = self.rows.freeze();
        let mut noted: Vec<AtomicBool> = Vec::new();
        if self.keep_all {
            let mut memory = Reservation::none(self.chains.budget());
            memory.make_room(&mut noted, rows.len)?;
            noted.resize_with(rows.len, AtomicBool::default);
            rows.memory.push(memory);
        }
        Ok(JoinTable {
            index: self.index,
            null_keys: self.null_keys.to_vec(),
            rows,
            chains: self.chains,
            taken: self.taken,
            has_null_key: self.has_null_key,
            noted,
        })
    }
}
