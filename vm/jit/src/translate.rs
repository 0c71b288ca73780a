//! From verified bytecode to Cranelift's form, one function at a time. Every slot is a 64-bit
//! variable; Cranelift turns them into machine registers.

mod numbers;

use crate::Names;
use crate::host::{self, Calls};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, FuncRef, InstBuilder, MemFlagsData, Signature, Value, types,
};
use cranelift_codegen::{Context, ir};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use cranelift_jit::JITModule;
use cranelift_module::{FuncId, Linkage, Module};
use grizzly_bytecode::{
    Builtin, Function, FunctionId, Imm, Instr, Layout, Slot, Target, VerifiedProgram, Wide,
};
use std::mem::offset_of;

/// Whether the translation knows the instruction. Objects, natives and the world stay with the
/// interpreter.
pub(crate) fn is_supported(instr: &Instr) -> bool {
    use Instr::*;
    let helper = host::op::ALL.iter().any(|op| op.opcode() == instr.opcode());
    helper
        || matches!(
            instr,
            Move { .. }
                | MoveWide { .. }
                | LoadInt { .. }
                | LoadSlot { .. }
                | LoadWide { .. }
                | AddI64 { .. }
                | SubI64 { .. }
                | MulI64 { .. }
                | DivI64 { .. }
                | RemI64 { .. }
                | NegI64 { .. }
                | AddImmI64 { .. }
                | MulImmI64 { .. }
                | CheckInt { .. }
                | CheckDecimal { .. }
                | AddF64 { .. }
                | SubF64 { .. }
                | MulF64 { .. }
                | DivF64 { .. }
                | NegF64 { .. }
                | I64ToF64 { .. }
                | WidenI64 { .. }
                | CmpI64 { .. }
                | CmpF64 { .. }
                | And { .. }
                | Or { .. }
                | Not { .. }
                | Call { .. }
                | Return {}
                | ReturnSlot { .. }
                | ReturnNullable { .. }
                | ReturnWide { .. }
                | ReturnNullableWide { .. }
        )
        || matches!(instr, Jump { .. } | JumpBack { .. })
        || condition(instr).is_some()
}

/// A conditional jump: what it compares and where it goes.
enum Condition {
    Ints(IntCC, Slot, Slot),
    Immediate(IntCC, Slot, Imm),
    Floats(FloatCC, Slot, Slot),
    /// The negation: true also where an operand is NaN.
    NotFloats(FloatCC, Slot, Slot),
}

fn condition(instr: &Instr) -> Option<(Condition, Target)> {
    use Condition::{Floats, Immediate, Ints, NotFloats};
    Some(match *instr {
        Instr::JumpIf { a, t } => (Immediate(IntCC::NotEqual, a, Imm(0)), t),
        Instr::JumpIfNot { a, t } => (Immediate(IntCC::Equal, a, Imm(0)), t),
        Instr::JumpEqI64 { a, b, t } => (Ints(IntCC::Equal, a, b), t),
        Instr::JumpNeI64 { a, b, t } => (Ints(IntCC::NotEqual, a, b), t),
        Instr::JumpLtI64 { a, b, t } => (Ints(IntCC::SignedLessThan, a, b), t),
        Instr::JumpLeI64 { a, b, t } => (Ints(IntCC::SignedLessThanOrEqual, a, b), t),
        Instr::JumpEqImm { a, i, t } => (Immediate(IntCC::Equal, a, i), t),
        Instr::JumpNeImm { a, i, t } => (Immediate(IntCC::NotEqual, a, i), t),
        Instr::JumpLtImm { a, i, t } => (Immediate(IntCC::SignedLessThan, a, i), t),
        Instr::JumpLeImm { a, i, t } => (Immediate(IntCC::SignedLessThanOrEqual, a, i), t),
        Instr::JumpGtImm { a, i, t } => (Immediate(IntCC::SignedGreaterThan, a, i), t),
        Instr::JumpGeImm { a, i, t } => (Immediate(IntCC::SignedGreaterThanOrEqual, a, i), t),
        Instr::JumpLtF64 { a, b, t } => (Floats(FloatCC::LessThan, a, b), t),
        Instr::JumpLeF64 { a, b, t } => (Floats(FloatCC::LessThanOrEqual, a, b), t),
        Instr::JumpNotLtF64 { a, b, t } => (NotFloats(FloatCC::LessThan, a, b), t),
        Instr::JumpNotLeF64 { a, b, t } => (NotFloats(FloatCC::LessThanOrEqual, a, b), t),
        Instr::JumpEqF64 { a, b, t } => (Floats(FloatCC::Equal, a, b), t),
        Instr::JumpNeF64 { a, b, t } => (Floats(FloatCC::NotEqual, a, b), t),
        _ => return None,
    })
}

fn of_integers(module: &JITModule, parameters: usize, results: usize) -> Signature {
    let mut signature = module.make_signature();
    signature.params = vec![AbiParam::new(types::I64); parameters];
    signature.returns = vec![AbiParam::new(types::I64); results];
    signature
}

/// A compiled function: state, frames, parameters' slots; first slot of the result and status.
pub(crate) fn signature(module: &JITModule, function: &Function) -> Signature {
    of_integers(module, 2 + slots(&function.parameters), 2)
}

/// [`host::note`].
pub(crate) fn note_signature(module: &JITModule) -> Signature {
    of_integers(module, 2, 0)
}

/// [`host::compute`].
pub(crate) fn compute_signature(module: &JITModule) -> Signature {
    of_integers(module, 6, 1)
}

fn slots<'l>(layouts: impl IntoIterator<Item = &'l Layout>) -> usize {
    layouts.into_iter().map(|layout| usize::from(layout.slots())).sum()
}

fn more(index: usize) -> i32 {
    // Two slots: the offset is small.
    (offset_of!(Calls, more) + 8 * index) as i32
}

/// Memory that is there, aligned: the state, the flag and the registers.
fn memory() -> MemFlagsData {
    MemFlagsData::trusted()
}

/// Builds the function that the machine calls: it loads the parameters from the registers, calls
/// the compiled function and stores its result.
pub(crate) fn entry(
    module: &mut JITModule,
    names: &Names,
    program: &VerifiedProgram,
    root: FunctionId,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) -> Option<FuncId> {
    let function = program.functions.get(root.index())?;
    context.func.signature = of_integers(module, 3, 1);
    let mut builder = FunctionBuilder::new(&mut context.func, builder_context);
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    let [calls, registers, depth] = *builder.block_params(block) else { return None };
    let mut arguments = vec![calls, depth];
    for slot in 0..slots(&function.parameters) {
        let offset = i32::try_from(slot * 8).ok()?;
        arguments.push(builder.ins().load(types::I64, memory(), registers, offset));
    }
    let callee = module.declare_func_in_func(*names.functions.get(&root)?, builder.func);
    let call = builder.ins().call(callee, &arguments);
    let [first, status] = *builder.inst_results(call) else { return None };
    // Where the call did not return, the registers stay as they were: it may be interpreted
    // instead.
    let (store, end) = (builder.create_block(), builder.create_block());
    builder.ins().brif(status, end, &[], store, &[]);
    builder.switch_to_block(store);
    for slot in 0..slots(&function.result) {
        let value = match slot {
            0 => first,
            _ => builder.ins().load(types::I64, memory(), calls, more(slot - 1)),
        };
        builder.ins().store(memory(), value, registers, i32::try_from(slot * 8).ok()?);
    }
    builder.ins().jump(end, &[]);
    builder.switch_to_block(end);
    builder.ins().return_(&[status]);
    builder.seal_all_blocks();
    builder.finalize(module.target_config());
    let id = module.declare_function("entry", Linkage::Export, &context.func.signature).ok()?;
    module.define_function(id, context).ok()?;
    module.clear_context(context);
    Some(id)
}

/// Translates a function into `context`.
pub(crate) fn function(
    module: &mut JITModule,
    names: &Names,
    program: &VerifiedProgram,
    id: FunctionId,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) -> Option<()> {
    let function = program.functions.get(id.index())?;
    context.func.signature = signature(module, function);
    context.func.name = ir::UserFuncName::user(0, id.0.into());
    let mut builder = FunctionBuilder::new(&mut context.func, builder_context);
    let note = module.declare_func_in_func(names.note, builder.func);
    let compute = module.declare_func_in_func(names.compute, builder.func);
    let callees = names.functions.iter();
    let callees = callees.map(|(id, name)| (*id, module.declare_func_in_func(*name, builder.func)));
    let callees = callees.collect();
    let blocks = blocks(&mut builder, function);
    let first = builder.create_block();
    let raise = builder.create_block();
    let variables = (0..function.slots).map(|_| builder.declare_var(types::I64)).collect();
    builder.append_block_params_for_function_params(first);
    builder.switch_to_block(first);
    let [calls, depth, ..] = *builder.block_params(first) else { return None };
    let mut translation = Translation {
        program,
        function,
        id,
        builder,
        blocks,
        variables,
        callees,
        compute,
        raise,
        calls,
        depth,
    };
    translation.parameters(first);
    translation.code()?;
    translation.raise_block(note);
    translation.builder.seal_all_blocks();
    translation.builder.finalize(module.target_config());
    Some(())
}

/// A block for every instruction that a jump reaches or that follows a conditional one.
fn blocks(builder: &mut FunctionBuilder<'_>, function: &Function) -> Vec<Option<Block>> {
    let mut blocks = vec![None; function.code.len() + 1];
    let mut begin = |at: usize| {
        blocks[at].get_or_insert_with(|| builder.create_block());
    };
    begin(0);
    for (pc, instr) in function.code.iter().enumerate() {
        match (instr, condition(instr)) {
            (Instr::Jump { t } | Instr::JumpBack { t }, _) => begin(t.index()),
            (_, Some((_, target))) => {
                begin(target.index());
                begin(pc + 1);
            }
            _ => {}
        }
    }
    blocks
}

struct Translation<'p, 'b> {
    program: &'p VerifiedProgram,
    function: &'p Function,
    id: FunctionId,
    builder: FunctionBuilder<'b>,
    blocks: Vec<Option<Block>>,
    variables: Vec<Variable>,
    callees: std::collections::BTreeMap<FunctionId, FuncRef>,
    compute: FuncRef,
    /// Takes a status and a site: notes the site and returns the status.
    raise: Block,
    calls: Value,
    depth: Value,
}

impl Translation<'_, '_> {
    fn parameters(&mut self, first: Block) {
        let given = self.builder.block_params(first)[2..].to_vec();
        let zero = self.int(0);
        for (index, variable) in self.variables.clone().into_iter().enumerate() {
            let value = given.get(index).copied().unwrap_or(zero);
            self.builder.def_var(variable, value);
        }
        let start = self.block(0);
        self.builder.ins().jump(start, &[]);
    }

    fn raise_block(&mut self, note: FuncRef) {
        self.builder.set_cold_block(self.raise);
        let status = self.builder.append_block_param(self.raise, types::I64);
        let site = self.builder.append_block_param(self.raise, types::I64);
        self.builder.switch_to_block(self.raise);
        self.builder.ins().call(note, &[self.calls, site]);
        let zero = self.int(0);
        self.builder.ins().return_(&[zero, status]);
    }

    fn code(&mut self) -> Option<()> {
        let function = self.function;
        // Whether the block that is being filled can still take instructions.
        let mut open = false;
        for (pc, instr) in function.code.iter().enumerate() {
            if let Some(block) = self.blocks[pc] {
                if open {
                    self.builder.ins().jump(block, &[]);
                }
                self.builder.switch_to_block(block);
                open = true;
            }
            if open {
                open = self.instruction(pc, instr)?;
            }
        }
        Some(())
    }

    fn block(&self, pc: usize) -> Block {
        // `blocks` made one for every target; the entry block stands in for none.
        self.blocks[pc].unwrap_or(self.raise)
    }

    fn int(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(types::I64, value)
    }

    fn get(&mut self, slot: Slot) -> Value {
        self.builder.use_var(self.variables[slot.index()])
    }

    fn float(&mut self, slot: Slot) -> Value {
        let bits = self.get(slot);
        self.builder.ins().bitcast(types::F64, MemFlagsData::new(), bits)
    }

    fn set(&mut self, slot: Slot, value: Value) {
        self.builder.def_var(self.variables[slot.index()], value);
    }

    fn set_float(&mut self, slot: Slot, value: Value) {
        let bits = self.builder.ins().bitcast(types::I64, MemFlagsData::new(), value);
        self.set(slot, bits);
    }

    /// A comparison's result, 8 bits, into a slot.
    fn set_bool(&mut self, slot: Slot, value: Value) {
        let wide = self.builder.ins().uextend(types::I64, value);
        self.set(slot, wide);
    }

    fn halves(&mut self, wide: Wide) -> [Value; 2] {
        [self.get(Slot(wide.0)), self.get(Slot(wide.0 + 1))]
    }

    /// Leaves with a status where `condition` is not 0.
    fn leave_if(&mut self, condition: Value, status: Value, pc: usize) {
        let (leave, go_on) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(leave);
        self.builder.ins().brif(condition, leave, &[], go_on, &[]);
        self.builder.switch_to_block(leave);
        let site = self.int((i64::from(self.id.0) << 16) | pc as i64);
        let arguments = [BlockArg::Value(status), BlockArg::Value(site)];
        self.builder.ins().jump(self.raise, &arguments);
        self.builder.switch_to_block(go_on);
    }

    fn raise_if(&mut self, condition: Value, kind: Builtin, pc: usize) {
        let status = self.int(host::status(kind) as i64);
        self.leave_if(condition, status, pc);
    }

    /// Cancellation. The load is atomic, so that no pass merges it with an earlier one.
    fn poll(&mut self, pc: usize) {
        let offset = offset_of!(Calls, cancel) as i32;
        let flag = self.builder.ins().load(types::I64, memory(), self.calls, offset);
        let set = self.builder.ins().atomic_load(types::I8, memory(), flag);
        self.raise_if(set, Builtin::Cancelled, pc);
    }

    /// Translates an instruction; whether control goes on behind it in the same block.
    fn instruction(&mut self, pc: usize, instr: &Instr) -> Option<bool> {
        if let Some((condition, target)) = condition(instr) {
            self.jump_if(&condition, target, pc);
            return Some(false);
        }
        match *instr {
            Instr::Jump { t } => {
                let target = self.block(t.index());
                self.builder.ins().jump(target, &[]);
                return Some(false);
            }
            Instr::JumpBack { t } => {
                self.poll(pc);
                let target = self.block(t.index());
                self.builder.ins().jump(target, &[]);
                return Some(false);
            }
            Instr::Return {} => {
                let values: Vec<Slot> =
                    (0..slots(&self.function.result)).map(|slot| Slot(slot as u16)).collect();
                self.leave(&values);
                return Some(false);
            }
            Instr::ReturnSlot { a } => return self.leave(&[a]),
            Instr::ReturnNullable { a, v } => return self.leave(&[a, v]),
            Instr::ReturnWide { a } => return self.leave(&[Slot(a.0), Slot(a.0 + 1)]),
            Instr::ReturnNullableWide { a, v } => {
                return self.leave(&[Slot(a.0), Slot(a.0 + 1), v]);
            }
            Instr::Call { f, s, .. } => self.call(f, Slot(s.0), pc)?,
            _ => self.compute(pc, instr)?,
        }
        Some(true)
    }

    fn jump_if(&mut self, condition: &Condition, target: Target, pc: usize) {
        let (yes, no) = (self.block(target.index()), self.block(pc + 1));
        let (holds, yes, no) = match *condition {
            Condition::Ints(cc, a, b) => {
                let (a, b) = (self.get(a), self.get(b));
                (self.builder.ins().icmp(cc, a, b), yes, no)
            }
            Condition::Immediate(cc, a, i) => {
                let (a, i) = (self.get(a), self.int(i.0.into()));
                (self.builder.ins().icmp(cc, a, i), yes, no)
            }
            Condition::Floats(cc, a, b) => {
                let (a, b) = (self.float(a), self.float(b));
                (self.builder.ins().fcmp(cc, a, b), yes, no)
            }
            Condition::NotFloats(cc, a, b) => {
                let (a, b) = (self.float(a), self.float(b));
                (self.builder.ins().fcmp(cc, a, b), no, yes)
            }
        };
        self.builder.ins().brif(holds, yes, &[], no, &[]);
    }

    /// Returns the values of slots.
    fn leave(&mut self, values: &[Slot]) -> Option<bool> {
        let first = match values.first() {
            Some(slot) => self.get(*slot),
            None => self.int(0),
        };
        for (index, slot) in values.iter().skip(1).enumerate() {
            let value = self.get(*slot);
            self.builder.ins().store(memory(), value, self.calls, more(index));
        }
        let returned = self.int(0);
        self.builder.ins().return_(&[first, returned]);
        Some(false)
    }

    fn call(&mut self, f: FunctionId, window: Slot, pc: usize) -> Option<()> {
        self.poll(pc);
        let zero = self.int(0);
        let none_left = self.builder.ins().icmp(IntCC::Equal, self.depth, zero);
        let too_deep = self.int(host::TOO_DEEP as i64);
        self.leave_if(none_left, too_deep, pc);
        let callee = self.program.functions.get(f.index())?;
        let one = self.int(1);
        let left = self.builder.ins().isub(self.depth, one);
        let mut arguments = vec![self.calls, left];
        for slot in 0..slots(&callee.parameters) {
            arguments.push(self.get(Slot(window.0 + slot as u16)));
        }
        let called = self.builder.ins().call(*self.callees.get(&f)?, &arguments);
        let [first, status] = *self.builder.inst_results(called) else { return None };
        self.leave_if(status, status, pc);
        for slot in 0..slots(&callee.result) {
            let value = match slot {
                0 => first,
                _ => {
                    let offset = more(slot - 1);
                    self.builder.ins().load(types::I64, memory(), self.calls, offset)
                }
            };
            self.set(Slot(window.0 + slot as u16), value);
        }
        Some(())
    }
}
