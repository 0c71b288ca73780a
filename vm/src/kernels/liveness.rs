//! Which of the instructions that keep the rows that are not selected need not do so, because
//! nobody reads those rows any more. A constant that is needed inside a branch only then stays a
//! constant.

use grizzly_bytecode::opcodes::Role;
use grizzly_bytecode::query::VectorCode;
use grizzly_bytecode::{OperandKind, VReg, VectorInstr};

/// For each instruction, whether it keeps other rows of its target and may overwrite them all the
/// same. `outputs` are the registers that are read when the code has ended.
pub fn overwrites(code: &VectorCode, outputs: &[VReg]) -> Vec<bool> {
    let mut depth = 0_usize;
    let mut found = vec![false; code.code.len()];
    for (at, instruction) in code.code.iter().enumerate() {
        match instruction {
            VectorInstr::SelectIf { .. } => depth += 1,
            VectorInstr::SelectEnd {} => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(target) = keeping_target(instruction) {
            found[at] = depth == 0 || is_dead_outside(code, at, target, outputs);
        }
    }
    found
}

/// The target of an instruction that keeps the rows that are not selected.
fn keeping_target(instruction: &VectorInstr) -> Option<VReg> {
    match instruction {
        VectorInstr::Const { d, .. }
        | VectorInstr::Null { d }
        | VectorInstr::Param { d, .. }
        | VectorInstr::Copy { d, .. } => Some(*d),
        _ => None,
    }
}

/// Whether nobody reads, behind the branch that holds instruction `at`, what `target` had before.
fn is_dead_outside(code: &VectorCode, at: usize, target: VReg, outputs: &[VReg]) -> bool {
    let (mut depth, mut inside) = (0_i64, true);
    for instruction in &code.code[at + 1..] {
        match instruction {
            VectorInstr::SelectIf { .. } => depth += 1,
            VectorInstr::SelectElse { .. } => inside &= depth != 0,
            VectorInstr::SelectEnd {} => {
                depth -= 1;
                inside &= depth >= 0;
            }
            _ => {}
        }
        let (reads, writes) = accesses(instruction, target);
        if reads && !inside {
            return false;
        }
        // A write that leaves the other rows undefined ends the life of all of them.
        if writes && keeping_target(instruction).is_none() {
            return true;
        }
    }
    !outputs.contains(&target)
}

/// Whether an instruction reads a register, and whether it writes it.
fn accesses(instruction: &VectorInstr, register: VReg) -> (bool, bool) {
    let (mut reads, mut writes) = (false, false);
    instruction.operands(|operand| match (operand.kind, operand.role) {
        (OperandKind::Vector, Role::Out) => writes |= operand.bits == register.0,
        (OperandKind::Vector, _) => reads |= operand.bits == register.0,
        // How long the window is, the callee says: all that may belong to it is taken as read.
        (OperandKind::VectorWindow, _) => reads |= operand.bits <= register.0,
        _ => {}
    });
    (reads, writes)
}
