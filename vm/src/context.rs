//! The context of one execution: the program's ports, parameters and limits.

use crate::budget::Budget;
use crate::native::Natives;
use crate::ports::{Clock, Entropy, Files, Output, Secrets, Tables, Tasks};
use crate::progress::Progress;
use grizzly_bytecode::Value;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a statement runs with.
pub struct Context<'a> {
    /// The tables of the statement's transaction.
    pub tables: &'a mut dyn Tables,
    /// Where results go.
    pub output: &'a mut dyn Output,
    /// The clocks.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// Files.
    pub files: &'a dyn Files,
    /// Secrets.
    pub secrets: &'a dyn Secrets,
    /// Threads.
    pub tasks: &'a dyn Tasks,
    /// Native functions.
    pub natives: &'a dyn Natives,
    /// The memory that the statement may use.
    pub budget: Budget,
    /// The values of [`grizzly_bytecode::Program::parameters`].
    pub parameters: &'a [Value],
    /// Set by another thread to cancel the statement.
    pub cancel: &'a AtomicBool,
    /// When the transaction began, in microseconds since 1970-01-01 UTC.
    pub transaction_micros: i64,
    /// What others may watch of the statement.
    pub progress: &'a Arc<Progress>,
    /// Rows written so far.
    pub rows_written: u64,
    /// How many instances run inside each other; the caller begins with 0.
    pub nesting: u32,
}
