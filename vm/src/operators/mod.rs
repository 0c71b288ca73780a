//! The query operators.

use crate::context::Context;
use crate::destination::Destination;
use crate::executable::Executable;
use grizzly_bytecode::{Builtin, Fault, Value, query::Query};

/// Runs a query of `executable`'s program with its parameters and hands its batches to `destination`.
///
/// # Errors
/// What the query raises.
pub fn run_query(
    _executable: &Executable,
    _context: &mut Context<'_>,
    _query: &Query,
    _parameters: &[Value],
    _destination: Destination<'_>,
) -> Result<(), Fault> {
    Err(Fault::new(Builtin::CompileError, "queries are not supported yet"))
}
