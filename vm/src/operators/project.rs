//! Replaces the columns by registers of vector code.

use crate::Fault;
use crate::batch::Batch;
use crate::kernels::{Environment, Frame};
use grizzly_bytecode::VReg;
use grizzly_bytecode::query::VectorCode;

/// A projection at work.
pub(super) struct Project<'q> {
    code: &'q VectorCode,
    columns: &'q [VReg],
    frame: Frame,
    out: Batch,
    kept: Vec<u16>,
}

impl<'q> Project<'q> {
    pub(super) fn new(code: &'q VectorCode, columns: &'q [VReg]) -> Project<'q> {
        let mut out = Batch::default();
        out.reset(columns.len(), 0);
        Project { code, columns, frame: Frame::new(code, columns), out, kept: Vec::new() }
    }

    /// Computes the columns. They are lent until the next call, which takes them back into the
    /// registers that they came from, so that their memory is used again.
    pub(super) fn apply(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<&mut Batch, Fault> {
        let first_use = |index: usize| {
            let first = self.columns.iter().position(|column| *column == self.columns[index]);
            first.filter(|first| *first != index)
        };
        for (index, register) in self.columns.iter().enumerate() {
            if first_use(index).is_none() {
                self.frame.exchange_one(*register, &mut self.out.columns[index]);
            }
        }
        self.frame.exchange(&mut batch.columns);
        self.frame.run(self.code, environment, batch.selection.rows(batch.len), batch.len)?;
        for (index, register) in self.columns.iter().enumerate() {
            match first_use(index) {
                None => self.frame.exchange_one(*register, &mut self.out.columns[index]),
                Some(first) => {
                    // A column that is wanted twice: the second one is a copy of the first.
                    let (before, at) = self.out.columns.split_at_mut(index);
                    at[0].clone_from_vector(&before[first], batch.len);
                }
            }
        }
        self.out.len = batch.len;
        if batch.selection.is_all() {
            self.out.selection.select_all();
        } else {
            self.kept.clear();
            self.kept.extend(batch.rows().iter().map(|row| row as u16));
            self.out.selection.exchange(&mut self.kept);
        }
        Ok(&mut self.out)
    }
}
