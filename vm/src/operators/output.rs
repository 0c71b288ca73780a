//! Where a query's rows go: to the statement's output, or into one value.

use super::Flow;
use crate::Fault;
use crate::batch::Batch;
use crate::kernels::Environment;
use grizzly_bytecode::{Builtin, Field, Value, VectorKind};

/// What becomes of a query's rows.
pub(super) enum Results {
    /// They go to the statement's output.
    Output,
    /// They are one value at most.
    Single(Option<Value>),
}

impl Results {
    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        fields: &[Field],
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        match self {
            Results::Output => {
                let types = fields.iter().map(|field| field.ty.vector_kind());
                widen(batch, types);
                environment.context.output.batch(fields, batch)?;
                Ok(Flow::More)
            }
            Results::Single(single) => {
                let rows = batch.rows();
                if single.is_some() || rows.count() > 1 {
                    let message = "the query gave several rows where a single value was expected";
                    return Err(Fault::new(Builtin::CardinalityViolation, message));
                }
                // An empty batch is not pushed.
                let first = fields.first().map(|field| batch.value(rows.at(0), 0, &field.ty));
                *single = Some(first.unwrap_or_default());
                Ok(Flow::More)
            }
        }
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
