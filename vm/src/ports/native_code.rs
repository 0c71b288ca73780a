//! The port of native code: a compiler from verified functions to machine code.
//!
//! The machine counts calls and asks once a function is hot. Native code covers functions that
//! compute with slots and pairs only, so it has no effect but its result and may be run again from
//! the start; [`NativeExit::TooDeep`] relies on that.

use grizzly_bytecode::verify::VerifiedProgram;
use grizzly_bytecode::{Builtin, FunctionId};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Compiles functions to native code.
pub trait NativeCompiler: Send + Sync {
    /// The native code of a function and of all functions that it calls, `None` where any of them
    /// does what native code cannot.
    fn compile(
        &self,
        program: &VerifiedProgram,
        function: FunctionId,
    ) -> Option<Arc<dyn NativeFunction>>;
}

/// A function in native code.
pub trait NativeFunction: Send + Sync {
    /// Calls the function. `registers` begins with the arguments' slots as
    /// [`grizzly_bytecode::Layout`] orders them and ends with the result's there; it has at least
    /// as many slots as either takes. `cancel` is polled; at most `depth` frames may be open at a
    /// time.
    fn call(&self, registers: &mut [u64], cancel: &AtomicBool, depth: u32) -> NativeExit;
}

/// How a native call ended.
#[derive(Debug, PartialEq, Eq)]
pub enum NativeExit {
    /// The result lies in the registers.
    Returned,
    /// It raised a built-in exception; the frames with their instruction, innermost first.
    Raised(Builtin, Vec<(FunctionId, u16)>),
    /// It needed more frames than it was given or than the thread's stack bears. The arguments are
    /// as they were: the machine interprets the call instead.
    TooDeep,
}
