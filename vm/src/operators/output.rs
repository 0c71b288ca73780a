//! Where a query's rows leave the executor.

use super::Flow;
use crate::batch::Batch;
use crate::kernels::Environment;
use crate::{Destination, Fault};
use grizzly_bytecode::{Field, VectorKind};

/// A query's rows on their way out.
pub(super) struct Results<'d> {
    destination: Destination<'d>,
}

impl<'d> Results<'d> {
    pub(super) fn new(destination: Destination<'d>) -> Results<'d> {
        Results { destination }
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        fields: &[Field],
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        widen(batch, fields.iter().map(|field| field.ty.vector_kind()));
        let flow = self.destination.batch(environment.context, fields, batch)?;
        Ok(if flow.is_break() { Flow::Done } else { Flow::More })
    }
}

/// Makes 128-bit columns hold 128 bits, as the ports promise.
pub(super) fn widen(batch: &mut Batch, kinds: impl Iterator<Item = VectorKind>) {
    for (column, kind) in batch.columns.iter_mut().zip(kinds) {
        if kind == VectorKind::I128 {
            column.widen_to_i128(batch.len);
        }
    }
}
