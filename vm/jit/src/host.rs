//! What native code calls: the state of a call, the trace, and the operations that are more than
//! one machine operation. All of it is the machine's arithmetic.

use grizzly_bytecode::{Builtin, FunctionId, Instr};
use grizzly_vm::arithmetic::{self, int, wide};
use grizzly_vm::ports::NativeExit;
use std::sync::atomic::AtomicBool;

/// A compiled function as the machine calls it: state, registers, frames; the status comes back.
pub(crate) type Entry = unsafe extern "C" fn(*mut Calls, *mut u64, u64) -> u64;

/// The status of a call that needed one frame more than it had.
pub(crate) const TOO_DEEP: u64 = 255;

/// The state of a call, known to the compiled code by its fields' offsets.
#[repr(C)]
pub(crate) struct Calls {
    /// The flag that another thread sets.
    pub(crate) cancel: *const AtomicBool,
    /// The second and third slot of a result.
    pub(crate) more: [u64; 2],
    /// Instructions on the way out, innermost first: function and instruction, 16 bits each.
    trace: Vec<u32>,
}

impl Calls {
    pub(crate) fn new(cancel: &AtomicBool) -> Calls {
        Calls { cancel, more: [0; 2], trace: Vec::new() }
    }

    pub(crate) fn exit(self, status: u64) -> NativeExit {
        match status {
            0 => NativeExit::Returned,
            TOO_DEEP => NativeExit::TooDeep,
            _ => {
                // Compiled code returns only statuses that `status` gave.
                let kind = Builtin::ALL.get(status as usize - 1);
                let kind = kind.copied().unwrap_or(Builtin::ResourceExhausted);
                let frame = |site: u32| (FunctionId((site >> 16) as u16), site as u16);
                NativeExit::Raised(kind, self.trace.into_iter().map(frame).collect())
            }
        }
    }
}

/// The status that stands for an exception.
pub(crate) fn status(kind: Builtin) -> u64 {
    let position = Builtin::ALL.iter().position(|builtin| *builtin == kind);
    position.map_or(TOO_DEEP, |position| position as u64 + 1)
}

/// Notes an instruction on the way out.
pub(crate) extern "C" fn note(calls: &mut Calls, site: u64) {
    calls.trace.push(site as u32);
}

/// Runs an operation that is more than one machine operation: `opcode` is the instruction's number,
/// the operands follow as slots, pairs as two; an immediate comes in `c`. The result's slots go to
/// `calls.more`, the status comes back.
pub(crate) extern "C" fn compute(
    calls: &mut Calls,
    opcode: u64,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
) -> u64 {
    match run(opcode as u8, [a, b, c, d]) {
        Ok(slots) => {
            calls.more = slots;
            0
        }
        Err(kind) => status(kind),
    }
}

/// The opcodes that [`compute`] runs.
pub(crate) mod op {
    use super::Instr;
    use grizzly_bytecode::{Cmp, Imm, Slot, Wide};

    const R: Slot = Slot(0);
    const W: Wide = Wide(0);
    const I: Imm = Imm(0);

    /// An instruction of each opcode, to ask it for its number.
    pub(crate) const ALL: &[Instr] = &[
        Instr::DivRoundI64 { d: R, a: R, b: R },
        Instr::RemF64 { d: R, a: R, b: R },
        Instr::RoundF32 { d: R, a: R },
        Instr::F64ToI64 { d: R, a: R },
        Instr::AddWide { d: W, a: W, b: W },
        Instr::SubWide { d: W, a: W, b: W },
        Instr::MulWide { d: W, a: W, b: W },
        Instr::RemWide { d: W, a: W, b: W },
        Instr::DivRoundWide { d: W, a: W, b: W },
        Instr::NegWide { d: W, a: W },
        Instr::CheckDecimalWide { a: W, i: I },
        Instr::NarrowWide { d: R, a: W },
        Instr::WideToF64 { d: R, a: W },
        Instr::CmpWide { c: Cmp::Lt, d: R, a: W, b: W },
    ];
}

fn run(opcode: u8, [a, b, c, d]: [u64; 4]) -> Result<[u64; 2], Builtin> {
    let Some(instr) = op::ALL.iter().find(|instr| instr.opcode() == opcode) else {
        return Err(Builtin::ResourceExhausted);
    };
    let (x, y) = (join(a, b), join(c, d));
    let (float, other) = (f64::from_bits(a), f64::from_bits(b));
    Ok(match instr {
        Instr::DivRoundI64 { .. } => one(int::div_round(a as i64, b as i64)? as u64),
        Instr::RemF64 { .. } => one(arithmetic::rem_f64(float, other)?.to_bits()),
        Instr::RoundF32 { .. } => one(arithmetic::round_f32(float)?.to_bits()),
        Instr::F64ToI64 { .. } => one(arithmetic::f64_to_i64(float)? as u64),
        Instr::AddWide { .. } => halves(wide::add(x, y)?),
        Instr::SubWide { .. } => halves(wide::sub(x, y)?),
        Instr::MulWide { .. } => halves(wide::mul(x, y)?),
        Instr::RemWide { .. } => halves(wide::rem(x, y)?),
        Instr::DivRoundWide { .. } => halves(wide::div_round(x, y)?),
        Instr::NegWide { .. } => halves(wide::neg(x)?),
        Instr::CheckDecimalWide { .. } => {
            wide::check_decimal(x, c as i16)?;
            one(0)
        }
        Instr::NarrowWide { .. } => one(arithmetic::narrow(x)? as u64),
        Instr::WideToF64 { .. } => one((x as f64).to_bits()),
        // The order itself, as -1, 0 or 1: the compiled code compares it with 0.
        Instr::CmpWide { .. } => one(x.cmp(&y) as i64 as u64),
        _ => return Err(Builtin::ResourceExhausted),
    })
}

fn one(bits: u64) -> [u64; 2] {
    [bits, 0]
}

fn join(low: u64, high: u64) -> i128 {
    ((high as i128) << 64) | i128::from(low)
}

fn halves(bits: i128) -> [u64; 2] {
    [bits as u64, (bits >> 64) as u64]
}
