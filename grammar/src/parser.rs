//! From tokens to trees, one top-level statement at a time.
//!
//! Recovery: where a statement cannot be understood, the innermost statement around the place is
//! replaced by one error token and the rest is parsed again, so that every statement of a block
//! gets its own message and none gets two. Statements with broken brackets or broken tokens are
//! replaced without a try: their message has been given.

mod explain;

pub(crate) use explain::distance;

use crate::ast::{Expr, ExprKind, Script, Statement, StatementKind};
use crate::build::Context;
use crate::depth;
use crate::diagnostic::Diagnostic;
use crate::diagnostics;
use crate::filter::{Filtered, StatementRange, filter};
use crate::lexer::lex;
use crate::span::Span;
use crate::token::{Kind, Token};
use lalrpop_util::ParseError;
use std::cell::Cell;

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unused
)]
mod generated {
    //! The parser that LALRPOP makes of the grammar.
    include!(concat!(env!("OUT_DIR"), "/grizzly.rs"));
}

/// A tree with what is wrong with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse<T> {
    /// What was understood; what was not is marked in it.
    pub tree: T,
    /// Ordered by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// So many statements of one top-level statement may fail before the rest is given up.
const MOST_ERRORS: usize = 64;

/// Parses a whole script.
#[must_use]
pub fn parse_script(source: &str) -> Parse<Script> {
    let lexed = lex(source);
    let filtered = filter(source, &lexed);
    let mut diagnostics = lexical(source, &lexed);
    drop(lexed);
    diagnostics.extend(filtered.problems.iter().map(|(_, diagnostic)| diagnostic.clone()));
    let mut statements = Vec::new();
    let mut at = 0;
    while let Some(outer) = filtered.statements.get(at).copied() {
        let inner = filtered.statements.get(at + 1..).unwrap_or(&[]);
        let count = inner.iter().take_while(|statement| statement.depth > outer.depth).count();
        let inner = inner.get(..count).unwrap_or(&[]);
        let slice = Slice::new(source, &filtered, outer, inner);
        let (statement, found) = slice.parse();
        statements.push(statement);
        diagnostics.extend(found);
        at += 1 + count;
    }
    finish(&mut diagnostics);
    let span = Span::new(0, u32::try_from(source.len()).unwrap_or(u32::MAX));
    Parse { tree: Script { statements, span }, diagnostics }
}

/// Parses one statement; a closing `;` is allowed, more statements are an error.
#[must_use]
pub fn parse_statement(source: &str) -> Parse<Statement> {
    let Parse { tree, mut diagnostics } = parse_script(source);
    let mut statements = tree.statements.into_iter();
    let empty = Statement { kind: StatementKind::Empty, span: tree.span, doc: None };
    let first = statements.next().unwrap_or(empty);
    if let Some(second) = statements.next() {
        diagnostics.push(diagnostics::e0201::unexpected(
            second.span,
            "second statement",
            &["one statement".to_owned()],
        ));
    }
    Parse { tree: first, diagnostics }
}

/// Parses one expression.
#[must_use]
pub fn parse_expr(source: &str) -> Parse<Expr> {
    let lexed = lex(source);
    let filtered = filter(source, &lexed);
    let mut diagnostics = lexical(source, &lexed);
    diagnostics.extend(filtered.problems.iter().map(|(_, diagnostic)| diagnostic.clone()));
    let end = filtered.tokens.len();
    let whole = StatementRange { start: 0, end, depth: 0, ends_at_brace: false };
    let slice = Slice::new(source, &filtered, whole, &[]);
    let error = Expr::new(ExprKind::Error, slice.span());
    if !diagnostics.is_empty() || slice.too_deep(&mut diagnostics) {
        finish(&mut diagnostics);
        return Parse { tree: error, diagnostics };
    }
    let context = Context::new(source, &filtered.docs);
    let position = Cell::new(0);
    let parsed = generated::ExprParser::new().parse(&context, slice.tokens(&[], &position));
    let tree = match parsed {
        Ok(expr) => expr,
        Err(problem) => {
            diagnostics.push(slice.explain(position.get(), &problem));
            error
        }
    };
    diagnostics.append(&mut context.diagnostics.borrow_mut());
    finish(&mut diagnostics);
    Parse { tree, diagnostics }
}

fn finish(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.primary.span, diagnostic.code));
    diagnostics.dedup();
}

/// What is wrong with the tokens themselves.
fn lexical(source: &str, tokens: &[Token]) -> Vec<Diagnostic> {
    let message = |token: &Token| {
        let text = token.span.text(source);
        match token.kind {
            Kind::Unknown => Some(diagnostics::e0101::unknown(token.span, text)),
            Kind::OpenText => {
                let quote = text.chars().next().unwrap_or('\'');
                Some(diagnostics::e0102::open_text(token.span, quote))
            }
            Kind::OpenQuotedWord => Some(diagnostics::e0103::open_name(token.span)),
            Kind::OpenComment => Some(diagnostics::e0104::open_comment(token.span)),
            Kind::BadNumber => Some(diagnostics::e0105::bad_number(token.span, text)),
            _ => None,
        }
    };
    tokens.iter().filter_map(message).collect()
}

/// The tokens of one top-level statement.
struct Slice<'a> {
    source: &'a str,
    filtered: &'a Filtered,
    range: StatementRange,
    /// The statements within it.
    inner: &'a [StatementRange],
}

type Problem = ParseError<u32, Kind, ()>;

impl<'a> Slice<'a> {
    fn new(
        source: &'a str,
        filtered: &'a Filtered,
        range: StatementRange,
        inner: &'a [StatementRange],
    ) -> Self {
        Self { source, filtered, range, inner }
    }

    fn token(&self, at: usize) -> Option<Token> {
        self.filtered.tokens.get(at).copied()
    }

    fn range_tokens(&self) -> &'a [Token] {
        self.filtered.tokens.get(self.range.start..self.range.end).unwrap_or(&[])
    }

    fn span(&self) -> Span {
        self.span_of(self.range)
    }

    fn span_of(&self, range: StatementRange) -> Span {
        let first = self.token(range.start).map_or(Span::default(), |token| token.span);
        let last = range.end.checked_sub(1).filter(|last| *last >= range.start);
        last.and_then(|last| self.token(last)).map_or(first, |token| first.to(token.span))
    }

    fn too_deep(&self, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let deep = depth::bound(self.range_tokens()) > crate::MAX_DEPTH;
        if deep {
            diagnostics.push(diagnostics::e0206::too_deep(self.span()));
        }
        deep
    }

    fn error(&self) -> Statement {
        Statement { kind: StatementKind::Error, span: self.span(), doc: None }
    }

    /// The innermost statement around the token at `at`: of those that reach so far, the one that
    /// begins last.
    fn innermost(&self, at: usize) -> StatementRange {
        let begun = self.inner.partition_point(|range| range.start <= at);
        let begun = self.inner.get(..begun).unwrap_or(&[]);
        begun.iter().rev().find(|range| at <= range.end).copied().unwrap_or(self.range)
    }

    /// The statements that cannot be parsed because their tokens or brackets are broken.
    fn broken(&self) -> Vec<StatementRange> {
        let mut holes = Vec::new();
        for (at, token) in self.range_tokens().iter().enumerate() {
            let broken = matches!(
                token.kind,
                Kind::Unknown | Kind::OpenText | Kind::OpenQuotedWord | Kind::BadNumber
            );
            if broken {
                add_hole(&mut holes, self.innermost(self.range.start + at));
                if holes.len() > MOST_ERRORS {
                    return vec![self.range];
                }
            }
        }
        let problems = &self.filtered.problems;
        let first = problems.partition_point(|(at, _)| *at < self.range.start);
        for (at, _) in problems.iter().skip(first).take_while(|(at, _)| *at < self.range.end) {
            add_hole(&mut holes, self.innermost(*at));
        }
        holes
    }

    fn parse(&self) -> (Statement, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        if let Some((what, place)) = explain::reserved_for_later(self.source, self.range_tokens()) {
            diagnostics.push(diagnostics::e0213::later(place, what));
            let kind = StatementKind::Later(what);
            return (Statement { kind, span: self.span(), doc: None }, diagnostics);
        }
        let mut holes = self.broken();
        if holes.contains(&self.range) || self.too_deep(&mut diagnostics) {
            return (self.error(), diagnostics);
        }
        for _ in 0..MOST_ERRORS {
            let context = Context::new(self.source, &self.filtered.docs);
            let position = Cell::new(self.range.start);
            let parser = generated::StatementParser::new();
            match parser.parse(&context, self.tokens(&holes, &position)) {
                Ok(statement) => {
                    diagnostics.append(&mut context.diagnostics.borrow_mut());
                    return (statement, diagnostics);
                }
                Err(problem) => {
                    let at = position.get();
                    let hole = self.innermost(at);
                    // An error at a hole is the fault of what is around it, and was reported.
                    if !holes.iter().any(|known| known.start == at) {
                        diagnostics.push(self.explain(at, &problem));
                    }
                    if hole == self.range || holes.contains(&hole) {
                        break;
                    }
                    add_hole(&mut holes, hole);
                }
            }
        }
        (self.error(), diagnostics)
    }

    fn explain(&self, at: usize, problem: &Problem) -> Diagnostic {
        explain::explain(self.source, self.range_tokens(), at - self.range.start, problem)
    }

    /// The tokens for the parser, each hole replaced by one error token. `position` follows the
    /// index of the token that was handed out last.
    fn tokens<'b>(
        &'b self,
        holes: &'b [StatementRange],
        position: &'b Cell<usize>,
    ) -> impl Iterator<Item = Result<(u32, Kind, u32), ()>> + 'b {
        let mut at = self.range.start;
        let mut holes = holes.iter().peekable();
        std::iter::from_fn(move || {
            position.set(at);
            if at >= self.range.end {
                return None;
            }
            if let Some(hole) = holes.next_if(|hole| hole.start == at) {
                let span = self.span_of(*hole);
                at = hole.end.max(at + 1);
                while holes.next_if(|inner| inner.start < at).is_some() {}
                return Some(Ok((span.start, Kind::ErrorStatement, span.end)));
            }
            let token = self.token(at)?;
            at += 1;
            Some(Ok((token.span.start, token.kind, token.span.end)))
        })
    }
}

/// Adds a hole; what lies within it is no longer needed.
fn add_hole(holes: &mut Vec<StatementRange>, hole: StatementRange) {
    let covered = |outer: &StatementRange, inner: &StatementRange| {
        outer.start <= inner.start && inner.end <= outer.end && outer.depth <= inner.depth
    };
    if holes.iter().any(|known| covered(known, &hole)) {
        return;
    }
    holes.retain(|known| !covered(&hole, known));
    let at = holes.partition_point(|known| known.start < hole.start);
    holes.insert(at, hole);
}
