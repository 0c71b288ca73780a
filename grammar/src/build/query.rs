//! Queries: the grammar hands over the clauses and set operators in the order of the source; this
//! module makes the tree, sees that each clause stands once, and lifts ORDER BY and LIMIT of the
//! last core to the whole.

use super::Context;
use crate::ast::{self, *};
use crate::diagnostics;
use crate::span::Span;

/// A set operator, whether ALL stands behind it, and its place.
type Operator = (SetOperator, bool, Span);

/// A piece of a query.
pub(crate) enum Part {
    Clause(Box<Clause>, Span),
    Values(Values),
    OperatorOperator,
    Nested(Box<Query>, Span),
}

/// One or two pieces.
pub(crate) enum More {
    One(Part),
    Two(Part, Part),
}

/// A clause with what it says.
pub(crate) enum Clause {
    Select(Option<Distinct>, Vec<SelectItem>),
    From(Vec<FromTree>),
    Where(Expr),
    GroupBy(GroupBy),
    Having(Expr),
    Window(Vec<NamedWindow>),
    Qualify(Expr),
    OrderBy(OrderBy),
    Limit(Option<Expr>),
    Offset(Expr),
    UsingSecret(Vec<SecretUse>),
}

impl Clause {
    const fn kind(&self) -> ClauseKind {
        match self {
            Self::Select(..) => ClauseKind::Select,
            Self::From(_) => ClauseKind::From,
            Self::Where(_) => ClauseKind::Where,
            Self::GroupBy(_) => ClauseKind::GroupBy,
            Self::Having(_) => ClauseKind::Having,
            Self::Window(_) => ClauseKind::Window,
            Self::Qualify(_) => ClauseKind::Qualify,
            Self::OrderBy(_) => ClauseKind::OrderBy,
            Self::Limit(_) => ClauseKind::Limit,
            Self::Offset(_) => ClauseKind::Offset,
            Self::UsingSecret(_) => ClauseKind::UsingSecret,
        }
    }
}

pub(crate) fn extend(mut parts: Vec<Part>, more: More) -> Vec<Part> {
    match more {
        More::One(part) => parts.push(part),
        More::Two(first, second) => {
            parts.push(first);
            parts.push(second);
        }
    }
    parts
}

/// What belongs to the whole query when it stands behind the last core.
#[derive(Default)]
struct Tail {
    order_by: Option<OrderBy>,
    limit: Option<Limit>,
    secrets: Vec<SecretUse>,
    clauses: Vec<ast::Clause>,
}

/// The operand of a set operation that is being put together.
struct Operand {
    body: Option<QueryBody>,
    select: Select,
    tail: Tail,
    span: Option<Span>,
}

impl Operand {
    fn new() -> Self {
        Self { body: None, select: Select::default(), tail: Tail::default(), span: None }
    }

    fn cover(&mut self, span: Span) {
        self.span = Some(self.span.map_or(span, |before| before.to(span)));
    }

    /// The place of a clause that stands already.
    fn place_of(&self, kind: ClauseKind) -> Option<Span> {
        let mut all = self.select.clauses.iter().chain(&self.tail.clauses);
        all.find(|clause| clause.kind == kind).map(|clause| clause.span)
    }
}

/// Puts a query together.
pub(crate) fn fold(
    cx: &Context<'_>,
    with: Option<With>,
    parts: Vec<Part>,
    steps: Vec<PipeStep>,
    span: Span,
) -> Query {
    let mut bodies: Vec<QueryBody> = Vec::new();
    let mut operators: Vec<Operator> = Vec::new();
    let mut current = Operand::new();
    for part in parts {
        match part {
            Part::Clause(clause, place) => add_clause(cx, &mut current, *clause, place),
            Part::Values(values) => {
                let place = values.span;
                add_body(cx, &mut current, QueryBody::Values(values), place);
            }
            Part::Nested(query, place) => {
                add_body(cx, &mut current, QueryBody::Nested(query), place);
            }
            Part::Operator(op, all, place) => {
                let (body, tail) = finish(cx, current, place);
                refuse_tail(cx, &tail, place);
                bodies.push(body);
                operators.push((op, all, place));
                current = Operand::new();
            }
        }
    }
    let (last, tail) = finish(cx, current, Span::at(span.end));
    bodies.push(last);
    let body = combine(bodies, operators);
    let Tail { order_by, limit, secrets, .. } = tail;
    Query { with, body, order_by, limit, secrets, steps, span }
}

/// The tree of set operations: INTERSECT binds tighter than UNION and EXCEPT.
fn combine(bodies: Vec<QueryBody>, operators: Vec<Operator>) -> QueryBody {
    let mut bodies = bodies.into_iter();
    let mut loose: Vec<Followed> = Vec::new();
    let mut left = bodies.next().unwrap_or(QueryBody::Error);
    for (operator, right) in operators.into_iter().zip(bodies) {
        if operator.0 == SetOperator::Intersect {
            left = operation(left, operator, right);
        } else {
            loose.push((std::mem::replace(&mut left, right), Some(operator)));
        }
    }
    loose.push((left, None));
    let mut result: Option<Followed> = None;
    for (body, next) in loose {
        result = match result {
            Some((left, Some(operator))) => Some((operation(left, operator, body), next)),
            _ => Some((body, next)),
        };
    }
    result.map_or(QueryBody::Error, |(body, _)| body)
}

fn operation(left: QueryBody, (op, all, op_span): Operator, right: QueryBody) -> QueryBody {
    let span = body_span(&left).unwrap_or(op_span).to(body_span(&right).unwrap_or(op_span));
    QueryBody::Set(Box::new(SetOperation { op, all, op_span, left, right, span }))
}

fn body_span(body: &QueryBody) -> Option<Span> {
    match body {
        QueryBody::Select(select) => Some(select.span),
        QueryBody::Values(values) => Some(values.span),
        QueryBody::Set(operation) => Some(operation.span),
        QueryBody::Nested(query) => Some(query.span),
        QueryBody::Error => None,
    }
}

fn add_body(cx: &Context<'_>, operand: &mut Operand, body: QueryBody, place: Span) {
    if let Some(before) = operand.span {
        cx.report(diagnostics::e0216::second_query(place, before));
        return;
    }
    operand.body = Some(body);
    operand.cover(place);
}

fn add_clause(cx: &Context<'_>, operand: &mut Operand, clause: Clause, place: Span) {
    let kind = clause.kind();
    if let Some(first) = operand.place_of(kind) {
        cx.report(diagnostics::e0207::twice(kind, place, first));
        return;
    }
    if operand.span.is_none() && !matches!(kind, ClauseKind::Select | ClauseKind::From) {
        cx.report(diagnostics::e0216::no_query(kind, place));
    }
    let entry = ast::Clause { kind, span: place };
    let tail = matches!(
        kind,
        ClauseKind::OrderBy | ClauseKind::Limit | ClauseKind::Offset | ClauseKind::UsingSecret
    );
    if tail {
        operand.tail.clauses.push(entry);
    } else if operand.body.is_some() {
        cx.report(diagnostics::e0216::clause_of_nested(kind, place));
        return;
    } else {
        operand.select.clauses.push(entry);
    }
    operand.cover(place);
    let select = &mut operand.select;
    match clause {
        Clause::Select(distinct, items) => {
            select.distinct = distinct;
            select.items = Some(items);
        }
        Clause::From(trees) => select.from = trees,
        Clause::Where(condition) => select.filter = Some(condition),
        Clause::GroupBy(group_by) => select.group_by = Some(group_by),
        Clause::Having(condition) => select.having = Some(condition),
        Clause::Window(windows) => select.windows = windows,
        Clause::Qualify(condition) => select.qualify = Some(condition),
        Clause::OrderBy(order_by) => operand.tail.order_by = Some(order_by),
        Clause::Limit(count) => operand.tail.limit.get_or_insert_default().count = count,
        Clause::Offset(offset) => {
            operand.tail.limit.get_or_insert_default().offset = Some(offset);
        }
        Clause::UsingSecret(secrets) => operand.tail.secrets = secrets,
    }
}

/// The finished operand; `next` is the place of what follows it.
fn finish(cx: &Context<'_>, operand: Operand, next: Span) -> (QueryBody, Tail) {
    let Operand { body, mut select, tail, span } = operand;
    let Some(span) = span else {
        cx.report(diagnostics::e0216::missing_operand(next));
        return (QueryBody::Error, tail);
    };
    if let Some(body) = body {
        return (body, tail);
    }
    select.span = span;
    // The places of the lifted clauses are kept with the core that they were written in.
    select.clauses.extend(tail.clauses.iter().copied());
    select.clauses.sort_by_key(|clause| clause.span.start);
    (QueryBody::Select(Box::new(select)), tail)
}

/// ORDER BY and LIMIT before a set operator would be read as belonging to the whole.
fn refuse_tail(cx: &Context<'_>, tail: &Tail, operator: Span) {
    if let Some(clause) = tail.clauses.first() {
        cx.report(diagnostics::e0216::before_operator(clause.kind, clause.span, operator));
    }
}
