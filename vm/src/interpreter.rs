//! The interpreter's loop: what runs most often, numbers, jumps and calls, on one screen; the
//! bodies are inlined functions of [`crate::arithmetic`]. Everything else goes to
//! [`crate::ops::step`].
//!
//! A fault leaves the loop with the instruction that raised it; [`crate::ops::unwind`] looks for a
//! handler, and the loop goes on there.

use crate::arithmetic::{self, int};
use crate::context::Context;
use crate::executable::Executable;
use crate::instance::{Frame, Growth, Instance, MAX_FRAMES, WINDOW};
use crate::ops::{self, Machine, Next, Raised, native, unwind};
use grizzly_bytecode::{Builtin, Cmp, Fault, FunctionId, Instr, Slot};
use std::sync::atomic::Ordering;

/// A frame's slots. Register numbers are 16 bits, so no access is out of range.
pub(crate) type Window = [u64; WINDOW];

/// Cancellation is looked for, and hot functions are sampled, at one of so many calls and turns of
/// loops. A prime, so that a loop that polls twice a turn is not always met at the same of its
/// polls.
const POLL_INTERVAL: u32 = 1021;

/// Calls a function whose arguments lie in the first registers of the instance.
pub(crate) fn run(
    executable: &Executable,
    context: &mut Context<'_>,
    instance: &mut Instance,
    function: FunctionId,
) -> Result<(), Fault> {
    let mut at = Frame { function: function.0.into(), pc: 0, slots: 0, objects: 0 };
    if let Some(result) = native::enter(executable, context, instance, function) {
        return result;
    }
    loop {
        match run_frames(executable, context, instance, &mut at) {
            Ok(()) => return Ok(()),
            Err(raised) => unwind::continue_at(executable, context, instance, &mut at, raised)?,
        }
    }
}

#[inline(always)]
fn get(window: &Window, slot: Slot) -> u64 {
    window[usize::from(slot.0)]
}

#[inline(always)]
fn int(window: &Window, slot: Slot) -> i64 {
    get(window, slot) as i64
}

#[inline(always)]
fn float(window: &Window, slot: Slot) -> f64 {
    f64::from_bits(get(window, slot))
}

#[inline(always)]
fn set(window: &mut Window, slot: Slot, bits: u64) {
    window[usize::from(slot.0)] = bits;
}

#[inline(always)]
fn set_int(window: &mut Window, slot: Slot, value: i64) {
    set(window, slot, value as u64);
}

#[inline(always)]
fn set_float(window: &mut Window, slot: Slot, value: f64) {
    set(window, slot, value.to_bits());
}

#[inline(always)]
fn compare<T: PartialOrd>(c: Cmp, a: T, b: T) -> u64 {
    u64::from(match c {
        Cmp::Eq => a == b,
        Cmp::Ne => a != b,
        Cmp::Lt => a < b,
        Cmp::Le => a <= b,
        Cmp::Gt => a > b,
        Cmp::Ge => a >= b,
    })
}

/// Runs from `at` until the first frame returns. On an error `at` is the instruction that raised
/// it.
fn run_frames(
    executable: &Executable,
    context: &mut Context<'_>,
    instance: &mut Instance,
    at: &mut Frame,
) -> Result<(), Raised> {
    let functions = executable.functions();
    let Instance { slots, objects, frames, depth: open, heat, side } = instance;
    let cancel = context.cancel;
    // The running frame and the number of those below it live in machine registers; `at` and the
    // instance get them where the loop ends.
    let (mut frame, mut depth) = (*at, *open);
    // Polls are counted down; the flag itself is read at every POLL_INTERVALth.
    let mut until_poll = 1;
    macro_rules! growth {
        () => {
            Growth { budget: &context.budget, reserved: &mut side.reserved }
        };
    }
    'frame: loop {
        // Verified calls name functions that exist.
        let function = &functions[frame.function as usize];
        let code = &*function.code;
        let base = frame.slots as usize;
        let mut pc = frame.pc as usize;
        let raised = 'raise: {
            let window = slots.get_mut(base..base + WINDOW);
            let Some(w) = window.and_then(|w| w.first_chunk_mut::<WINDOW>()) else {
                match growth!().slots(slots, base) {
                    Ok(()) => continue 'frame,
                    Err(raised) => break 'raise raised,
                }
            };
            let objects_end = (frame.objects + function.objects) as usize;
            if objects.len() < objects_end
                && let Err(raised) = growth!().objects(objects, objects_end)
            {
                break 'raise raised;
            }
            macro_rules! checked {
                ($set:ident, $d:expr, $value:expr) => {
                    match $value {
                        Ok(value) => $set(w, $d, value),
                        Err(kind) => break 'raise Raised::Builtin(kind),
                    }
                };
            }
            // A jump that is not compiled to a conditional move lets the processor run ahead of the
            // comparison; the empty hint keeps it one.
            macro_rules! go {
                ($t:expr) => {{
                    pc = $t.index();
                    std::hint::black_box(());
                    continue;
                }};
            }
            macro_rules! jump_if {
                ($condition:expr, $t:expr) => {
                    if $condition {
                        go!($t)
                    }
                };
            }
            macro_rules! poll {
                ($function:expr) => {
                    until_poll -= 1;
                    if until_poll == 0 {
                        until_poll = POLL_INTERVAL;
                        if cancel.load(Ordering::Relaxed) {
                            break 'raise Raised::Builtin(Builtin::Cancelled);
                        }
                        native::warm_up(executable, heat, $function);
                    }
                };
            }
            macro_rules! enter {
                ($f:expr, $s:expr, $o:expr) => {{
                    if depth == frames.len()
                        && let Err(raised) = growth!().frames(frames)
                    {
                        break 'raise raised;
                    }
                    frames[depth] = Frame { pc: pc as u32 + 1, ..frame };
                    depth += 1;
                    frame = Frame {
                        function: $f.0.into(),
                        pc: 0,
                        slots: frame.slots + u32::from($s.0),
                        objects: frame.objects + u32::from($o.0),
                    };
                    continue 'frame;
                }};
            }
            macro_rules! leave {
                () => {{
                    if function.objects > function.result_objects {
                        let kept = (frame.objects + function.result_objects) as usize;
                        ops::clear(&mut objects[kept..objects_end]);
                    }
                    if depth == 0 {
                        *open = 0;
                        return Ok(());
                    }
                    depth -= 1;
                    frame = frames[depth];
                    continue 'frame;
                }};
            }
            loop {
                // Verified code never runs off its end.
                match code[pc] {
                    Instr::Move { d, a } => set(w, d, get(w, a)),
                    Instr::LoadInt { d, i } => set_int(w, d, i.0.into()),
                    Instr::AddI64 { d, a, b } => {
                        checked!(set_int, d, int::add(int(w, a), int(w, b)))
                    }
                    Instr::SubI64 { d, a, b } => {
                        checked!(set_int, d, int::sub(int(w, a), int(w, b)))
                    }
                    Instr::MulI64 { d, a, b } => {
                        checked!(set_int, d, int::mul(int(w, a), int(w, b)))
                    }
                    Instr::DivI64 { d, a, b } => {
                        checked!(set_int, d, int::div(int(w, a), int(w, b)))
                    }
                    Instr::RemI64 { d, a, b } => {
                        checked!(set_int, d, int::rem(int(w, a), int(w, b)))
                    }
                    Instr::AddImmI64 { d, a, i } => {
                        checked!(set_int, d, int::add(int(w, a), i.0.into()))
                    }
                    Instr::MulImmI64 { d, a, i } => {
                        checked!(set_int, d, int::mul(int(w, a), i.0.into()))
                    }
                    Instr::AddF64 { d, a, b } => set_float(w, d, float(w, a) + float(w, b)),
                    Instr::SubF64 { d, a, b } => set_float(w, d, float(w, a) - float(w, b)),
                    Instr::MulF64 { d, a, b } => set_float(w, d, float(w, a) * float(w, b)),
                    Instr::DivF64 { d, a, b } => {
                        checked!(set_float, d, arithmetic::div_f64(float(w, a), float(w, b)));
                    }
                    Instr::I64ToF64 { d, a } => set_float(w, d, int(w, a) as f64),
                    Instr::CmpI64 { c, d, a, b } => set(w, d, compare(c, int(w, a), int(w, b))),
                    Instr::CmpF64 { c, d, a, b } => set(w, d, compare(c, float(w, a), float(w, b))),
                    Instr::And { d, a, b } => set(w, d, get(w, a) & get(w, b)),
                    Instr::Or { d, a, b } => set(w, d, get(w, a) | get(w, b)),
                    Instr::Not { d, a } => set(w, d, get(w, a) ^ 1),
                    Instr::Jump { t } => go!(t),
                    Instr::JumpBack { t } => {
                        poll!(frame.function as usize);
                        go!(t)
                    }
                    Instr::JumpIf { a, t } => jump_if!(get(w, a) != 0, t),
                    Instr::JumpIfNot { a, t } => jump_if!(get(w, a) == 0, t),
                    Instr::JumpEqI64 { a, b, t } => jump_if!(get(w, a) == get(w, b), t),
                    Instr::JumpNeI64 { a, b, t } => jump_if!(get(w, a) != get(w, b), t),
                    Instr::JumpLtI64 { a, b, t } => jump_if!(int(w, a) < int(w, b), t),
                    Instr::JumpLeI64 { a, b, t } => jump_if!(int(w, a) <= int(w, b), t),
                    Instr::JumpEqImm { a, i, t } => jump_if!(int(w, a) == i64::from(i.0), t),
                    Instr::JumpNeImm { a, i, t } => jump_if!(int(w, a) != i64::from(i.0), t),
                    Instr::JumpLtImm { a, i, t } => jump_if!(int(w, a) < i64::from(i.0), t),
                    Instr::JumpLeImm { a, i, t } => jump_if!(int(w, a) <= i64::from(i.0), t),
                    Instr::JumpGtImm { a, i, t } => jump_if!(int(w, a) > i64::from(i.0), t),
                    Instr::JumpGeImm { a, i, t } => jump_if!(int(w, a) >= i64::from(i.0), t),
                    Instr::JumpLtF64 { a, b, t } => jump_if!(float(w, a) < float(w, b), t),
                    Instr::JumpLeF64 { a, b, t } => jump_if!(float(w, a) <= float(w, b), t),
                    Instr::JumpNotLtF64 { a, b, t } => {
                        jump_if!(compare(Cmp::Lt, float(w, a), float(w, b)) == 0, t);
                    }
                    Instr::JumpNotLeF64 { a, b, t } => {
                        jump_if!(compare(Cmp::Le, float(w, a), float(w, b)) == 0, t);
                    }
                    Instr::JumpEqF64 { a, b, t } => jump_if!(float(w, a) == float(w, b), t),
                    Instr::JumpNeF64 { a, b, t } => jump_if!(float(w, a) != float(w, b), t),
                    Instr::Call { f, s, o } => {
                        poll!(f.index());
                        if functions[f.index()].native_ready.load(Ordering::Relaxed) {
                            let left = MAX_FRAMES - depth;
                            match native::call(executable, cancel, f, &mut w[s.index()..], left) {
                                Some(Ok(())) => {
                                    pc += 1;
                                    continue;
                                }
                                Some(Err(raised)) => break 'raise raised,
                                None => {}
                            }
                        }
                        enter!(f, s, o)
                    }
                    Instr::Return {} => leave!(),
                    Instr::ReturnSlot { a } => {
                        w[0] = get(w, a);
                        leave!()
                    }
                    Instr::ReturnNullable { a, v } => {
                        [w[0], w[1]] = [get(w, a), get(w, v)];
                        leave!()
                    }
                    other => {
                        let objects = &mut objects[frame.objects as usize..objects_end];
                        let function = frame.function as usize;
                        let slots = &mut *w;
                        let machine = &mut Machine {
                            executable,
                            context,
                            slots,
                            objects,
                            side,
                            function,
                            depth,
                            pc,
                        };
                        match ops::step(machine, other) {
                            Ok(Next::On) => {}
                            Ok(Next::Goto(target)) => go!(target),
                            Ok(Next::Leave) => leave!(),
                            Ok(Next::Enter(f, s, o)) => enter!(f, s, o),
                            Err(raised) => break 'raise raised,
                        }
                    }
                }
                pc += 1;
            }
        };
        *open = depth;
        *at = Frame { pc: pc as u32, ..frame };
        return Err(raised);
    }
}
