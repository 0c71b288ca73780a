//! An instance: the registers and frames of one run of an executable.
//!
//! **Slots** lie in one bank, frame after frame; a call's frame begins at the caller's window, so
//! that arguments and results never move. The bank always reaches [`WINDOW`] slots past the running
//! frame's base: a frame is then an array as long as register numbers go, and no access to it can
//! be out of range. The memory past the slots in use is never touched, so it costs address space
//! only. What a slot holds before the frame writes it is unspecified.
//! **Objects** lie in a second bank in the same way. Above the running frame all of them are NULL:
//! a return drops what its frame held.
//! After a call the registers from the window on are the callee's: beyond the result, slots are
//! unspecified and objects NULL.

use crate::budget::{Budget, Reservation};
use crate::context::Context;
use crate::executable::Executable;
use crate::interpreter;
use crate::ops::{Raised, side::Side};
use grizzly_bytecode::{Builtin, Fault, Function, FunctionId, Layout, Program, Repr, Value};

/// The slots that a frame can name.
pub(crate) const WINDOW: usize = 1 << 16;

/// The most frames that may be open at a time; one more raises ResourceExhausted.
pub const MAX_FRAMES: usize = 100_000;

/// The most slots and the most objects that the frames of one run may take.
const MAX_SLOTS: usize = 1 << 23;
const MAX_OBJECTS: usize = 1 << 21;

/// What an instance keeps when it goes back to its pool.
const KEPT_SLOTS: usize = 1 << 14;
const KEPT_OBJECTS: usize = 1 << 12;
const KEPT_FRAMES: usize = 1 << 10;

/// A caller that waits for its callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) function: u32,
    /// Where it continues.
    pub(crate) pc: u32,
    /// The first slot of its registers.
    pub(crate) slots: u32,
    /// The first object of its registers.
    pub(crate) objects: u32,
}

/// The registers and frames of one run.
pub struct Instance {
    pub(crate) slots: Vec<u64>,
    pub(crate) objects: Vec<Value>,
    /// Room for frames; the first `depth` are those below the running one.
    pub(crate) frames: Vec<Frame>,
    pub(crate) depth: usize,
    /// Per function, how often a poll met it.
    pub(crate) heat: Vec<u32>,
    pub(crate) side: Side,
}

impl Instance {
    pub(crate) fn new(program: &Program) -> Instance {
        Instance {
            slots: vec![0; KEPT_SLOTS + WINDOW],
            objects: Vec::new(),
            frames: vec![Frame::default(); KEPT_FRAMES],
            depth: 0,
            heat: vec![0; program.functions.len()],
            side: Side::default(),
        }
    }

    /// The registers of the first frame. Before [`Instance::run`] they take the arguments, after it
    /// they hold the result, as [`grizzly_bytecode::Layout`] says. Call [`Instance::prepare`]
    /// first.
    pub fn registers(&mut self) -> (&mut [u64], &mut [Value]) {
        (&mut self.slots, &mut self.objects)
    }

    /// Makes room for the first frame of a function.
    pub fn prepare(&mut self, function: &Function) {
        let objects = usize::from(function.objects).max(1);
        if self.objects.len() < objects {
            self.objects.resize(objects, Value::Null);
        }
    }

    /// Calls a function whose arguments lie in [`Instance::registers`]; its result is there
    /// afterwards. A second call reuses all memory of the first.
    ///
    /// # Errors
    /// What the function raises.
    pub fn run(
        &mut self,
        executable: &Executable,
        context: &mut Context<'_>,
        function: FunctionId,
    ) -> Result<(), Fault> {
        if context.nesting >= MAX_NESTING {
            return Err(Fault::new(Builtin::ResourceExhausted, "queries nest too deep"));
        }
        context.nesting += 1;
        let ran = interpreter::run(executable, context, self, function);
        let output = &executable.program().output;
        let result = ran.and_then(|()| self.side.rows.flush(context, output));
        context.nesting -= 1;
        self.side.end_run();
        if self.side.reserved.is_some() {
            self.shrink();
        }
        result
    }

    /// Calls a function with values.
    ///
    /// # Errors
    /// What the function raises, and TypeError where the arguments are not what it takes.
    pub fn call(
        &mut self,
        executable: &Executable,
        context: &mut Context<'_>,
        function: FunctionId,
        arguments: &[Value],
    ) -> Result<Value, Fault> {
        let Some(callee) = executable.program().functions.get(function.index()) else {
            return Err(Fault::new(Builtin::TypeError, "there is no such function"));
        };
        if arguments.len() != callee.parameters.len() {
            return Err(Fault::new(Builtin::TypeError, "wrong number of arguments"));
        }
        self.prepare(callee);
        let (mut slot, mut object) = (0, 0);
        for (value, layout) in arguments.iter().zip(&callee.parameters) {
            store(value.clone(), layout, &mut self.slots[slot..], &mut self.objects[object..])
                .map_err(|kind| Fault::new(kind, kind.message()))?;
            slot += usize::from(layout.slots());
            object += usize::from(layout.objects());
        }
        self.run(executable, context, function)?;
        let result = callee.result.as_ref();
        Ok(result.map_or(Value::Null, |r| take(r, &self.slots, &mut self.objects)))
    }

    /// Runs the program's entry and returns its value.
    pub(crate) fn execute(
        &mut self,
        executable: &Executable,
        context: &mut Context<'_>,
        entry: FunctionId,
    ) -> Result<Option<Value>, Fault> {
        // The verifier proved that the entry exists and takes nothing.
        let function = &executable.program().functions[entry.index()];
        self.prepare(function);
        self.run(executable, context, entry)?;
        Ok(function.result.as_ref().map(|r| take(r, &self.slots, &mut self.objects)))
    }

    /// Drops what the last run left in the first registers.
    pub(crate) fn rest(&mut self) {
        if let Some(first) = self.objects.first_mut() {
            *first = Value::Null;
        }
    }

    /// Gives back what an unusual run took beyond what an instance keeps; the result stays.
    #[cold]
    fn shrink(&mut self) {
        let mut slots = vec![0; KEPT_SLOTS + WINDOW];
        // A result takes at most three slots.
        slots[..3].copy_from_slice(&self.slots[..3]);
        self.slots = slots;
        self.objects.truncate(KEPT_OBJECTS);
        self.objects.shrink_to(KEPT_OBJECTS);
        self.frames.truncate(KEPT_FRAMES);
        self.frames.shrink_to(KEPT_FRAMES);
        self.side.reserved = None;
    }
}

/// How deep instances may run inside each other (a function whose query calls a function …).
pub(crate) const MAX_NESTING: u32 = 32;

/// What a growing bank may take: the run's reservation, which grows first.
pub(crate) struct Growth<'g> {
    pub(crate) budget: &'g Budget,
    /// The reservation of the banks' growth in this run.
    pub(crate) reserved: &'g mut Option<Reservation>,
}

impl Growth<'_> {
    fn reserve<T>(&mut self, elements: usize) -> Result<(), Fault> {
        let reservation = self.reserved.get_or_insert_with(|| Reservation::none(self.budget));
        reservation.grow((elements * size_of::<T>()) as u64)
    }

    /// Makes the slots reach past a frame that begins at `base`.
    #[cold]
    pub(crate) fn slots(mut self, slots: &mut Vec<u64>, base: usize) -> Result<(), Raised> {
        if base + WINDOW > MAX_SLOTS {
            return Err(Builtin::ResourceExhausted.into());
        }
        let grown = (slots.len() * 2).max(base + WINDOW);
        self.reserve::<u64>(grown - slots.len())?;
        // A fresh zeroed bank: unlike `resize` it leaves the pages past the used part untouched.
        let mut bank = vec![0; grown];
        bank[..slots.len()].copy_from_slice(slots);
        *slots = bank;
        Ok(())
    }

    /// Makes the objects reach to `end`, the end of the running frame.
    #[cold]
    pub(crate) fn objects(mut self, objects: &mut Vec<Value>, end: usize) -> Result<(), Raised> {
        if end > MAX_OBJECTS {
            return Err(Builtin::ResourceExhausted.into());
        }
        let grown = end.max(objects.len() * 2).max(KEPT_OBJECTS);
        if grown > KEPT_OBJECTS {
            self.reserve::<Value>(grown - objects.len())?;
        }
        objects.resize(grown, Value::Null);
        Ok(())
    }

    /// Makes room for more frames.
    #[cold]
    pub(crate) fn frames(mut self, frames: &mut Vec<Frame>) -> Result<(), Raised> {
        let grown = (frames.len() * 2).min(MAX_FRAMES);
        if grown == frames.len() {
            return Err(Builtin::ResourceExhausted.into());
        }
        self.reserve::<Frame>(grown - frames.len())?;
        frames.resize(grown, Frame::default());
        Ok(())
    }
}

/// Puts a value into registers: `slots` and `objects` begin at its first one.
///
/// # Errors
/// TypeError where the value has another form than the layout's, NotNullViolation where it is NULL
/// and must not be.
pub fn store(
    value: Value,
    layout: &Layout,
    slots: &mut [u64],
    objects: &mut [Value],
) -> Result<(), Builtin> {
    if value.is_null() && !layout.nullable {
        return Err(Builtin::NotNullViolation);
    }
    match layout.ty.repr() {
        Repr::Nothing => {}
        Repr::Object => objects[0] = value,
        Repr::Slot => {
            let bits = if value.is_null() { Some(0) } else { value.slot_bits() };
            slots[0] = bits.ok_or(Builtin::TypeError)?;
            if layout.nullable {
                slots[1] = u64::from(!value.is_null());
            }
        }
        Repr::Wide => {
            let bits = match value {
                Value::Null => 0,
                Value::Wide(bits) => bits,
                _ => return Err(Builtin::TypeError),
            };
            [slots[0], slots[1]] = halves(bits);
            if layout.nullable {
                slots[2] = u64::from(!value.is_null());
            }
        }
    }
    Ok(())
}

/// Takes a value out of registers: `slots` and `objects` begin at its first one.
pub fn take(layout: &Layout, slots: &[u64], objects: &mut [Value]) -> Value {
    match layout.ty.repr() {
        Repr::Nothing => Value::Null,
        Repr::Object => std::mem::take(&mut objects[0]),
        Repr::Slot if layout.nullable && slots[1] == 0 => Value::Null,
        Repr::Slot => Value::from_slot(slots[0], &layout.ty),
        Repr::Wide if layout.nullable && slots[2] == 0 => Value::Null,
        Repr::Wide => Value::Wide(join(slots[0], slots[1])),
    }
}

/// The low and the high half of a 128-bit value.
#[inline(always)]
pub(crate) fn halves(bits: i128) -> [u64; 2] {
    [bits as u64, (bits >> 64) as u64]
}

/// The 128-bit value of two halves.
#[inline(always)]
pub(crate) fn join(low: u64, high: u64) -> i128 {
    ((high as i128) << 64) | i128::from(low)
}
