//! When a word is a keyword.
//!
//! Reserved words are names after `.` and before `:` in a literal or call. Contextual ones are
//! keywords only where the tokens around them say so; everywhere else they are plain words. Soft
//! ones pass unchanged, but for the verbs that begin a statement.

use super::{Clause, Filter, FrameKind};
use crate::token::{Kind, WordClass};

/// The units that may follow the text of an INTERVAL.
const INTERVAL_UNITS: &[&str] = &[
    "microsecond",
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "decade",
    "century",
    "millennium",
];

/// Types whose name before a text in `"` makes a typed literal; before `'` any name does.
const LITERAL_TYPES: &[&str] =
    &["date", "time", "timestamp", "timestamptz", "uuid", "json", "blob", "decimal", "numeric"];

fn is_compare(kind: Option<Kind>) -> bool {
    matches!(
        kind,
        Some(
            Kind::Equal
                | Kind::NotEqual
                | Kind::Less
                | Kind::LessEqual
                | Kind::Greater
                | Kind::GreaterEqual
        )
    )
}

/// Whether a name can begin with this token, as the lexer sees it.
fn begins_name(kind: Option<Kind>) -> bool {
    kind.is_some_and(|kind| match kind.word_class() {
        Some(WordClass::Reserved) => false,
        Some(_) => true,
        None => {
            matches!(kind, Kind::Word | Kind::QuotedWord | Kind::DoubleText | Kind::LeftBrace)
        }
    })
}

impl Filter<'_> {
    /// A word that is no keyword at all.
    pub(super) fn plain_word(&mut self) {
        let after_operand = self.after_operand();
        let dotted = self.previous() == Some(Kind::Dot);
        let joined = if dotted { 0 } else { self.words_of_one_type() };
        if joined > 0 {
            self.take(Kind::Word, joined);
        } else if self.is_interval_unit() {
            self.take(Kind::IntervalUnit, 0);
        } else if after_operand
            && self.peek_is(0, "at")
            && self.peek_is(1, "time")
            && self.peek_is(2, "zone")
        {
            self.take(Kind::AtTimeZone, 2);
        } else if !after_operand && !dotted && self.is_literal_type() {
            self.take(Kind::LiteralType, 0);
        } else {
            self.take(Kind::Word, 0);
        }
    }

    /// How many further words belong to a type's name of several words.
    fn words_of_one_type(&self) -> usize {
        let next = self.peek(1);
        if next != Some(Kind::Word) && next != Some(Kind::With) {
            return 0;
        }
        if self.peek_is(0, "double") && self.peek_is(1, "precision") {
            return 1;
        }
        if (self.peek_is(0, "character") || self.peek_is(0, "char")) && self.peek_is(1, "varying") {
            return 1;
        }
        let zoned = (self.peek_is(0, "timestamp") || self.peek_is(0, "time"))
            && (self.peek_is(1, "with") || self.peek_is(1, "without"))
            && self.peek_is(2, "time")
            && self.peek_is(3, "zone");
        if zoned { 3 } else { 0 }
    }

    fn is_interval_unit(&self) -> bool {
        if self.previous_but_one() != Some(Kind::Interval) {
            return false;
        }
        let word = self.peek_text(0);
        let singular = word.strip_suffix(['s', 'S']).unwrap_or(word);
        let plural = |unit: &&str| unit.eq_ignore_ascii_case(singular);
        INTERVAL_UNITS.iter().any(plural)
            || ["centuries", "millennia"].iter().any(|unit| unit.eq_ignore_ascii_case(word))
    }

    fn is_literal_type(&self) -> bool {
        match self.peek(1) {
            Some(Kind::SingleText) => true,
            Some(Kind::DoubleText) => {
                let word = self.peek_text(0);
                LITERAL_TYPES.iter().any(|name| name.eq_ignore_ascii_case(word))
            }
            _ => false,
        }
    }

    /// A word that may be a keyword.
    pub(super) fn keyword(&mut self, kind: Kind) {
        let previous = self.previous();
        // `|> all(f)` calls a function: what may be no name elsewhere is one there.
        let piped = matches!(previous, Some(Kind::Pipe | Kind::QueryPipe))
            && self.peek(1) == Some(Kind::LeftParen);
        if previous == Some(Kind::Dot) || piped || self.is_label() {
            self.take(Kind::Word, 0);
            return;
        }
        let class = kind.word_class();
        if self.frame().at_start && self.frame().kind == FrameKind::Statements {
            self.first_word(kind);
            return;
        }
        match class {
            Some(WordClass::Reserved) => self.reserved(kind),
            Some(WordClass::Contextual) => self.contextual(kind),
            _ if kind == Kind::Table
                && previous == Some(Kind::Returns)
                && self.peek(1) == Some(Kind::LeftParen) =>
            {
                self.take(Kind::ReturnsTable, 0);
            }
            _ => self.take(kind, 0),
        }
    }

    /// Whether the word is the label of a field or an argument.
    fn is_label(&self) -> bool {
        self.peek(1) == Some(Kind::Colon)
            && matches!(
                self.previous(),
                Some(Kind::LeftBrace | Kind::StructBrace | Kind::LeftParen | Kind::Comma)
            )
    }

    /// The first word of a statement: verbs are keywords only here.
    fn first_word(&mut self, kind: Kind) {
        if !self.begins_statement(kind) {
            if kind.word_class() == Some(WordClass::Contextual) {
                self.contextual(kind);
            } else {
                self.take(kind, 0);
            }
            return;
        }
        let kind = verb(kind);
        let created = if kind == Kind::Create { self.created() } else { None };
        let pending = matches!(kind, Kind::If | Kind::Match | Kind::While | Kind::For);
        let block_like = pending
            || kind == Kind::Try
            || matches!(created, Some(Kind::Function | Kind::Test | Kind::Aggregate))
            || kind == Kind::Assert && self.peek(1) == Some(Kind::Raises);
        self.update(|frame| {
            frame.verb = Some(kind);
            frame.created = created;
            frame.block_like = block_like;
            if pending {
                frame.pending.push(kind);
            }
        });
        match kind {
            Kind::Return => self.return_word(true),
            Kind::Explain => self.explain(),
            Kind::Prepare => self.prepare(),
            kind if kind.word_class() == Some(WordClass::Reserved) => self.reserved(kind),
            kind => self.take(kind, 0),
        }
    }

    /// EXPLAIN, its mode, and then a statement of its own.
    fn explain(&mut self) {
        self.take(Kind::Explain, 0);
        if let Some(mode @ (Kind::Analyze | Kind::Bytecode)) = self.peek(0)
            && !matches!(self.peek(1), None | Some(Kind::Semicolon | Kind::Dot | Kind::Comma))
        {
            self.take(mode, 0);
        }
        self.update(|frame| frame.at_start = true);
    }

    /// Whether the word at the start of a statement is its verb, not a name.
    fn begins_statement(&self, kind: Kind) -> bool {
        let next = self.peek(1);
        let ends = matches!(next, None | Some(Kind::Semicolon | Kind::RightBrace));
        match kind {
            Kind::Break | Kind::Continue | Kind::Begin | Kind::Commit | Kind::Rollback => {
                ends || begins_name(next)
            }
            Kind::Insert | Kind::Merge => next == Some(Kind::Into),
            Kind::Delete => next == Some(Kind::From),
            Kind::Import => next.is_some_and(Kind::is_text) || next == Some(Kind::Database),
            Kind::Print | Kind::Assert => {
                !ends && !self.continues_name(next) || next == Some(Kind::LeftParen)
            }
            Kind::Explain => !ends && (begins_name(next) || next.is_some_and(begins_any_statement)),
            Kind::Copy => {
                begins_name(next)
                    || next == Some(Kind::LeftParen)
                        && self.mate(1).is_some_and(|mate| {
                            self.raw.get(mate + 1).is_some_and(|token| token.kind == Kind::To)
                        })
            }
            Kind::Attach | Kind::Export | Kind::Backup => {
                begins_name(next) || next.is_some_and(Kind::is_text)
            }
            Kind::Describe => {
                begins_name(next)
                    || next.is_some_and(Kind::starts_query)
                    || next == Some(Kind::LeftParen) && self.is_query_in_parentheses()
            }
            Kind::Grant | Kind::Revoke => {
                begins_name(next) || matches!(next, Some(Kind::Select | Kind::All))
            }
            Kind::Comment_ => next == Some(Kind::On),
            Kind::Update
            | Kind::Alter
            | Kind::Drop
            | Kind::Execute
            | Kind::Truncate
            | Kind::Savepoint
            | Kind::Release
            | Kind::Run
            | Kind::Show
            | Kind::Prepare
            | Kind::Deallocate
            | Kind::Detach
            | Kind::Install
            | Kind::Load => begins_name(next),
            Kind::Await => !ends && !self.continues_name(next),
            // Reserved words always; all other words are never verbs.
            other => other.word_class() == Some(WordClass::Reserved),
        }
    }

    /// Whether the token shows that the word before it is a name in an expression.
    fn continues_name(&self, next: Option<Kind>) -> bool {
        matches!(
            next,
            None | Some(
                Kind::Equal
                    | Kind::Dot
                    | Kind::Comma
                    | Kind::Pipe
                    | Kind::DoubleColon
                    | Kind::Colon
                    | Kind::Coalesce
                    | Kind::Arrow
                    | Kind::Semicolon
                    | Kind::RightBrace
                    | Kind::RightParen
            )
        )
    }

    /// What a CREATE creates.
    fn created(&self) -> Option<Kind> {
        (1..6).filter_map(|ahead| self.peek(ahead)).find(|kind| {
            !matches!(
                kind,
                Kind::Or | Kind::Replace | Kind::Temp | Kind::Temporary | Kind::Unique | Kind::Cron
            )
        })
    }

    fn return_word(&mut self, at_start: bool) {
        match self.peek(1) {
            None | Some(Kind::Semicolon | Kind::RightBrace | Kind::Comma | Kind::RightParen) => {
                self.take(Kind::ReturnNothing, 0)
            }
            Some(next) if at_start && next.starts_query() => self.take(Kind::ReturnQuery, 0),
            _ => self.take(Kind::Return, 0),
        }
    }

    fn reserved(&mut self, kind: Kind) {
        let next = self.peek(1);
        let previous = self.previous();
        match kind {
            Kind::Group if next == Some(Kind::By) => self.clause_word(kind, Clause::Group),
            Kind::Group if matches!(previous, Some(Kind::Within | Kind::Exclude)) => {
                self.take(kind, 0);
            }
            Kind::Order if next == Some(Kind::By) => self.clause_word(kind, Clause::Expression),
            Kind::Group | Kind::Order => self.take(Kind::Word, 0),
            Kind::Left | Kind::Right if next == Some(Kind::LeftParen) => self.take(Kind::Word, 0),
            Kind::All if is_compare(previous) && next == Some(Kind::LeftParen) => {
                self.take(Kind::AllOf, 0);
            }
            Kind::Else if self.closed_body => self.take(Kind::IfElse, 0),
            Kind::Not if next == Some(Kind::Null) && self.after_type() => {
                self.take(Kind::NotNullConstraint, 1);
            }
            Kind::On if self.peek_is(1, "conflict") && self.starts_conflict() => {
                self.take(Kind::OnConflict, 1);
            }
            Kind::On => {
                if previous != Some(Kind::Distinct) && self.frame().clause != Clause::None {
                    self.update(|frame| frame.clause = Clause::Expression);
                }
                self.take(kind, 0);
            }
            Kind::Using if next == Some(Kind::Secret) && begins_name(self.peek(2)) => {
                self.clause_word(Kind::UsingSecret, Clause::Expression);
            }
            Kind::With if self.peek_is(1, "ordinality") => self.take(Kind::WithOrdinality, 1),
            Kind::With if next == Some(Kind::Grant) && self.peek_is(2, "option") => {
                self.take(Kind::WithGrantOption, 2);
            }
            Kind::From | Kind::Join if previous != Some(Kind::Distinct) => {
                self.clause_word(kind, Clause::Item);
            }
            Kind::Select
            | Kind::Where
            | Kind::Having
            | Kind::Window
            | Kind::Qualify
            | Kind::Limit
            | Kind::Offset
            | Kind::Values => self.clause_word(kind, Clause::Expression),
            Kind::Return => self.return_word(false),
            Kind::Match | Kind::While | Kind::For | Kind::If => {
                // IF of IF EXISTS waits for nothing.
                let ddl = matches!(
                    self.statement().verb,
                    Some(Kind::Create | Kind::VerbAlter | Kind::VerbDrop)
                ) && matches!(next, Some(Kind::Not | Kind::Exists));
                let waits = !self.frame().at_start && !ddl;
                if waits {
                    self.update(|frame| frame.pending.push(kind));
                }
                self.take(kind, 0);
            }
            _ => self.take(kind, 0),
        }
    }

    fn clause_word(&mut self, kind: Kind, clause: Clause) {
        self.take(kind, 0);
        self.update(|frame| frame.clause = clause);
    }

    /// Whether NOT NULL here says something about a type or column.
    fn after_type(&self) -> bool {
        self.after_operand() && self.previous() != Some(Kind::Is)
    }

    fn starts_conflict(&self) -> bool {
        matches!(self.peek(2), Some(Kind::Do | Kind::LeftParen))
    }

    fn contextual(&mut self, kind: Kind) {
        match kind {
            Kind::Array => self.array_word(),
            Kind::Map | Kind::Task => self.generic_type_word(kind),
            Kind::Raises => self.raises_word(),
            Kind::Some if self.in_context(Kind::Any) => self.take(Kind::Any, 0),
            _ if self.in_context(kind) => self.take(kind, 0),
            _ => self.take(Kind::Word, 0),
        }
    }

    fn array_word(&mut self) {
        let next = self.peek(1);
        if self.opens_type_arguments()
            || next == Some(Kind::LeftParen) && self.is_query_in_parentheses()
        {
            self.take(Kind::Array, 0);
        } else if next == Some(Kind::LeftBracket) && !self.after_operand() {
            // `ARRAY[1, 2]` is `[1, 2]`.
            self.at += 1;
        } else {
            self.take(Kind::Word, 0);
        }
    }

    fn generic_type_word(&mut self, kind: Kind) {
        let literal = kind == Kind::Map
            && self.peek(1) == Some(Kind::LeftBrace)
            && !self.after_operand()
            && !matches!(self.previous(), Some(Kind::If | Kind::Match | Kind::While | Kind::In))
            && self.is_map_literal();
        if literal || self.opens_type_arguments() {
            self.take(kind, 0);
        } else {
            self.take(Kind::Word, 0);
        }
    }

    /// Whether a `:` follows the first key of the braces after MAP, or they are empty.
    fn is_map_literal(&self) -> bool {
        let mut ahead = 2;
        if self.peek(ahead) == Some(Kind::RightBrace) {
            return true;
        }
        while let Some(kind) = self.peek(ahead) {
            match kind {
                Kind::Colon => return true,
                Kind::Comma | Kind::Semicolon | Kind::RightBrace | Kind::FatArrow => return false,
                Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace => match self.mate(ahead) {
                    Some(mate) if mate > self.at => ahead = mate - self.at,
                    _ => return false,
                },
                _ => {}
            }
            ahead += 1;
        }
        false
    }

    fn opens_type_arguments(&mut self) -> bool {
        self.peek(1) == Some(Kind::Less) && self.angles.look(self.raw, self.mates, self.at + 1)
    }

    fn is_query_in_parentheses(&self) -> bool {
        self.leads_query(self.at + 1)
    }

    fn raises_word(&mut self) {
        let previous = self.previous();
        let names = begins_name(self.peek(1)) || self.peek(1) == Some(Kind::LeftParen);
        let head = self.frame().kind == FrameKind::Statements
            && matches!(self.frame().created, Some(Kind::Function | Kind::Aggregate));
        let kind = if !names {
            Kind::Word
        } else if previous == Some(Kind::Assert) || head && self.after_operand() {
            Kind::Raises
        } else if self.after_operand() {
            Kind::TypeRaises
        } else {
            Kind::Word
        };
        self.take(kind, 0);
    }

    /// Whether a contextual word stands where it is a keyword.
    fn in_context(&self, kind: Kind) -> bool {
        let next = self.peek(1);
        let previous = self.previous();
        let after = self.after_operand();
        match kind {
            Kind::Between => after || matches!(previous, Some(Kind::Not)) || is_frame(previous),
            Kind::Ilike | Kind::Contains => after || previous == Some(Kind::Not),
            Kind::Escape => after,
            Kind::Any => is_compare(previous) && next == Some(Kind::LeftParen),
            Kind::Await => !after && !self.continues_name(next) && next != Some(Kind::RightBracket),
            Kind::Interval => {
                !after && (next == Some(Kind::Number) || next.is_some_and(Kind::is_text))
            }
            Kind::Cast | Kind::TryCast => next == Some(Kind::LeftParen),
            Kind::Exists => match next {
                Some(Kind::LeftParen) => self.is_query_in_parentheses(),
                _ => {
                    previous == Some(Kind::If)
                        || previous == Some(Kind::Not) && self.previous_but_one() == Some(Kind::If)
                }
            },
            Kind::Struct => matches!(next, Some(Kind::LeftParen | Kind::LeftBrace)),
            _ => self.in_query_context(kind) || self.in_definition_context(kind),
        }
    }

    /// Words of queries.
    fn in_query_context(&self, kind: Kind) -> bool {
        let next = self.peek(1);
        let previous = self.previous();
        match kind {
            Kind::By => matches!(
                previous,
                Some(Kind::Order | Kind::Group | Kind::Partition | Kind::Generated | Kind::Matched)
            ),
            Kind::Partition => next == Some(Kind::By),
            Kind::Nulls => {
                matches!(next, Some(Kind::First | Kind::Last))
                    || matches!(previous, Some(Kind::Ignore | Kind::Respect))
            }
            Kind::Ignore | Kind::Respect => {
                next == Some(Kind::Nulls) && previous == Some(Kind::RightParen)
            }
            Kind::Unbounded => matches!(next, Some(Kind::Preceding | Kind::Following)),
            Kind::Current => {
                next == Some(Kind::Row)
                    && (is_frame(previous)
                        || matches!(previous, Some(Kind::Between | Kind::And | Kind::Exclude)))
            }
            Kind::Grouping => next == Some(Kind::Sets),
            Kind::Sets => previous == Some(Kind::Grouping),
            Kind::Rollup | Kind::Cube => {
                next == Some(Kind::LeftParen) && self.frame().clause == Clause::Group
            }
            Kind::Within => next == Some(Kind::Group) && previous == Some(Kind::RightParen),
            Kind::Filter => {
                previous == Some(Kind::RightParen)
                    && next == Some(Kind::LeftParen)
                    && self.peek(2) == Some(Kind::Where)
            }
            Kind::Over => {
                matches!(previous, Some(Kind::RightParen | Kind::Nulls))
                    && (next == Some(Kind::LeftParen) || begins_name(next))
            }
            Kind::Recursive => previous == Some(Kind::With) && begins_name(next),
            Kind::Lateral => {
                matches!(previous, Some(Kind::From | Kind::Comma | Kind::Join))
                    && self.frame().clause == Clause::Item
                    && (next == Some(Kind::LeftParen) || begins_name(next))
            }
            Kind::Semi | Kind::Anti => next == Some(Kind::Join),
            Kind::Outer => {
                next == Some(Kind::Join)
                    && matches!(previous, Some(Kind::Left | Kind::Right | Kind::Full))
            }
            Kind::Exclude => {
                previous == Some(Kind::Star)
                    || matches!(next, Some(Kind::Group | Kind::Ties | Kind::Current))
                    || next == Some(Kind::No) && self.peek(2) == Some(Kind::Others)
            }
            Kind::Replace => {
                previous == Some(Kind::Star)
                    || previous == Some(Kind::Or) && self.statement().verb == Some(Kind::Create)
                    || next == Some(Kind::LeftParen) && self.ends_exclude()
            }
            Kind::Ties => previous == Some(Kind::Exclude),
            Kind::Others => previous == Some(Kind::No),
            Kind::Rows | Kind::Range | Kind::Groups => matches!(
                next,
                Some(
                    Kind::Between | Kind::Unbounded | Kind::Current | Kind::Number | Kind::Interval
                )
            ),
            _ => false,
        }
    }

    /// Whether the list of an EXCLUDE ends just before the current token.
    fn ends_exclude(&self) -> bool {
        let Some(before) = self.at.checked_sub(1) else { return false };
        match self.raw.get(before).map(|token| token.kind) {
            Some(Kind::RightParen) => self
                .mates
                .get(before)
                .and_then(|mate| (*mate as usize).checked_sub(1))
                .and_then(|at| self.raw.get(at))
                .is_some_and(|token| token.kind == Kind::Exclude),
            Some(_) => self.previous_but_one() == Some(Kind::Exclude),
            None => false,
        }
    }

    /// Words of definitions and other statements.
    fn in_definition_context(&self, kind: Kind) -> bool {
        let next = self.peek(1);
        let previous = self.previous();
        let statement = self.statement();
        let defines =
            matches!(statement.verb, Some(Kind::Create | Kind::VerbAlter | Kind::VerbDrop));
        let after = self.after_operand();
        match kind {
            Kind::Primary | Kind::Foreign => next == Some(Kind::Key) && defines,
            Kind::Returns => defines && previous == Some(Kind::RightParen) && next.is_some(),
            Kind::Async | Kind::Sync | Kind::Enum | Kind::Exception => previous == Some(Kind::As),
            Kind::Generated => defines && matches!(next, Some(Kind::Always | Kind::By)),
            Kind::Constraint => {
                let named = begins_name(next)
                    && matches!(
                        self.peek(2),
                        Some(
                            Kind::Check
                                | Kind::Unique
                                | Kind::Primary
                                | Kind::Foreign
                                | Kind::Not
                                | Kind::Null
                                | Kind::Default
                                | Kind::References
                        )
                    );
                defines
                    && (named
                        || begins_name(next) && matches!(previous, Some(Kind::Drop | Kind::Add)))
            }
            Kind::Into => matches!(previous, Some(Kind::VerbInsert | Kind::Insert | Kind::Merge)),
            Kind::Of => defines && after && statement.created == Some(Kind::Table),
            Kind::Temp | Kind::Temporary => {
                matches!(previous, Some(Kind::Create | Kind::Replace))
            }
            Kind::Check => {
                defines
                    && next == Some(Kind::LeftParen)
                    && (after
                        || matches!(previous, Some(Kind::LeftParen | Kind::Comma | Kind::Add)))
            }
            Kind::Unique => {
                previous == Some(Kind::Create)
                    || defines
                        && (after
                            || next == Some(Kind::LeftParen)
                                && matches!(
                                    previous,
                                    Some(Kind::LeftParen | Kind::Comma | Kind::Add)
                                ))
            }
            Kind::Default => {
                next == Some(Kind::Values)
                    || matches!(previous, Some(Kind::By))
                    || defines && (after || matches!(previous, Some(Kind::Set | Kind::Drop)))
            }
            Kind::References => defines && after,
            _ => self.in_other_context(kind),
        }
    }
}

impl Filter<'_> {
    /// Words of the remaining statements.
    fn in_other_context(&self, kind: Kind) -> bool {
        let next = self.peek(1);
        let previous = self.previous();
        let verb = self.statement().verb;
        match kind {
            Kind::To => {
                let takes_to = matches!(
                    verb,
                    Some(
                        Kind::Copy | Kind::Backup | Kind::Rollback | Kind::VerbAlter | Kind::Grant
                    )
                );
                takes_to
                    && self.frame().kind == FrameKind::Statements
                    && (self.after_operand()
                        || matches!(
                            previous,
                            Some(Kind::Backup | Kind::Rollback | Kind::Transaction)
                        ))
            }
            Kind::Column => {
                matches!(verb, Some(Kind::VerbAlter | Kind::Comment_))
                    && matches!(
                        previous,
                        Some(Kind::Add | Kind::Drop | Kind::Rename | Kind::Alter | Kind::On)
                    )
                    && (begins_name(next) || next == Some(Kind::If))
                    && !matches!(next, Some(Kind::To | Kind::Type))
            }
            Kind::Isolation => next == Some(Kind::Level),
            Kind::Transaction => {
                matches!(previous, Some(Kind::Begin | Kind::Commit | Kind::Rollback))
            }
            Kind::Master => previous == Some(Kind::VerbAlter) && next == Some(Kind::Password),
            Kind::Savepoint => {
                matches!(previous, Some(Kind::To | Kind::Release)) && begins_name(next)
            }
            _ => false,
        }
    }

    /// PREPARE, a name, AS, and then a statement of its own.
    fn prepare(&mut self) {
        self.take(Kind::Prepare, 0);
        if begins_name(self.peek(0)) && self.peek(1) == Some(Kind::As) {
            self.take(Kind::Word, 0);
            self.take(Kind::As, 0);
            self.update(|frame| frame.at_start = true);
        }
    }
}

fn is_frame(kind: Option<Kind>) -> bool {
    matches!(kind, Some(Kind::Rows | Kind::Range | Kind::Groups))
}

fn begins_any_statement(kind: Kind) -> bool {
    kind.word_class() == Some(WordClass::Reserved) || kind == Kind::LeftParen
}

/// The kind of a statement's first word when it is the verb.
fn verb(kind: Kind) -> Kind {
    match kind {
        Kind::Insert => Kind::VerbInsert,
        Kind::Update => Kind::VerbUpdate,
        Kind::Delete => Kind::VerbDelete,
        Kind::Alter => Kind::VerbAlter,
        Kind::Drop => Kind::VerbDrop,
        Kind::Execute => Kind::VerbExecute,
        other => other,
    }
}
