//! Functions, lambdas and blocks: the language inside the SQL.

use super::{Expr, Ident, Name, NamePart, Statement, Text, TypeExpr};
use crate::span::Span;

/// `{ statements; value }`: a function's body, an arm, a block expression, the body of a statement.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Block {
    /// What is done, in order.
    pub statements: Vec<Statement>,
    /// The last expression when no `;` follows it. An IF, MATCH, TRY or block at the end stands
    /// here, whether its value is wanted or not; a bare query here is [`super::ExprKind::Query`].
    pub value: Option<Box<Expr>>,
    /// From brace to brace.
    pub span: Span,
}

/// `CREATE FUNCTION [Receiver] name(parameters) RETURNS … RAISES … AS ASYNC { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateFunction {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The type in brackets before the name.
    pub receiver: Option<TypeExpr>,
    /// The function's name.
    pub name: Name,
    /// The parameters; a receiver function's first is `self`, without a type.
    pub parameters: Vec<Parameter>,
    /// What it gives, if anything.
    pub returns: Option<Returns>,
    /// The exception types that it may raise.
    pub raises: Vec<Name>,
    /// The place of RAISES and its list, for fixes.
    pub raises_span: Option<Span>,
    /// AS ASYNC or AS SYNC.
    pub mode: Option<FunctionMode>,
    /// The body; `None` for a declaration of the prelude, whose body is native.
    pub body: Option<Block>,
    /// From CREATE to the end of the head.
    pub head_span: Span,
}

/// AS SYNC, AS ASYNC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionMode {
    /// The default.
    Sync,
    /// A call outside a query starts a task.
    Async,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Ident,
    /// Its type; absent for `self` and for what the check must report.
    pub parameter_type: Option<TypeExpr>,
    /// The place of its NOT NULL.
    pub not_null: Option<Span>,
    /// The value that stands for a missing argument.
    pub default: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// What a function gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Returns {
    /// `RETURNS T [NOT NULL]`.
    Type {
        /// The type.
        result: TypeExpr,
        /// The place of its NOT NULL.
        not_null: Option<Span>,
    },
    /// `RETURNS TABLE(name TEXT, …)`.
    Table {
        /// The columns.
        columns: Vec<super::FieldDefinition>,
        /// From TABLE to the parenthesis.
        span: Span,
    },
}

/// `x -> body`, `(x, y: T) -> body`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// An expression; a body in braces is an [`super::ExprKind::Block`].
    pub body: Expr,
}

/// `CREATE AGGREGATE f(x: T) RETURNS U { INIT e STEP … MERGE … FINAL … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateAggregate {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub returns: Option<Returns>,
    /// The parts as written, in order; the check demands each needed one once.
    pub parts: Vec<AggregatePart>,
}

/// One part of an aggregate's body.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregatePart {
    /// Which.
    pub kind: AggregatePartKind,
    /// The expression; a lambda but for INIT.
    pub value: Expr,
    /// From its keyword on.
    pub span: Span,
}

/// The parts of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregatePartKind {
    /// The accumulator of no rows.
    Init,
    /// Takes one row in.
    Step,
    /// Joins two accumulators.
    Merge,
    /// Makes the result.
    Final,
}

/// `CREATE TEST "name" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTest {
    /// What the test shows.
    pub name: Text,
    /// What it does.
    pub body: Block,
}

/// `IF a { … } ELSE IF b { … } ELSE { … }`; the chain is flat.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// The conditions with their blocks, at least one.
    pub branches: Vec<IfBranch>,
    /// The last ELSE.
    pub otherwise: Option<Block>,
}

/// One condition of an IF with its block.
#[derive(Clone, Debug, PartialEq)]
pub struct IfBranch {
    /// NULL counts as FALSE.
    pub condition: Expr,
    /// What happens then.
    pub body: Block,
    /// From IF to the closing brace.
    pub span: Span,
}

/// `MATCH e { pattern IF guard => body, … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The value that is looked at.
    pub subject: Expr,
    /// The arms in order.
    pub arms: Vec<MatchArm>,
}

/// One arm of a MATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm {
    /// What fits.
    pub pattern: Pattern,
    /// `IF guard`.
    pub guard: Option<Expr>,
    /// Its value; one in braces is a block.
    pub body: Expr,
    /// All of it, without a comma.
    pub span: Span,
}

/// A pattern of a MATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Which.
    pub kind: PatternKind,
    /// Its place.
    pub span: Span,
}

/// The forms of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`.
    Wildcard,
    /// A name that is bound to the value.
    Bind(Ident),
    /// NULL.
    Null,
    /// A constant: number (also `-1`), text, TRUE, FALSE or a typed literal such as `DATE '…'`.
    Constant(Box<Expr>),
    /// `a..b` (inclusive), `a..`, `..b`; at least one end stands.
    Range {
        /// The least value.
        from: Option<Box<Expr>>,
        /// The greatest value.
        to: Option<Box<Expr>>,
    },
    /// `p | q`.
    Alternatives(Vec<Pattern>),
    /// `Type { field, field: p }` or, without a name, `{ field: p }`.
    Struct {
        /// The type's name.
        name: Option<Name>,
        /// The fields that are looked at.
        fields: Vec<FieldPattern>,
        /// `...` stood at the end: other fields are ignored (they are anyway).
        rest: Option<Span>,
    },
    /// `[p, q, ...rest]`.
    Array {
        /// The patterns of the elements, those before the rest and those after it.
        elements: Vec<Pattern>,
        /// Where the rest stands among them, and the name that it binds.
        rest: Option<RestPattern>,
    },
    /// `LIKE 'a%'`.
    Like(Text),
    /// `~ 'regex'`.
    Regex(Text),
    /// Not understood; reported.
    Error,
}

/// One field of a struct pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPattern {
    /// The field.
    pub name: Ident,
    /// Its pattern; without one the field's name is bound.
    pub pattern: Option<Pattern>,
    /// Both.
    pub span: Span,
}

/// `...rest` in an array pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct RestPattern {
    /// The number of element patterns before it.
    pub position: usize,
    /// What it binds; `...` alone binds nothing.
    pub name: Option<Ident>,
    /// Its place.
    pub span: Span,
}

/// `TRY body CATCH …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// What is tried; in braces a block.
    pub body: Expr,
    /// What catches.
    pub catch: Catch,
}

/// What stands after CATCH.
#[derive(Clone, Debug, PartialEq)]
pub enum Catch {
    /// One expression for any exception; in braces a block.
    Fallback(Box<Expr>),
    /// `{ E e IF guard => body, _ => body }`.
    Handlers(Vec<Handler>),
    /// No CATCH was written; reported.
    Missing,
}

/// One handler of a CATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    /// The exception type; `None` for `_`.
    pub exception: Option<Name>,
    /// The name that holds the exception.
    pub binding: Option<Ident>,
    /// `IF guard`.
    pub guard: Option<Expr>,
    /// Its value.
    pub body: Expr,
    /// All of it, without a comma.
    pub span: Span,
}

/// A place that SET can assign to: `name`, `xs[i]`, `p.x`, `system.threads`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The variable, or the first part of a setting's name.
    pub root: Ident,
    /// The path into it.
    pub path: Vec<TargetStep>,
    /// All of it.
    pub span: Span,
}

/// One step of a target's path.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetStep {
    /// `.field`.
    Field(NamePart),
    /// `[index]`.
    Index(Expr),
}
