//! Measures the scalar machine: `cargo run --profile dist -p grizzly-jit --example native_speed`.
//! Recursion and a loop in the interpreter and in native code, and what running a prepared
//! statement costs beside its work. Best and median of five runs, in time on the processor where
//! the system tells it (Linux), so that other work on the machine counts little.

use grizzly_bytecode::{FunctionId, Value, assemble::assemble, verify};
use grizzly_jit::Jit;
use grizzly_vm::budget::Budget;
use grizzly_vm::ports::{
    DiskFiles, NoNatives, NoOutput, NoSecrets, NoTables, OsEntropy, SystemClock, ThreadTasks,
};
use grizzly_vm::{Context, Executable, Fault};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

const PROGRAM: &str = "
entry f0
parameter p0 INT64
function f0 main() -> INT64 slots 1 objects 1
    load_param o0, p0
    unbox_slot r0, o0
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
function f2 sum_of_odd_squares(INT64) -> INT64 slots 5 objects 0
    load_int r1, 0
    load_int r2, 0
    load_int r4, 2
    rem_i64 r3, r1, r4
    jump_eq_imm r3, 0, @7
    mul_i64 r3, r1, r1
    add_i64 r2, r2, r3
    add_imm_i64 r1, r1, 1
    jump_le_i64 r0, r1, @10
    jump_back @3
    return_slot r2
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = verify(assemble(PROGRAM).map_err(|e| format!("{e:?}"))?)?;
    let link = || Executable::link(program.clone(), &NoNatives).map_err(message);
    let interpreted = link()?;
    let native = link()?.with_compiler(Arc::new(Jit::default()));
    for (name, executable) in [("interpreter", &interpreted), ("native", &native)] {
        function(executable, &format!("fib(35), {name}"), 1, 35, 9_227_465)?;
        let sum = 1_333_333_333_333_000_000;
        function(executable, &format!("2,000,000-turn loop, {name}"), 2, 2_000_000, sum)?;
    }
    assert!(native.native_calls() > 0, "native code ran");
    statement(&interpreted)
}

fn message(fault: Fault) -> String {
    fault.exception.message.to_string()
}

fn with_context<R>(parameters: &[Value], run: impl FnOnce(&mut Context<'_>) -> R) -> R {
    let (mut tables, mut output, cancel) = (NoTables, NoOutput, AtomicBool::new(false));
    let entropy = OsEntropy::seeded(0);
    run(&mut Context {
        tables: &mut tables,
        output: &mut output,
        clock: &SystemClock::default(),
        entropy: &entropy,
        files: &DiskFiles,
        secrets: &NoSecrets,
        tasks: &ThreadTasks::default(),
        natives: &NoNatives,
        budget: Budget::unlimited(),
        parameters,
        cancel: &cancel,
        transaction_micros: 0,
        progress: &Arc::default(),
        rows_written: 0,
        nesting: 0,
    })
}

/// Calls a function with one argument.
fn function(
    executable: &Executable,
    name: &str,
    id: u16,
    argument: i64,
    expected: i64,
) -> Result<(), Box<dyn std::error::Error>> {
    with_context(&[], |context| {
        let mut instance = executable.instance();
        let mut times = Vec::new();
        for _ in 0..7 {
            let start = seconds();
            let arguments = [Value::Int(argument)];
            let result = instance.call(executable, context, FunctionId(id), &arguments);
            assert_eq!(result.map_err(message)?, Value::Int(expected));
            times.push((seconds() - start) * 1000.0);
        }
        // The first two may still be interpreted.
        report(name, times.split_off(2), "ms");
        Ok(())
    })
}

/// Runs a statement that gives its parameter back.
fn statement(executable: &Executable) -> Result<(), Box<dyn std::error::Error>> {
    const RUNS: u32 = 1_000_000;
    with_context(&[Value::Int(7)], |context| {
        let mut times = Vec::new();
        for _ in 0..5 {
            let start = seconds();
            for _ in 0..RUNS {
                let result = executable.execute(context).map_err(message)?;
                assert_eq!(result, Some(Value::Int(7)));
            }
            times.push((seconds() - start) * 1e9 / f64::from(RUNS));
        }
        report("a prepared statement", times, "ns");
        Ok(())
    })
}

/// Seconds of this thread on the processor, or of the clock where nobody counts them.
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = counted.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(|| START.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

fn report(name: &str, mut times: Vec<f64>, unit: &str) {
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    println!("{name}: best {:.2} {unit}, median {median:.2} {unit}", times[0]);
}
