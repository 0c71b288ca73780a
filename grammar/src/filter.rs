//! The filter between lexer and parser: one linear pass that settles, by looking a few tokens
//! around and at bracket mates, what LR(1) cannot see.
//!
//! - `{` becomes a plain brace (block or interpolation), [`Kind::StructBrace`] or
//!   [`Kind::HandlerBrace`]; `(` becomes [`Kind::LambdaParen`] where its mate is followed by `->`.
//! - Contextual words are keywords only in their context, else plain words (`words`).
//! - A virtual `;` ends IF, FOR, WHILE, MATCH, TRY, blocks and CREATE FUNCTION at their closing
//!   brace; a virtual `,` ends an arm whose body ends in `}`. Both are empty and stand behind it.
//! - Comments, trailing commas and doubled parentheses around a query are dropped.
//! - `---` lines directly before a CREATE are kept aside as documentation.
//!
//! It also notes where every statement begins and ends, in blocks too: the parser recovers there.

mod angles;
mod kinds;
mod words;

use crate::ast::DocComment;
use crate::brackets::{Brackets, NONE, pair};
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::token::{Kind, Token};

/// What the filter makes of a text.
pub(crate) struct Filtered {
    /// The tokens for the parser.
    pub tokens: Vec<Token>,
    /// All statements, outer before inner, as ranges of `tokens` without the closing `;`.
    pub statements: Vec<StatementRange>,
    /// Documentation comments with the offset of the statement that they belong to, ascending.
    pub docs: Vec<(u32, DocComment)>,
    /// What is wrong with the brackets, with an index into `tokens`.
    pub problems: Vec<(usize, Diagnostic)>,
}

/// The tokens of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatementRange {
    /// The first token.
    pub start: usize,
    /// The token after the last one.
    pub end: usize,
    /// The number of statements around it.
    pub depth: u32,
    /// Whether it is of a kind that ends at its closing brace, and has reached it.
    pub ends_at_brace: bool,
}

/// Filters the tokens of a text.
pub(crate) fn filter(source: &str, lexed: &[Token]) -> Filtered {
    let (raw, docs) = significant(source, lexed);
    let Brackets { mates, problems, resets } = pair(source, &raw);
    let mut filter = Filter {
        source,
        raw: &raw,
        mates: &mates,
        query_parentheses: query_parentheses(&raw),
        at: 0,
        out: Vec::with_capacity(raw.len() + raw.len() / 16),
        frames: vec![Frame::new(FrameKind::Statements)],
        statements: Vec::new(),
        open_statements: Vec::new(),
        angles: angles::Angles::default(),
        closed_body: false,
    };
    let mut resets = resets.into_iter().peekable();
    let mut problems_out = Vec::with_capacity(problems.len());
    let mut problems = problems.into_iter().peekable();
    while filter.at < raw.len() {
        if resets.next_if_eq(&filter.at).is_some() {
            filter.reset();
        }
        while let Some((_, diagnostic)) = problems.next_if(|(at, _)| *at <= filter.at) {
            problems_out.push((filter.out.len(), diagnostic));
        }
        filter.step();
    }
    problems_out.extend(problems.map(|(_, diagnostic)| (filter.out.len(), diagnostic)));
    filter.reset();
    Filtered { tokens: filter.out, statements: filter.statements, docs, problems: problems_out }
}

/// Finds each `(` from which only parentheses lead to a query, from the right.
fn query_parentheses(raw: &[Token]) -> Vec<bool> {
    let mut leads = vec![false; raw.len()];
    let mut next = false;
    for (token, slot) in raw.iter().zip(leads.iter_mut()).rev() {
        let is_parenthesis = token.kind == Kind::LeftParen;
        *slot = is_parenthesis && next;
        next = token.kind.starts_query() || *slot;
    }
    leads
}

/// The tokens that matter, and the documentation comments before a CREATE.
fn significant(source: &str, lexed: &[Token]) -> (Vec<Token>, Vec<(u32, DocComment)>) {
    let mut raw = Vec::with_capacity(lexed.len());
    let mut docs = Vec::new();
    let mut lines: Vec<Span> = Vec::new();
    for token in lexed {
        match token.kind {
            Kind::Comment | Kind::OpenComment => lines.clear(),
            Kind::DocComment => lines.push(token.span),
            _ => {
                if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
                    if token.kind == Kind::Create {
                        let span = first.to(*last);
                        docs.push((token.span.start, doc_comment(source, &lines, span)));
                    }
                    lines.clear();
                }
                raw.push(*token);
            }
        }
    }
    (raw, docs)
}

fn doc_comment(source: &str, lines: &[Span], span: Span) -> DocComment {
    let text: Vec<&str> = lines
        .iter()
        .map(|line| {
            let line = line.text(source).trim_start_matches('-').trim_end();
            line.strip_prefix(' ').unwrap_or(line)
        })
        .collect();
    DocComment { text: text.join("\n").into(), span }
}

/// What the tokens between two brackets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameKind {
    /// Statements: the top level and blocks.
    Statements,
    /// The arms of a MATCH, the handlers of a CATCH.
    Arms,
    /// Anything else.
    Plain,
}

/// Which clause of a query the tokens belong to, as far as the filter cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    /// None: not in a query.
    None,
    /// After FROM, JOIN or a query pipe: a `|>` works on the query.
    Item,
    /// In GROUP BY.
    Group,
    /// In a clause that ends with an expression.
    Expression,
}

/// One open bracket, or the whole text.
#[derive(Clone, Debug)]
struct Frame {
    kind: FrameKind,
    clause: Clause,
    /// Whether the bracket is a brace.
    brace: bool,
    /// Whether its closing brace ends a construct's body.
    is_body: bool,
    /// The keywords that still wait for their body: IF, MATCH, WHILE, FOR.
    pending: Vec<Kind>,
    /// The next token begins a statement.
    at_start: bool,
    /// The statement ends at the closing brace of its last body.
    block_like: bool,
    /// The first keyword of the statement, and for CREATE what is created.
    verb: Option<Kind>,
    created: Option<Kind>,
    /// Between `=>` and the end of the arm.
    in_arm_body: bool,
    /// A statement has been opened and not closed.
    has_statement: bool,
    /// The index of the innermost frame of statements, this one included.
    home: usize,
}

impl Frame {
    fn new(kind: FrameKind) -> Self {
        Self {
            kind,
            clause: Clause::None,
            brace: false,
            is_body: false,
            pending: Vec::new(),
            at_start: kind == FrameKind::Statements,
            block_like: false,
            verb: None,
            created: None,
            in_arm_body: false,
            has_statement: false,
            home: 0,
        }
    }
}

struct Filter<'a> {
    source: &'a str,
    raw: &'a [Token],
    mates: &'a [u32],
    /// Per raw token whether it is a `(` from which only parentheses lead to a query.
    query_parentheses: Vec<bool>,
    /// The index of the current raw token.
    at: usize,
    out: Vec<Token>,
    /// Never empty: the first is the whole text.
    frames: Vec<Frame>,
    statements: Vec<StatementRange>,
    /// Indices into `statements` of those that are open.
    open_statements: Vec<usize>,
    angles: angles::Angles,
    /// The last token was the `}` of a construct's body.
    closed_body: bool,
}

impl Filter<'_> {
    /// The kind of the raw token `ahead` of the current one.
    fn peek(&self, ahead: usize) -> Option<Kind> {
        self.raw.get(self.at + ahead).map(|token| token.kind)
    }

    fn peek_text(&self, ahead: usize) -> &str {
        self.raw.get(self.at + ahead).map_or("", |token| token.span.text(self.source))
    }

    fn peek_is(&self, ahead: usize, word: &str) -> bool {
        self.peek_text(ahead).eq_ignore_ascii_case(word)
    }

    /// The kind of the filtered token before the current one.
    fn previous(&self) -> Option<Kind> {
        self.out.last().map(|token| token.kind)
    }

    fn previous_but_one(&self) -> Option<Kind> {
        self.out.len().checked_sub(2).and_then(|at| self.out.get(at)).map(|token| token.kind)
    }

    /// Whether the token before the current one, in the same statement, ends an operand.
    fn after_operand(&self) -> bool {
        !self.frame().at_start
            && (self.previous().is_some_and(kinds::ends_operand) || self.after_no_value())
            && !self.after_quantifier()
    }

    /// Whether the token before the current one is a DEFAULT that no value follows: that of
    /// `DROP DEFAULT` or `ON DELETE SET DEFAULT`.
    fn after_no_value(&self) -> bool {
        let last = |nth: usize| {
            let at = self.out.len().checked_sub(nth)?;
            self.out.get(at).map(|token| token.kind)
        };
        last(1) == Some(Kind::Default)
            && (last(2) == Some(Kind::Drop)
                || last(2) == Some(Kind::Set)
                    && matches!(last(3), Some(Kind::Delete | Kind::Update))
                    && last(4) == Some(Kind::On))
    }

    /// Whether the token before the current one is the ALL of `SELECT ALL` or `f(ALL …)`.
    fn after_quantifier(&self) -> bool {
        self.previous() == Some(Kind::All)
            && matches!(self.previous_but_one(), Some(Kind::Select | Kind::LeftParen))
    }

    fn mate(&self, ahead: usize) -> Option<usize> {
        let mate = *self.mates.get(self.at + ahead)?;
        (mate != NONE).then_some(mate as usize)
    }

    fn frame(&self) -> &Frame {
        // The frame of the whole text is never popped.
        static WHOLE: Frame = Frame {
            kind: FrameKind::Statements,
            clause: Clause::None,
            brace: true,
            is_body: false,
            pending: Vec::new(),
            at_start: true,
            block_like: false,
            verb: None,
            created: None,
            in_arm_body: false,
            has_statement: false,
            home: 0,
        };
        self.frames.last().unwrap_or(&WHOLE)
    }

    fn push_frame(&mut self, mut frame: Frame) {
        frame.home = match frame.kind {
            FrameKind::Statements => self.frames.len(),
            _ => self.frame().home,
        };
        self.frames.push(frame);
    }

    fn update(&mut self, change: impl FnOnce(&mut Frame)) {
        if let Some(frame) = self.frames.last_mut() {
            change(frame);
        }
    }

    /// The frame of the statement around the current token.
    fn statement(&self) -> &Frame {
        self.frames.get(self.frame().home).unwrap_or_else(|| self.frame())
    }

    fn emit(&mut self, kind: Kind, span: Span) {
        self.closed_body = false;
        self.out.push(Token::new(kind, span));
    }

    /// Emits the current token, and the `extra` ones after it as part of it.
    fn take(&mut self, kind: Kind, extra: usize) {
        let first = self.raw.get(self.at).map_or(Span::default(), |token| token.span);
        let last = self.raw.get(self.at + extra).map_or(first, |token| token.span);
        self.begin_statement();
        self.emit(kind, first.to(last));
        self.at += extra + 1;
    }

    fn begin_statement(&mut self) {
        let frame = self.frame();
        if !frame.at_start {
            return;
        }
        let opens = frame.kind == FrameKind::Statements && !frame.has_statement;
        self.update(|frame| frame.at_start = false);
        if opens {
            let start = self.out.len();
            let depth = self.open_statements.len() as u32;
            self.open_statements.push(self.statements.len());
            self.statements.push(StatementRange { start, end: start, depth, ends_at_brace: false });
            self.update(|frame| frame.has_statement = true);
        }
    }

    fn end_statement(&mut self) {
        if self.frame().has_statement
            && let Some(index) = self.open_statements.pop()
            && let Some(range) = self.statements.get_mut(index)
        {
            range.end = self.out.len();
            range.ends_at_brace = self.frames.last().is_some_and(|frame| frame.block_like)
                && self.out.last().is_some_and(|token| token.kind == Kind::RightBrace);
        }
        self.update(|frame| {
            frame.has_statement = false;
            frame.at_start = true;
            frame.block_like = false;
            frame.verb = None;
            frame.created = None;
            frame.clause = Clause::None;
            frame.pending.clear();
        });
    }

    /// Ends all that is open: at the end of the text, and where recovery starts afresh.
    fn reset(&mut self) {
        while self.frames.len() > 1 {
            self.end_statement();
            self.frames.pop();
        }
        let open = self.frame().has_statement;
        self.end_statement();
        if open && self.at < self.raw.len() {
            self.virtual_token(Kind::Semicolon);
        }
    }

    /// An empty token behind the last one.
    fn virtual_token(&mut self, kind: Kind) {
        let end = self.out.last().map_or(0, |token| token.span.end);
        self.out.push(Token::new(kind, Span::at(end)));
        self.closed_body = false;
    }

    fn step(&mut self) {
        let Some(token) = self.raw.get(self.at).copied() else { return };
        match token.kind {
            Kind::LeftBrace => self.left_brace(),
            Kind::RightBrace => self.right_brace(token),
            Kind::LeftParen => self.left_paren(),
            Kind::LeftBracket => {
                self.take(Kind::LeftBracket, 0);
                self.push_frame(Frame::new(FrameKind::Plain));
            }
            Kind::RightParen | Kind::RightBracket => self.right_bracket(token),
            Kind::Semicolon => self.semicolon(token),
            Kind::Comma => self.comma(token),
            Kind::FatArrow => {
                self.take(Kind::FatArrow, 0);
                self.update(|frame| {
                    frame.in_arm_body = frame.kind == FrameKind::Arms;
                    frame.pending.clear();
                });
            }
            Kind::Pipe => self.pipe(),
            Kind::Times => self.star(),
            Kind::Less if self.angles.opens(self.at) => self.take(Kind::TypeLess, 0),
            Kind::Greater if self.angles.closes(self.at) => self.take(Kind::TypeGreater, 0),
            Kind::GreaterEqual if self.angles.closes(self.at) => {
                let middle = token.span.start + 1;
                self.emit(Kind::TypeGreater, Span::new(token.span.start, middle));
                self.emit(Kind::Equal, Span::new(middle, token.span.end));
                self.at += 1;
            }
            Kind::Word => self.plain_word(),
            kind if kind.word_class().is_some() => self.keyword(kind),
            kind => self.take(kind, 0),
        }
    }

    fn semicolon(&mut self, token: Token) {
        // Parentheses that a `;` cut off have been reported.
        while self.frames.len() > 1 && !self.frame().brace {
            self.frames.pop();
        }
        self.end_statement();
        self.emit(Kind::Semicolon, token.span);
        self.at += 1;
    }

    fn comma(&mut self, token: Token) {
        self.update(|frame| {
            frame.in_arm_body = false;
            if frame.kind == FrameKind::Arms {
                frame.pending.clear();
            }
        });
        // A pattern may end in `...` or `..` too.
        let after_item =
            self.after_operand() || matches!(self.previous(), Some(Kind::Ellipsis | Kind::DotDot));
        let trailing = after_item && kinds::ends_list(self.peek(1), self.peek(2));
        // A virtual comma may already stand here.
        let doubled = self.previous() == Some(Kind::Comma)
            && self.out.last().is_some_and(|last| last.span.is_empty());
        if trailing || doubled {
            self.at += 1;
        } else {
            self.begin_statement();
            self.emit(Kind::Comma, token.span);
            self.at += 1;
        }
    }

    fn left_paren(&mut self) {
        if self.doubles_query_parentheses() {
            // Both the bracket and its mate vanish; the mate is skipped in `right_bracket`.
            self.at += 1;
            return;
        }
        let lambda = self
            .mate(0)
            .and_then(|mate| self.raw.get(mate + 1))
            .is_some_and(|token| token.kind == Kind::Arrow);
        let group = self.frame().clause == Clause::Group;
        self.take(if lambda { Kind::LambdaParen } else { Kind::LeftParen }, 0);
        let mut frame = Frame::new(FrameKind::Plain);
        if group {
            frame.clause = Clause::Group;
        }
        self.push_frame(frame);
    }

    /// Whether nothing but parentheses stands between the `(` at a raw index and a query.
    fn leads_query(&self, at: usize) -> bool {
        self.query_parentheses.get(at).copied().unwrap_or(false)
    }

    /// Whether the parentheses at the current token hold nothing but parentheses around a query.
    fn doubles_query_parentheses(&self) -> bool {
        self.doubles_at(self.at)
    }

    fn doubles_at(&self, at: usize) -> bool {
        let mate_of = |at: usize| self.mates.get(at).copied().filter(|mate| *mate != NONE);
        let kind_of = |at: usize| self.raw.get(at).map(|token| token.kind);
        let (Some(outer), Some(inner)) = (mate_of(at), mate_of(at + 1)) else { return false };
        if kind_of(at + 1) != Some(Kind::LeftParen) || inner + 1 != outer {
            return false;
        }
        // The outer parentheses of `f((SELECT 1))` hold the arguments of a call.
        let before = at.checked_sub(1).and_then(kind_of);
        self.leads_query(at + 1) && !before.is_some_and(kinds::calls)
    }

    fn right_bracket(&mut self, token: Token) {
        if let Some(mate) = self.mate(0)
            && token.kind == Kind::RightParen
            && self.doubles_at(mate)
        {
            self.at += 1;
            return;
        }
        self.begin_statement();
        if self.frames.len() > 1 && !self.frame().brace && self.mate(0).is_some() {
            self.frames.pop();
        }
        self.take(token.kind, 0);
    }

    fn pipe(&mut self) {
        let next = self.peek(1);
        if kinds::starts_step(next, self.peek(2)) {
            self.take(Kind::StepPipe, 0);
            let item = matches!(
                next,
                Some(
                    Kind::Distinct
                        | Kind::As
                        | Kind::Drop
                        | Kind::Call
                        | Kind::Union
                        | Kind::Intersect
                        | Kind::Except
                )
            );
            let clause = if item { Clause::Item } else { Clause::Expression };
            self.update(|frame| frame.clause = clause);
            return;
        }
        let clause = self.frame().clause;
        let after_alias = self.previous_but_one() == Some(Kind::As);
        let after_words = matches!(
            self.previous(),
            Some(Kind::Star | Kind::Asc | Kind::Desc | Kind::First | Kind::Last)
        );
        let on_query =
            clause == Clause::Item || clause == Clause::Expression && (after_alias || after_words);
        if on_query {
            self.take(Kind::QueryPipe, 0);
            self.update(|frame| frame.clause = Clause::Item);
        } else {
            self.take(Kind::Pipe, 0);
        }
    }

    fn star(&mut self) {
        let star = !self.after_operand()
            || matches!(self.previous(), Some(Kind::Dot | Kind::Returning | Kind::Extend));
        self.take(if star { Kind::Star } else { Kind::Times }, 0);
    }

    fn left_brace(&mut self) {
        let token_after = (self.peek(1), self.peek(2));
        let previous = self.previous();
        let at_start = self.frame().at_start;
        let body = !at_start && self.opens_body(previous);
        let kind = match previous {
            Some(Kind::Catch) if !at_start && self.holds_handlers() => Kind::HandlerBrace,
            Some(Kind::Map) if !at_start => Kind::StructBrace,
            _ if kinds::starts_struct(token_after) => Kind::StructBrace,
            _ => Kind::LeftBrace,
        };
        let pending = if body && kind == Kind::LeftBrace {
            self.frames.last_mut().and_then(|frame| frame.pending.pop())
        } else {
            None
        };
        let struct_type = !at_start && previous == Some(Kind::Struct);
        let name = kind == Kind::LeftBrace
            && token_after.0.is_some_and(Kind::is_word)
            && token_after.1 == Some(Kind::RightBrace)
            && !body
            && !at_start;
        if at_start {
            self.update(|frame| frame.block_like = kind == Kind::LeftBrace);
        }
        self.take(kind, 0);
        let arms = kind == Kind::HandlerBrace || pending == Some(Kind::Match);
        let frame_kind = if arms {
            FrameKind::Arms
        } else if kind == Kind::LeftBrace && !struct_type && !name {
            FrameKind::Statements
        } else {
            FrameKind::Plain
        };
        let mut frame = Frame::new(frame_kind);
        frame.brace = true;
        let opens = kind != Kind::StructBrace && (body || at_start);
        frame.is_body = opens || !at_start && previous == Some(Kind::Catch);
        self.push_frame(frame);
    }

    /// Whether a brace behind `previous` opens the body of a construct, not an operand.
    fn opens_body(&self, previous: Option<Kind>) -> bool {
        match previous {
            Some(Kind::Else | Kind::IfElse | Kind::Try | Kind::Catch | Kind::FatArrow) => true,
            Some(Kind::Struct) => false,
            // `CREATE FUNCTION {name}` and the like: the name of the object.
            Some(kind) if kinds::names_object(kind) => {
                !matches!(self.statement().verb, Some(Kind::Create | Kind::Drop | Kind::Alter))
            }
            Some(kind) => kinds::ends_operand(kind),
            None => false,
        }
    }

    /// Whether `=>` stands directly between the braces, before a `;`.
    fn holds_handlers(&self) -> bool {
        let Some(end) = self.mate(0) else { return false };
        let mut at = self.at + 1;
        while at < end {
            match self.raw.get(at).map(|token| token.kind) {
                Some(Kind::FatArrow) => return true,
                Some(Kind::Semicolon) | None => return false,
                Some(Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace) => {
                    match self.mates.get(at) {
                        Some(mate) if *mate != NONE => at = *mate as usize,
                        _ => return false,
                    }
                }
                Some(_) => {}
            }
            at += 1;
        }
        // `CATCH {}` handles nothing; as a block it would swallow everything.
        false
    }

    fn right_brace(&mut self, token: Token) {
        if self.mate(0).is_none() {
            self.take(token.kind, 0);
            return;
        }
        let mut is_body = false;
        while self.frames.len() > 1 && !self.frame().brace {
            self.frames.pop();
        }
        if self.frames.len() > 1 {
            self.end_statement();
            is_body = self.frame().is_body;
            self.frames.pop();
        }
        self.emit(Kind::RightBrace, token.span);
        self.closed_body = is_body;
        self.at += 1;
        let next = self.peek(0);
        let frame = self.frame();
        if frame.kind == FrameKind::Statements {
            if frame.block_like && is_body && !kinds::continues_block(next) {
                self.end_statement();
                self.virtual_token(Kind::Semicolon);
            }
        } else if frame.kind == FrameKind::Arms
            && frame.in_arm_body
            && !kinds::continues_arm(next, is_body)
        {
            self.update(|frame| {
                frame.in_arm_body = false;
                frame.pending.clear();
            });
            self.virtual_token(Kind::Comma);
        }
    }
}
