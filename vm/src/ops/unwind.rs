//! From a fault to its handler: the trace grows frame by frame, changes of undoing ranges are
//! rolled back, frames without a handler drop what they hold.

use super::Raised;
use crate::context::Context;
use crate::executable::Executable;
use crate::instance::{Frame, Instance};
use grizzly_bytecode::{
    Builtin, Fault, Function, Handler, Instr, PlaceEntry, Program, TraceLine, fault::Place,
};
use smol_str::SmolStr;

/// The lines of a trace that are kept from its inner and its outer end; one line named `…` stands
/// for those between them.
const INNER_LINES: usize = 100;
const OUTER_LINES: usize = 30;

/// Finds the handler of what the instruction `at` raised and makes `at` its first instruction.
///
/// # Errors
/// The fault, where no frame handles it. The instance has no frames then.
pub(crate) fn continue_at(
    executable: &Executable,
    context: &mut Context<'_>,
    instance: &mut Instance,
    at: &mut Frame,
    raised: Raised,
) -> Result<(), Fault> {
    let program = executable.program();
    let (mut fault, mut has_line) = fault_of(instance, raised);
    loop {
        // A frame's function exists: verified calls made it.
        let function = &program.functions[at.function as usize];
        if !has_line && (fault.trace.is_empty() || !asks(function, at.pc)) {
            add_place(program, &mut fault.trace, function, at.pc as usize);
        }
        has_line = false;
        let objects = object_range(instance, function, at);
        // Cancelled cannot be caught, whatever the code says.
        if let (false, Some(objects)) = (fault.is(Builtin::Cancelled.name()), objects.clone())
            && let Some(handler) = handler_at(function, at.pc)
        {
            match undo(context, instance, handler) {
                Ok(()) => {
                    let depth = instance.depth;
                    instance.side.open_rows.retain(|open| open.depth <= depth);
                    instance.objects[objects.start + handler.exception.index()] = fault.value();
                    instance.side.caught = Some((instance.depth, fault));
                    at.pc = handler.target.0.into();
                    return Ok(());
                }
                // The world outweighs the program's exception: the statement cannot go on.
                Err(failure) => fault = Fault { trace: fault.trace, ..failure },
            }
        }
        if let Some(objects) = objects {
            super::clear(&mut instance.objects[objects]);
        }
        let Some(depth) = instance.depth.checked_sub(1) else { return Err(fault) };
        instance.depth = depth;
        // A waiting caller continues behind its call.
        let caller = instance.frames[depth];
        *at = Frame { pc: caller.pc - 1, ..caller };
    }
}

/// Whether an instruction runs a query, whose lines of a trace say more than its own.
fn asks(function: &Function, pc: u32) -> bool {
    matches!(
        function.code.get(pc as usize),
        Some(
            Instr::RunQuery { .. }
                | Instr::ScalarQuery { .. }
                | Instr::ExistsQuery { .. }
                | Instr::ArrayQuery { .. }
                | Instr::OpenQuery { .. }
        )
    )
}

/// The fault, and whether the running frame's line is in its trace already.
fn fault_of(instance: &mut Instance, raised: Raised) -> (Fault, bool) {
    match raised {
        Raised::Builtin(kind) => (Fault::new(kind, kind.message()), false),
        Raised::Fault(fault) => (*fault, false),
        Raised::Exception(exception) => {
            let depth = instance.depth;
            let again = instance.side.caught.take_if(|(caught_at, fault)| {
                *caught_at == depth && std::sync::Arc::ptr_eq(&fault.exception, &exception)
            });
            again.map_or_else(|| (Fault::raised(exception), false), |(_, fault)| (fault, true))
        }
    }
}

/// The frame's object registers; `None` where the fault kept it from getting them.
fn object_range(
    instance: &Instance,
    function: &Function,
    at: &Frame,
) -> Option<std::ops::Range<usize>> {
    let start = at.objects as usize;
    let range = start..start + usize::from(function.objects);
    (range.end <= instance.objects.len()).then_some(range)
}

fn handler_at(function: &Function, pc: u32) -> Option<&Handler> {
    let covers = |h: &&Handler| u32::from(h.start.0) <= pc && pc < u32::from(h.end.0);
    function.handlers.iter().find(covers)
}

/// Rolls the tables back to where the handler's range was entered.
fn undo(
    context: &mut Context<'_>,
    instance: &mut Instance,
    handler: &Handler,
) -> Result<(), Fault> {
    if !handler.undo {
        return Ok(());
    }
    // None where the savepoint itself failed: nothing has changed since.
    if let Some(savepoint) = instance.side.savepoint(instance.depth, handler.start.0) {
        context.tables.rollback_to(savepoint.mark)?;
        context.rows_written = savepoint.rows_written;
    }
    Ok(())
}

/// Adds the place of an instruction, innermost inlined function first.
pub(crate) fn add_place(
    program: &Program,
    trace: &mut Vec<TraceLine>,
    function: &Function,
    pc: usize,
) {
    let mut next = function.place_at(pc);
    while let Some(PlaceEntry { place, function, inlined_at }) =
        next.and_then(|id| program.places.get(id.index()))
    {
        add_line(trace, TraceLine { function: function.clone(), place: *place });
        next = *inlined_at;
    }
}

fn add_line(trace: &mut Vec<TraceLine>, line: TraceLine) {
    if trace.len() == INNER_LINES + 1 + OUTER_LINES {
        trace.remove(INNER_LINES + 1);
    } else if trace.len() == INNER_LINES {
        trace.push(TraceLine { function: SmolStr::new_static("…"), place: Place::default() });
    }
    trace.push(line);
}
