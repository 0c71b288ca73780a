//! Logical plans: relational operators over column variables.

mod build;
mod common;
mod walk;

use crate::catalog::Table;
use crate::hir::{
    AggregateCall, ColumnVar, CommonTableId, Expr, ExprKind, OrderKey, TableFunction,
};
use grizzly_bytecode::Type;
use smol_str::SmolStr;
use std::sync::Arc;

pub use build::{build, build_from};
pub use common::{CommonUse, free_commons, is_volatile};
pub use walk::{free_columns, free_columns_of_query, query_defines};

/// A relational operator over its inputs.
#[derive(Clone, Debug)]
pub enum LogicalPlan {
    /// One row without columns.
    Unit,
    /// Rows of expressions without columns.
    Values {
        /// The rows.
        rows: Vec<Vec<Expr>>,
        /// The variables.
        columns: Vec<ColumnVar>,
    },
    /// A table.
    Scan {
        /// The table.
        table: Arc<Table>,
        /// The variables and the indices of the table's columns that they hold.
        columns: Vec<(ColumnVar, usize)>,
        /// The variable of the row's key, where it is needed.
        row_key: Option<ColumnVar>,
        /// Whether rows must come in key order.
        ordered: bool,
    },
    /// Rows for which all conditions are TRUE.
    Filter {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The conditions.
        conditions: Vec<Expr>,
    },
    /// New columns in place of the input's.
    Project {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The columns.
        columns: Vec<(ColumnVar, Expr)>,
    },
    /// Each row once a row of a table function of it, which adds a column.
    Expand {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The function.
        function: TableFunction,
        /// Its arguments, over the input.
        arguments: Vec<Expr>,
        /// The variable of the column that it adds.
        column: ColumnVar,
        /// Its type.
        ty: Type,
        /// Whether a row without rows of the function stays, with NULL.
        outer: bool,
    },
    /// A join. The right side may refer to columns of the left one until `unnest_subqueries`.
    Join {
        /// The kind, seen from the left.
        kind: JoinKind,
        /// The left side.
        left: Box<LogicalPlan>,
        /// The right side.
        right: Box<LogicalPlan>,
        /// What pairs must fulfil.
        conditions: Vec<Expr>,
    },
    /// Groups: keys, then aggregates.
    Aggregate {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The keys.
        keys: Vec<(ColumnVar, Expr)>,
        /// The aggregates.
        aggregates: Vec<AggregateCall>,
    },
    /// Sorted rows.
    Sort {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The keys.
        keys: Vec<OrderKey>,
        /// How many rows are wanted from the first.
        limit: Option<u64>,
    },
    /// `limit` rows after `offset`.
    Limit {
        /// The rows.
        input: Box<LogicalPlan>,
        /// Columns: rows that agree in them are counted by themselves.
        each: Vec<Expr>,
        /// The most rows.
        limit: Option<Count>,
        /// The rows to skip.
        offset: Count,
    },
    /// The rows of all inputs, one after the other.
    Union {
        /// The inputs, each with the variables that become the columns.
        inputs: Vec<(LogicalPlan, Vec<ColumnVar>)>,
        /// The columns.
        columns: Vec<ColumnVar>,
    },
    /// A query of WITH, which is computed once before the body.
    With {
        /// The query.
        common: Common,
        /// What reads it.
        body: Box<LogicalPlan>,
    },
    /// A use of a query of WITH around it, or inside its own step the rows of the round before.
    Common {
        /// Which.
        id: CommonTableId,
        /// Its name.
        name: SmolStr,
        /// The variables and the indices of its outputs that they hold.
        columns: Vec<(ColumnVar, usize)>,
    },
}

/// A query of WITH.
#[derive(Clone, Debug)]
pub struct Common {
    /// Which.
    pub id: CommonTableId,
    /// Its name.
    pub name: SmolStr,
    /// Its rows; of a recursive one, those that do not refer to itself.
    pub input: Box<LogicalPlan>,
    /// The variables of its outputs.
    pub outputs: Vec<ColumnVar>,
    /// Of a recursive one: the rows of a round, and the variables of its outputs.
    pub step: Option<(Box<LogicalPlan>, Vec<ColumnVar>)>,
    /// Of a recursive one: whether rows that were there before are left out.
    pub distinct: bool,
}

/// The kinds of joins, seen from the left side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs that match.
    Inner,
    /// And left rows without a match.
    Left,
    /// And rows of either side without a match.
    Full,
    /// As `Left`, but a second match of a left row raises CardinalityViolation.
    Single,
    /// Left rows that have a match.
    Semi,
    /// Left rows that have none.
    Anti,
    /// Left rows, and whether they have a match.
    Mark(ColumnVar),
    /// The same, three-valued as `= ANY`; its only condition is that equality.
    MarkAny(ColumnVar),
    /// Left rows that have a match of their own: each uses a right row up.
    IntersectAll,
    /// The other left rows.
    ExceptAll,
}

impl JoinKind {
    /// As plans show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Full => "full",
            JoinKind::Single => "single",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
            JoinKind::Mark(_) => "mark",
            JoinKind::MarkAny(_) => "mark any",
            JoinKind::IntersectAll => "intersect all",
            JoinKind::ExceptAll => "except all",
        }
    }

    /// Whether the right side's columns come out.
    #[must_use]
    pub const fn adds_right(self) -> bool {
        matches!(self, JoinKind::Inner | JoinKind::Left | JoinKind::Full | JoinKind::Single)
    }

    /// The variable of the mark that it adds.
    #[must_use]
    pub const fn mark(self) -> Option<ColumnVar> {
        match self {
            JoinKind::Mark(var) | JoinKind::MarkAny(var) => Some(var),
            _ => None,
        }
    }
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Known.
    Constant(u64),
    /// A parameter of the query.
    Parameter(u16),
}

impl Count {
    /// The number, where it is known.
    #[must_use]
    pub const fn known(self) -> Option<u64> {
        match self {
            Count::Constant(n) => Some(n),
            Count::Parameter(_) => None,
        }
    }
}

/// Puts expressions in place of column variables.
pub fn substitute(e: &mut Expr, values: &[(ColumnVar, &Expr)]) {
    if let ExprKind::Column(var) = &e.kind {
        if let Some((_, value)) = values.iter().find(|(v, _)| v == var) {
            *e = (*value).clone();
        }
        return;
    }
    e.for_each_child_mut(&mut |child| substitute(child, values));
}

/// The rows for which conditions are TRUE.
pub fn filter(plan: LogicalPlan, conditions: Vec<Expr>) -> LogicalPlan {
    if conditions.is_empty() {
        return plan;
    }
    LogicalPlan::Filter { input: Box::new(plan), conditions }
}
