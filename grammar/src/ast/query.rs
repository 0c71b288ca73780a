//! Queries.

use super::{Argument, Assignment, Call, Expr, Ident, Name, NamePart, Text};
use crate::span::Span;

/// A query: what is computed, how it is ordered and cut, and what it is piped through.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// WITH.
    pub with: Option<With>,
    /// The rows.
    pub body: QueryBody,
    /// ORDER BY of the whole, lifted out of the last core.
    pub order_by: Option<OrderBy>,
    /// LIMIT and OFFSET of the whole.
    pub limit: Option<Limit>,
    /// USING SECRET.
    pub secrets: Vec<SecretUse>,
    /// `|>` steps, applied after ORDER BY and LIMIT, each to the rows of the step before.
    pub steps: Vec<PipeStep>,
    /// All of it, without parentheses around it.
    pub span: Span,
}

/// Where the rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    /// One SELECT … FROM … with its clauses.
    Select(Box<Select>),
    /// VALUES.
    Values(Values),
    /// UNION, INTERSECT, EXCEPT.
    Set(Box<SetOperation>),
    /// A query in parentheses.
    Nested(Box<Query>),
    /// Not understood; reported.
    Error,
}

/// `WITH [RECURSIVE] a AS (…), b AS (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// RECURSIVE was given.
    pub recursive: bool,
    /// The named queries.
    pub tables: Vec<CommonTable>,
    /// From WITH to the last parenthesis.
    pub span: Span,
}

/// `name(columns) AS (query)`.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    /// Its name.
    pub name: Ident,
    /// Names for its columns.
    pub columns: Vec<Ident>,
    /// The query.
    pub query: Query,
    /// All of it.
    pub span: Span,
}

/// `VALUES (…), (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The rows; [`super::ExprKind::Name`] `DEFAULT` never stands here, see [`ValuesItem`].
    pub rows: Vec<ValuesRow>,
    /// From VALUES to the last parenthesis.
    pub span: Span,
}

/// One row of VALUES.
#[derive(Clone, Debug, PartialEq)]
pub struct ValuesRow {
    /// Its values.
    pub items: Vec<ValuesItem>,
    /// With its parentheses.
    pub span: Span,
}

/// One value of VALUES.
#[derive(Clone, Debug, PartialEq)]
pub enum ValuesItem {
    /// An expression.
    Expr(Expr),
    /// DEFAULT, only in an INSERT.
    Default(Span),
}

/// A set operation.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    /// Which.
    pub op: SetOperator,
    /// ALL was given: duplicates stay.
    pub all: bool,
    /// The place of the operator.
    pub op_span: Span,
    /// The left rows.
    pub left: QueryBody,
    /// The right rows.
    pub right: QueryBody,
    /// Both.
    pub span: Span,
}

/// Set operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// UNION
    Union,
    /// INTERSECT
    Intersect,
    /// EXCEPT
    Except,
}

/// One core of a query; clauses may come in any order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Select {
    /// DISTINCT, DISTINCT ON.
    pub distinct: Option<Distinct>,
    /// The SELECT list; without one all columns.
    pub items: Option<Vec<SelectItem>>,
    /// FROM; commas between the trees are cross joins.
    pub from: Vec<FromTree>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// GROUP BY.
    pub group_by: Option<GroupBy>,
    /// HAVING.
    pub having: Option<Expr>,
    /// WINDOW.
    pub windows: Vec<NamedWindow>,
    /// QUALIFY.
    pub qualify: Option<Expr>,
    /// Which clauses stand where, in the order of the source; ORDER BY and LIMIT too.
    pub clauses: Vec<Clause>,
    /// All of it.
    pub span: Span,
}

/// A clause's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Which.
    pub kind: ClauseKind,
    /// From its keyword to its end.
    pub span: Span,
}

/// The clauses of a query core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClauseKind {
    /// SELECT
    Select,
    /// FROM
    From,
    /// WHERE
    Where,
    /// GROUP BY
    GroupBy,
    /// HAVING
    Having,
    /// WINDOW
    Window,
    /// QUALIFY
    Qualify,
    /// ORDER BY
    OrderBy,
    /// LIMIT
    Limit,
    /// OFFSET
    Offset,
    /// USING SECRET
    UsingSecret,
}

impl ClauseKind {
    /// As it is written.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::From => "FROM",
            Self::Where => "WHERE",
            Self::GroupBy => "GROUP BY",
            Self::Having => "HAVING",
            Self::Window => "WINDOW",
            Self::Qualify => "QUALIFY",
            Self::OrderBy => "ORDER BY",
            Self::Limit => "LIMIT",
            Self::Offset => "OFFSET",
            Self::UsingSecret => "USING SECRET",
        }
    }
}

/// DISTINCT in a SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct Distinct {
    /// The expressions of ON; empty without ON.
    pub on: Vec<Expr>,
    /// Its place.
    pub span: Span,
}

/// One entry of a SELECT list.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `e [AS alias]`.
    Expr {
        /// The value.
        value: Expr,
        /// Its name.
        alias: Option<Ident>,
    },
    /// `*`, `t.*`, with EXCLUDE and REPLACE.
    Star(Star),
}

impl SelectItem {
    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Expr { value, alias } => {
                alias.as_ref().map_or(value.span, |alias| value.span.to(alias.span))
            }
            Self::Star(star) => star.span,
        }
    }
}

/// `*`, `t.*`.
#[derive(Clone, Debug, PartialEq)]
pub struct Star {
    /// What stands before the point.
    pub qualifier: Option<Name>,
    /// `EXCLUDE (a, b)`.
    pub exclude: Vec<NamePart>,
    /// `REPLACE (e AS a)`.
    pub replace: Vec<Replacement>,
    /// All of it.
    pub span: Span,
}

/// `e AS name` in REPLACE.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    /// The new value.
    pub value: Expr,
    /// The column that it replaces.
    pub column: Ident,
}

/// One entry of FROM with what is joined to it, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct FromTree {
    /// The first.
    pub first: FromItem,
    /// The joins.
    pub joins: Vec<Join>,
    /// All of it.
    pub span: Span,
}

/// `JOIN item ON …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which join.
    pub kind: JoinKind,
    /// What pairs the rows.
    pub condition: JoinCondition,
    /// The right side.
    pub right: FromItem,
    /// From the first keyword to the end of the condition.
    pub span: Span,
}

/// Kinds of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `[INNER] JOIN`
    Inner,
    /// `LEFT [OUTER] JOIN`
    Left,
    /// `RIGHT [OUTER] JOIN`
    Right,
    /// `FULL [OUTER] JOIN`
    Full,
    /// `CROSS JOIN`
    Cross,
    /// `[LEFT] SEMI JOIN`
    Semi,
    /// `[LEFT] ANTI JOIN`
    Anti,
}

/// What pairs the rows of a join.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    /// Nothing is given.
    None,
    /// `ON condition`.
    On(Expr),
    /// `USING (columns)`.
    Using(Vec<Ident>),
    /// NATURAL.
    Natural,
}

/// A table, file, subquery, … in FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct FromItem {
    /// Which.
    pub kind: FromKind,
    /// `AS name(columns)`.
    pub alias: Option<TableAlias>,
    /// LATERAL was given.
    pub lateral: bool,
    /// All of it.
    pub span: Span,
}

/// What may stand in FROM.
#[derive(Clone, Debug, PartialEq)]
pub enum FromKind {
    /// A table, view, common table or variable, or `{x}`.
    Table(Name),
    /// `'file.csv'`, `'https://…'`.
    File(Text),
    /// `f(…)`: a table function, unnest, generate_series, read_csv, …
    Call {
        /// The function.
        function: Name,
        /// Its arguments.
        arguments: Vec<Argument>,
        /// WITH ORDINALITY was given.
        ordinality: bool,
    },
    /// `(query)`.
    Subquery(Box<Query>),
    /// `(a JOIN b …)`.
    Nested(Box<FromTree>),
    /// Not understood; reported.
    Error,
}

/// `AS name(columns)`.
#[derive(Clone, Debug, PartialEq)]
pub struct TableAlias {
    /// The name.
    pub name: Ident,
    /// New names for the columns.
    pub columns: Vec<Ident>,
}

/// GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupBy {
    /// `GROUP BY ALL`.
    All(Span),
    /// Keys and grouping sets, whose sets are multiplied.
    Items(Vec<GroupItem>),
}

/// One entry of GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupItem {
    /// Which.
    pub kind: GroupKind,
    /// Its place.
    pub span: Span,
}

/// The forms of an entry of GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupKind {
    /// A key: expression, ordinal or alias.
    Expr(Expr),
    /// `(a, b)` in GROUPING SETS, or `()`.
    Set(Vec<Expr>),
    /// `ROLLUP (a, b)`.
    Rollup(Vec<GroupItem>),
    /// `CUBE (a, b)`.
    Cube(Vec<GroupItem>),
    /// `GROUPING SETS ((a), (b), ())`.
    GroupingSets(Vec<GroupItem>),
}

/// ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The keys; empty for `ORDER BY ALL`.
    pub items: Vec<OrderItem>,
    /// `ORDER BY ALL` and its direction.
    pub all: Option<OrderDirection>,
    /// From ORDER to the end.
    pub span: Span,
}

/// One key of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// Expression, ordinal or alias.
    pub value: Expr,
    /// How it is ordered.
    pub direction: OrderDirection,
}

/// The direction of a key; what was not written is not filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OrderDirection {
    /// DESC is `Some(true)`, ASC `Some(false)`.
    pub descending: Option<bool>,
    /// NULLS FIRST is `Some(true)`, NULLS LAST `Some(false)`.
    pub nulls_first: Option<bool>,
}

/// LIMIT and OFFSET; at least one stands.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Limit {
    /// LIMIT; LIMIT ALL is none.
    pub count: Option<Expr>,
    /// OFFSET.
    pub offset: Option<Expr>,
}

/// `w AS (…)` of the WINDOW clause.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWindow {
    /// Its name.
    pub name: Ident,
    /// What it is.
    pub spec: WindowSpec,
}

/// `(base PARTITION BY … ORDER BY … frame)`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WindowSpec {
    /// A named window that it refines.
    pub base: Option<Ident>,
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// The frame.
    pub frame: Option<Frame>,
    /// With its parentheses.
    pub span: Span,
}

/// `ROWS BETWEEN start AND end`.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// What is counted.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends; CURRENT ROW when not given.
    pub end: Option<FrameBound>,
    /// EXCLUDE …
    pub exclude: Option<FrameExclude>,
    /// All of it.
    pub span: Span,
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    /// ROWS
    Rows,
    /// RANGE
    Range,
    /// GROUPS
    Groups,
}

/// An end of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// `e PRECEDING`
    Preceding(Expr),
    /// CURRENT ROW
    CurrentRow,
    /// `e FOLLOWING`
    Following(Expr),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameExclude {
    /// EXCLUDE CURRENT ROW
    CurrentRow,
    /// EXCLUDE GROUP
    Group,
    /// EXCLUDE TIES
    Ties,
    /// EXCLUDE NO OTHERS
    NoOthers,
}

/// `USING SECRET name [TYPE type]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretUse {
    /// The secret.
    pub name: Ident,
    /// Its type, where the name is ambiguous.
    pub secret_type: Option<Ident>,
    /// All of it.
    pub span: Span,
}

/// One `|>` step of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct PipeStep {
    /// Which.
    pub kind: PipeStepKind,
    /// From `|>` to its end.
    pub span: Span,
}

/// The forms of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum PipeStepKind {
    /// `|> WHERE c`
    Where(Expr),
    /// `|> SELECT [DISTINCT] …`
    Select {
        /// DISTINCT.
        distinct: Option<Distinct>,
        /// The new columns.
        items: Vec<SelectItem>,
    },
    /// `|> EXTEND e AS c, …`: adds columns.
    Extend(Vec<SelectItem>),
    /// `|> SET c = e, …`: replaces columns.
    Set(Vec<Assignment>),
    /// `|> DROP c, …`: removes columns.
    Drop(Vec<NamePart>),
    /// `|> AGGREGATE … GROUP BY …`
    Aggregate {
        /// The aggregates.
        items: Vec<SelectItem>,
        /// The keys, which become columns too, before the aggregates.
        group_by: Option<GroupBy>,
    },
    /// `|> JOIN …`
    Join(Join),
    /// `|> ORDER BY …`
    OrderBy(OrderBy),
    /// `|> LIMIT n [OFFSET m]`, `|> OFFSET m`
    Limit(Limit),
    /// `|> DISTINCT [ON (…)]`
    Distinct(Distinct),
    /// `|> UNION [ALL] query`
    SetOperation {
        /// Which.
        op: SetOperator,
        /// ALL was given.
        all: bool,
        /// The right rows.
        right: Box<Query>,
    },
    /// `|> AS t`
    Alias(Ident),
    /// `|> CALL table_function(…) [AS t]`
    Call {
        /// The table function; the rows so far are its first argument.
        function: Name,
        /// Its further arguments.
        arguments: Vec<Argument>,
        /// A name for the result.
        alias: Option<TableAlias>,
    },
    /// `|> filter(u -> …)`: a collection function on the rows.
    Function(Box<Call>),
}
