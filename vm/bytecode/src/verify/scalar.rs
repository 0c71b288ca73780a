//! The rules of functions.

use super::{Checked, VerifyError, at, constant_value, ensure};
use crate::ids::*;
use crate::opcodes::{Instr, OperandValue};
use crate::program::{Constant, Function, Handler, Layout, Program, closure_layouts};
use crate::types::{Repr, Type};
use crate::value::Value;

/// Checks a function.
pub(super) fn function(
    program: &Program,
    index: usize,
    function: &Function,
) -> Result<(), VerifyError> {
    let name = || format!("function f{index} {}", function.name);
    frame(program, function).map_err(at(name))?;
    let code = Code { program, function };
    for (pc, instr) in function.code.iter().enumerate() {
        let here = || format!("function f{index} {}, {pc}: {instr}", function.name);
        code.instruction(pc, instr).map_err(at(here))?;
    }
    for (number, handler) in function.handlers.iter().enumerate() {
        let here = || format!("function f{index} {}, handler {number}", function.name);
        code.handler(number, handler).map_err(at(here))?;
    }
    Ok(())
}

/// What layouts take: slots and objects.
fn width<'l>(layouts: impl IntoIterator<Item = &'l Layout>) -> (usize, usize) {
    let add = |(slots, objects): (usize, usize), layout: &Layout| {
        (slots + usize::from(layout.slots()), objects + usize::from(layout.objects()))
    };
    layouts.into_iter().fold((0, 0), add)
}

/// What a call moves through its windows: the wider of arguments and result.
fn call_width(parameters: &[Layout], result: Option<&Layout>) -> (usize, usize) {
    let (arguments, result) = (width(parameters), width(result));
    (arguments.0.max(result.0), arguments.1.max(result.1))
}

fn frame(program: &Program, function: &Function) -> Checked {
    let (slots, objects) = call_width(&function.parameters, function.result.as_ref());
    ensure(slots <= function.slots.into(), || "its parameters or result need more slots".into())?;
    ensure(objects <= function.objects.into(), || {
        "its parameters or result need more objects".into()
    })?;
    let len = function.code.len();
    ensure(len <= super::MOST, || format!("it has {len} instructions"))?;
    let last = function.code.last().ok_or("it has no code")?;
    ensure(ends(last), || "it may run off its end".into())?;
    if let Some(shape) = &function.closure {
        let layouts = (function.parameters.clone(), function.result.clone());
        ensure(layouts == closure_layouts(&shape.ty), || {
            format!("its parameters and result are not those of {}", shape.ty.result)
        })?;
    }
    super::places(program, len, &function.places)
}

/// Whether control never reaches the instruction behind this one.
fn ends(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::Jump { .. }
            | Instr::JumpBack { .. }
            | Instr::Raise { .. }
            | Instr::Return {}
            | Instr::ReturnSlot { .. }
            | Instr::ReturnNullable { .. }
            | Instr::ReturnWide { .. }
            | Instr::ReturnNullableWide { .. }
            | Instr::ReturnObject { .. }
    )
}

struct Code<'p> {
    program: &'p Program,
    function: &'p Function,
}

impl<'p> Code<'p> {
    fn instruction(&self, pc: usize, instr: &Instr) -> Checked {
        let mut checked = Ok(());
        instr.operands(|operand| {
            if checked.is_ok() {
                checked = self.operand(pc, instr, operand);
            }
        });
        checked?;
        self.constants(instr)?;
        self.immediates(instr)?;
        self.windows(instr)?;
        self.returns(instr)?;
        let savepoint = matches!(instr, Instr::Savepoint {});
        let opens = |h: &Handler| h.undo && h.start.index() == pc;
        ensure(!savepoint || self.function.handlers.iter().any(opens), || {
            "no undoing range begins here".into()
        })
    }

    /// The rules that follow from an operand's kind alone.
    fn operand(&self, pc: usize, instr: &Instr, operand: OperandValue) -> Checked {
        let bits = usize::from(operand.bits);
        let (slots, objects) = (self.function.slots.into(), self.function.objects.into());
        let within =
            |what: &str, count: usize| ensure(bits < count, || format!("{what} {bits} of {count}"));
        match operand.kind {
            OperandKind::Slot => within("slot", slots),
            OperandKind::Wide => {
                ensure(bits + 1 < slots, || format!("pair {bits} of {slots} slots"))
            }
            OperandKind::Object => within("object", objects),
            // Their contents are checked with the instruction.
            OperandKind::SlotWindow => within("slot window", slots + 1),
            OperandKind::ObjectWindow => within("object window", objects + 1),
            OperandKind::Constant => within("constant", self.program.constants.len()),
            OperandKind::Function => within("function", self.program.functions.len()),
            OperandKind::Native => within("native", self.program.natives.len()),
            OperandKind::Query => within("query", self.program.queries.len()),
            OperandKind::Access => within("access", self.program.accesses.len()),
            OperandKind::Parameter => within("parameter", self.program.parameters.len()),
            OperandKind::Target => {
                within("target", self.function.code.len())?;
                if matches!(instr, Instr::JumpBack { .. }) {
                    ensure(bits <= pc, || "jump_back goes forward".into())
                } else {
                    ensure(bits > pc, || "it jumps back".into())
                }
            }
            OperandKind::Immediate | OperandKind::Comparison => Ok(()),
            OperandKind::Vector | OperandKind::VectorWindow => {
                Err("scalar code has no vectors".into())
            }
        }
    }

    fn constants(&self, instr: &Instr) -> Checked {
        let value = |k: ConstId| constant_value(self.program, k.index()).map(|(value, _)| value);
        match *instr {
            Instr::LoadSlot { k, .. } => {
                ensure(value(k)?.slot_bits().is_some(), || format!("{k} fits no slot"))
            }
            Instr::LoadWide { k, .. } => {
                ensure(matches!(value(k)?, Value::Wide(_)), || format!("{k} has no 128 bits"))
            }
            Instr::LoadObject { k, .. } => value(k).map(drop),
            Instr::JumpEqText { k, .. }
            | Instr::JumpNeText { k, .. }
            | Instr::ExceptionIs { k, .. } => {
                ensure(matches!(value(k)?, Value::Text(_)), || format!("{k} is no text"))
            }
            Instr::Print { k, .. } => self.constant_type(k).map(drop),
            _ => Ok(()),
        }
    }

    fn constant_type(&self, k: ConstId) -> Checked<&'p Type> {
        match self.program.constants.get(k.index()) {
            Some(Constant::Type(ty)) => Ok(ty),
            _ => Err(format!("{k} is no type")),
        }
    }

    fn immediates(&self, instr: &Instr) -> Checked {
        let (i, range) = match *instr {
            Instr::CheckInt { i, .. } => (i, 1..=64),
            Instr::CheckDecimal { i, .. } => (i, 0..=18),
            Instr::CheckDecimalWide { i, .. } => (i, 0..=38),
            Instr::GetField { i, .. }
            | Instr::SetField { i, .. }
            | Instr::GetCapture { i, .. }
            | Instr::MakeArray { i, .. } => (i, 0..=i16::MAX),
            _ => return Ok(()),
        };
        ensure(range.contains(&i.0), || format!("immediate {i} is out of range"))
    }

    fn windows(&self, instr: &Instr) -> Checked {
        let program = self.program;
        match *instr {
            // The ids were checked with the operands.
            Instr::Call { f, s, o } => {
                let callee = &program.functions[f.index()];
                self.window(s, o, call_width(&callee.parameters, callee.result.as_ref()))
            }
            Instr::CallNative { n, s, o } => {
                let native = &program.natives[n.index()];
                self.window(s, o, call_width(&native.parameters, Some(&native.result)))
            }
            Instr::CallClosure { k, s, o } => match self.constant_type(k)? {
                Type::Function(ty) => {
                    let (parameters, result) = closure_layouts(ty);
                    self.window(s, o, call_width(&parameters, result.as_ref()))
                }
                ty => Err(format!("{ty} is no function type")),
            },
            Instr::MakeClosure { f, o, .. } => match &program.functions[f.index()].closure {
                Some(shape) => self.objects(o, usize::from(shape.captures)),
                None => Err(format!("{f} is no code of function values")),
            },
            Instr::MakeStruct { k, o, .. } => match self.constant_type(k)? {
                Type::Struct(shape) => self.objects(o, shape.fields.len()),
                ty => Err(format!("{ty} is no STRUCT")),
            },
            Instr::MakeException { k, o, .. } => match self.constant_type(k)? {
                Type::Exception(ty) => self.objects(o, 1 + ty.fields.len()),
                ty => Err(format!("{ty} is no exception")),
            },
            Instr::MakeArray { o, i, .. } => self.objects(o, usize::from(i.0.unsigned_abs())),
            Instr::EmitRow { o } => {
                ensure(!program.output.is_empty(), || "the program has no output".into())?;
                self.objects(o, program.output.len())
            }
            Instr::GetRow { x, o, .. } => {
                let access = &program.accesses[x.index()];
                ensure(!access.key.is_empty(), || format!("{x} has no key"))?;
                self.objects(o, access.key.len().max(access.columns.len()))
            }
            Instr::InsertRow { x, o } => self.row(x, o, 0),
            Instr::InsertOrFind { x, o, .. } => self.row(x, o, 1),
            Instr::UpdateRow { x, o } => {
                let access = &program.accesses[x.index()];
                ensure(!access.key.is_empty(), || format!("{x} has no key"))?;
                self.objects(o, access.key.len() + access.columns.len())
            }
            Instr::DeleteRow { x, o } => {
                let access = &program.accesses[x.index()];
                ensure(!access.key.is_empty(), || format!("{x} has no key"))?;
                self.objects(o, access.key.len())
            }
            Instr::RunQuery { q, o } => {
                self.objects(o, program.queries[q.index()].parameters.len())
            }
            Instr::ScalarQuery { q, o, .. } | Instr::ArrayQuery { q, o, .. } => {
                let query = &program.queries[q.index()];
                ensure(query.output.len() == 1, || format!("{q} has not one column"))?;
                self.objects(o, query.parameters.len())
            }
            Instr::ExistsQuery { q, o, .. } | Instr::OpenQuery { q, o } => {
                let query = &program.queries[q.index()];
                ensure(!query.output.is_empty(), || format!("{q} has no columns"))?;
                self.objects(o, query.parameters.len())
            }
            Instr::NextRow { q, o, .. } => self.objects(o, program.queries[q.index()].output.len()),
            _ => Ok(()),
        }
    }

    /// A whole row and some values behind it.
    fn row(&self, x: AccessId, o: ObjectWindow, more: usize) -> Checked {
        self.objects(o, self.program.accesses[x.index()].columns.len() + more)
    }

    fn window(&self, s: SlotWindow, o: ObjectWindow, (slots, objects): (usize, usize)) -> Checked {
        ensure(s.index() + slots <= self.function.slots.into(), || {
            format!("the window needs {slots} slots")
        })?;
        self.objects(o, objects)
    }

    fn objects(&self, o: ObjectWindow, count: usize) -> Checked {
        ensure(o.index() + count <= self.function.objects.into(), || {
            format!("the window needs {count} objects")
        })
    }

    fn returns(&self, instr: &Instr) -> Checked {
        let expected = match instr {
            Instr::ReturnSlot { .. } => (Repr::Slot, false),
            Instr::ReturnNullable { .. } => (Repr::Slot, true),
            Instr::ReturnWide { .. } => (Repr::Wide, false),
            Instr::ReturnNullableWide { .. } => (Repr::Wide, true),
            Instr::ReturnObject { .. } => (Repr::Object, true),
            _ => return Ok(()),
        };
        let result = self.function.result.as_ref().map(|result| {
            let repr = result.ty.repr();
            (repr, result.nullable || repr == Repr::Object)
        });
        ensure(result == Some(expected), || "the function's result is another".into())
    }

    fn handler(&self, number: usize, handler: &Handler) -> Checked {
        let code = &self.function.code;
        let (start, end) = (handler.start, handler.end);
        ensure(start < end && end.index() <= code.len(), || format!("no range {start} to {end}"))?;
        let target = handler.target;
        ensure(target >= end && target.index() < code.len(), || {
            format!("its target {target} does not lie behind its range")
        })?;
        ensure(handler.exception.0 < self.function.objects, || {
            format!("object {} of {}", handler.exception.0, self.function.objects)
        })?;
        let begins = matches!(code[start.index()], Instr::Savepoint {});
        ensure(begins || !handler.undo, || "it undoes, but begins without savepoint".into())?;
        for later in self.function.handlers.iter().skip(number + 1) {
            let apart = end <= later.start || later.end <= start;
            let inside = later.start <= start && end <= later.end;
            ensure(apart || inside, || "a later handler is not around it".into())?;
        }
        Ok(())
    }
}
