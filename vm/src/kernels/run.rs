//! The loop over the instructions of vector code, and the calls that leave it: natives and
//! functions, row by row.

use super::blend::{self, make_fresh, store};
use super::branches::Branches;
use super::choose::choose;
use super::compare::{self, DictionaryMatches};
use super::drive::{Failure, Span, binary, unary};
use super::liveness::overwrites;
use super::{arithmetic, logic, text, wide};
use crate::batch::Rows;
use crate::native::NativeContext;
use crate::operators::{Answers, Question};
use crate::vector::Vector;
use crate::{Context, Executable, Fault, Instance};
use grizzly_bytecode::query::VectorCode;
use grizzly_bytecode::{
    Constant, FunctionId, NativeId, PlaceId, Program, QueryId, TraceLine, Type, VReg, Value,
    VectorInstr, VectorKind,
};

/// What vector code runs with.
pub struct Environment<'a, 'c> {
    /// The executable whose program the code belongs to.
    pub executable: &'a Executable,
    /// The values of the query's parameters.
    pub parameters: &'a [Value],
    /// The execution's context.
    pub context: &'a mut Context<'c>,
    /// Runs functions row by row.
    pub instance: &'a mut Instance,
}

/// Registers for one piece of vector code.
#[derive(Debug)]
pub struct Frame {
    registers: Vec<Vector>,
    kinds: Vec<VectorKind>,
    /// Whether the register has been written for the current batch.
    written: Vec<bool>,
    /// Outputs of instructions that read their own target, one per kind.
    spares: [Vector; 6],
    branches: Branches,
    /// For each instruction, whether the rows that it should keep are dead.
    overwrites: Vec<bool>,
    /// What each `v.cmp_bytes` remembers, by instruction.
    matches: Vec<DictionaryMatches>,
    arguments: Vec<Value>,
    /// What queries that are asked row by row have answered.
    pub(super) answers: Vec<(QueryId, Answers)>,
    inputs: usize,
}

impl Frame {
    /// The registers of a piece of code, of which `outputs` are read when it has ended.
    pub fn new(code: &VectorCode, outputs: &[VReg]) -> Frame {
        let is_text = |i: &VectorInstr| matches!(i, VectorInstr::CmpBytes { .. });
        // One entry per instruction up to the last that needs one.
        let remembered = code.code.iter().rposition(is_text).map_or(0, |at| at + 1);
        Frame {
            registers: code.registers.iter().map(|kind| Vector::of_kind(*kind)).collect(),
            kinds: code.registers.clone(),
            written: vec![false; code.registers.len()],
            spares: Default::default(),
            branches: Branches::default(),
            overwrites: overwrites(code, outputs),
            matches: (0..remembered).map(|_| DictionaryMatches::default()).collect(),
            arguments: Vec::new(),
            answers: Vec::new(),
            inputs: usize::from(code.inputs),
        }
    }

    /// A register.
    pub fn register(&self, register: VReg) -> &Vector {
        &self.registers[register.index()]
    }

    /// Exchanges the first registers with a batch's columns: before the code runs and after.
    pub fn exchange(&mut self, columns: &mut [Vector]) {
        for (register, column) in self.registers[..self.inputs].iter_mut().zip(columns) {
            std::mem::swap(register, column);
        }
    }

    /// Exchanges a register with a vector.
    pub fn exchange_one(&mut self, register: VReg, vector: &mut Vector) {
        std::mem::swap(&mut self.registers[register.index()], vector);
    }

    /// Forgets what the last batch wrote.
    pub fn start(&mut self) {
        self.written.fill(false);
        self.written[..self.inputs].fill(true);
        self.branches.clear();
    }

    /// Runs all of the code on some rows of a batch of `len`.
    ///
    /// # Errors
    /// The fault of one of the rows, with its place.
    pub fn run(
        &mut self,
        code: &VectorCode,
        environment: &mut Environment<'_, '_>,
        rows: Rows<'_>,
        len: usize,
    ) -> Result<(), Fault> {
        self.start();
        self.run_range(code, 0..code.code.len(), environment, rows, len)
    }

    /// Runs a stretch of the code after [`Frame::start`] and the stretches before it.
    ///
    /// # Errors
    /// As for [`Frame::run`].
    pub fn run_range(
        &mut self,
        code: &VectorCode,
        range: std::ops::Range<usize>,
        environment: &mut Environment<'_, '_>,
        rows: Rows<'_>,
        len: usize,
    ) -> Result<(), Fault> {
        let mut at = range.start;
        while at < range.end {
            let step = self.step(code.code[at], at, environment, rows, len);
            at =
                step.map_err(|stop| stop.into_fault(environment.executable.program(), code, at))?;
        }
        Ok(())
    }

    /// Runs one instruction and returns the index of the next.
    fn step(
        &mut self,
        instruction: VectorInstr,
        at: usize,
        environment: &mut Environment<'_, '_>,
        base: Rows<'_>,
        len: usize,
    ) -> Result<usize, Stop> {
        use VectorInstr as I;
        match instruction {
            I::SelectIf { a, t } => {
                let any = self.branches.open(&self.registers[a.index()], base, len);
                return Ok(if any { at + 1 } else { t.index() });
            }
            I::SelectElse { t } => {
                return Ok(if self.branches.turn() { at + 1 } else { t.index() });
            }
            I::SelectEnd {} => self.branches.close(),
            I::Const { d, k } => {
                if let Some(Constant::Value(value, _)) =
                    environment.executable.program().constants.get(k.index())
                {
                    self.constant((d, at), value, base, len);
                }
            }
            I::Param { d, p } => {
                let parameters = environment.parameters;
                let value = parameters.get(p.index()).unwrap_or(&Value::Null);
                self.constant((d, at), value, base, len);
            }
            I::Null { d } => self.constant((d, at), &Value::Null, base, len),
            I::Copy { d, a } => self.copy((d, a), at, base, len),
            I::Choose { d, c, a, b } => self.choose(d, c, (a, b), len),
            I::CheckInt { a, i } => {
                let span = Span { rows: self.branches.rows(base), len };
                arithmetic::check_int(&self.registers[a.index()], i.0, span)?;
            }
            I::CheckDecimal { a, i } => {
                let span = Span { rows: self.branches.rows(base), len };
                arithmetic::check_decimal(&self.registers[a.index()], i.0, span)?;
            }
            I::Native { n, d, b } => self.native((n, d, b.index()), environment, base, len)?,
            I::ScalarRows { q, d, b } => {
                self.ask((q, d, b.index()), Question::Scalar, environment, base, len)?;
            }
            I::ExistsRows { q, d, b } => {
                self.ask((q, d, b.index()), Question::Exists, environment, base, len)?;
            }
            I::ArrayRows { q, d, b } => {
                self.ask((q, d, b.index()), Question::Array, environment, base, len)?;
            }
            I::CallRows { f, d, b } => self.call_rows((f, d, b.index()), environment, base, len)?,
            computed => self.compute(computed, at, base, len)?,
        }
        Ok(at + 1)
    }

    fn constant(&mut self, (d, at): (VReg, usize), value: &Value, base: Rows<'_>, len: usize) {
        let kind = self.kinds[d.index()];
        let out = &mut self.registers[d.index()];
        if self.overwrites[at] || !self.written[d.index()] {
            // No row has a value to keep.
            out.set_constant(value, kind);
            self.written[d.index()] = true;
            return;
        }
        let mut constant = std::mem::take(&mut self.spares[kind as usize]);
        constant.set_constant(value, kind);
        blend::copy(out, &constant, self.branches.rows(base), len);
        self.spares[kind as usize] = constant;
    }

    fn copy(&mut self, (d, a): (VReg, VReg), at: usize, base: Rows<'_>, len: usize) {
        if d == a {
            return;
        }
        let mut out = std::mem::take(&mut self.registers[d.index()]);
        let from = &self.registers[a.index()];
        let written = std::mem::replace(&mut self.written[d.index()], true);
        if self.overwrites[at] {
            out.clone_from_vector(from, len);
        } else {
            if !written {
                make_fresh(&mut out, from.kind(), len);
            }
            blend::copy(&mut out, from, self.branches.rows(base), len);
        }
        self.registers[d.index()] = out;
    }

    fn choose(&mut self, d: VReg, c: VReg, (a, b): (VReg, VReg), len: usize) {
        let kind = self.kinds[d.index()];
        let mut out = std::mem::take(&mut self.spares[kind as usize]);
        let [c, a, b] = [c, a, b].map(|operand| &self.registers[operand.index()]);
        choose(c, (a, b), &mut out, kind, len);
        let slot = &mut self.registers[d.index()];
        self.spares[kind as usize] = std::mem::replace(slot, out);
        self.written[d.index()] = true;
    }

    /// Runs an instruction that computes its target on the selected rows from other registers.
    fn compute(
        &mut self,
        instruction: VectorInstr,
        at: usize,
        base: Rows<'_>,
        len: usize,
    ) -> Result<(), Stop> {
        let span = Span { rows: self.branches.rows(base), len };
        let Some((d, operands)) = target_of(instruction) else { return Ok(()) };
        let kind = self.kinds[d.index()];
        let aliased = operands.contains(&d);
        let place =
            if aliased { &mut self.spares[kind as usize] } else { &mut self.registers[d.index()] };
        let mut out = std::mem::take(place);
        let [a, b] = operands.map(|operand| &self.registers[operand.index()]);
        let done = match self.matches.get_mut(at) {
            Some(memory) if matches!(instruction, VectorInstr::CmpBytes { .. }) => {
                let VectorInstr::CmpBytes { c, .. } = instruction else { return Ok(()) };
                compare::cmp_bytes(c, (a, b), &mut out, span, memory);
                Ok(())
            }
            _ => kernel(instruction, (a, b), kind, &mut out, span),
        };
        let slot = &mut self.registers[d.index()];
        if aliased {
            self.spares[kind as usize] = std::mem::replace(slot, out);
        } else {
            *slot = out;
        }
        self.written[d.index()] = true;
        done
    }

    fn native(
        &mut self,
        (native, d, first): (NativeId, VReg, usize),
        environment: &mut Environment<'_, '_>,
        base: Rows<'_>,
        len: usize,
    ) -> Result<(), Stop> {
        let context = &*environment.context;
        let linked = environment.executable.native(native);
        let native_context = NativeContext {
            clock: context.clock,
            entropy: context.entropy,
            transaction_micros: context.transaction_micros,
            argument_types: &linked.argument_types,
            result_type: &linked.result.ty,
        };
        self.by_rows((d, first), linked.argument_types.iter(), base, len, |arguments| {
            if linked.strict && arguments.iter().any(Value::is_null) {
                return Ok(Value::Null);
            }
            (linked.body)(&native_context, arguments)
        })
    }

    fn call_rows(
        &mut self,
        (function, d, first): (FunctionId, VReg, usize),
        environment: &mut Environment<'_, '_>,
        base: Rows<'_>,
        len: usize,
    ) -> Result<(), Stop> {
        let executable = environment.executable;
        // The verifier proved that the program names only functions that it has.
        let parameters = &executable.program().functions[function.index()].parameters;
        let (instance, context) = (&mut *environment.instance, &mut *environment.context);
        self.by_rows((d, first), parameters.iter().map(|p| &p.ty), base, len, |arguments| {
            instance.call(executable, context, function, arguments)
        })
    }

    /// Computes a register from a window of others by a call per selected row.
    pub(super) fn by_rows<'t>(
        &mut self,
        (d, first): (VReg, usize),
        types: impl ExactSizeIterator<Item = &'t Type> + Clone,
        base: Rows<'_>,
        len: usize,
        mut call: impl FnMut(&[Value]) -> Result<Value, Fault>,
    ) -> Result<(), Stop> {
        let kind = self.kinds[d.index()];
        let window = first..first + types.len();
        let aliased = window.contains(&d.index());
        let place =
            if aliased { &mut self.spares[kind as usize] } else { &mut self.registers[d.index()] };
        let mut out = std::mem::take(place);
        make_fresh(&mut out, kind, len);
        let rows = self.branches.rows(base);
        let mut arguments = std::mem::take(&mut self.arguments);
        let mut done = Ok(());
        for row in rows.iter() {
            arguments.clear();
            let window = &self.registers[window.clone()];
            arguments
                .extend(window.iter().zip(types.clone()).map(|(vector, ty)| vector.value(row, ty)));
            match call(&arguments) {
                Ok(value) => store(&mut out, row, &value, len),
                Err(fault) => {
                    done = Err(Stop::Fault(fault));
                    break;
                }
            }
        }
        self.arguments = arguments;
        let slot = &mut self.registers[d.index()];
        if aliased {
            self.spares[kind as usize] = std::mem::replace(slot, out);
        } else {
            *slot = out;
        }
        self.written[d.index()] = true;
        done
    }
}

/// The target and the operands of an instruction that computes; a missing second operand is the
/// first.
fn target_of(instruction: VectorInstr) -> Option<(VReg, [VReg; 2])> {
    use grizzly_bytecode::opcodes::Role;
    use grizzly_bytecode::{OperandKind, ids::Operand};
    let mut target = None;
    let mut operands = [None; 2];
    instruction.operands(|operand| {
        let register = VReg::decode(operand.bits);
        match (operand.kind, operand.role) {
            (OperandKind::Vector, Role::Out) => target = register,
            (OperandKind::Vector, _) if operands[0].is_none() => operands[0] = register,
            (OperandKind::Vector, _) => operands[1] = register,
            _ => {}
        }
    });
    let first = operands[0]?;
    Some((target?, [first, operands[1].unwrap_or(first)]))
}

/// The kernels of the instructions that [`Frame::compute`] runs.
fn kernel(
    instruction: VectorInstr,
    pair: (&Vector, &Vector),
    kind: VectorKind,
    out: &mut Vector,
    span: Span<'_>,
) -> Result<(), Stop> {
    use VectorInstr as I;
    let a = pair.0;
    match instruction {
        I::AddI64 { .. } => arithmetic::add_i64(pair, out, span)?,
        I::SubI64 { .. } => arithmetic::sub_i64(pair, out, span)?,
        I::MulI64 { .. } => arithmetic::mul_i64(pair, out, span)?,
        I::DivI64 { .. } => arithmetic::div_i64(pair, out, span)?,
        I::RemI64 { .. } => arithmetic::rem_i64(pair, out, span)?,
        I::DivRoundI64 { .. } => arithmetic::div_round_i64(pair, out, span)?,
        I::NegI64 { .. } => arithmetic::neg_i64(a, out, span)?,
        I::AddF64 { .. } => binary(pair, out, span, |x: f64, y: f64| x + y),
        I::SubF64 { .. } => binary(pair, out, span, |x: f64, y: f64| x - y),
        I::MulF64 { .. } => binary(pair, out, span, |x: f64, y: f64| x * y),
        I::DivF64 { .. } => arithmetic::div_f64(pair, out, span)?,
        I::RemF64 { .. } => arithmetic::rem_f64(pair, out, span)?,
        I::NegF64 { .. } => unary(a, out, span, |x: f64| -x),
        I::RoundF32 { .. } => arithmetic::round_f32(a, out, span)?,
        I::AddWide { .. } => wide::add_wide(pair, out, span)?,
        I::SubWide { .. } => wide::sub_wide(pair, out, span)?,
        I::MulWide { .. } => wide::mul_wide(pair, out, span)?,
        I::RemWide { .. } => wide::rem_wide(pair, out, span)?,
        I::DivRoundWide { .. } => wide::div_round_wide(pair, out, span)?,
        I::NegWide { .. } => wide::neg_wide(a, out, span)?,
        I::I64ToF64 { .. } => unary(a, out, span, |x: i64| x as f64),
        I::F64ToI64 { .. } => arithmetic::f64_to_i64(a, out, span)?,
        I::WidenI64 { .. } => out.clone_from_vector(a, span.len),
        I::NarrowWide { .. } => wide::narrow_wide(a, out, span)?,
        I::WideToF64 { .. } => wide::wide_to_f64(a, out, span),
        I::And { .. } => logic::and(pair, out, span),
        I::Or { .. } => logic::or(pair, out, span),
        I::Not { .. } => logic::not(a, out, span),
        I::IsNull { .. } => logic::is_null(a, true, out, span),
        I::IsNotNull { .. } => logic::is_null(a, false, out, span),
        I::CmpI64 { c, .. } => compare::cmp_i64(c, pair, out, span),
        I::CmpF64 { c, .. } => compare::cmp_f64(c, pair, out, span),
        I::CmpWide { c, .. } => compare::cmp_wide(c, pair, out, span),
        I::CmpBool { c, .. } => compare::cmp_bool(c, pair, out, span),
        I::CmpBytes { c, .. } => {
            compare::cmp_bytes(c, pair, out, span, &mut DictionaryMatches::default());
        }
        I::CmpObject { c, .. } => compare::cmp_object(c, pair, out, span),
        I::Concat { .. } => text::concat(pair, out, span).map_err(Stop::Fault)?,
        I::GetField { i, .. } => text::get_field(a, i, kind, out, span),
        // These do not come here: `Frame::step` has run them.
        I::Const { .. }
        | I::Null { .. }
        | I::Param { .. }
        | I::Copy { .. }
        | I::Choose { .. }
        | I::CheckInt { .. }
        | I::CheckDecimal { .. }
        | I::SelectIf { .. }
        | I::SelectElse { .. }
        | I::SelectEnd {}
        | I::Native { .. }
        | I::CallRows { .. }
        | I::ScalarRows { .. }
        | I::ExistsRows { .. }
        | I::ArrayRows { .. } => unreachable!("{instruction} is no kernel"),
    }
    Ok(())
}

/// Why an instruction stopped.
#[derive(Debug)]
pub(super) enum Stop {
    Failure(Failure),
    Fault(Fault),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failure(failure)
    }
}

impl Stop {
    fn into_fault(self, program: &Program, code: &VectorCode, at: usize) -> Fault {
        let mut fault = match self {
            Stop::Failure(failure) => Fault::new(failure.kind, failure.kind.message()),
            Stop::Fault(fault) => fault,
        };
        let found = code.places.binary_search_by_key(&at, |(at, _)| usize::from(*at));
        let place = found.ok().and_then(|index| code.places.get(index)).map(|(_, place)| *place);
        add_places(&mut fault, program, place);
        fault
    }
}

/// Adds the lines of a place and of the places that it was inlined at.
fn add_places(fault: &mut Fault, program: &Program, place: Option<PlaceId>) {
    let mut next = place;
    // An inline chain is no longer than the table of places.
    for _ in 0..program.places.len() {
        let Some(entry) = next.and_then(|id| program.places.get(id.index())) else { return };
        fault.trace.push(TraceLine { function: entry.function.clone(), place: entry.place });
        next = entry.inlined_at;
    }
}
