//! Ports with nothing behind them: for code that must not reach the world (constant folding,
//! functions that run row by row on worker threads) and for callers that have none of a kind. What
//! cannot be answered with "there is none" raises.

use super::{GetRequest, Output, ScanRequest, Secrets, TableScan, Tables, WriteRequest};
use crate::batch::Batch;
use crate::native::{NativeBody, Natives};
use grizzly_bytecode::{Arbiters, Builtin, Fault, Field, Type, Value};

/// No tables: every access raises.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTables;

fn unreachable_tables() -> Fault {
    Fault::new(Builtin::IoError, "tables cannot be reached from here")
}

impl Tables for NoTables {
    fn scan(&mut self, _: &ScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        Err(unreachable_tables())
    }

    fn get(&mut self, _: GetRequest<'_>, _: &mut Vec<Value>) -> Result<bool, Fault> {
        Err(unreachable_tables())
    }

    fn write_row(&mut self, _: &WriteRequest<'_>, _: &[Value]) -> Result<u64, Fault> {
        Err(unreachable_tables())
    }

    fn insert_unless(
        &mut self,
        _: &WriteRequest<'_>,
        _: &[Value],
        _: &Arbiters,
    ) -> Result<Option<Value>, Fault> {
        Err(unreachable_tables())
    }

    fn write(&mut self, _: &WriteRequest<'_>, _: &Batch) -> Result<u64, Fault> {
        Err(unreachable_tables())
    }

    fn savepoint(&mut self) -> u64 {
        0
    }

    fn rollback_to(&mut self, _: u64) -> Result<(), Fault> {
        // Nothing can have changed.
        Ok(())
    }
}

/// No reader: every batch and line raises.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOutput;

impl Output for NoOutput {
    fn batch(&mut self, _: &[Field], _: &Batch) -> Result<(), Fault> {
        Err(Fault::new(Builtin::IoError, "there is no reader for rows here"))
    }

    fn print(&mut self, _: &Value, _: &Type) -> Result<(), Fault> {
        Err(Fault::new(Builtin::IoError, "nothing can be printed here"))
    }
}

/// No secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn with_secret(&self, _: &str, _: &mut dyn FnMut(&[u8])) -> Option<()> {
        None
    }
}

/// No native functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNatives;

impl Natives for NoNatives {
    fn find(&self, _: &str) -> Option<NativeBody> {
        None
    }
}
