//! Expressions.

use super::{
    Block, Ident, If, Interpolation, Lambda, Match, Name, NamePart, OrderItem, Query, Text, Try,
    TypeExpr, WindowSpec,
};
use crate::span::Span;
use smol_str::SmolStr;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Its place. Parentheres around it count, so a parenthesised operand is marked whole.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// NULL, TRUE, FALSE, a number or a text.
    Literal(Literal),
    /// `DATE '2024-01-31'`: a type's name before a text.
    TypedLiteral(Box<TypedLiteral>),
    /// `INTERVAL '90' DAY`, `INTERVAL '90 days'`, `INTERVAL 5 DAY`.
    Interval(Box<IntervalLiteral>),
    /// A bare name: a column, parameter, local, function, …
    Name(Ident),
    /// `{x}`: the variable x, never a column.
    Interpolation(Box<Interpolation>),
    /// `?`, `$1`, `$name`.
    Parameter(ParameterRef),
    /// `-x`, `+x`, `NOT x`.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its place.
        op_span: Span,
        /// What it is applied to.
        operand: Box<Expr>,
    },
    /// Arithmetic, AND, OR, `||`, `??`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its place.
        op_span: Span,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Its place.
        op_span: Span,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `x op ANY|ALL (q)`; SOME is ANY.
    Quantified(Box<Quantified>),
    /// `x IS [NOT] NULL|TRUE|FALSE`.
    Is {
        /// What is tested.
        operand: Box<Expr>,
        /// For what.
        test: IsTest,
        /// NOT was given.
        negated: bool,
    },
    /// `a IS [NOT] DISTINCT FROM b`.
    IsDistinct {
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
        /// NOT was given.
        negated: bool,
    },
    /// `x [NOT] IN …`.
    In {
        /// What is looked for.
        operand: Box<Expr>,
        /// Where.
        set: InSet,
        /// NOT was given.
        negated: bool,
    },
    /// `x [NOT] BETWEEN a AND b`.
    Between {
        /// What is tested.
        operand: Box<Expr>,
        /// The least value.
        low: Box<Expr>,
        /// The greatest value.
        high: Box<Expr>,
        /// NOT was given.
        negated: bool,
    },
    /// `x [NOT] LIKE|ILIKE p [ESCAPE e]`, `x ~ p`, `x !~ p`.
    Like(Box<Like>),
    /// `a CONTAINS b`.
    Contains {
        /// The text or array.
        left: Box<Expr>,
        /// What may be in it.
        right: Box<Expr>,
    },
    /// `CASE … END`.
    Case(Box<Case>),
    /// `CAST(e AS T)`, `TRY_CAST(e AS T)`, `e::T`.
    Cast {
        /// What is converted.
        operand: Box<Expr>,
        /// To which type.
        target: Box<TypeExpr>,
        /// How it was written, and whether it may fail.
        form: CastForm,
    },
    /// `base.field`, `base.{x}`; also `table.column`, `schema.object` and `module.name`.
    Field {
        /// What stands before the point.
        base: Box<Expr>,
        /// What stands after it.
        field: NamePart,
    },
    /// `receiver.method(arguments)`; also `schema.function(…)` and `module.function(…)`.
    MethodCall(Box<MethodCall>),
    /// `f(arguments)`, also of a value: `(x -> x)(1)`, `fs[0](1)`.
    Call(Box<Call>),
    /// `base[index]`.
    Index {
        /// The array, map or JSON.
        base: Box<Expr>,
        /// Where in it.
        index: Box<Expr>,
    },
    /// `base[from:to]`, either end may be left out.
    Slice(Box<Slice>),
    /// `from..to`, only as the source of FOR and after IN.
    Range {
        /// The first value.
        from: Box<Expr>,
        /// The last value.
        to: Box<Expr>,
    },
    /// `left |> f(arguments)`, which means `f(left, arguments)`. A pipe after a parenthesised query
    /// is not this but a [`super::PipeStep`] of the query.
    Pipe {
        /// The first argument.
        left: Box<Expr>,
        /// The call with its further arguments.
        call: Box<Call>,
    },
    /// `IF … { } ELSE { }`, as a statement too.
    If(Box<If>),
    /// `MATCH e { … }`, as a statement too.
    Match(Box<Match>),
    /// `{ …; e }`, as a statement too.
    Block(Box<Block>),
    /// `TRY … CATCH …`, as a statement too.
    Try(Box<Try>),
    /// `RAISE T("message", field: e)` or `RAISE e`: the operand is a call, a name or any value.
    Raise(Box<Expr>),
    /// `RETURN [e]`; a bare query is allowed, as [`ExprKind::Query`].
    Return(Option<Box<Expr>>),
    /// `AWAIT e`.
    Await(Box<Expr>),
    /// `x -> body`.
    Lambda(Box<Lambda>),
    /// `{ a: 1, b, ...c }` or `Point { x: 1 }`.
    Struct(Box<StructLiteral>),
    /// `[1, 2, 3]`.
    Array(Vec<Expr>),
    /// `MAP { "k": v }`.
    Map(Vec<MapEntry>),
    /// `(a, b)`: a row value of two or more.
    Row(Vec<Expr>),
    /// `EXISTS (q)`.
    Exists(Box<Query>),
    /// `(q)` as a scalar.
    Subquery(Box<Query>),
    /// A query without parentheses where one may stand so: after LET, SET, RETURN, FOR … IN and as
    /// the value of a block.
    Query(Box<Query>),
    /// `ARRAY(q)`.
    ArrayQuery(Box<Query>),
    /// `*` as an argument, in `count(*)`.
    Star,
    /// Not understood; reported.
    Error,
}

/// A constant without a type of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// NULL.
    Null,
    /// TRUE, FALSE.
    Boolean(bool),
    /// A number, exactly as written: `1_000`, `0xff`, `.5`, `1e-3`. Never signed.
    Number(SmolStr),
    /// A text.
    Text {
        /// The decoded value.
        value: SmolStr,
        /// Which quotes it had.
        quotes: super::Quotes,
    },
}

/// `DATE '2024-01-31'`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedLiteral {
    /// The type's name.
    pub type_name: Ident,
    /// The text.
    pub text: Text,
}

/// `INTERVAL …`.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalLiteral {
    /// A text literal, a number or a parenthesised expression.
    pub amount: Expr,
    /// `DAY`, `MONTH`, …, when it stands after the amount.
    pub unit: Option<Ident>,
}

/// A parameter that the caller of the statement gives.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterRef {
    /// `?`, counted from 1 in the order of the statement.
    Positional(u32),
    /// `$1`.
    Numbered(u32),
    /// `$name`.
    Named(Ident),
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`
    Plus,
    /// `NOT`, `!`
    Not,
}

/// Infix operators that are not comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `OR`
    Or,
    /// `AND`, `&&`
    And,
    /// `??`
    Coalesce,
    /// `||`
    Concat,
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

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`, `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl UnaryOp {
    /// As `fmt` writes it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Minus => "-",
            Self::Plus => "+",
            Self::Not => "NOT",
        }
    }
}

impl BinaryOp {
    /// As `fmt` writes it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Coalesce => "??",
            Self::Concat => "||",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl CompareOp {
    /// As `fmt` writes it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// What IS tests for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsTest {
    /// NULL
    Null,
    /// TRUE
    True,
    /// FALSE
    False,
}

/// What stands after IN.
#[derive(Clone, Debug, PartialEq)]
pub enum InSet {
    /// `(a, b, c)`, at least one.
    List(Vec<Expr>),
    /// `(SELECT …)`.
    Query(Box<Query>),
    /// An array, or an [`ExprKind::Range`].
    Value(Box<Expr>),
}

/// Which kind of pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeKind {
    /// LIKE
    Like,
    /// ILIKE: case does not count.
    ILike,
    /// `~`, `!~`: a regular expression.
    Regex,
}

/// A test against a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    /// What is tested.
    pub operand: Expr,
    /// The pattern.
    pub pattern: Expr,
    /// The escape character.
    pub escape: Option<Expr>,
    /// Which kind of pattern.
    pub kind: LikeKind,
    /// NOT was given, or `!~`.
    pub negated: bool,
}

/// `x op ANY|ALL (q)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantified {
    /// The left operand.
    pub left: Expr,
    /// The comparison.
    pub op: CompareOp,
    /// Its place.
    pub op_span: Span,
    /// ALL was given, else ANY.
    pub all: bool,
    /// A query, or an array.
    pub set: InSet,
}

/// `CASE [x] WHEN … THEN … ELSE … END`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the WHENs are compared with, in the simple form.
    pub operand: Option<Expr>,
    /// The branches, at least one.
    pub branches: Vec<CaseBranch>,
    /// The value of ELSE.
    pub otherwise: Option<Expr>,
}

/// `WHEN condition THEN value`.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseBranch {
    /// A condition, or a value to compare with.
    pub condition: Expr,
    /// The value.
    pub value: Expr,
}

/// How a conversion was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastForm {
    /// `CAST(e AS T)`
    Cast,
    /// `TRY_CAST(e AS T)`: NULL where CAST raises.
    TryCast,
    /// `e::T`
    Operator,
}

/// `f(arguments)` with what may follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called: a [`ExprKind::Name`] or [`ExprKind::Field`] in most cases.
    pub function: Expr,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// What only aggregates and window functions take.
    pub modifiers: Option<Box<CallModifiers>>,
    /// From the function to the end of the modifiers.
    pub span: Span,
}

/// `receiver.method(arguments)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodCall {
    /// What stands before the point.
    pub receiver: Expr,
    /// The method's name.
    pub method: NamePart,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// What only aggregates and window functions take.
    pub modifiers: Option<Box<CallModifiers>>,
}

/// One argument of a call; positional ones come first.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter's name, in `f(scale: 2)`.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// What only aggregates and window functions take.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CallModifiers {
    /// `f(DISTINCT x)`.
    pub distinct: bool,
    /// `f(x ORDER BY y)`.
    pub order_by: Vec<OrderItem>,
    /// `WITHIN GROUP (ORDER BY y)`.
    pub within_group: Vec<OrderItem>,
    /// `FILTER (WHERE c)`.
    pub filter: Option<Expr>,
    /// `IGNORE NULLS` is `Some(true)`, `RESPECT NULLS` is `Some(false)`.
    pub ignore_nulls: Option<bool>,
    /// `OVER w`, `OVER (…)`.
    pub over: Option<Over>,
}

/// The window of a window function.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// A window of the WINDOW clause.
    Name(Ident),
    /// One in place.
    Spec(Box<WindowSpec>),
}

/// `base[from:to]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The array.
    pub base: Expr,
    /// The first position.
    pub from: Option<Expr>,
    /// The position after the last.
    pub to: Option<Expr>,
}

/// `{ a: 1 }`, `Point { x: 1 }`.
#[derive(Clone, Debug, PartialEq)]
pub struct StructLiteral {
    /// The type's name, if given.
    pub type_name: Option<Name>,
    /// The fields and spreads, in order.
    pub fields: Vec<StructField>,
}

/// One entry of a struct literal.
#[derive(Clone, Debug, PartialEq)]
pub enum StructField {
    /// `a: 1`, `"b": 2`; the key of a quoted one is `quoted`.
    Value {
        /// The field.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `a`, which means `a: a`.
    Shorthand(Ident),
    /// `...old`.
    Spread(Expr),
}

/// `key: value` of a MAP literal.
#[derive(Clone, Debug, PartialEq)]
pub struct MapEntry {
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

impl Expr {
    /// An expression of `kind` at `span`.
    #[must_use]
    pub const fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The bare name, if it is one.
    #[must_use]
    pub fn as_name(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Name(ident) => Some(ident),
            _ => None,
        }
    }

    /// The parts of a dotted path of plain names, if it is one: `a.b.c`.
    #[must_use]
    pub fn as_path(&self) -> Option<Vec<&Ident>> {
        let mut parts = Vec::new();
        let mut current = self;
        loop {
            match &current.kind {
                ExprKind::Name(ident) => {
                    parts.push(ident);
                    parts.reverse();
                    return Some(parts);
                }
                ExprKind::Field { base, field: NamePart::Ident(ident) } => {
                    parts.push(ident);
                    current = base;
                }
                _ => return None,
            }
        }
    }

    /// Whether it could not be understood.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.kind, ExprKind::Error)
    }
}
