//! The catalog's port: the objects that names may mean. The facade supplies one for a snapshot of
//! the database; `overlay` lays a script's own definitions over it.
//!
//! Names are looked up in folded form (ASCII lower case).

use crate::hir::{Effect, Function};
use grizzly_bytecode::{
    ColumnId, FileRequest, FileSource, Parameter, Place, SourceId, StructType, TableId, Type, Value,
};
use smol_str::SmolStr;
use std::sync::Arc;

/// The objects of a database at a snapshot, and of the session.
pub trait Catalog {
    /// A table.
    fn table(&self, name: &str) -> Option<Arc<Table>>;
    /// A view.
    fn view(&self, name: &str) -> Option<Arc<View>>;
    /// A named type: struct, ENUM or exception. Row types of tables are found through
    /// [`Catalog::table`].
    fn ty(&self, name: &str) -> Option<Type>;
    /// A user's function.
    fn function(&self, key: &FunctionKey) -> Option<Arc<Function>>;
    /// The built-ins of a name, one an overload; empty where there is none.
    fn natives(&self, name: &str) -> Vec<Arc<Native>>;
    /// An index, with its table.
    fn index(&self, name: &str) -> Option<(Arc<Table>, Arc<Index>)>;
    /// The parameters of a statement of PREPARE, by its folded name. A catalog without a session
    /// has none.
    fn prepared(&self, _name: &str) -> Option<Vec<Parameter>> {
        None
    }
    /// A session variable.
    fn variable(&self, name: &str) -> Option<Variable>;
    /// The names of all objects of a kind, for suggestions.
    fn names(&self, kind: ObjectKind) -> Vec<SmolStr>;
    /// What is known of a table's data at the snapshot.
    fn statistics(&self, table: &Table) -> TableStatistics;
    /// The columns of a file. A catalog that reaches no files knows none.
    fn describe_source(&self, request: &FileRequest) -> SourceDescription {
        SourceDescription::NotNow(format!("`{}`, as no file can be read from here", request.path))
    }
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceDescription {
    /// Its columns, and how it is to be read.
    Columns(Arc<FileSource>),
    /// It cannot be read now: why.
    NotNow(String),
    /// It cannot be read as the statement says: why.
    Wrong(String),
}

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// Tables.
    Table,
    /// Views.
    View,
    /// Types.
    Type,
    /// Users' functions; receiver functions as `type.name`.
    Function,
    /// Built-in functions.
    Native,
    /// Session variables.
    Variable,
    /// Indexes.
    Index,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The storage's id; 0 for one that the script creates and that does not exist yet.
    pub id: TableId,
    /// The spelling of its definition.
    pub name: SmolStr,
    /// The columns in order.
    pub columns: Vec<TableColumn>,
    /// The primary key: indices of columns.
    pub key: Vec<usize>,
    /// What rows must fulfil.
    pub checks: Vec<TableCheck>,
    /// The indexes, those of UNIQUE constraints first.
    pub indexes: Vec<Arc<Index>>,
    /// Where it was defined, where that is known.
    pub place: Option<Place>,
    /// The file that the rows are read from, for a table that stands for one.
    pub file: Option<Arc<FileSource>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// The storage's id.
    pub id: ColumnId,
    /// The spelling of its definition.
    pub name: SmolStr,
    /// The type.
    pub ty: Type,
    /// Whether NULL may be stored.
    pub nullable: bool,
    /// DEFAULT, an expression without columns.
    pub default: Option<crate::hir::Expr>,
}

/// A CHECK constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct TableCheck {
    /// Its name, given or made.
    pub name: SmolStr,
    /// A BOOLEAN that must not be FALSE; [`crate::hir::ColumnVar`] `i` is the table's column `i`.
    pub condition: crate::hir::Expr,
    /// The locals that the condition makes.
    pub locals: Vec<crate::hir::Local>,
}

/// An index of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The storage's id; 0 for one that does not exist yet.
    pub id: TableId,
    /// The spelling of its name.
    pub name: SmolStr,
    /// The columns: index in the table, and whether greater values come first.
    pub columns: Vec<(usize, bool)>,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// Whether it is a UNIQUE constraint, which goes only with its table.
    pub constraint: bool,
}

impl Table {
    /// The table with one more index.
    #[must_use]
    pub fn with_index(&self, index: Arc<Index>) -> Table {
        let mut table = self.clone();
        table.indexes.push(index);
        table
    }

    /// The table without the index of a folded name.
    #[must_use]
    pub fn without_index(&self, name: &str) -> Table {
        let mut table = self.clone();
        table.indexes.retain(|index| !index.name.eq_ignore_ascii_case(name));
        table
    }

    /// The index of a name.
    pub fn index(&self, name: &str) -> Option<&Arc<Index>> {
        self.indexes.iter().find(|index| index.name.eq_ignore_ascii_case(name))
    }

    /// Whether the columns are those of another version of the table.
    pub fn has_shape_of(&self, other: &Table) -> bool {
        let same = |now: &TableColumn, then: &TableColumn| {
            now.name.eq_ignore_ascii_case(&then.name)
                && now.ty == then.ty
                && now.nullable == then.nullable
        };
        self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(now, then)| same(now, then))
    }

    /// The type of the table's rows.
    pub fn row_type(&self) -> StructType {
        let field =
            |c: &TableColumn| grizzly_bytecode::Field { name: c.name.clone(), ty: c.ty.clone() };
        StructType {
            name: Some(self.name.clone()),
            fields: self.columns.iter().map(field).collect(),
        }
    }
}

/// A view, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The spelling of its definition.
    pub name: SmolStr,
    /// The statement that made it.
    pub definition: Arc<grizzly_grammar::ast::CreateView>,
    /// The source in which it stands.
    pub source: SourceId,
    /// The text of that source.
    pub text: Arc<str>,
}

/// What a user's function is called: by its receiver's type, if it has one, and its name, both
/// folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionKey {
    /// The receiver type's name.
    pub receiver: Option<SmolStr>,
    /// The name.
    pub name: SmolStr,
}

/// A form of a built-in function, as the standard library declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Native {
    /// The name under which the body is registered, one a form: `abs` and `abs_f64` may differ.
    pub name: SmolStr,
    /// The name that scripts use.
    pub function: SmolStr,
    /// The parameters.
    pub parameters: Vec<NativeParameter>,
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
    /// The result.
    pub result: NativeType,
    /// Whether a NULL argument gives NULL without a call.
    pub strict: bool,
    /// Whether the result may be NULL although no argument is.
    pub nullable: bool,
    /// What it does beside giving a value.
    pub effect: Effect,
    /// The documentation.
    pub doc: SmolStr,
}

/// A parameter of a built-in.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeParameter {
    /// Its name.
    pub name: SmolStr,
    /// Its type.
    pub ty: NativeType,
    /// The default.
    pub default: Option<Value>,
}

/// A type in a built-in's signature.
#[derive(Clone, Debug, PartialEq)]
pub enum NativeType {
    /// A type.
    Is(Type),
    /// A type variable: T, U, K, V any type, N any number, I any integer, D any date or time.
    Variable(char),
    /// An array of a type.
    Array(Box<NativeType>),
    /// A map from one type to another.
    Map(Box<(NativeType, NativeType)>),
    /// A struct without a name.
    Struct(Vec<(SmolStr, NativeType)>),
    /// Anything, each argument by itself.
    Any,
}

impl std::fmt::Display for NativeType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NativeType::Is(ty) => write!(f, "{ty}"),
            NativeType::Variable(letter) => write!(f, "{letter}"),
            NativeType::Array(element) => write!(f, "ARRAY<{element}>"),
            NativeType::Map(parts) => write!(f, "MAP<{}, {}>", parts.0, parts.1),
            NativeType::Struct(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
                write!(f, "STRUCT({})", fields.join(", "))
            }
            NativeType::Any => f.write_str("ANY"),
        }
    }
}

/// A session variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The type of its first SET.
    pub ty: Type,
    /// Its value, where it is known when the script is checked.
    pub value: Option<Value>,
}

/// What is known of a table's data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableStatistics {
    /// About how many rows there are; `None` where nothing is known.
    pub rows: Option<u64>,
    /// Per column of the table; empty where nothing is known.
    pub columns: Vec<ColumnStatistics>,
}

/// What is known of a column's data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnStatistics {
    /// About the least value.
    pub min: Option<Value>,
    /// About the greatest value.
    pub max: Option<Value>,
    /// About how many are NULL.
    pub nulls: u64,
    /// About how many different ones there are.
    pub distinct: u64,
}

/// Typed constant folding: runs a program that has no ports, within limits of steps and memory. The
/// facade supplies the machine, so that folding and running cannot differ.
pub trait Evaluate {
    /// The value of the program's entry.
    ///
    /// # Errors
    /// What the program raises; ResourceExhausted over the limits.
    fn evaluate(
        &self,
        program: grizzly_bytecode::Program,
    ) -> Result<Value, grizzly_bytecode::Fault>;
}

/// The name and the text of a source, for places.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id in places.
    pub id: SourceId,
    /// Its text.
    pub text: Arc<str>,
}
