//! The instructions' bodies that are too large or too rare for the loop, by family.
//!
//! Verified code keeps every register number inside its frame. What kind of value an object
//! register holds is not verified: a body that meets another kind than its meaning asks for raises
//! TypeError, so hostile code ends in an exception and never in a crash.

mod closures;
mod composite;
mod emit;
mod exceptions;
pub(crate) mod native;
mod numbers;
mod queries;
pub(crate) mod side;
mod text;
pub(crate) mod unwind;
mod values;
mod world;

use crate::context::Context;
use crate::executable::Executable;
use crate::interpreter::Window;
use grizzly_bytecode::{
    Builtin, ConstId, Constant, ExceptionValue, Fault, FunctionId, Instr, Object, ObjectWindow,
    Slot, SlotWindow, Target, Type, Value, Wide,
};
use side::Side;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What an instruction works on: the running frame and its surroundings.
pub(crate) struct Machine<'m, 'c> {
    pub(crate) executable: &'m Executable,
    pub(crate) context: &'m mut Context<'c>,
    /// The frame's slots.
    pub(crate) slots: &'m mut Window,
    /// The frame's objects.
    pub(crate) objects: &'m mut [Value],
    pub(crate) side: &'m mut Side,
    /// The index of the running function.
    pub(crate) function: usize,
    /// The number of frames below this one.
    pub(crate) depth: usize,
    /// The instruction.
    pub(crate) pc: usize,
}

/// An exception on its way out of an instruction.
#[derive(Debug)]
pub(crate) enum Raised {
    /// A built-in one with its own message.
    Builtin(Builtin),
    /// The value of a RAISE.
    Exception(Arc<ExceptionValue>),
    /// One that came from outside the frame's code.
    Fault(Box<Fault>),
}

impl From<Builtin> for Raised {
    fn from(kind: Builtin) -> Raised {
        Raised::Builtin(kind)
    }
}

impl From<Fault> for Raised {
    fn from(fault: Fault) -> Raised {
        Raised::Fault(Box::new(fault))
    }
}

/// Where the code continues.
pub(crate) enum Next {
    /// At the next instruction.
    On,
    /// Elsewhere.
    Goto(Target),
    /// In the caller.
    Leave,
    /// In a function whose arguments lie in the windows.
    Enter(FunctionId, SlotWindow, ObjectWindow),
}

type Step = Result<Next, Raised>;

/// Drops values; most registers are NULL already.
#[inline]
pub(crate) fn clear(objects: &mut [Value]) {
    for object in objects {
        if !object.is_null() {
            *object = Value::Null;
        }
    }
}

/// Runs an instruction that the loop does not run itself.
#[inline(never)]
pub(crate) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    match instr {
        Instr::MoveWide { .. }
        | Instr::LoadSlot { .. }
        | Instr::LoadWide { .. }
        | Instr::NegI64 { .. }
        | Instr::DivRoundI64 { .. }
        | Instr::CheckInt { .. }
        | Instr::CheckDecimal { .. }
        | Instr::RemF64 { .. }
        | Instr::NegF64 { .. }
        | Instr::RoundF32 { .. }
        | Instr::AddWide { .. }
        | Instr::SubWide { .. }
        | Instr::MulWide { .. }
        | Instr::RemWide { .. }
        | Instr::DivRoundWide { .. }
        | Instr::NegWide { .. }
        | Instr::CheckDecimalWide { .. }
        | Instr::F64ToI64 { .. }
        | Instr::WidenI64 { .. }
        | Instr::NarrowWide { .. }
        | Instr::WideToF64 { .. }
        | Instr::CmpWide { .. } => numbers::step(m, instr),
        Instr::ReturnWide { a } => {
            let bits = m.wide(a);
            m.set_wide(Wide(0), bits);
            Ok(Next::Leave)
        }
        Instr::ReturnNullableWide { a, v } => {
            let (bits, valid) = (m.wide(a), m.slot(v));
            m.set_wide(Wide(0), bits);
            m.set_slot(Slot(2), valid);
            Ok(Next::Leave)
        }
        Instr::ReturnObject { a } => {
            m.objects.swap(0, a.index());
            Ok(Next::Leave)
        }
        Instr::Concat { .. } | Instr::JumpEqText { .. } | Instr::JumpNeText { .. } => {
            text::step(m, instr)
        }
        Instr::MakeStruct { .. }
        | Instr::GetField { .. }
        | Instr::SetField { .. }
        | Instr::MakeArray { .. }
        | Instr::GetElement { .. }
        | Instr::PushElement { .. }
        | Instr::Length { .. } => composite::step(m, instr),
        Instr::CallClosure { .. } | Instr::MakeClosure { .. } | Instr::GetCapture { .. } => {
            closures::step(m, instr)
        }
        Instr::MakeException { .. }
        | Instr::GetMessage { .. }
        | Instr::Raise { .. }
        | Instr::ExceptionIs { .. }
        | Instr::Catchable { .. } => exceptions::step(m, instr),
        Instr::CallNative { n, s, o } => native::call_native(m, n, s, o),
        Instr::Savepoint {}
        | Instr::Print { .. }
        | Instr::EmitRow { .. }
        | Instr::GetRow { .. }
        | Instr::InsertRow { .. }
        | Instr::InsertOrFind { .. }
        | Instr::UpdateRow { .. }
        | Instr::DeleteRow { .. } => world::step(m, instr),
        _ => values::step(m, instr),
    }
}

impl<'m> Machine<'m, '_> {
    /// Cancellation, before an instruction that may take long: the loop looks only now and then.
    fn poll(&self) -> Result<(), Raised> {
        if self.context.cancel.load(Ordering::Relaxed) {
            return Err(Builtin::Cancelled.into());
        }
        Ok(())
    }

    fn slot(&self, slot: Slot) -> u64 {
        self.slots[slot.index()]
    }

    fn int(&self, slot: Slot) -> i64 {
        self.slot(slot) as i64
    }

    fn float(&self, slot: Slot) -> f64 {
        f64::from_bits(self.slot(slot))
    }

    fn set_slot(&mut self, slot: Slot, bits: u64) {
        self.slots[slot.index()] = bits;
    }

    fn wide(&self, wide: Wide) -> i128 {
        crate::instance::join(self.slots[wide.index()], self.slots[wide.index() + 1])
    }

    fn set_wide(&mut self, wide: Wide, bits: i128) {
        let [low, high] = crate::instance::halves(bits);
        self.slots[wide.index()] = low;
        self.slots[wide.index() + 1] = high;
    }

    fn object(&self, object: Object) -> &Value {
        &self.objects[object.index()]
    }

    fn set_object(&mut self, object: Object, value: Value) {
        self.objects[object.index()] = value;
    }

    /// A constant; the verifier proved that it exists and is a value.
    fn constant(&self, constant: ConstId) -> Result<&'m Value, Raised> {
        match self.executable.program().constants.get(constant.index()) {
            Some(Constant::Value(value, _)) => Ok(value),
            _ => Err(Builtin::TypeError.into()),
        }
    }

    /// A type among the constants.
    fn constant_type(&self, constant: ConstId) -> Result<&'m Type, Raised> {
        match self.executable.program().constants.get(constant.index()) {
            Some(Constant::Type(ty)) => Ok(ty),
            _ => Err(Builtin::TypeError.into()),
        }
    }
}
