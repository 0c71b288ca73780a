//! The verifier: turns a [`Program`] into a [`VerifiedProgram`], which is all that the machine runs.

use crate::program::Program;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A program that passed [`verify`]. It never changes.
#[derive(Clone, Debug)]
pub struct VerifiedProgram {
    program: Arc<Program>,
}

impl Deref for VerifiedProgram {
    type Target = Program;
    fn deref(&self) -> &Program {
        &self.program
    }
}

/// What a program breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Where: a function, query or table of the program, and the instruction.
    pub at: String,
    /// What.
    pub problem: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid bytecode: {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for VerifyError {}

/// Checks a program.
///
/// # Errors
/// The first rule that it breaks.
pub fn verify(program: Program) -> Result<VerifiedProgram, VerifyError> {
    if program.functions.get(program.entry.index()).is_none() {
        return Err(VerifyError { at: "program".into(), problem: "it has no entry".into() });
    }
    Ok(VerifiedProgram { program: Arc::new(program) })
}
