//! The typed intermediate form: what a statement means, with every name resolved, every conversion
//! explicit and every construct with two spellings in one of them.
//!
//! Invariants that lowering may rely on:
//! - Operands of [`ExprKind::Compare`] have one type; those of [`ExprKind::Arith`] stand as its
//!   docs say. Where a type must change there is an [`ExprKind::Convert`].
//! - MATCH, CASE, `??`, IN lists, BETWEEN, pattern tests and CATCH handlers are gone: they are
//!   `If`, `Let` and comparisons. A condition may be NULL, which counts as FALSE.
//! - Method calls, pipes and named or default arguments are gone: a call has one expression a
//!   parameter.
//! - Aggregates appear only in [`Aggregation::aggregates`]; other expressions name their result
//!   columns.
//! - An expression that contains an [`ExprKind::Error`] never reaches lowering: the statement
//!   it stands in has an error diagnostic.
//!
//! Deliberately absent: spellings, comments, aliases (but for output names) and nullability of
//! inner expressions, which `nullability` derives from the leaves.

mod change;
mod renumber;
mod visit;
mod write;

pub use renumber::Offsets;
pub use write::{Assigned, Conflict, ConflictTarget, ConflictUpdate, Delete, Insert, Update};

use crate::catalog::{FunctionKey, Native, Table, View};
use grizzly_bytecode::query::AggregateFunction;
use grizzly_bytecode::{Cmp, FileRequest, Parameter, Place, Type, Value};
use smol_str::SmolStr;
use std::sync::Arc;

/// A local of a function or of a statement's own expressions: a parameter, a LET, a pattern's
/// binding, a caught exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// A column of some row source inside one statement. Every use of a table has variables of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnVar(pub u32);

/// What is known of a local.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Its name, for plans and messages.
    pub name: SmolStr,
    /// Its type.
    pub ty: Type,
    /// Whether it may ever hold NULL (declared, or seen from all its assignments).
    pub nullable: bool,
}

/// What is known of a column variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, for plans and messages.
    pub name: SmolStr,
    /// Its type.
    pub ty: Type,
    /// Whether it may be NULL where it is made (an outer join adds NULLs later, by the join's
    /// kind).
    pub nullable: bool,
}

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// The type of its value; [`Type::Unit`] without one. An expression that never ends normally
    /// (RAISE, RETURN) has the type that its context asks for, or `Unit`.
    pub ty: Type,
    /// Where it stands.
    pub place: Place,
}

/// The forms of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Reported as an error.
    Error,
    /// A constant of the expression's type (ENUM: the index; DECIMAL: unscaled).
    Constant(Value),
    /// A local.
    Local(LocalId),
    /// A column of the current row.
    Column(ColumnVar),
    /// A parameter of the statement (an index into [`Statement::parameters`]).
    Parameter(u16),
    /// Arithmetic. Integers, DOUBLE, FLOAT32: both operands have the expression's type. DECIMAL
    /// `+ - %`: both have the result's scale (any precision). DECIMAL `*`: the scales add up to the
    /// result's. DATE ± INT64: left DATE, right INT64. DATE − DATE: both DATE, result INT64.
    /// Everything else on dates and intervals is a native call. DOUBLE and integer `/` and `%`
    /// raise DivisionByZero.
    Arith {
        /// The operation.
        op: ArithOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// TEXT joined to TEXT; NULL if either is.
    Concat(Box<Expr>, Box<Expr>),
    /// `-e` of a number.
    Negate(Box<Expr>),
    /// Three-valued NOT.
    Not(Box<Expr>),
    /// Three-valued AND. The right side is not evaluated where the left is FALSE.
    And(Box<Expr>, Box<Expr>),
    /// Three-valued OR. The right side is not evaluated where the left is TRUE.
    Or(Box<Expr>, Box<Expr>),
    /// A comparison; NULL if either side is.
    Compare {
        /// Which.
        op: Cmp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand, of the same type.
        right: Box<Expr>,
    },
    /// `e IS NULL`; never NULL.
    IsNull(Box<Expr>),
    /// `a IS NOT DISTINCT FROM b`; never NULL. Both operands have one type.
    Same(Box<Expr>, Box<Expr>),
    /// The operand as the expression's type.
    Convert {
        /// The value.
        operand: Box<Expr>,
        /// What happens where it does not fit.
        mode: ConvertMode,
    },
    /// A choice. Only the branch that is taken is evaluated; a NULL condition takes `otherwise`.
    If {
        /// A BOOLEAN.
        condition: Box<Expr>,
        /// Of the expression's type.
        then: Box<Expr>,
        /// Of the expression's type.
        otherwise: Box<Expr>,
    },
    /// Statements, then a value.
    Block(Box<Block>),
    /// A call of a user's function: one argument a parameter, of its type.
    Call {
        /// The function.
        function: FunctionKey,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// A call of a built-in.
    Native {
        /// The built-in.
        function: Arc<Native>,
        /// The arguments, of the types that this call gives the parameters.
        arguments: Vec<Expr>,
    },
    /// A function value. Locals, columns and parameters of its surroundings that its body names are
    /// captured by value when it is made.
    Lambda(Box<Lambda>),
    /// A call of a function value; raises TypeError where it is NULL.
    CallValue {
        /// The function value.
        callee: Box<Expr>,
        /// One argument a parameter, of its type.
        arguments: Vec<Expr>,
    },
    /// A struct of the expression's type.
    MakeStruct(Vec<Expr>),
    /// A field of a struct or of an exception's own fields, by index; NULL of NULL.
    Field {
        /// The struct.
        operand: Box<Expr>,
        /// The index.
        index: u16,
    },
    /// An array of the expression's type.
    MakeArray(Vec<Expr>),
    /// `array[index]`, from the end where negative; raises IndexOutOfRange; NULL of NULL.
    Element {
        /// The array.
        array: Box<Expr>,
        /// INT64.
        index: Box<Expr>,
    },
    /// The number of elements of an array; NULL of NULL.
    Length(Box<Expr>),
    /// An exception of the expression's type.
    MakeException {
        /// TEXT; the type's own message where absent.
        message: Option<Box<Expr>>,
        /// One a field of the type; NULL constants where RAISE gave none.
        fields: Vec<Expr>,
    },
    /// The message of an exception.
    Message(Box<Expr>),
    /// Raises an exception value.
    Raise(Box<Expr>),
    /// Leaves the function.
    Return(Option<Box<Expr>>),
    /// Evaluates `body`; where it raises, binds the exception and evaluates `handler`, which raises
    /// the exception again where no CATCH fits.
    Try {
        /// Of the expression's type.
        body: Box<Expr>,
        /// The exception.
        exception: LocalId,
        /// Of the expression's type.
        handler: Box<Expr>,
        /// Whether `body` changes data, which is undone.
        undo: bool,
    },
    /// Whether an exception is of the named type or stands under it.
    ExceptionIs {
        /// The exception.
        operand: Box<Expr>,
        /// The name.
        name: SmolStr,
    },
    /// Whether `_` or a bare fallback catches an exception.
    Catchable(Box<Expr>),
    /// A query inside an expression. Columns and locals of its surroundings stand in it as
    /// themselves: it is computed once a row, as far as the result tells.
    Subquery {
        /// What its rows become.
        kind: SubqueryKind,
        /// The query; one output, but for EXISTS.
        query: Box<Query>,
    },
    /// The body of a user's function in place of a call; only the planner makes it.
    Inlined {
        /// The function's name, for stack traces.
        function: SmolStr,
        /// The parameters' LETs and the body's value.
        body: Box<Block>,
    },
}

/// The code of a function value.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// Its parameters, among the locals of its surroundings; all may be NULL.
    pub parameters: Vec<LocalId>,
    /// Its body; RETURN in it leaves it.
    pub body: Block,
}

/// What the rows of a query inside an expression become.
#[derive(Clone, Debug, PartialEq)]
pub enum SubqueryKind {
    /// The value of its only row; NULL without one; more raise CardinalityViolation.
    Scalar,
    /// Whether there is a row; never NULL.
    Exists,
    /// `operand op ANY (query)`, with `all` `operand op ALL (query)`, three-valued. IN is `= ANY`.
    Quantified {
        /// The comparison.
        op: Cmp,
        /// Whether every row must compare.
        all: bool,
        /// Of the output's type.
        operand: Box<Expr>,
    },
    /// The values of all rows, in order, as an array; without rows an empty one.
    Array,
}

/// The operations of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// What a conversion does with a value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConvertMode {
    /// Always fits.
    Implicit,
    /// Raises ArithmeticOverflow (numbers) or CastError (text). Casts and assignments.
    Checked,
    /// Gives NULL (TRY_CAST).
    Try,
}

/// Statements and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Step>,
    /// The value; `None` for a block without one.
    pub value: Option<Expr>,
}

/// A statement of a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Gives a local its first value.
    Let(LocalId, Expr),
    /// Assigns to a local.
    Assign(LocalId, Expr),
    /// Assigns to a part of a struct local: the path of field indices.
    AssignField(LocalId, Vec<u16>, Expr),
    /// Appends a value to an array local.
    Push(LocalId, Expr),
    /// Evaluates for effect.
    Expr(Expr),
    /// Repeats while TRUE.
    While(Expr, Block),
    /// Repeats for each row of a query, which the local holds as a struct.
    ForRows(LocalId, Box<Query>, Block),
    /// Leaves the innermost loop.
    Break,
    /// Starts the innermost loop's next round.
    Continue,
    /// Prints the text of a value and a line end.
    Print(Expr),
    /// INSERT, UPDATE or DELETE, at its place; its columns are the function's.
    Change(Box<StatementKind>, Place),
}

impl Step {
    /// The local that the step makes.
    #[must_use]
    pub fn declares(&self) -> Option<LocalId> {
        match self {
            Step::Let(local, _) | Step::ForRows(local, ..) => Some(*local),
            _ => None,
        }
    }
}

/// What a call may do beside giving a value, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing.
    Pure,
    /// Reads tables or the transaction's time.
    Reads,
    /// Gives another value each time.
    Volatile,
    /// Changes data or prints.
    Writes,
}

/// A user's function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// What it is called.
    pub key: FunctionKey,
    /// The spelling of its definition, with the receiver: `[users] is_adult`.
    pub display: SmolStr,
    /// The parameters, `self` included; parameter `i` is local `i`.
    pub parameters: Vec<ParameterDefinition>,
    /// The result, `None` for a function without a value.
    pub result: Option<FunctionResult>,
    /// The exceptions that RAISES lists.
    pub raises: Vec<SmolStr>,
    /// What it does beside giving a value.
    pub effect: Effect,
    /// The locals, parameters first.
    pub locals: Vec<Local>,
    /// The column variables of the body's queries; [`ColumnVar`] is the index.
    pub columns: Vec<Column>,
    /// The body.
    pub body: Block,
    /// The whole definition.
    pub place: Place,
    /// A documentation comment.
    pub doc: Option<SmolStr>,
}

/// A parameter of a user's function.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterDefinition {
    /// Its name.
    pub name: SmolStr,
    /// Its type.
    pub ty: Type,
    /// Whether NULL may be given.
    pub nullable: bool,
    /// The default, an expression without locals.
    pub default: Option<Expr>,
}

/// The result of a user's function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionResult {
    /// The type.
    pub ty: Type,
    /// Whether it may be NULL (NOT NULL was not written).
    pub nullable: bool,
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// WITH: each is visible in the later ones and in the rest of the query, its own subqueries
    /// included.
    pub with: Vec<CommonTable>,
    /// The rows; `None` is one row without columns.
    pub from: Option<From>,
    /// WHERE, over the columns of `from`.
    pub filter: Option<Expr>,
    /// GROUP BY and aggregates; later expressions see only its columns.
    pub aggregation: Option<Aggregation>,
    /// HAVING.
    pub having: Option<Expr>,
    /// The result's columns.
    pub outputs: Vec<OutputColumn>,
    /// Whether equal result rows count once.
    pub distinct: bool,
    /// ORDER BY, over the same columns as the outputs, and the outputs' variables.
    pub order: Vec<OrderKey>,
    /// LIMIT, an INT64 without columns.
    pub limit: Option<Expr>,
    /// OFFSET, an INT64 without columns.
    pub offset: Option<Expr>,
}

/// A named query of WITH, inside one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommonTableId(pub u32);

/// A query of WITH.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    /// What [`From::Common`] names.
    pub id: CommonTableId,
    /// Its name, for plans.
    pub name: SmolStr,
    /// The rows; of a recursive one, those that do not refer to itself.
    pub query: Box<Query>,
    /// Of a recursive one: the rows made of those of the round before, which its
    /// [`From::Common`] of this id gives, until there are none. The same number and types of
    /// outputs.
    pub step: Option<RecursiveStep>,
}

/// How a recursive query of WITH goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct RecursiveStep {
    /// The rows of one round.
    pub query: Box<Query>,
    /// UNION ALL; else rows that were there before are left out.
    pub all: bool,
}

/// The kinds of joins, seen from the left side. RIGHT is LEFT with the sides exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs that match.
    Inner,
    /// And left rows without a match.
    Left,
    /// And rows of either side without a match.
    Full,
    /// Left rows that have a match.
    Semi,
    /// Left rows that have none.
    Anti,
}

impl JoinKind {
    /// As plans show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Full => "full",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
        }
    }
}

/// The operations on two queries' rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// Rows of either.
    Union,
    /// Rows of both.
    Intersect,
    /// Rows of the left without those of the right.
    Except,
}

/// A row source.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// A table: one variable a column of it, in order.
    Table {
        /// The table.
        table: Arc<Table>,
        /// The variables.
        columns: Vec<ColumnVar>,
    },
    /// Rows of expressions without columns.
    Values {
        /// The rows.
        rows: Vec<Vec<Expr>>,
        /// The variables.
        columns: Vec<ColumnVar>,
    },
    /// A query: its outputs are the variables.
    Query(Box<Query>),
    /// A query of WITH, or in the step of a recursive one the rows of the round before.
    Common {
        /// Which.
        id: CommonTableId,
        /// The variables of this use, one an output of it.
        columns: Vec<ColumnVar>,
    },
    /// UNION, INTERSECT, EXCEPT of two queries with the same number and types of outputs. NULL
    /// equals NULL.
    Set {
        /// Which.
        op: SetOperator,
        /// ALL: duplicates count (INTERSECT ALL: the smaller number, EXCEPT ALL: the difference).
        all: bool,
        /// The left rows.
        left: Box<Query>,
        /// The right rows.
        right: Box<Query>,
        /// The variables of the result.
        columns: Vec<ColumnVar>,
    },
    /// The rows of a table function. Its arguments may refer to columns of the left sides of the
    /// joins around it; it is then computed once a left row.
    Function {
        /// Which.
        function: TableFunction,
        /// The arguments; where one is NULL, there are no rows.
        arguments: Vec<Expr>,
        /// The variable of its only column.
        column: ColumnVar,
    },
    /// A join. The right side may refer to columns of the left one where it is LATERAL: it is then
    /// computed once a left row.
    Join {
        /// The kind, seen from the left side.
        kind: JoinKind,
        /// The left side.
        left: Box<From>,
        /// The right side.
        right: Box<From>,
        /// ON; `None` joins all pairs.
        condition: Option<Expr>,
    },
}

/// The table functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableFunction {
    /// `generate_series(first, last, step)`, `last` included: three INT64, or two TIMESTAMP and an
    /// INTERVAL. A step of zero raises CastError.
    Series,
    /// `unnest(array)`: the elements in order.
    Unnest,
}

impl TableFunction {
    /// As scripts call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TableFunction::Series => "generate_series",
            TableFunction::Unnest => "unnest",
        }
    }
}

/// Grouping.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregation {
    /// The keys, over the columns of `from`, and the variables that hold them afterwards.
    pub keys: Vec<(ColumnVar, Expr)>,
    /// The aggregates.
    pub aggregates: Vec<AggregateCall>,
}

/// An aggregate of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// The variable that holds the result.
    pub variable: ColumnVar,
    /// The function.
    pub function: AggregateFunction,
    /// The argument; `None` for `count(*)`.
    pub argument: Option<Expr>,
    /// FILTER.
    pub filter: Option<Expr>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// The result's type.
    pub ty: Type,
}

/// A column of a query's result.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// The variable that holds it for an outer query and for ORDER BY.
    pub variable: ColumnVar,
    /// Its name.
    pub name: SmolStr,
    /// Its value.
    pub value: Expr,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderKey {
    /// The value.
    pub value: Expr,
    /// DESC.
    pub descending: bool,
    /// Whether NULLs come first (by default in DESC).
    pub nulls_first: bool,
}

/// A checked statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Which.
    pub kind: StatementKind,
    /// The whole statement.
    pub place: Place,
    /// The parameters that it uses: variables, `?`, `$name`.
    pub parameters: Vec<Parameter>,
    /// The column variables of its queries; [`ColumnVar`] is the index.
    pub columns: Vec<Column>,
    /// The locals of its own expressions; [`LocalId`] is the index.
    pub locals: Vec<Local>,
}

/// The forms of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// Nothing to do: an empty statement, or a CREATE of something that is there already.
    Nothing,
    /// Reported as an error.
    Error,
    /// Depends on what is only known when it is reached; it is checked then.
    Late,
    /// A query whose rows are the statement's result.
    Query(Query),
    /// An expression: its value is a result of one row and one column of this name, or none.
    Expression(Expr, SmolStr),
    /// PRINT.
    Print(Expr),
    /// `SET name = e` of a session variable.
    SetVariable(SmolStr, Expr),
    /// `SET system.name = constant`; NULL puts the default back.
    SetSetting(SmolStr, Value),
    /// LET at the top level, and SET of such a local: the name that no other declaration has.
    Let(SmolStr, Expr),
    /// PREPARE.
    Prepare(SmolStr, Box<Statement>),
    /// EXECUTE: the positional parameters in order, each a [`StatementKind::Let`] without a name.
    Execute(SmolStr, Vec<Statement>),
    /// DEALLOCATE.
    Deallocate(SmolStr),
    /// Statements under control: each runs by itself, as at the top level.
    Control(Box<Control>),
    /// INSERT.
    Insert(Box<Insert>),
    /// UPDATE.
    Update(Box<Update>),
    /// DELETE, and TRUNCATE of one table.
    Delete(Box<Delete>),
    /// CREATE TABLE. The id is chosen when it runs.
    CreateTable(Arc<Table>),
    /// CREATE INDEX of a table. The id is chosen when it runs.
    CreateIndex {
        /// The table's name.
        table: SmolStr,
        /// The index.
        index: Arc<crate::catalog::Index>,
    },
    /// CREATE TABLE … AS: the query's outputs are the table's columns, in order.
    CreateTableAs {
        /// The table.
        table: Arc<Table>,
        /// Its rows.
        query: Query,
        /// Whether a table of the name is dropped first.
        replace: bool,
    },
    /// COPY … TO: the rows become a file.
    CopyTo(Query, Arc<FileRequest>),
    /// CREATE TYPE.
    CreateType(SmolStr, Type),
    /// CREATE FUNCTION.
    CreateFunction(Arc<Function>),
    /// CREATE VIEW, and its rows as they were checked.
    CreateView(Arc<View>, Box<Query>),
    /// DROP of objects by their folded names, in this order.
    Drop(Vec<(crate::catalog::ObjectKind, SmolStr)>),
    /// BEGIN; TRUE for SERIALIZABLE.
    Begin(bool),
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT.
    Savepoint(SmolStr),
    /// ROLLBACK TO.
    RollbackTo(SmolStr),
    /// RELEASE.
    Release(SmolStr),
    /// EXPLAIN.
    Explain(ExplainMode, Box<Statement>),
}

/// The control of statements at the top level. Conditions and sources are [`StatementKind::Let`]
/// without a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// One after the other.
    Sequence(Vec<Statement>),
    /// IF; NULL counts as FALSE.
    If(Statement, Vec<Statement>, Vec<Statement>),
    /// WHILE.
    While(Statement, Vec<Statement>),
    /// FOR: the local's name, the array, the body.
    For(SmolStr, Statement, Vec<Statement>),
    /// BREAK.
    Break,
    /// CONTINUE.
    Continue,
    /// TRY. What the body changed is undone where an exception leaves it.
    Try {
        /// What is tried.
        body: Vec<Statement>,
        /// The local that holds the exception.
        exception: SmolStr,
        /// What catches it: when, and what is done. Where none fits, the exception goes on.
        handlers: Vec<(Statement, Vec<Statement>)>,
    },
    /// Checked when it is reached, with the locals in scope: name, name that no other declaration
    /// has, type.
    Late(Arc<grizzly_grammar::ast::Statement>, Vec<(SmolStr, SmolStr, Type)>),
}

/// What EXPLAIN shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExplainMode {
    /// The physical plan.
    Plan,
    /// The bytecode.
    Bytecode,
}
