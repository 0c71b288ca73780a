//! Measures fib(35) in the interpreter and in native code: `cargo run --profile dist -p grizzly-jit
//! --example fib`. The best and the median of five runs, in milliseconds.

use grizzly_bytecode::{FunctionId, Value, assemble::assemble, verify};
use grizzly_jit::Jit;
use grizzly_vm::budget::Budget;
use grizzly_vm::ports::{
    DiskFiles, NoNatives, NoOutput, NoSecrets, NoTables, OsEntropy, SystemClock, ThreadTasks,
};
use grizzly_vm::{Context, Executable};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

const FIB: &str = "
entry f0
function f0 main() slots 0 objects 0
    return
function f1 fib(INT64) -> INT64 slots 3 objects 0
    jump_ge_imm r0, 2, @2
    return_slot r0
    add_imm_i64 r1, r0, -1
    call f1, [r1..], [o0..]
    add_imm_i64 r2, r0, -2
    call f1, [r2..], [o0..]
    add_i64 r0, r1, r2
    return
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = assemble(FIB).map_err(|e| format!("{e:?}"))?;
    let program = verify(program)?;
    let executable = Executable::link(program, &NoNatives).map_err(|f| format!("{f:?}"))?;
    measure("interpreter", &executable)?;
    let executable = executable.with_compiler(Arc::new(Jit::default()));
    measure("native", &executable)?;
    assert!(executable.native_calls() > 0, "native code ran");
    Ok(())
}

fn measure(name: &str, executable: &Executable) -> Result<(), String> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let (mut tables, mut output, cancel) = (NoTables, NoOutput, AtomicBool::new(false));
        let entropy = OsEntropy::seeded(0);
        let mut context = Context {
            tables: &mut tables,
            output: &mut output,
            clock: &SystemClock::default(),
            entropy: &entropy,
            files: &DiskFiles,
            secrets: &NoSecrets,
            tasks: &ThreadTasks::default(),
            natives: &NoNatives,
            budget: Budget::unlimited(),
            parameters: &[],
            cancel: &cancel,
            transaction_micros: 0,
            rows_written: 0,
            nesting: 0,
        };
        let mut instance = executable.instance();
        let result = instance
            .call(executable, &mut context, FunctionId(1), &[Value::Int(35)])
            .map_err(|fault| fault.exception.message.to_string())?;
        assert_eq!(result, Value::Int(9_227_465));
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!("fib(35) {name}: best {:.0} ms, median {:.0} ms", times[0], times[2]);
    Ok(())
}
