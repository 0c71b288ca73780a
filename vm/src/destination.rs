//! Where the rows of a query go.

use crate::batch::Batch;
use crate::context::Context;
use grizzly_bytecode::{Fault, Field};
use std::ops::ControlFlow;

/// The receiver of a query's result batches.
pub enum Destination<'a> {
    /// The statement's result: [`crate::ports::Output::batch`] of the context.
    Statement,
    /// The code that asked for the query; it says whether it wants more.
    Each(&'a mut dyn FnMut(&Batch) -> Result<ControlFlow<()>, Fault>),
}

impl Destination<'_> {
    /// Hands a batch of the result on, and says whether more is wanted.
    ///
    /// # Errors
    /// What the receiver raises.
    pub fn batch(
        &mut self,
        context: &mut Context<'_>,
        columns: &[Field],
        batch: &Batch,
    ) -> Result<ControlFlow<()>, Fault> {
        match self {
            Destination::Statement => {
                context.output.batch(columns, batch).map(|()| ControlFlow::Continue(()))
            }
            Destination::Each(receive) => receive(batch),
        }
    }
}
