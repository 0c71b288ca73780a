//! The world of the tests: tables in memory with savepoints, an output that keeps everything,
//! natives, and an allocator that counts.

use grizzly_bytecode::assemble::assemble;
use grizzly_bytecode::query::WriteOperation;
use grizzly_bytecode::{Builtin, Fault, Field, Type, Value, verify};
use grizzly_vm::batch::Batch;
use grizzly_vm::budget::Budget;
use grizzly_vm::native::{NativeBody, NativeContext, Natives};
use grizzly_vm::ports::*;
use grizzly_vm::{Context, Executable};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Counts this thread's allocations.
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every request goes to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counter any more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations that `work` makes on this thread.
pub fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// One table; the first column is the primary key. A savepoint is a copy.
#[derive(Default)]
pub struct OneTable {
    pub rows: Vec<Vec<Value>>,
    savepoints: Vec<Vec<Vec<Value>>>,
}

impl OneTable {
    fn find(&self, key: &Value) -> Option<usize> {
        self.rows.iter().position(|row| row[0] == *key)
    }
}

impl Tables for OneTable {
    fn scan(&mut self, _: &ScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        Err(Fault::new(Builtin::IoError, "the scalar tests do not scan"))
    }

    fn get(&mut self, request: GetRequest<'_>, out: &mut Vec<Value>) -> Result<bool, Fault> {
        out.clear();
        let Some(at) = self.find(&request.key[0]) else { return Ok(false) };
        out.extend(request.columns.iter().map(|(column, _)| self.rows[at][column.index()].clone()));
        Ok(true)
    }

    fn write_row(&mut self, request: &WriteRequest<'_>, row: &[Value]) -> Result<u64, Fault> {
        let found = self.find(&row[0]);
        match (request.operation, found) {
            (WriteOperation::Insert, None) => self.rows.push(row.to_vec()),
            (WriteOperation::Insert, Some(_)) => {
                return Err(Fault::new(Builtin::UniqueViolation, "the key exists"));
            }
            (_, None) => return Ok(0),
            (WriteOperation::Delete, Some(at)) => drop(self.rows.remove(at)),
            (WriteOperation::Update, Some(at)) => {
                for ((column, _), value) in request.columns.iter().zip(&row[1..]) {
                    self.rows[at][column.index()] = value.clone();
                }
            }
        }
        Ok(1)
    }

    fn insert_unless(
        &mut self,
        _: &WriteRequest<'_>,
        row: &[Value],
        _: &grizzly_bytecode::Arbiters,
    ) -> Result<Option<Value>, Fault> {
        let found = self.find(&row[0]).map(|at| self.rows[at][0].clone());
        if found.is_none() {
            self.rows.push(row.to_vec());
        }
        Ok(found)
    }
    fn write(&mut self, _: &WriteRequest<'_>, _: &Batch) -> Result<u64, Fault> {
        Err(Fault::new(Builtin::IoError, "the scalar tests write row by row"))
    }

    fn savepoint(&mut self) -> u64 {
        self.savepoints.push(self.rows.clone());
        self.savepoints.len() as u64 - 1
    }

    fn rollback_to(&mut self, savepoint: u64) -> Result<(), Fault> {
        self.rows = self.savepoints[savepoint as usize].clone();
        Ok(())
    }
}

/// Keeps rows and lines; `counts_only` keeps nothing, for counting allocations.
#[derive(Default)]
pub struct Kept {
    pub rows: Vec<Vec<Value>>,
    pub batches: usize,
    pub lines: Vec<(Value, Type)>,
    pub counts_only: bool,
    /// Set when a line is printed.
    pub cancels: Option<Arc<AtomicBool>>,
}

impl Output for Kept {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        self.batches += 1;
        if self.counts_only {
            return Ok(());
        }
        for row in batch.rows().iter() {
            let fields = columns.iter().enumerate();
            self.rows.push(fields.map(|(at, field)| batch.value(row, at, &field.ty)).collect());
        }
        Ok(())
    }

    fn print(&mut self, value: &Value, ty: &Type) -> Result<(), Fault> {
        self.lines.push((value.clone(), ty.clone()));
        self.cancels.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
        Ok(())
    }
}

/// `repeat(TEXT, INT64?)`, `upper(TEXT)`, and `liar`, which breaks its signature.
pub struct TestNatives;

impl Natives for TestNatives {
    fn find(&self, name: &str) -> Option<NativeBody> {
        fn repeat(_: &NativeContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
            match arguments {
                [Value::Text(text), Value::Int(n)] => Ok(Value::text(text.repeat(*n as usize))),
                _ => Ok(Value::Null),
            }
        }
        fn upper(context: &NativeContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
            assert_eq!(context.argument_types, [Type::Text]);
            match &arguments[0] {
                Value::Text(text) => Ok(Value::text(text.to_uppercase())),
                _ => Err(Fault::new(Builtin::TypeError, "upper takes text")),
            }
        }
        fn liar(_: &NativeContext<'_>, _: &[Value]) -> Result<Value, Fault> {
            Ok(Value::text("no number"))
        }
        match name {
            "repeat" => Some(repeat),
            "upper" => Some(upper),
            "liar" => Some(liar),
            _ => None,
        }
    }
}

/// A world to run statements in.
#[derive(Default)]
pub struct World {
    pub table: OneTable,
    pub output: Kept,
    pub cancel: Arc<AtomicBool>,
    pub parameters: Vec<Value>,
    pub rows_written: u64,
}

impl World {
    /// Calls `run` with a context of this world.
    pub fn with<R>(&mut self, run: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let entropy = OsEntropy::seeded(0);
        let mut context = Context {
            tables: &mut self.table,
            output: &mut self.output,
            clock: &SystemClock::default(),
            entropy: &entropy,
            files: &DiskFiles,
            secrets: &NoSecrets,
            tasks: &ThreadTasks::new(1),
            natives: &TestNatives,
            budget: Budget::unlimited(),
            parameters: &self.parameters,
            cancel: &self.cancel,
            transaction_micros: 0,
            progress: &Arc::default(),
            rows_written: 0,
            nesting: 0,
        };
        let result = run(&mut context);
        self.rows_written = context.rows_written;
        result
    }

    /// Runs a statement.
    pub fn execute(&mut self, executable: &Executable) -> Result<Option<Value>, Fault> {
        self.with(|context| executable.execute(context))
    }
}

/// Assembles, verifies and links.
pub fn link(source: &str) -> Executable {
    let program = assemble(source).unwrap_or_else(|e| panic!("line {}: {}", e.line, e.text));
    let program = verify(program).unwrap_or_else(|e| panic!("{e}"));
    Executable::link(program, &TestNatives).unwrap_or_else(|f| panic!("{f:?}"))
}

/// Runs a statement in a new world.
pub fn run(source: &str) -> Result<Option<Value>, Fault> {
    World::default().execute(&link(source))
}

/// The name of the exception.
pub fn name(result: Result<Option<Value>, Fault>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(fault) => fault.exception.ty.name.to_string(),
    }
}

/// Function and line of every trace line, innermost first.
pub fn trace(fault: &Fault) -> Vec<(String, u32)> {
    fault.trace.iter().map(|line| (line.function.to_string(), line.place.start)).collect()
}
