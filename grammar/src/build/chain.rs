//! Operator chains: the grammar hands them over flat, this module folds them by precedence.
//!
//! | level | operators |
//! |---|---|
//! | 2 | OR |
//! | 3 | AND |
//! | 4 | NOT |
//! | 5 | comparisons, IS, IN, BETWEEN, LIKE, `~`, CONTAINS (not associative) |
//! | 6 | `..` |
//! | 7 | `\|>` |
//! | 8 | ?? |
//! | 9 | \|\| |
//! | 10 | + - |
//! | 11 | * / % |
//! | 12 | unary - + !, AT TIME ZONE |
//! | 13 | :: |
//!
//! Long chains of AND, OR and `||` are folded into balanced trees; for the others the length of a
//! chain counts as depth and has been limited before the parse.

use super::Context;
use crate::ast::*;
use crate::diagnostics;
use crate::span::Span;
use std::iter::Peekable;
use std::vec::IntoIter;

/// A chain as the grammar collects it.
pub(crate) enum Links {
    /// A single operand, by far the most frequent.
    One(Expr),
    /// Operands and operators in order.
    Many(Vec<Link>),
}

/// One piece of a chain.
pub(crate) enum Link {
    Operand(Expr),
    Prefix(UnaryOp, Span),
    Infix(Infix, Span),
    Cast(Box<TypeExpr>, Span),
    Is(IsTest, bool, Span),
}

/// What can stand between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Infix {
    Binary(BinaryOp),
    Compare(CompareOp),
    Like(LikeKind, bool),
    Escape,
    In(bool),
    Between(bool),
    Contains(bool),
    IsDistinct(bool),
    Range,
    Pipe,
    AtTimeZone,
}

const COMPARISON: u8 = 5;
const RANGE: u8 = 6;
const PIPE: u8 = 7;
const UNARY: u8 = 12;
const CAST: u8 = 13;

/// Chains of AND, OR and `||` of more operands than this are balanced.
const LONG_CHAIN: usize = 16;

impl Infix {
    const fn level(self) -> u8 {
        match self {
            Self::Binary(BinaryOp::Or) => 2,
            Self::Binary(BinaryOp::And) => 3,
            Self::Compare(_)
            | Self::Like(..)
            | Self::Escape
            | Self::In(_)
            | Self::Between(_)
            | Self::Contains(_)
            | Self::IsDistinct(_) => COMPARISON,
            Self::Range => RANGE,
            Self::Pipe => PIPE,
            Self::Binary(BinaryOp::Coalesce) => 8,
            Self::Binary(BinaryOp::Concat) => 9,
            Self::Binary(BinaryOp::Add | BinaryOp::Subtract) => 10,
            Self::Binary(BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder) => 11,
            Self::AtTimeZone => UNARY,
        }
    }
}

impl Links {
    pub(crate) fn empty() -> Self {
        Self::Many(Vec::with_capacity(4))
    }

    fn with(self, link: Link) -> Self {
        match self {
            Self::One(first) => {
                let mut list = Vec::with_capacity(4);
                list.push(Link::Operand(first));
                list.push(link);
                Self::Many(list)
            }
            Self::Many(mut list) => {
                list.push(link);
                Self::Many(list)
            }
        }
    }
}

pub(crate) fn operand(links: Links, operand: Expr) -> Links {
    links.with(Link::Operand(operand))
}

pub(crate) fn prefix(links: Links, op: UnaryOp, span: Span) -> Links {
    links.with(Link::Prefix(op, span))
}

pub(crate) fn infix(links: Links, op: Infix, span: Span) -> Links {
    links.with(Link::Infix(op, span))
}

pub(crate) fn cast(links: Links, target: TypeExpr, span: Span) -> Links {
    links.with(Link::Cast(Box::new(target), span))
}

pub(crate) fn is(links: Links, test: IsTest, negated: bool, span: Span) -> Links {
    links.with(Link::Is(test, negated, span))
}

/// `(inner)`: the parentheses show in the span alone.
pub(crate) fn parenthesised(inner: Expr) -> ExprKind {
    inner.kind
}

/// `ANY (…)`: its left operand is filled in when the chain is folded.
pub(crate) fn quantifier(all: bool, set: InSet) -> ExprKind {
    let left = Expr::new(ExprKind::Error, Span::default());
    let op = CompareOp::Equal;
    ExprKind::Quantified(Box::new(Quantified { left, op, op_span: Span::default(), all, set }))
}

/// Puts a chain together.
pub(crate) fn fold(cx: &Context<'_>, links: Links) -> Expr {
    match links {
        Links::One(only) => lone(cx, only),
        Links::Many(list) => Folding { cx, links: list.into_iter().peekable() }.expr(0),
    }
}

/// An operand without a comparison before it: ANY and ALL are out of place.
fn lone(cx: &Context<'_>, expr: Expr) -> Expr {
    match &expr.kind {
        ExprKind::Quantified(quantified) if quantified.op_span.is_empty() => {
            cx.report(diagnostics::e0212::misplaced(expr.span, "ANY and ALL"));
            Expr::new(ExprKind::Error, expr.span)
        }
        _ => expr,
    }
}

struct Folding<'c, 's> {
    cx: &'c Context<'s>,
    links: Peekable<IntoIter<Link>>,
}

impl Folding<'_, '_> {
    /// The level and the place of the next operator.
    fn next_level(&mut self) -> Option<(u8, Span)> {
        match self.links.peek()? {
            Link::Infix(op, span) => Some((op.level(), *span)),
            Link::Cast(_, span) => Some((CAST, *span)),
            Link::Is(_, _, span) => Some((COMPARISON, *span)),
            Link::Operand(_) | Link::Prefix(..) => None,
        }
    }

    /// The longest expression whose operators bind at least as tightly as `least`.
    fn expr(&mut self, least: u8) -> Expr {
        let mut left = self.start();
        let mut compared = false;
        while let Some((level, span)) = self.next_level() {
            if level < least {
                break;
            }
            let chained = level == COMPARISON && compared;
            if chained {
                self.cx.report(diagnostics::e0208::chained(span, left.span));
            }
            compared = level == COMPARISON || compared && level > COMPARISON;
            left = self.combine(left);
            if chained {
                // What it was meant to be is not known; its type must not be complained about too.
                left = Expr::new(ExprKind::Error, left.span);
            }
        }
        lone(self.cx, left)
    }

    /// An operand with its prefix operators.
    fn start(&mut self) -> Expr {
        match self.links.next() {
            Some(Link::Operand(expr)) => expr,
            Some(Link::Prefix(op, op_span)) => {
                let tight = op != UnaryOp::Not || self.cx.slice(op_span) == "!";
                let operand = self.expr(if tight { UNARY } else { COMPARISON - 1 });
                let span = op_span.to(operand.span);
                Expr::new(ExprKind::Unary { op, op_span, operand: Box::new(operand) }, span)
            }
            // The grammar puts an operand behind every operator.
            _ => Expr::new(ExprKind::Error, Span::default()),
        }
    }

    /// Applies the next operator to `left`.
    fn combine(&mut self, left: Expr) -> Expr {
        match self.links.next() {
            Some(Link::Cast(target, span)) => {
                let span = left.span.to(span);
                let operand = Box::new(left);
                Expr::new(ExprKind::Cast { operand, target, form: CastForm::Operator }, span)
            }
            Some(Link::Is(test, negated, span)) => {
                let span = left.span.to(span);
                Expr::new(ExprKind::Is { operand: Box::new(left), test, negated }, span)
            }
            Some(Link::Infix(op, span)) => self.infix(left, op, span),
            _ => left,
        }
    }

    fn infix(&mut self, left: Expr, op: Infix, op_span: Span) -> Expr {
        match op {
            Infix::Binary(op @ (BinaryOp::And | BinaryOp::Or | BinaryOp::Concat)) => {
                self.associative(left, op, op_span)
            }
            Infix::Binary(binary) => {
                let right = self.expr(op.level() + 1);
                join(left, right, binary, op_span)
            }
            Infix::Compare(op) => self.compare(left, op, op_span),
            Infix::Like(kind, negated) => self.like(left, kind, negated),
            Infix::Escape => {
                self.cx.report(diagnostics::e0212::misplaced(op_span, "ESCAPE"));
                self.expr(RANGE);
                left
            }
            Infix::In(negated) => self.membership(left, negated),
            Infix::Between(negated) => self.between(left, negated, op_span),
            Infix::Contains(negated) => {
                let right = self.expr(RANGE);
                let span = left.span.to(right.span);
                let test = ExprKind::Contains { left: Box::new(left), right: Box::new(right) };
                negate(Expr::new(test, span), negated, op_span)
            }
            Infix::IsDistinct(negated) => {
                let right = self.expr(RANGE);
                let span = left.span.to(right.span);
                let (left, right) = (Box::new(left), Box::new(right));
                Expr::new(ExprKind::IsDistinct { left, right, negated }, span)
            }
            Infix::Range => {
                let right = self.expr(RANGE + 1);
                let span = left.span.to(right.span);
                Expr::new(ExprKind::Range { from: Box::new(left), to: Box::new(right) }, span)
            }
            Infix::Pipe => self.pipe(left, op_span),
            Infix::AtTimeZone => {
                let zone = self.expr(UNARY + 1);
                at_time_zone(left, zone, op_span)
            }
        }
    }

    /// AND, OR and `||`: their operands are collected and a long chain is balanced.
    fn associative(&mut self, left: Expr, op: BinaryOp, op_span: Span) -> Expr {
        let level = Infix::Binary(op).level();
        let mut spans = vec![op_span];
        let mut operands = vec![left, self.expr(level + 1)];
        while let Some(Link::Infix(Infix::Binary(next), span)) = self.links.peek()
            && *next == op
        {
            spans.push(*span);
            self.links.next();
            operands.push(self.expr(level + 1));
        }
        if operands.len() > LONG_CHAIN {
            return balanced(&mut operands.into_iter(), &mut spans.into_iter(), op);
        }
        let mut operands = operands.into_iter();
        let first = operands.next();
        let first = first.unwrap_or(Expr::new(ExprKind::Error, op_span));
        operands.zip(spans).fold(first, |left, (right, span)| join(left, right, op, span))
    }

    fn compare(&mut self, left: Expr, op: CompareOp, op_span: Span) -> Expr {
        let quantified = matches!(
            self.links.peek(),
            Some(Link::Operand(Expr { kind: ExprKind::Quantified(set), .. }))
                if set.op_span.is_empty()
        );
        if quantified && let Some(Link::Operand(right)) = self.links.next() {
            let span = left.span.to(right.span);
            if let ExprKind::Quantified(set) = right.kind {
                let Quantified { all, set, .. } = *set;
                let quantified = Quantified { left, op, op_span, all, set };
                return Expr::new(ExprKind::Quantified(Box::new(quantified)), span);
            }
            return left;
        }
        let right = self.expr(RANGE);
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        Expr::new(ExprKind::Compare { op, op_span, left, right }, span)
    }

    fn like(&mut self, left: Expr, kind: LikeKind, negated: bool) -> Expr {
        let pattern = self.expr(RANGE);
        let escape = if let Some(Link::Infix(Infix::Escape, _)) = self.links.peek() {
            self.links.next();
            Some(self.expr(RANGE))
        } else {
            None
        };
        let end = escape.as_ref().map_or(pattern.span, |escape| escape.span);
        let span = left.span.to(end);
        let like = Like { operand: left, pattern, escape, kind, negated };
        Expr::new(ExprKind::Like(Box::new(like)), span)
    }

    fn membership(&mut self, left: Expr, negated: bool) -> Expr {
        let single = match self.links.peek() {
            Some(Link::Operand(operand)) => is_parenthesised(self.cx, operand),
            _ => false,
        };
        let right = self.expr(RANGE);
        let span = left.span.to(right.span);
        let alone = single && is_parenthesised(self.cx, &right);
        let set = match right.kind {
            ExprKind::Row(items) if alone => InSet::List(items),
            ExprKind::Subquery(query) => InSet::Query(query),
            kind @ ExprKind::Range { .. } => InSet::Value(Box::new(Expr::new(kind, right.span))),
            kind if alone => InSet::List(vec![Expr::new(kind, right.span)]),
            kind => InSet::Value(Box::new(Expr::new(kind, right.span))),
        };
        Expr::new(ExprKind::In { operand: Box::new(left), set, negated }, span)
    }

    fn between(&mut self, left: Expr, negated: bool, op_span: Span) -> Expr {
        let low = self.expr(RANGE);
        if let Some(Link::Infix(Infix::Binary(BinaryOp::And), _)) = self.links.peek() {
            self.links.next();
            let high = self.expr(RANGE);
            let span = left.span.to(high.span);
            let (operand, low, high) = (Box::new(left), Box::new(low), Box::new(high));
            return Expr::new(ExprKind::Between { operand, low, high, negated }, span);
        }
        self.cx.report(diagnostics::e0222::between_without_and(op_span, low.span));
        Expr::new(ExprKind::Error, left.span.to(low.span))
    }

    fn pipe(&mut self, left: Expr, op_span: Span) -> Expr {
        let right = self.start();
        let span = left.span.to(right.span);
        if let Some((level, place)) = self.next_level()
            && level > PIPE
        {
            self.cx.report(diagnostics::e0210::operator_after_pipe(place, span));
        }
        let right_span = right.span;
        let call = match right.kind {
            ExprKind::Call(call) => call,
            ExprKind::MethodCall(method) => Box::new(method_as_call(*method, right_span)),
            _ => {
                self.cx.report(diagnostics::e0209::not_a_call(right_span, op_span));
                return Expr::new(ExprKind::Error, span);
            }
        };
        match left.kind {
            // A pipe after a query in parentheses is a step of the query.
            ExprKind::Subquery(query) => {
                let step =
                    PipeStep { kind: PipeStepKind::Function(call), span: op_span.to(right_span) };
                Expr::new(ExprKind::Subquery(Box::new(piped(*query, step, left.span, span))), span)
            }
            kind => {
                let left = Box::new(Expr::new(kind, left.span));
                Expr::new(ExprKind::Pipe { left, call }, span)
            }
        }
    }
}

/// Adds a step to a query in parentheses.
fn piped(query: Query, step: PipeStep, parentheses: Span, whole: Span) -> Query {
    let already = matches!(query.body, QueryBody::Nested(_))
        && query.span == parentheses
        && !query.steps.is_empty();
    if already {
        let mut query = query;
        query.steps.push(step);
        query.span = whole;
        return query;
    }
    Query {
        with: None,
        body: QueryBody::Nested(Box::new(query)),
        order_by: None,
        limit: None,
        secrets: Vec::new(),
        steps: vec![step],
        span: whole,
    }
}

fn method_as_call(method: MethodCall, span: Span) -> Call {
    let MethodCall { receiver, method, arguments, modifiers } = method;
    let place = receiver.span.to(method.span());
    let function = Expr::new(ExprKind::Field { base: Box::new(receiver), field: method }, place);
    Call { function, arguments, modifiers, span }
}

/// Whether an operand is as a whole in parentheses: they show in its span alone.
fn is_parenthesised(cx: &Context<'_>, expr: &Expr) -> bool {
    if !cx.slice(expr.span).starts_with('(') {
        return false;
    }
    match &expr.kind {
        // These begin with a part that may have parentheses of its own.
        ExprKind::Call(call) => call.function.span.start != expr.span.start,
        ExprKind::MethodCall(call) => call.receiver.span.start != expr.span.start,
        ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => {
            base.span.start != expr.span.start
        }
        ExprKind::Slice(slice) => slice.base.span.start != expr.span.start,
        ExprKind::Lambda(_) => false,
        _ => true,
    }
}

fn negate(expr: Expr, negated: bool, op_span: Span) -> Expr {
    if !negated {
        return expr;
    }
    let span = expr.span;
    let operand = Box::new(expr);
    Expr::new(ExprKind::Unary { op: UnaryOp::Not, op_span, operand }, span)
}

/// `x AT TIME ZONE z` is `timezone(z, x)`.
fn at_time_zone(left: Expr, zone: Expr, op_span: Span) -> Expr {
    let span = left.span.to(zone.span);
    let function = Expr::new(ExprKind::Name(Ident::new("timezone", op_span)), op_span);
    let arguments =
        vec![Argument { name: None, value: zone }, Argument { name: None, value: left }];
    Expr::new(ExprKind::Call(Box::new(Call { function, arguments, modifiers: None, span })), span)
}

fn join(left: Expr, right: Expr, op: BinaryOp, op_span: Span) -> Expr {
    let span = left.span.to(right.span);
    let (left, right) = (Box::new(left), Box::new(right));
    Expr::new(ExprKind::Binary { op, op_span, left, right }, span)
}

/// A balanced tree over operands and the operators between them, in order.
fn balanced(operands: &mut IntoIter<Expr>, spans: &mut IntoIter<Span>, op: BinaryOp) -> Expr {
    let count = operands.len();
    build_balanced(operands, spans, op, count)
}

fn build_balanced(
    operands: &mut IntoIter<Expr>,
    spans: &mut IntoIter<Span>,
    op: BinaryOp,
    count: usize,
) -> Expr {
    if count <= 1 {
        return operands.next().unwrap_or(Expr::new(ExprKind::Error, Span::default()));
    }
    let left = build_balanced(operands, spans, op, count / 2);
    let op_span = spans.next().unwrap_or_default();
    let right = build_balanced(operands, spans, op, count - count / 2);
    join(left, right, op, op_span)
}
