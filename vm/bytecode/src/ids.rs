//! The ids and operand types of the bytecode: one newtype per meaning, so that a window can never
//! be passed where a register is meant. [`Operand`] is what the opcode table knows of each of them.

use std::fmt;

/// What an operand refers to; the verifier, the disassembler and the reference page go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperandKind {
    /// One 64-bit slot register.
    Slot,
    /// Two adjacent slot registers that hold a 128-bit value, low half first.
    Wide,
    /// One object register.
    Object,
    /// One vector register.
    Vector,
    /// The first slot of a call window.
    SlotWindow,
    /// The first object register of a call or value window.
    ObjectWindow,
    /// The first vector register of an argument window.
    VectorWindow,
    /// A signed 16-bit immediate.
    Immediate,
    /// An entry of the program's constants.
    Constant,
    /// The index of an instruction of the same code.
    Target,
    /// A function of the program.
    Function,
    /// A native function that the program names.
    Native,
    /// A query of the program.
    Query,
    /// A row access (get, insert, update, delete) of the program.
    Access,
    /// A parameter of the program.
    Parameter,
    /// A comparison.
    Comparison,
}

/// A 16-bit (or, for [`Cmp`], 8-bit) operand of an instruction.
pub trait Operand: Copy + fmt::Display {
    /// What the operand refers to.
    const KIND: OperandKind;
    /// The operand's encoding.
    fn encode(self) -> u16;
    /// The operand of an encoding, `None` where no operand has it.
    fn decode(bits: u16) -> Option<Self>;
}

macro_rules! operands {
    ($($(#[$doc:meta])* $name:ident($inner:ty): $kind:ident, $show:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);
        impl Operand for $name {
            const KIND: OperandKind = OperandKind::$kind;
            fn encode(self) -> u16 {
                self.0 as u16
            }
            fn decode(bits: u16) -> Option<Self> {
                Some(Self(bits as $inner))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $show, self.0)
            }
        }
        impl $name {
            /// The id as an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

operands! {
    /// A 64-bit slot register, relative to the frame.
    Slot(u16): Slot, "r{}";
    /// The first of two slot registers that hold one 128-bit value.
    Wide(u16): Wide, "w{}";
    /// An object register, relative to the frame.
    Object(u16): Object, "o{}";
    /// A vector register of vector code.
    VReg(u16): Vector, "v{}";
    /// The first slot of a call window: arguments go in and the result comes out there.
    SlotWindow(u16): SlotWindow, "[r{}..]";
    /// The first object register of a window.
    ObjectWindow(u16): ObjectWindow, "[o{}..]";
    /// The first vector register of an argument window.
    VectorWindow(u16): VectorWindow, "[v{}..]";
    /// A signed immediate.
    Imm(i16): Immediate, "{}";
    /// An entry of [`crate::Program::constants`].
    ConstId(u16): Constant, "k{}";
    /// The index of an instruction.
    Target(u16): Target, "@{}";
    /// An entry of [`crate::Program::functions`].
    FunctionId(u16): Function, "f{}";
    /// An entry of [`crate::Program::natives`].
    NativeId(u16): Native, "n{}";
    /// An entry of [`crate::Program::queries`].
    QueryId(u16): Query, "q{}";
    /// An entry of [`crate::Program::accesses`].
    AccessId(u16): Access, "t{}";
    /// An entry of [`crate::Program::parameters`].
    ParamId(u16): Parameter, "p{}";
}

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cmp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Cmp {
    /// All comparisons, in the order of their encoding.
    pub const ALL: [Cmp; 6] = [Cmp::Eq, Cmp::Ne, Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge];

    /// The comparison that holds exactly when this one does not (for totally ordered values).
    pub fn negated(self) -> Cmp {
        match self {
            Cmp::Eq => Cmp::Ne,
            Cmp::Ne => Cmp::Eq,
            Cmp::Lt => Cmp::Ge,
            Cmp::Le => Cmp::Gt,
            Cmp::Gt => Cmp::Le,
            Cmp::Ge => Cmp::Lt,
        }
    }

    /// The comparison `b ? a` that means `a self b`.
    pub fn swapped(self) -> Cmp {
        match self {
            Cmp::Eq | Cmp::Ne => self,
            Cmp::Lt => Cmp::Gt,
            Cmp::Le => Cmp::Ge,
            Cmp::Gt => Cmp::Lt,
            Cmp::Ge => Cmp::Le,
        }
    }

    /// Whether the comparison holds for two values that stand in `order`.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Cmp::Eq => order.is_eq(),
            Cmp::Ne => order.is_ne(),
            Cmp::Lt => order.is_lt(),
            Cmp::Le => order.is_le(),
            Cmp::Gt => order.is_gt(),
            Cmp::Ge => order.is_ge(),
        }
    }
}

impl fmt::Display for Cmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cmp::Eq => "=",
            Cmp::Ne => "!=",
            Cmp::Lt => "<",
            Cmp::Le => "<=",
            Cmp::Gt => ">",
            Cmp::Ge => ">=",
        })
    }
}

impl Operand for Cmp {
    const KIND: OperandKind = OperandKind::Comparison;
    fn encode(self) -> u16 {
        self as u16
    }
    fn decode(bits: u16) -> Option<Self> {
        Cmp::ALL.get(usize::from(bits)).copied()
    }
}

macro_rules! wide_ids {
    ($($(#[$doc:meta])* $name:ident, $show:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The id as an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $show, self.0)
            }
        }
    )*};
}

wide_ids! {
    /// A table, as the storage behind the `Tables` port knows it.
    TableId, "table{}";
    /// A column of a table; stable under ADD, DROP and RENAME.
    ColumnId, "column{}";
    /// A source text: a script, a REPL entry, a stored object at a version, or the prelude.
    SourceId, "source{}";
    /// An entry of [`crate::Program::places`].
    PlaceId, "place{}";
    /// State that one pipeline of a query leaves for a later one: a hash table, groups, sorted
    /// rows.
    StateId, "state{}";
}
