//! Skips rows and passes some of each group of rows that agree in keys, in the order in which they
//! come.

use super::key_index::KeyIndex;
use super::limit::rows as row_count;
use super::pipeline::no_state;
use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::budget::{Budget, Reservation};
use crate::kernels::{Environment, Frame};
use grizzly_bytecode::VReg;
use grizzly_bytecode::query::{Step, VectorCode};

/// A limit by group at work.
pub(super) struct LimitEach<'q> {
    code: &'q VectorCode,
    keys: &'q [VReg],
    skip: u64,
    end: u64,
    frame: Frame,
    index: KeyIndex,
    /// How many rows of each group have come.
    counts: Vec<u64>,
    ids: Vec<u32>,
    new_rows: Vec<u16>,
    kept: Vec<u16>,
    memory: Reservation,
}

impl<'q> LimitEach<'q> {
    /// The limit of a [`Step::LimitEach`].
    ///
    /// # Errors
    /// TypeError where a parameter counts fewer than no rows.
    pub(super) fn new(
        step: &'q Step,
        parameters: &[grizzly_bytecode::Value],
        budget: &Budget,
    ) -> Result<LimitEach<'q>, Fault> {
        let Step::LimitEach { code, keys, limit, offset } = step else { return Err(no_state()) };
        let limit = limit.map(|limit| row_count(limit, parameters)).transpose()?.flatten();
        let skip = row_count(*offset, parameters)?.unwrap_or(0);
        let kinds = keys.iter().map(|key| code.registers[key.index()]).collect();
        Ok(LimitEach {
            code,
            keys,
            skip,
            end: limit.map_or(u64::MAX, |limit| skip.saturating_add(limit)),
            frame: Frame::new(code, keys),
            index: KeyIndex::new(kinds, budget),
            counts: Vec::new(),
            ids: vec![0; CAPACITY],
            new_rows: Vec::new(),
            kept: Vec::new(),
            memory: Reservation::none(budget),
        })
    }

    /// Narrows the batch to the rows to pass.
    pub(super) fn apply(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<(), Fault> {
        self.frame.exchange(&mut batch.columns);
        let rows = batch.selection.rows(batch.len);
        self.frame.run(self.code, environment, rows, batch.len)?;
        self.new_rows.clear();
        self.index.insert((&self.frame, self.keys), rows, &mut self.ids, &mut self.new_rows)?;
        self.frame.exchange(&mut batch.columns);
        let (groups, known) = (self.index.len(), self.counts.len());
        self.memory.make_room(&mut self.counts, groups - known)?;
        self.counts.resize(groups, 0);
        self.kept.clear();
        rows.each(|row| {
            let count = &mut self.counts[self.ids[row] as usize];
            if (self.skip..self.end).contains(count) {
                self.kept.push(row as u16);
            }
            *count += 1;
        });
        batch.selection.exchange(&mut self.kept);
        Ok(())
    }
}
