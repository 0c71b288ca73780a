//! A compiled statement: functions of scalar code, queries of pipelines, constants and places.
//!
//! A [`Program`] is plain data that anybody may build; the machine runs only a
//! `VerifiedProgram`, whose one constructor checks it.

use crate::fault::PlaceEntry;
use crate::ids::*;
use crate::opcodes::Instr;
use crate::query::Query;
use crate::types::{Field, FunctionType, Repr, Type};
use crate::value::Value;
use smol_str::SmolStr;
use std::sync::Arc;

/// A compiled statement.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The functions; calls name them by index.
    pub functions: Vec<Function>,
    /// The function that runs the statement. It has no parameters.
    pub entry: FunctionId,
    /// The constants. Object constants may be of any kind; 128-bit ones are [`Value::Wide`].
    pub constants: Vec<Constant>,
    /// The native functions that the code calls.
    pub natives: Vec<Native>,
    /// The queries.
    pub queries: Vec<Query>,
    /// The row accesses by key.
    pub accesses: Vec<Access>,
    /// The values that the statement is given when it runs.
    pub parameters: Vec<Parameter>,
    /// Where code comes from.
    pub places: Vec<PlaceEntry>,
    /// The columns of the statement's result; empty for a statement without one.
    pub output: Vec<Field>,
    /// The objects that the program was compiled against, with the hash of their shapes.
    pub dependencies: Vec<(SmolStr, u64)>,
}

/// An entry of the constants.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// A value of a type.
    Value(Value, Type),
    /// A type, for the instructions that make or print values of it.
    Type(Type),
}

/// A value that a statement is given when it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Where it comes from.
    pub source: ParameterSource,
    /// The type that the code expects; the caller converts.
    pub ty: Type,
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterSource {
    /// The session variable `{name}`.
    Variable(SmolStr),
    /// `?` and `$1`, counted from 0.
    Positional(u16),
    /// `$name`.
    Named(SmolStr),
    /// A local of the script, by a name that no other declaration has.
    Local(SmolStr),
}

/// How one value is passed: the class of its registers and whether it may be NULL.
///
/// Arguments lie in windows in the order of the parameters: a slot value takes one slot, a wide
/// value two, an object one object register; a nullable slot or wide value takes one more slot for
/// its validity, directly after it. Results use the same layout from the start of the windows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// The value's type; its [`Repr`] is the register class.
    pub ty: Type,
    /// Whether a validity slot follows (slots and pairs), or NULL may lie in the register
    /// (objects).
    pub nullable: bool,
}

impl Layout {
    /// The number of slots that the value takes.
    pub fn slots(&self) -> u16 {
        match self.ty.repr() {
            Repr::Slot => 1 + u16::from(self.nullable),
            Repr::Wide => 2 + u16::from(self.nullable),
            Repr::Object | Repr::Nothing => 0,
        }
    }

    /// The number of object registers that the value takes.
    pub fn objects(&self) -> u16 {
        u16::from(self.ty.repr() == Repr::Object)
    }
}

/// A function's scalar code. A function of the language has up to two: the no-null body, whose
/// parameters are all not nullable, and the general one.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// The name in stack traces; the no-null body of `f` is also called `f`.
    pub name: SmolStr,
    /// The parameters.
    pub parameters: Vec<Layout>,
    /// The result, `None` for a function without a value.
    pub result: Option<Layout>,
    /// The number of slots of a frame, call windows included.
    pub slots: u16,
    /// The number of object registers of a frame, call windows included.
    pub objects: u16,
    /// The instructions; the last one never falls through.
    pub code: Vec<Instr>,
    /// For instructions that may raise or call: the place, sorted by instruction.
    pub places: Vec<(u16, PlaceId)>,
    /// The handlers, innermost first where they nest.
    pub handlers: Vec<Handler>,
    /// Set for the code of function values.
    pub closure: Option<ClosureShape>,
}

/// What makes a function the code of function values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosureShape {
    /// What a value takes and gives; parameters and result lie as [`closure_layouts`] says.
    pub ty: Arc<FunctionType>,
    /// How many values it captures.
    pub captures: u16,
}

/// The parameters and the result of the code behind a function value: all may be NULL, and the
/// value itself follows the arguments.
pub fn closure_layouts(ty: &Arc<FunctionType>) -> (Vec<Layout>, Option<Layout>) {
    let nullable = |ty: &Type| Layout { ty: ty.clone(), nullable: true };
    let mut parameters: Vec<Layout> = ty.parameters.iter().map(nullable).collect();
    parameters.push(Layout { ty: Type::Function(ty.clone()), nullable: false });
    let result = (ty.result != Type::Unit).then(|| nullable(&ty.result));
    (parameters, result)
}

/// Where a fault that is raised in a range of code continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The first instruction of the range.
    pub start: Target,
    /// One past the last instruction of the range.
    pub end: Target,
    /// Where to continue.
    pub target: Target,
    /// The object register that receives the exception.
    pub exception: Object,
    /// Whether database changes made in the range are undone: the instruction at `start` is then
    /// [`Instr::Savepoint`], and the machine rolls back to what it marked before it continues at
    /// `target`. A loop at the start of the range jumps back behind the savepoint, not to it.
    pub undo: bool,
}

/// A native function that the code calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    /// The name under which the standard library registers it.
    pub name: SmolStr,
    /// The parameters. A strict function has no nullable ones: the code tests before the call.
    pub parameters: Vec<Layout>,
    /// The result.
    pub result: Layout,
    /// Whether a NULL argument gives NULL without a call (vector code relies on it).
    pub strict: bool,
}

/// A table's rows by key, for statements that need no pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The table.
    pub table: TableId,
    /// The types of the primary key's columns; empty for inserts into a table without one. For rows
    /// found by their row key one BLOB.
    pub key: Vec<Type>,
    /// Whether rows are found by the row key that [`crate::Instr::InsertOrFind`] gives.
    pub row_key: bool,
    /// insert_or_find: the rows that are in the way.
    pub arbiters: Arbiters,
    /// get: the columns read. insert: all columns in order. update: the columns set.
    pub columns: Vec<(ColumnId, Type)>,
    /// The table's and the columns' names, for messages.
    pub name: SmolStr,
}

/// The rows that are in the way of a new one without raising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arbiters {
    /// The rules of uniqueness: ids of unique indexes, or the table's own for its key; all where
    /// empty.
    pub rules: Vec<TableId>,
    /// Whether a row that this statement has written already raises CardinalityViolation.
    pub once: bool,
}

impl Function {
    /// The place of an instruction.
    pub fn place_at(&self, instruction: usize) -> Option<PlaceId> {
        let found = self.places.binary_search_by_key(&instruction, |(at, _)| usize::from(*at));
        found.ok().and_then(|i| self.places.get(i)).map(|(_, place)| *place)
    }
}
