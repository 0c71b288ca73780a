//! Queries as pipelines: a source of batches, steps that map batches, and a sink that ends them.
//!
//! Pipelines run in order; a sink that breaks the pipeline leaves its result in a [`StateId`],
//! which a later pipeline reads. Inside a pipeline a batch has *columns*, in order; every step says
//! which columns the next one sees. Vector code of a step finds the batch's columns in registers 0,
//! 1, ….
//!
//! A stretch of pipelines may repeat ([`Repeat`]) until a fixpoint's round brings no new rows: so
//! run recursive queries.

use crate::file::FileScan;
use crate::ids::*;
use crate::opcodes::VectorInstr;
use crate::types::{Field, Type, VectorKind};
use crate::value::Value;
use smol_str::SmolStr;

/// A query.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The pipelines, in the order in which they run.
    pub pipelines: Vec<Pipeline>,
    /// The stretches of pipelines that repeat; they nest, inner ones come first.
    pub repeats: Vec<Repeat>,
    /// The types of the query's parameters (the values of [`VectorInstr::Param`]).
    pub parameters: Vec<Type>,
    /// The number of states.
    pub states: u32,
    /// The result's columns, empty for a query that writes.
    pub output: Vec<Field>,
    /// Whether vector code may keep its result for equal parameters while a pipeline runs.
    pub stable: bool,
}

/// Pipelines that run again and again until the round of a fixpoint has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The first pipeline.
    pub first: u32,
    /// One past the last pipeline.
    pub end: u32,
    /// What [`Sink::Round`] leaves.
    pub state: StateId,
}

/// One pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Where batches come from.
    pub source: Source,
    /// What happens to them.
    pub steps: Vec<Step>,
    /// Where they end.
    pub sink: Sink,
}

/// Vector code. On entry the batch's columns lie in the first registers.
#[derive(Clone, Debug, Default)]
pub struct VectorCode {
    /// The kind of each register; the first `inputs` are the batch's columns.
    pub registers: Vec<VectorKind>,
    /// The number of columns that the batch must have.
    pub inputs: u16,
    /// The instructions; running off the end is the end.
    pub code: Vec<VectorInstr>,
    /// For instructions that may raise: the place, sorted by instruction.
    pub places: Vec<(u16, PlaceId)>,
}

/// Where batches come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// One row without columns.
    Unit,
    /// Constant rows: as many columns as types, each with as many values as there are rows.
    Values {
        /// The columns' types.
        types: Vec<Type>,
        /// The columns.
        columns: Vec<Vec<Value>>,
        /// The number of rows.
        rows: usize,
    },
    /// A table.
    Scan(Scan),
    /// A file.
    File(FileScan),
    /// What an earlier pipeline left: groups (keys, then aggregates), sorted or collected rows.
    State {
        /// The state.
        state: StateId,
        /// The columns' types.
        types: Vec<Type>,
    },
    /// The rows that the last round of a fixpoint brought.
    Round {
        /// The fixpoint.
        state: StateId,
        /// The columns' types.
        types: Vec<Type>,
    },
    /// The payload of a hash table's rows that have had a match, or of those that have had none.
    Built {
        /// The hash table, which keeps all rows.
        state: StateId,
        /// Which of them.
        matched: bool,
        /// The columns' types.
        types: Vec<Type>,
    },
    /// The rows of inputs with the same columns, one input after the other.
    Concat(Vec<Input>),
}

/// A part of [`Source::Concat`].
#[derive(Clone, Debug)]
pub struct Input {
    /// Where its batches come from.
    pub source: Source,
    /// What happens to them before they meet the other inputs'.
    pub steps: Vec<Step>,
}

/// A scan of a table.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The table.
    pub table: TableId,
    /// The columns, in the order of the batch.
    pub columns: Vec<(ColumnId, Type)>,
    /// Conditions that the storage may use to skip data. They are evaluated again by the steps
    /// unless
    /// `Scan` reports them exact at run time.
    pub predicates: Vec<Predicate>,
    /// The index that finds the rows, by the predicates on its first columns.
    pub index: Option<(TableId, SmolStr)>,
    /// Whether a last column holds the row's key as bytes (for UPDATE and DELETE).
    pub needs_row_key: bool,
    /// Whether rows must come in key order.
    pub ordered: bool,
    /// How many rows are wanted at most, as a hint.
    pub limit_hint: Option<u64>,
    /// The table's name, for plans and messages.
    pub name: SmolStr,
}

/// A condition on one column that the storage understands.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// The column.
    pub column: ColumnId,
    /// The test.
    pub test: PredicateTest,
}

/// The tests that the storage understands.
#[derive(Clone, Debug)]
pub enum PredicateTest {
    /// `column op value`.
    Compare(Cmp, PredicateValue),
    /// `column IN (…)`.
    In(Vec<PredicateValue>),
    /// `column IS NULL`.
    IsNull,
    /// `column IS NOT NULL`.
    IsNotNull,
}

/// A constant or a parameter of the query, in the column's own type.
#[derive(Clone, Debug)]
pub enum PredicateValue {
    /// A constant.
    Constant(Value),
    /// The query's parameter of this index.
    Param(ParamId),
}

/// What happens to a batch.
#[derive(Clone, Debug)]
pub enum Step {
    /// Keeps the rows where the condition is TRUE.
    Filter {
        /// Computes the condition.
        code: VectorCode,
        /// The register that holds it.
        condition: VReg,
    },
    /// Replaces the columns.
    Project {
        /// Computes them.
        code: VectorCode,
        /// The registers that become the columns.
        columns: Vec<VReg>,
    },
    /// Joins with a hash table that an earlier pipeline built. The columns are the batch's, then
    /// what the kind adds.
    Probe {
        /// The hash table.
        state: StateId,
        /// Computes the keys.
        code: VectorCode,
        /// The registers that hold the keys; without any, every row of the table is a candidate.
        keys: Vec<VReg>,
        /// The kind of join.
        kind: JoinKind,
        /// The types of the build side's payload.
        payload: Vec<Type>,
        /// What candidates must fulfil beside equal keys.
        residual: Option<Residual>,
        /// Whether the table remembers which of its rows have had a match.
        notes: bool,
    },
    /// Skips `offset` rows, then passes `limit`.
    Limit {
        /// The most rows to pass, `None` for all.
        limit: Option<Count>,
        /// The rows to skip.
        offset: Count,
    },
    /// Skips and passes rows like `Limit`, but counts those with equal keys by themselves.
    LimitEach {
        /// Computes the keys.
        code: VectorCode,
        /// The registers that hold the keys; NULL equals NULL.
        keys: Vec<VReg>,
        /// The most rows to pass of each.
        limit: Option<Count>,
        /// The rows to skip of each.
        offset: Count,
    },
    /// Gives each row once a row of a table function. The columns are the batch's, then the
    /// function's.
    Expand {
        /// The function.
        function: TableFunction,
        /// Computes the arguments.
        code: VectorCode,
        /// The registers that hold the arguments, and their types; where one is NULL, there are no
        /// rows.
        arguments: Vec<(VReg, Type)>,
        /// The type of the function's column.
        ty: Type,
        /// Whether a row without rows of the function stays, with NULL.
        outer: bool,
    },
}

/// The table functions of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableFunction {
    /// First, last, step: three INT64, or two TIMESTAMP and an INTERVAL. Raises CastError where the
    /// step is zero.
    Series,
    /// The elements of an array.
    Unnest,
}

/// A condition on pairs of a join, over the batch's columns and then the payload.
#[derive(Clone, Debug)]
pub struct Residual {
    /// Computes it.
    pub code: VectorCode,
    /// The register that holds it.
    pub condition: VReg,
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Known.
    Constant(u64),
    /// The query's parameter of this index, an INT64: NULL is no limit and no offset, a negative
    /// one raises TypeError.
    Param(ParamId),
}

/// The kinds of hash join, seen from the probing side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs that match; adds the payload.
    Inner,
    /// Pairs that match, and rows without a match with a NULL payload; adds the payload.
    Left,
    /// As `Left`, but a second match of a row raises CardinalityViolation.
    Single,
    /// Rows that have a match.
    Semi,
    /// Rows that have none.
    Anti,
    /// All rows; adds a BOOLEAN, whether there is a match.
    Mark,
    /// As `Mark`, three-valued as `key = ANY (table)`: NULL without a match where the row's key is
    /// NULL and the table not empty, or where the table has a NULL key. Takes no residual.
    MarkAny,
    /// Rows that have a match of their own: each uses one row of the table up. Takes no residual.
    IntersectAll,
    /// The other rows. Takes no residual.
    ExceptAll,
    /// None: the table remembers its matches, for [`Source::Built`].
    Note,
}

impl JoinKind {
    /// As plans show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Single => "single",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
            JoinKind::Mark => "mark",
            JoinKind::MarkAny => "mark any",
            JoinKind::IntersectAll => "intersect all",
            JoinKind::ExceptAll => "except all",
            JoinKind::Note => "note",
        }
    }

    /// Whether it adds the payload to the batch's columns.
    #[must_use]
    pub const fn adds_payload(self) -> bool {
        matches!(self, JoinKind::Inner | JoinKind::Left | JoinKind::Single)
    }

    /// Whether it adds a BOOLEAN to the batch's columns.
    #[must_use]
    pub const fn adds_mark(self) -> bool {
        matches!(self, JoinKind::Mark | JoinKind::MarkAny)
    }
}

/// Where a pipeline ends.
#[derive(Clone, Debug)]
pub enum Sink {
    /// The query's result.
    Output,
    /// A hash table for [`Step::Probe`].
    HashBuild {
        /// The state to leave.
        state: StateId,
        /// Computes keys and payload.
        code: VectorCode,
        /// The registers of the keys; without any, all rows are candidates for every probe.
        keys: Vec<VReg>,
        /// For each key, whether NULL equals NULL; otherwise a row with a NULL key matches nothing.
        null_keys: Vec<bool>,
        /// The registers of the payload.
        payload: Vec<VReg>,
        /// Whether rows that match nothing are kept too, for [`Source::Built`].
        keep_all: bool,
    },
    /// Groups: keys, then aggregates. Without keys there is exactly one group.
    Aggregate {
        /// The state to leave.
        state: StateId,
        /// Computes keys and arguments.
        code: VectorCode,
        /// The registers of the keys.
        keys: Vec<VReg>,
        /// The aggregates.
        aggregates: Vec<Aggregate>,
    },
    /// Sorted rows of all columns.
    Sort {
        /// The state to leave.
        state: StateId,
        /// Computes the sort keys.
        code: VectorCode,
        /// The keys, most important first.
        keys: Vec<SortKey>,
        /// How many rows are wanted, from the first (offset included), `None` for all.
        limit: Option<u64>,
    },
    /// All rows, kept in order.
    Collect {
        /// The state to leave.
        state: StateId,
    },
    /// A round of a fixpoint.
    Round {
        /// The fixpoint to leave or to go on with.
        state: StateId,
        /// The columns, without instructions.
        code: VectorCode,
        /// Whether rows that any round has brought are left out.
        distinct: bool,
        /// Whether this is the round that begins it.
        first: bool,
    },
    /// Changes of a table; the number of rows is the statement's count.
    Write(Write),
}

/// A sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The register that holds it.
    pub register: VReg,
    /// Whether greater values come first.
    pub descending: bool,
    /// Whether NULLs come first.
    pub nulls_first: bool,
}

/// An aggregate of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The function.
    pub function: AggregateFunction,
    /// The register of the argument; `None` for `count(*)` only.
    pub argument: Option<VReg>,
    /// The register of a FILTER condition.
    pub filter: Option<VReg>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// The type of the result.
    pub result: Type,
}

/// The aggregate functions of the machine. `avg` and the statistics are made of these by the
/// planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    /// Rows, or not-NULL arguments.
    Count,
    /// The sum: of integers in 128 bits, checked when it ends; of DECIMAL as DECIMAL(38,s); of
    /// DOUBLE in the order of the rows. NULL over no rows.
    Sum,
    /// The least argument in the total order. NULL over no rows.
    Min,
    /// The greatest argument in the total order. NULL over no rows.
    Max,
    /// The mean as DOUBLE: integers and DECIMAL are summed exactly, then divided once. NULL over no
    /// rows.
    Avg {
        /// The argument's digits after the point.
        scale: u8,
    },
    /// Whether all arguments are TRUE.
    BoolAnd,
    /// Whether any argument is TRUE.
    BoolOr,
    /// The first argument, NULL included.
    First,
    /// All arguments in the order of the rows, NULLs included, as an array. NULL over no rows.
    Collect,
}

/// What a write does with the rows that reach it.
#[derive(Clone, Debug)]
pub struct Write {
    /// The table.
    pub table: TableId,
    /// Insert: the columns are the table's. Update: the new values, then the row key as bytes.
    /// Delete: the row key as bytes.
    pub operation: WriteOperation,
    /// The columns written.
    pub columns: Vec<(ColumnId, Type)>,
    /// The table's name, for messages.
    pub name: SmolStr,
}

/// The ways to change a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteOperation {
    /// New rows.
    Insert,
    /// New values in existing rows.
    Update,
    /// Rows removed.
    Delete,
}
