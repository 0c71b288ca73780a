//! Scalar code: functions, and the statement's own entry.
//!
//! One [`Emitter`] writes one body. Registers are allocated as a stack: a node takes the register
//! of its result first, evaluates its operands above it, and gives those back; so argument windows
//! always lie at the top of the frame. Nullability is found while code is written: an operand
//! carries its validity register only where it may be NULL, so a body without NULLs has no trace of
//! them.

mod arith;
mod branch;
mod calls;
mod convert;
mod expr;
mod nested;
mod objects;
mod queries;
mod steps;

pub use nested::{row_code, row_function};

use super::builder::{Builder, Result, bug, index_u16};
use super::nulls::NullFlow;
use crate::hir::{ColumnVar, LocalId};
use grizzly_bytecode as bc;
use grizzly_bytecode::{Instr, Layout, Object, Place, PlaceId, Repr, Slot, Target, Type, Wide};
use hashbrown::HashMap;
use smol_str::SmolStr;

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// No value.
    Nothing,
    /// In a slot.
    Slot {
        /// The value.
        reg: Slot,
        /// Its validity, where it may be NULL.
        valid: Option<Slot>,
    },
    /// In a pair of slots.
    Wide {
        /// The value.
        reg: Wide,
        /// Its validity, where it may be NULL.
        valid: Option<Slot>,
    },
    /// In an object register.
    Object {
        /// The value.
        reg: Object,
        /// Whether it may be NULL.
        nullable: bool,
    },
}

impl Operand {
    /// Whether the value may be NULL.
    pub fn nullable(self) -> bool {
        match self {
            Operand::Nothing => false,
            Operand::Slot { valid, .. } | Operand::Wide { valid, .. } => valid.is_some(),
            Operand::Object { nullable, .. } => nullable,
        }
    }

    /// The validity register.
    pub fn valid(self) -> Option<Slot> {
        match self {
            Operand::Slot { valid, .. } | Operand::Wide { valid, .. } => valid,
            Operand::Nothing | Operand::Object { .. } => None,
        }
    }
}

/// A jump's destination, known or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// The targets of BREAK and CONTINUE.
#[derive(Clone, Copy, Debug)]
struct Loop {
    start: usize,
    end: Label,
}

/// Writes one body.
pub struct Emitter<'b, 'a> {
    /// What the bodies of the program share.
    pub builder: &'b mut Builder<'a>,
    /// The function's name, for places.
    pub name: SmolStr,
    /// What may be NULL.
    pub flow: NullFlow,
    /// The function so far.
    pub function: bc::Function,
    /// Where the locals lie.
    homes: HashMap<LocalId, Operand>,
    /// Where the columns of the current row lie, in statements that work on one row.
    pub columns: HashMap<ColumnVar, Operand>,
    /// Columns of the current row that lie as values in object registers.
    pub boxed: HashMap<ColumnVar, Object>,
    /// Parameters of the statement that the function is given as arguments of its own.
    given: HashMap<u16, Operand>,
    next_slot: u16,
    next_object: u16,
    labels: Vec<Option<u16>>,
    patches: Vec<(usize, Label)>,
    loops: Vec<Loop>,
    /// The instruction after which no code is reached until the next label.
    dead: bool,
    inlined_at: Option<PlaceId>,
    /// The result's layout, `None` without a value.
    pub result: Option<Layout>,
}

impl<'b, 'a> Emitter<'b, 'a> {
    /// An emitter for a body without parameters.
    pub fn new(
        builder: &'b mut Builder<'a>,
        name: SmolStr,
        flow: NullFlow,
        result: Option<Layout>,
    ) -> Self {
        Emitter {
            builder,
            name: name.clone(),
            flow,
            function: bc::Function { name, result: result.clone(), ..bc::Function::default() },
            homes: HashMap::new(),
            columns: HashMap::new(),
            boxed: HashMap::new(),
            given: HashMap::new(),
            next_slot: 0,
            next_object: 0,
            labels: Vec::new(),
            patches: Vec::new(),
            loops: Vec::new(),
            dead: false,
            inlined_at: None,
            result,
        }
    }

    /// Gives the parameters their registers: parameter `i` is local `i`.
    pub fn parameters(&mut self, parameters: Vec<Layout>) -> Result<()> {
        for (index, layout) in parameters.iter().enumerate() {
            let home = self.allocate(&layout.ty, layout.nullable)?;
            self.homes.insert(LocalId(index as u32), home);
        }
        self.function.parameters = parameters;
        Ok(())
    }

    /// Ends the body: patches jumps and hands the function over.
    pub fn finish(mut self) -> Result<bc::Function> {
        self.cover_own_result();
        if !self.dead || self.labels_at_end() {
            self.push(Instr::Return {});
        }
        for (at, label) in std::mem::take(&mut self.patches) {
            let target = self.labels.get(label.0).copied().flatten();
            let target = target.ok_or_else(|| bug(Place::default(), "a label without a place"))?;
            if let Some(instruction) = self.function.code.get_mut(at) {
                *instruction = with_target(*instruction, Target(target));
            }
        }
        index_u16(self.function.code.len(), "instructions")?;
        Ok(self.function)
    }

    fn labels_at_end(&self) -> bool {
        let end = self.function.code.len();
        self.labels.iter().flatten().any(|at| usize::from(*at) == end)
    }

    // Registers.

    /// Takes registers for a value of a type.
    pub fn allocate(&mut self, ty: &Type, nullable: bool) -> Result<Operand> {
        Ok(match ty.repr() {
            Repr::Nothing => Operand::Nothing,
            Repr::Slot => {
                let reg = self.slot()?;
                let valid = if nullable { Some(self.slot()?) } else { None };
                Operand::Slot { reg, valid }
            }
            Repr::Wide => {
                let reg = self.wide()?;
                let valid = if nullable { Some(self.slot()?) } else { None };
                Operand::Wide { reg, valid }
            }
            Repr::Object => Operand::Object { reg: self.object()?, nullable },
        })
    }

    /// Takes one slot.
    pub fn slot(&mut self) -> Result<Slot> {
        let reg = Slot(self.next_slot);
        self.take_slots(1)?;
        Ok(reg)
    }

    /// Takes a pair of slots.
    pub fn wide(&mut self) -> Result<Wide> {
        let reg = Wide(self.next_slot);
        self.take_slots(2)?;
        Ok(reg)
    }

    /// Takes one object register.
    pub fn object(&mut self) -> Result<Object> {
        let reg = Object(self.next_object);
        self.take_objects(1)?;
        Ok(reg)
    }

    fn take_slots(&mut self, count: u16) -> Result<()> {
        self.next_slot = index_u16(usize::from(self.next_slot) + usize::from(count), "registers")?;
        self.function.slots = self.function.slots.max(self.next_slot);
        Ok(())
    }

    /// Takes consecutive object registers and returns the first's number.
    pub fn take_objects(&mut self, count: u16) -> Result<u16> {
        let first = self.next_object;
        let next = usize::from(first) + usize::from(count);
        self.next_object = index_u16(next, "registers")?;
        self.function.objects = self.function.objects.max(self.next_object);
        Ok(first)
    }

    /// The state of the register stacks.
    pub fn mark(&self) -> (u16, u16) {
        (self.next_slot, self.next_object)
    }

    /// Gives back all registers taken since a mark.
    pub fn release(&mut self, mark: (u16, u16)) {
        (self.next_slot, self.next_object) = mark;
    }

    // Code.

    /// Appends an instruction.
    pub fn push(&mut self, instruction: Instr) {
        self.function.code.push(instruction);
        self.dead = matches!(
            instruction,
            Instr::Jump { .. }
                | Instr::JumpBack { .. }
                | Instr::Raise { .. }
                | Instr::Return { .. }
                | Instr::ReturnSlot { .. }
                | Instr::ReturnNullable { .. }
                | Instr::ReturnWide { .. }
                | Instr::ReturnNullableWide { .. }
                | Instr::ReturnObject { .. }
        );
    }

    /// Appends an instruction that may raise or call, with its place.
    pub fn push_at(&mut self, place: Place, instruction: Instr) {
        let id = self.builder.place(place, &self.name, self.inlined_at);
        let at = self.function.code.len();
        if let Ok(at) = u16::try_from(at) {
            self.function.places.push((at, id));
        }
        self.push(instruction);
    }

    /// A label without a place yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Places a label here.
    pub fn bind(&mut self, label: Label) {
        let at = self.function.code.len();
        if let (Some(place), Ok(at)) = (self.labels.get_mut(label.0), u16::try_from(at)) {
            *place = Some(at);
        }
        self.dead = false;
    }

    /// Appends a jump; its target is patched when the label is placed.
    pub fn jump(&mut self, label: Label, instruction: Instr) {
        self.patches.push((self.function.code.len(), label));
        self.push(instruction);
    }

    /// Gives the next instruction a place.
    pub fn note_place(&mut self, place: PlaceId) -> Result<()> {
        let at = index_u16(self.function.code.len(), "instructions")?;
        self.function.places.push((at, place));
        Ok(())
    }

    /// Makes sure that the frame has the registers of its own result.
    pub fn cover_own_result(&mut self) {
        let (slots, objects) = self.result.as_ref().map_or((0, 0), |r| (r.slots(), r.objects()));
        self.function.slots = self.function.slots.max(slots);
        self.function.objects = self.function.objects.max(objects);
    }

    /// Whether the next instruction cannot be reached.
    pub fn is_dead(&self) -> bool {
        self.dead
    }
}

/// The instruction with another jump target.
fn with_target(instruction: Instr, target: Target) -> Instr {
    let mut changed = instruction;
    use Instr as I;
    match &mut changed {
        I::Jump { t }
        | I::JumpBack { t }
        | I::JumpIf { t, .. }
        | I::JumpIfNot { t, .. }
        | I::JumpNull { t, .. }
        | I::JumpNotNull { t, .. }
        | I::JumpEqI64 { t, .. }
        | I::JumpNeI64 { t, .. }
        | I::JumpLtI64 { t, .. }
        | I::JumpLeI64 { t, .. }
        | I::JumpEqImm { t, .. }
        | I::JumpNeImm { t, .. }
        | I::JumpLtImm { t, .. }
        | I::JumpLeImm { t, .. }
        | I::JumpGtImm { t, .. }
        | I::JumpGeImm { t, .. }
        | I::JumpLtF64 { t, .. }
        | I::JumpLeF64 { t, .. }
        | I::JumpNotLtF64 { t, .. }
        | I::JumpNotLeF64 { t, .. }
        | I::JumpEqF64 { t, .. }
        | I::JumpNeF64 { t, .. }
        | I::JumpEqText { t, .. }
        | I::JumpNeText { t, .. }
        | I::InsertOrFind { t, .. }
        | I::GetRow { t, .. }
        | I::NextRow { t, .. } => *t = target,
        _ => {}
    }
    changed
}

/// A target that a patch replaces.
pub const LATER: Target = Target(0);

pub use calls::generate;
