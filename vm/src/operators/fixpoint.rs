//! Fixpoints: the rows of a recursive query, round by round. A round's pipeline reads the rows of
//! the round before and ends here; where rows count once, those that any round has brought are left
//! out. A round without rows is the last.

use super::Flow;
use super::key_index::KeyIndex;
use super::rows::{FrozenRows, RowSet};
use crate::Fault;
use crate::batch::{Batch, CAPACITY, Rows};
use crate::budget::Budget;
use crate::kernels::Frame;
use grizzly_bytecode::VReg;
use grizzly_bytecode::query::VectorCode;
use parking_lot::Mutex;

/// The rounds so far.
#[derive(Debug)]
pub(super) struct Fixpoint {
    /// The rows of each round.
    pub(super) rounds: Vec<FrozenRows>,
    /// All rows of a distinct fixpoint; with the running round while there is one.
    seen: Mutex<Option<KeyIndex>>,
}

impl Fixpoint {
    /// Adds a round.
    pub(super) fn append(&mut self, round: Fixpoint) {
        self.rounds.extend(round.rounds);
        self.seen = round.seen;
    }

    /// Whether the last round has rows to go on with.
    pub(super) fn goes_on(&self) -> bool {
        self.rounds.last().is_some_and(|round| round.len > 0)
    }
}

/// A round under way.
pub(super) struct Round<'q> {
    code: &'q VectorCode,
    keys: Vec<VReg>,
    frame: Frame,
    seen: Option<KeyIndex>,
    rows: RowSet,
    ids: Vec<u32>,
    new_rows: Vec<u16>,
}

impl<'q> Round<'q> {
    /// A round after those before, or one that begins.
    pub(super) fn new(
        code: &'q VectorCode,
        distinct: bool,
        before: Option<&Fixpoint>,
        budget: &Budget,
    ) -> Round<'q> {
        let known = before.and_then(|fixpoint| fixpoint.seen.lock().take());
        let fresh = || KeyIndex::new(code.registers.clone(), budget);
        Round {
            code,
            keys: (0..code.inputs).map(VReg).collect(),
            frame: Frame::new(code, &[]),
            seen: distinct.then(|| known.unwrap_or_else(fresh)),
            rows: RowSet::new(budget),
            ids: vec![0; CAPACITY],
            new_rows: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, batch: &mut Batch) -> Result<Flow, Fault> {
        debug_assert_eq!(batch.columns.len(), usize::from(self.code.inputs));
        let rows = batch.selection.rows(batch.len);
        let Some(seen) = &mut self.seen else {
            self.rows.append(batch.columns.iter(), rows)?;
            return Ok(Flow::More);
        };
        self.frame.exchange(&mut batch.columns);
        self.new_rows.clear();
        seen.insert((&self.frame, &self.keys), rows, &mut self.ids, &mut self.new_rows)?;
        self.frame.exchange(&mut batch.columns);
        self.rows.append(batch.columns.iter(), Rows::Some(&self.new_rows))?;
        Ok(Flow::More)
    }

    pub(super) fn finish(self) -> Fixpoint {
        Fixpoint { rounds: vec![self.rows.freeze()], seen: Mutex::new(self.seen) }
    }
}
