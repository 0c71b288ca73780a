//! Writes the rows that reach it. Where the pipeline itself may read the table that is written, by
//! a scan or in what it asks row by row, all rows are collected before the first is written, so
//! that a statement never meets its own changes (the Halloween problem) whatever the storage lets a
//! running scan see.

use super::Flow;
use super::output::widen;
use super::rows::RowSet;
use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::budget::Budget;
use crate::kernels::Environment;
use crate::ports::{WriteKind, WriteRequest};
use grizzly_bytecode::query::{Source, Step, VectorCode, Write, WriteOperation};
use grizzly_bytecode::{TableId, VectorInstr, VectorKind};

/// A write at work.
pub(super) struct Writer<'q> {
    write: &'q Write,
    collected: Option<RowSet>,
}

impl<'q> Writer<'q> {
    pub(super) fn new(
        write: &'q Write,
        source: &Source,
        steps: &[Step],
        budget: &Budget,
    ) -> Writer<'q> {
        let itself = reads(source, write.table) || steps.iter().any(asks);
        Writer { write, collected: itself.then(|| RowSet::new(budget)) }
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        match &mut self.collected {
            Some(rows) => {
                let selected = batch.selection.rows(batch.len);
                rows.append(batch.columns.iter(), selected)?;
            }
            None => write_batch(self.write, batch, environment)?,
        }
        Ok(Flow::More)
    }

    pub(super) fn finish(self, environment: &mut Environment<'_, '_>) -> Result<(), Fault> {
        let Some(rows) = self.collected else { return environment.context.tables.finish_writes() };
        let rows = rows.freeze();
        let mut batch = Batch::default();
        for start in (0..rows.len).step_by(CAPACITY) {
            let count = (rows.len - start).min(CAPACITY);
            batch.reset(rows.columns.len(), count);
            for (out, column) in batch.columns.iter_mut().zip(&rows.columns) {
                column.borrow_into(start, count, out);
            }
            write_batch(self.write, &mut batch, environment)?;
        }
        environment.context.tables.finish_writes()
    }
}

/// Whether a source scans a table while its pipeline runs, or may.
fn reads(source: &Source, table: TableId) -> bool {
    match source {
        Source::Scan(scan) => scan.table == table,
        Source::Concat(inputs) => {
            inputs.iter().any(|input| reads(&input.source, table) || input.steps.iter().any(asks))
        }
        _ => false,
    }
}

/// Whether a step runs queries or functions, which may read any table.
fn asks(step: &Step) -> bool {
    let in_code = |code: &VectorCode| {
        use VectorInstr as I;
        code.code.iter().any(|i| {
            matches!(
                i,
                I::ScalarRows { .. }
                    | I::ExistsRows { .. }
                    | I::ArrayRows { .. }
                    | I::CallRows { .. }
            )
        })
    };
    match step {
        Step::Filter { code, .. }
        | Step::Project { code, .. }
        | Step::LimitEach { code, .. }
        | Step::Expand { code, .. } => in_code(code),
        Step::Probe { code, residual, .. } => {
            in_code(code) || residual.as_ref().is_some_and(|residual| in_code(&residual.code))
        }
        Step::Limit { .. } => false,
    }
}

fn write_batch(
    write: &Write,
    batch: &mut Batch,
    environment: &mut Environment<'_, '_>,
) -> Result<(), Fault> {
    let new_values = match write.operation {
        WriteOperation::Delete => &[],
        WriteOperation::Insert | WriteOperation::Update => write.columns.as_slice(),
    };
    let kinds = new_values.iter().map(|(_, ty)| ty.vector_kind());
    widen(batch, kinds.chain(std::iter::once(VectorKind::Bytes)));
    let request = WriteRequest {
        table: write.table,
        operation: write.operation,
        columns: new_values,
        kind: WriteKind::RowKey,
    };
    let written = environment.context.tables.write(&request, batch)?;
    environment.context.rows_written += written;
    Ok(())
}
