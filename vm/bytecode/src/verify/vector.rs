//! The rules of vector code.

use super::{Checked, constant_value, ensure};
use crate::ids::*;
use crate::opcodes::VectorInstr as V;
use crate::program::Program;
use crate::query::{Query, VectorCode};
use crate::types::{Type, VectorKind as Kind};

/// Checks the code of a step whose batch has columns of these kinds; `Err` has the instruction.
pub(super) fn code(
    program: &Program,
    query: &Query,
    columns: &[Kind],
    code: &VectorCode,
) -> Checked {
    ensure(usize::from(code.inputs) == columns.len(), || {
        format!("its code has {} inputs for {} columns", code.inputs, columns.len())
    })?;
    let inputs = code.registers.get(..columns.len());
    ensure(inputs == Some(columns), || {
        format!("its first registers are not the columns' {columns:?}")
    })?;
    let count = code.registers.len();
    ensure(count <= super::MOST, || format!("its code has {count} registers"))?;
    super::places(program, code.code.len(), &code.places)?;
    let check = Check { program, query, registers: &code.registers };
    for (pc, instr) in code.code.iter().enumerate() {
        let here = |problem| format!("{pc}: {instr}: {problem}");
        check.instruction(instr).map_err(here)?;
    }
    branches(&code.code)
}

/// The kind of a register of a step's code.
pub(super) fn register(code: &VectorCode, register: VReg) -> Checked<Kind> {
    let kind = code.registers.get(register.index()).copied();
    kind.ok_or_else(|| format!("{register} of {} registers", code.registers.len()))
}

/// Every select_if has one select_else and one select_end, they nest, and jump to each other.
fn branches(code: &[V]) -> Checked {
    // The open branches: where their last part began, and whether that was the select_else.
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (pc, instr) in code.iter().enumerate() {
        let here = |problem: &str| format!("{pc}: {instr}: {problem}");
        match instr {
            V::SelectIf { .. } => open.push((pc, false)),
            V::SelectElse { .. } => match open.pop() {
                Some((start, false)) if goes_to(&code[start], pc) => open.push((pc, true)),
                Some((_, false)) => return Err(here("its select_if jumps elsewhere")),
                _ => return Err(here("it has no select_if")),
            },
            V::SelectEnd {} => match open.pop() {
                Some((start, true)) if goes_to(&code[start], pc) => {}
                Some((_, true)) => return Err(here("its select_else jumps elsewhere")),
                _ => return Err(here("it has no select_else")),
            },
            _ => {}
        }
    }
    match open.first() {
        Some((pc, _)) => Err(format!("{pc}: {}: it has no select_end", code[*pc])),
        None => Ok(()),
    }
}

fn goes_to(instr: &V, pc: usize) -> bool {
    match instr {
        V::SelectIf { t, .. } | V::SelectElse { t } => t.index() == pc,
        _ => false,
    }
}

struct Check<'p> {
    program: &'p Program,
    query: &'p Query,
    registers: &'p [Kind],
}

const INTEGERS: &[Kind] = &[Kind::I64, Kind::I128];
const ALL: &[Kind] = &[Kind::Bool, Kind::I64, Kind::F64, Kind::I128, Kind::Bytes, Kind::Object];

impl Check<'_> {
    fn kind(&self, register: VReg) -> Checked<Kind> {
        let kind = self.registers.get(register.index()).copied();
        kind.ok_or_else(|| format!("{register} of {} registers", self.registers.len()))
    }

    fn is(&self, register: VReg, allowed: &[Kind]) -> Checked {
        let kind = self.kind(register)?;
        ensure(allowed.contains(&kind), || format!("{register} is {kind:?}, not {allowed:?}"))
    }

    fn all(&self, registers: &[VReg], kind: Kind) -> Checked {
        registers.iter().try_for_each(|register| self.is(*register, &[kind]))
    }

    fn typed(&self, register: VReg, ty: &Type) -> Checked {
        self.is(register, &[ty.vector_kind()])
    }

    fn instruction(&self, instr: &V) -> Checked {
        match *instr {
            V::Const { .. }
            | V::Null { .. }
            | V::Param { .. }
            | V::Copy { .. }
            | V::GetField { .. }
            | V::Native { .. }
            | V::CallRows { .. }
            | V::ScalarRows { .. }
            | V::ExistsRows { .. }
            | V::ArrayRows { .. } => self.values(instr),
            V::AddI64 { d, a, b }
            | V::SubI64 { d, a, b }
            | V::MulI64 { d, a, b }
            | V::DivI64 { d, a, b }
            | V::RemI64 { d, a, b }
            | V::DivRoundI64 { d, a, b } => self.all(&[d, a, b], Kind::I64),
            V::NegI64 { d, a } => self.all(&[d, a], Kind::I64),
            V::CheckInt { a, i } => {
                ensure((1..=64).contains(&i.0), || format!("immediate {i} is out of range"))?;
                self.is(a, &[Kind::I64])
            }
            V::CheckDecimal { a, i } => {
                ensure((0..=38).contains(&i.0), || format!("immediate {i} is out of range"))?;
                self.is(a, INTEGERS)
            }
            V::AddF64 { d, a, b }
            | V::SubF64 { d, a, b }
            | V::MulF64 { d, a, b }
            | V::DivF64 { d, a, b }
            | V::RemF64 { d, a, b } => self.all(&[d, a, b], Kind::F64),
            V::NegF64 { d, a } | V::RoundF32 { d, a } => self.all(&[d, a], Kind::F64),
            V::AddWide { d, a, b }
            | V::SubWide { d, a, b }
            | V::MulWide { d, a, b }
            | V::RemWide { d, a, b }
            | V::DivRoundWide { d, a, b } => self.mapped(d, Kind::I128, &[a, b], INTEGERS),
            V::NegWide { d, a } => self.mapped(d, Kind::I128, &[a], INTEGERS),
            V::I64ToF64 { d, a } => self.mapped(d, Kind::F64, &[a], &[Kind::I64]),
            V::F64ToI64 { d, a } => self.mapped(d, Kind::I64, &[a], &[Kind::F64]),
            V::WidenI64 { d, a } => self.mapped(d, Kind::I128, &[a], &[Kind::I64]),
            V::NarrowWide { d, a } => self.mapped(d, Kind::I64, &[a], &[Kind::I128]),
            V::WideToF64 { d, a } => self.mapped(d, Kind::F64, &[a], INTEGERS),
            _ => self.conditions(instr),
        }
    }

    fn conditions(&self, instr: &V) -> Checked {
        match *instr {
            V::CmpI64 { d, a, b, .. } => self.mapped(d, Kind::Bool, &[a, b], &[Kind::I64]),
            V::CmpF64 { d, a, b, .. } => self.mapped(d, Kind::Bool, &[a, b], &[Kind::F64]),
            V::CmpWide { d, a, b, .. } => self.mapped(d, Kind::Bool, &[a, b], INTEGERS),
            V::CmpBytes { d, a, b, .. } => self.mapped(d, Kind::Bool, &[a, b], &[Kind::Bytes]),
            V::CmpObject { d, a, b, .. } => self.mapped(d, Kind::Bool, &[a, b], &[Kind::Object]),
            V::CmpBool { d, a, b, .. } | V::And { d, a, b } | V::Or { d, a, b } => {
                self.all(&[d, a, b], Kind::Bool)
            }
            V::Not { d, a } => self.all(&[d, a], Kind::Bool),
            V::IsNull { d, a } | V::IsNotNull { d, a } => self.mapped(d, Kind::Bool, &[a], ALL),
            V::SelectIf { a, .. } => self.is(a, &[Kind::Bool]),
            V::Choose { d, c, a, b } => {
                self.is(c, &[Kind::Bool])?;
                self.is(d, &[Kind::Bool, Kind::I64, Kind::F64])?;
                self.mapped(d, self.kind(d)?, &[a, b], &[self.kind(d)?])
            }
            V::Concat { d, a, b } => self.all(&[d, a, b], Kind::Bytes),
            // select_else and select_end have no registers; their targets are checked as branches.
            _ => Ok(()),
        }
    }

    /// The result has one kind, the operands one of some.
    fn mapped(&self, d: VReg, result: Kind, operands: &[VReg], allowed: &[Kind]) -> Checked {
        self.is(d, &[result])?;
        operands.iter().try_for_each(|operand| self.is(*operand, allowed))
    }

    fn values(&self, instr: &V) -> Checked {
        match *instr {
            V::Const { d, k } => {
                let (value, ty) = constant_value(self.program, k.index())?;
                if value.is_null() { self.is(d, ALL) } else { self.typed(d, ty) }
            }
            V::Param { d, p } => {
                let ty = self.query.parameters.get(p.index());
                self.typed(d, ty.ok_or_else(|| format!("the query has no {p}"))?)
            }
            V::Copy { d, a } => self.is(a, &[self.kind(d)?]),
            V::GetField { d, a, i } => {
                ensure(i.0 >= 0, || format!("immediate {i} is out of range"))?;
                self.is(d, ALL)?;
                self.is(a, &[Kind::Object])
            }
            V::Native { n, d, b } => {
                let native = self.program.natives.get(n.index());
                let native = native.ok_or_else(|| format!("{n} does not exist"))?;
                self.arguments(b, native.parameters.iter().map(|p| &p.ty))?;
                self.typed(d, &native.result.ty)
            }
            V::CallRows { f, d, b } => {
                let callee = self.program.functions.get(f.index());
                let callee = callee.ok_or_else(|| format!("{f} does not exist"))?;
                self.arguments(b, callee.parameters.iter().map(|p| &p.ty))?;
                let result = callee.result.as_ref();
                self.typed(d, &result.ok_or_else(|| format!("{f} has no result"))?.ty)
            }
            V::ScalarRows { q, d, b } => {
                let query = self.rows_query(q, b)?;
                let column = query.output.first().filter(|_| query.output.len() == 1);
                self.typed(d, &column.ok_or_else(|| format!("{q} has not one column"))?.ty)
            }
            V::ArrayRows { q, d, b } => {
                let query = self.rows_query(q, b)?;
                ensure(query.output.len() == 1, || format!("{q} has not one column"))?;
                self.is(d, &[Kind::Object])
            }
            V::ExistsRows { q, d, b } => {
                let query = self.rows_query(q, b)?;
                ensure(!query.output.is_empty(), || format!("{q} has no columns"))?;
                self.is(d, &[Kind::Bool])
            }
            V::Null { d } => self.is(d, ALL),
            _ => Ok(()),
        }
    }

    /// A query that runs row by row, and whose parameters lie in a window.
    fn rows_query(&self, q: QueryId, b: VectorWindow) -> Checked<&Query> {
        let query = self.program.queries.get(q.index());
        let query = query.ok_or_else(|| format!("{q} does not exist"))?;
        self.arguments(b, query.parameters.iter())?;
        Ok(query)
    }

    fn arguments<'t>(&self, b: VectorWindow, types: impl Iterator<Item = &'t Type>) -> Checked {
        for (index, ty) in types.enumerate() {
            let register = u16::try_from(b.index() + index).map(VReg);
            self.typed(register.map_err(|_| "the window is too long".to_owned())?, ty)?;
        }
        Ok(())
    }
}
