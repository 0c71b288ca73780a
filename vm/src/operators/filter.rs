//! Keeps the rows where a condition is TRUE, by narrowing the batch's selection. A conjunction is
//! taken apart: each conjunct is computed for the rows that the ones before it have left.

use crate::Fault;
use crate::batch::{Batch, Rows};
use crate::kernels::{Environment, Frame, Span, select};
use grizzly_bytecode::opcodes::Role;
use grizzly_bytecode::query::VectorCode;
use grizzly_bytecode::{OperandKind, VReg, VectorInstr};

/// A filter at work.
pub(super) struct Filter {
    /// The condition's code without the ANDs that the stages stand for.
    code: VectorCode,
    /// Up to which instruction each stage goes, and the condition that it ends in.
    stages: Vec<(usize, VReg)>,
    frame: Frame,
    kept: Vec<u16>,
}

impl Filter {
    pub(super) fn new(code: &VectorCode, condition: VReg) -> Filter {
        let (code, stages) = stages_of(code, condition)
            .unwrap_or_else(|| (code.clone(), vec![(code.code.len(), condition)]));
        let conditions: Vec<VReg> = stages.iter().map(|(_, condition)| *condition).collect();
        let frame = Frame::new(&code, &conditions);
        Filter { code, stages, frame, kept: Vec::new() }
    }

    pub(super) fn apply(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<(), Fault> {
        self.frame.exchange(&mut batch.columns);
        let done = self.narrow(batch, environment);
        self.frame.exchange(&mut batch.columns);
        done
    }

    fn narrow(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<(), Fault> {
        self.frame.start();
        let mut from = 0;
        for (to, condition) in &self.stages {
            let rows = batch.selection.rows(batch.len);
            self.frame.run_range(&self.code, from..*to, environment, rows, batch.len)?;
            from = *to;
            let span = Span { rows, len: batch.len };
            select(self.frame.register(*condition), span, &mut self.kept);
            if matches!(rows, Rows::All(_)) && self.kept.len() == batch.len {
                continue;
            }
            batch.selection.exchange(&mut self.kept);
            if batch.rows().is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Takes a conjunction apart. Works for straight code in which every register is written once;
/// `None` where the code is no such conjunction.
fn stages_of(code: &VectorCode, condition: VReg) -> Option<(VectorCode, Vec<(usize, VReg)>)> {
    let registers = code.registers.len();
    let (mut written_at, mut reads) = (vec![None; registers], vec![0_u32; registers]);
    for (at, instruction) in code.code.iter().enumerate() {
        note(instruction, at, &mut written_at, &mut reads)?;
    }
    let inputs = usize::from(code.inputs);
    if written_at.iter().take(inputs).any(Option::is_some) {
        return None;
    }
    // The leaves of the tree of ANDs below the condition, by where they are written.
    let (mut open, mut leaves, mut dropped) = (vec![condition], Vec::new(), Vec::new());
    while let Some(register) = open.pop() {
        let at = *written_at.get(register.index())?;
        let instruction = at.and_then(|at| code.code.get(at));
        let only_here = reads[register.index()] == u32::from(register != condition);
        match (instruction, at) {
            (Some(VectorInstr::And { a, b, .. }), Some(at)) if only_here => {
                dropped.push(at);
                open.extend([*b, *a]);
            }
            _ => leaves.push((at.map_or(0, |at| at + 1), register)),
        }
    }
    if dropped.is_empty() {
        return None;
    }
    leaves.sort_by_key(|(end, _)| *end);
    let before = |at: usize| at - dropped.iter().filter(|dropped| **dropped < at).count();
    let stages = leaves.into_iter().map(|(end, register)| (before(end), register)).collect();
    let kept = |at: &usize| !dropped.contains(at);
    let instructions = (0..code.code.len()).filter(kept).map(|at| code.code[at]).collect();
    let places = code.places.iter().filter(|(at, _)| kept(&usize::from(*at)));
    let straight = VectorCode {
        registers: code.registers.clone(),
        inputs: code.inputs,
        code: instructions,
        places: places.map(|(at, place)| (before(usize::from(*at)) as u16, *place)).collect(),
    };
    Some((straight, stages))
}

/// Notes where an instruction writes and what it reads; `None` where the code branches, writes a
/// register twice, or reads a window.
fn note(
    instruction: &VectorInstr,
    at: usize,
    written_at: &mut [Option<usize>],
    reads: &mut [u32],
) -> Option<()> {
    let mut simple = true;
    instruction.operands(|operand| match (operand.kind, operand.role) {
        (OperandKind::Vector, Role::Out) => match written_at.get_mut(usize::from(operand.bits)) {
            Some(place @ None) => *place = Some(at),
            _ => simple = false,
        },
        (OperandKind::Vector, _) => match reads.get_mut(usize::from(operand.bits)) {
            Some(count) => *count += 1,
            None => simple = false,
        },
        (OperandKind::Target | OperandKind::VectorWindow, _) => simple = false,
        _ => {}
    });
    simple.then_some(())
}
