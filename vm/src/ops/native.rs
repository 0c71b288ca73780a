//! Calls out of the code: native bodies of the standard library, and compiled code of hot functions.

use super::{Machine, Next, Raised, Step, unwind};
use crate::context::Context;
use crate::executable::Executable;
use crate::instance::{Instance, MAX_FRAMES, store, take};
use crate::native::NativeContext;
use crate::ports::NativeExit;
use grizzly_bytecode::{Builtin, Fault, FunctionId, NativeId, ObjectWindow, SlotWindow};
use std::sync::atomic::AtomicBool;

pub(super) fn call_native(
    m: &mut Machine<'_, '_>,
    id: NativeId,
    s: SlotWindow,
    o: ObjectWindow,
) -> Step {
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

/// Runs a function's native code instead of its instructions, where it is hot and there is any: at a
/// call, or as the first frame of a run. `registers` are the arguments' slots; `None` means: interpret.
pub(crate) fn call(
    executable: &Executable,
    cancel: &AtomicBool,
    heat: &mut i32,
    function: FunctionId,
    registers: &mut [u64],
    depth: usize,
) -> Option<Result<(), Raised>> {
    let Some(native) = executable.native_code(function) else {
        *heat = i32::MAX;
        return None;
    };
    // It stays hot.
    *heat = 0;
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
            // Deep recursion is the interpreter's: let it run a while before native code tries again.
            *heat = DEEP_REST;
            None
        }
    }
}

/// The calls that the interpreter runs after native code met recursion that it could not bear.
const DEEP_REST: i32 = 1_000_000;

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
    let heat = instance.heat.get_mut(function.index())?;
    *heat -= 1;
    if *heat > 0 {
        return None;
    }
    let called =
        call(executable, context.cancel, heat, function, &mut instance.slots, MAX_FRAMES + 1)?;
    Some(called.map_err(|raised| match raised {
        Raised::Fault(fault) => *fault,
        Raised::Builtin(kind) => Fault::new(kind, kind.message()),
        Raised::Exception(exception) => Fault::raised(exception),
    }))
}
