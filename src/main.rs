//! `grizzlyc`, the command line of PL-Grizzly.

use mimalloc::MiMalloc;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The stack of the thread that compiles and runs: deep expressions recurse in the compiler, deep
/// functions in native code. Pages that are not touched cost nothing.
const STACK_BYTES: usize = 256 << 20;

fn main() -> ExitCode {
    let run = || grizzly::cli::main(std::env::args_os());
    let thread = std::thread::Builder::new().name("main".into()).stack_size(STACK_BYTES);
    let code = match thread.spawn(run) {
        Ok(thread) => thread.join(),
        Err(_) => Ok(run()),
    };
    // A panic has been reported by then; it is a bug, which no exit code of the manual stands for.
    code.map_or(ExitCode::from(101), ExitCode::from)
}
