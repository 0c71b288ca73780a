//! Where the rows of a query go.

use crate::batch::Batch;
use crate::context::Context;
use grizzly_bytecode::{Fault, Field};

/// The receiver of a query's result batches.
pub enum Destination<'a> {
    /// The statement's result: [`crate::ports::Output::batch`] of the context.
    Statement,
    /// The code that asked for the query.
    Each(&'a mut dyn FnMut(&Batch) -> Result<(), Fault>),
}

impl Destination<'_> {
    /// Hands a batch of the result on.
    ///
    /// # Errors
    /// What the receiver raises.
    pub fn batch(
        &mut self,
        context: &mut Context<'_>,
        columns: &[Field],
        batch: &Batch,
    ) -> Result<(), Fault> {
        match self {
            Destination::Statement => context.output.batch(columns, batch),
            Destination::Each(receive) => receive(batch),
        }
    }
}
