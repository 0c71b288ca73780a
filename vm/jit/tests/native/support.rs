//! Executables with and without native code, and outcomes that can be compared.

use grizzly_bytecode::assemble::assemble;
use grizzly_bytecode::{Fault, Program, Value, verify};
use grizzly_jit::Jit;
use grizzly_vm::budget::Budget;
use grizzly_vm::ports::*;
use grizzly_vm::{Context, Executable};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A world without tables.
#[derive(Default)]
pub struct World {
    pub cancel: Arc<AtomicBool>,
}

impl World {
    pub fn with<R>(&mut self, run: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let entropy = OsEntropy::seeded(0);
        run(&mut Context {
            tables: &mut NoTables,
            output: &mut NoOutput,
            clock: &SystemClock::default(),
            entropy: &entropy,
            files: &DiskFiles,
            secrets: &NoSecrets,
            tasks: &ThreadTasks::new(1),
            natives: &NoNatives,
            budget: Budget::unlimited(),
            parameters: &[],
            cancel: &self.cancel,
            transaction_micros: 0,
            progress: &Arc::default(),
            rows_written: 0,
            nesting: 0,
        })
    }

    pub fn execute(&mut self, executable: &Executable) -> Result<Option<Value>, Fault> {
        self.with(|context| executable.execute(context))
    }

    /// The same for a world whose flag another thread has.
    pub fn run_cancelled(mut self, executable: &Executable) -> Result<Option<Value>, Fault> {
        self.execute(executable)
    }
}

/// How a run ended.
#[derive(Debug, PartialEq)]
pub enum Ran {
    Value(String),
    /// The exception with its message, and function and place of every line.
    Raised(String, Vec<(String, u32)>),
}

pub fn outcome(result: Result<Option<Value>, Fault>) -> Ran {
    match result {
        Ok(value) => Ran::Value(format!("{value:?}")),
        Err(fault) => {
            let exception = &fault.exception;
            let lines = fault.trace.iter();
            Ran::Raised(
                format!("{}: {}", exception.ty.name, exception.message),
                lines.map(|line| (line.function.to_string(), line.place.start)).collect(),
            )
        }
    }
}

pub fn executable(source: &str, native: bool) -> Executable {
    let program = assemble(source).unwrap_or_else(|e| panic!("line {}: {}", e.line, e.text));
    executable_of(program, native)
}

pub fn executable_of(program: Program, native: bool) -> Executable {
    let program = verify(program).unwrap_or_else(|e| panic!("{e}"));
    let executable = Executable::link(program, &NoNatives).unwrap();
    if native { executable.with_compiler(Arc::new(Jit::default())) } else { executable }
}
