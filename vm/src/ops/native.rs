//! Calls out of the code: native bodies of the standard library, and compiled code of hot
//! functions.

use super::{Machine, Next, Raised, Step, unwind};
use crate::context::Context;
use crate::executable::Executable;
use crate::instance::{Instance, MAX_FRAMES, store, take};
use crate::native::NativeContext;
use crate::ports::NativeExit;
use grizzly_bytecode::{Builtin, Fault, FunctionId, NativeId, ObjectWindow, SlotWindow};
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) fn call_native(
    m: &mut Machine<'_, '_>,
    id: NativeId,
    s: SlotWindow,
    o: ObjectWindow,
) -> Step {
    m.poll()?;
    let native = m.executable.native(id);
    let context = NativeContext {
        clock: m.context.clock,
        entropy: m.context.entropy,
        transaction_micros: m.context.transaction_micros,
        argument_types: &native.argument_types,
        result_type: &native.result.ty,
    };
    let slots = &mut m.slots[s.index()..];
    let objects = &mut m.objects[o.index()..];
    let count = native.parameters.len();
    let result = if native.all_objects {
        let result = (native.body)(&context, &objects[..count]);
        super::clear(&mut objects[..count]);
        result?
    } else {
        let arguments = &mut m.side.arguments;
        arguments.clear();
        let (mut slot, mut object) = (0, 0);
        for layout in &native.parameters {
            arguments.push(take(layout, &slots[slot..], &mut objects[object..]));
            slot += usize::from(layout.slots());
            object += usize::from(layout.objects());
        }
        let result = (native.body)(&context, arguments);
        arguments.clear();
        result?
    };
    // A body that returns another form than it declares ends in TypeError, not in wrong bits.
    store(result, &native.result, slots, objects)?;
    Ok(Next::On)
}

/// Polls that meet a function until it is compiled.
const HOT: u32 = 2;

/// Notes that a poll met a function, and compiles it once it is hot.
#[cold]
pub(crate) fn warm_up(executable: &Executable, heat: &mut [u32], function: usize) {
    // The instance counts for every function of its program.
    let met = &mut heat[function];
    *met = met.wrapping_add(1);
    if met.is_multiple_of(HOT) {
        // Verified programs have at most 2^16 functions.
        executable.compile(FunctionId(function as u16));
    }
}

/// Runs a function's native code instead of its instructions. `registers` are the arguments' slots;
/// `None` means: interpret, the arguments are as they were.
#[inline(never)]
pub(crate) fn call(
    executable: &Executable,
    cancel: &AtomicBool,
    function: FunctionId,
    registers: &mut [u64],
    depth: usize,
) -> Option<Result<(), Raised>> {
    let native = executable.native_code(function)?;
    match native.call(registers, cancel, u32::try_from(depth).unwrap_or(u32::MAX)) {
        NativeExit::Returned => {
            executable.count_native_call();
            Some(Ok(()))
        }
        NativeExit::Raised(kind, frames) => {
            executable.count_native_call();
            Some(Err(fault(executable, kind, &frames).into()))
        }
        NativeExit::TooDeep => {
            // Deep recursion is the interpreter's: it runs a while before native code tries again.
            executable.rest_native(function);
            None
        }
    }
}

fn fault(executable: &Executable, kind: Builtin, frames: &[(FunctionId, u16)]) -> Fault {
    let program = executable.program();
    let mut fault = Fault::new(kind, kind.message());
    for (id, pc) in frames {
        if let Some(function) = program.functions.get(id.index()) {
            unwind::add_place(program, &mut fault.trace, function, usize::from(*pc));
        }
    }
    fault
}

/// Runs the first frame of a run natively, where its function is hot.
pub(crate) fn enter(
    executable: &Executable,
    context: &mut Context<'_>,
    instance: &mut Instance,
    function: FunctionId,
) -> Option<Result<(), Fault>> {
    let linked = executable.functions().get(function.index())?;
    if !linked.native_ready.load(Ordering::Relaxed) {
        return None;
    }
    let called = call(executable, context.cancel, function, &mut instance.slots, MAX_FRAMES + 1)?;
    Some(called.map_err(|raised| match raised {
        Raised::Fault(fault) => *fault,
        Raised::Builtin(kind) => Fault::new(kind, kind.message()),
        Raised::Exception(exception) => Fault::raised(exception),
    }))
}
