//! Why a statement could not be parsed, in words that help.
//!
//! LALRPOP says which tokens it could have taken, up to eighty of them. They are folded into what a
//! person thinks in (an expression, an operator, a clause), and some mistakes are recognised by the
//! tokens around the place: a missing `;`, a misspelt keyword, a reserved word as a name.

use super::Problem;
use crate::diagnostic::Diagnostic;
use crate::diagnostics::{e0201, e0202, e0205, e0217};
use crate::span::Span;
use crate::token::{Kind, Token, WordClass};
use lalrpop_util::ParseError;

/// Words that begin a statement.
const STARTERS: &[&str] = &[
    "SELECT",
    "FROM",
    "WITH",
    "VALUES",
    "LET",
    "SET",
    "IF",
    "WHILE",
    "FOR",
    "MATCH",
    "TRY",
    "RETURN",
    "RAISE",
    "CREATE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "ALTER",
    "DROP",
    "PRINT",
    "ASSERT",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "EXPLAIN",
    "COPY",
    "TRUNCATE",
    "GRANT",
    "REVOKE",
    "SHOW",
    "DESCRIBE",
    "ATTACH",
    "DETACH",
    "INSTALL",
    "LOAD",
    "PREPARE",
    "EXECUTE",
    "IMPORT",
    "EXPORT",
    "BREAK",
    "CONTINUE",
    "SAVEPOINT",
    "RELEASE",
    "BACKUP",
    "RUN",
    "COMMENT",
];

/// Words that begin a clause, for what is misspelt inside a statement.
const CLAUSES: &[&str] = &[
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "QUALIFY",
    "WINDOW",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "CROSS",
    "USING",
    "VALUES",
    "SELECT",
    "INTO",
    "TABLE",
    "FUNCTION",
    "RETURNS",
    "RAISES",
    "CATCH",
    "ELSE",
    "THEN",
    "BETWEEN",
    "DISTINCT",
    "PRIMARY",
    "REFERENCES",
    "DEFAULT",
    "RETURNING",
    "TYPE",
    "INDEX",
    "TRIGGER",
];

/// What a statement creates, alters or drops, if the language reserves that for later.
pub(super) fn reserved_for_later(source: &str, tokens: &[Token]) -> Option<(&'static str, Span)> {
    const LATER: &[&str] = &["SEQUENCE", "REPLICA", "PUBLICATION", "SUBSCRIPTION", "MATERIALIZED"];
    let (first, rest) = tokens.split_first()?;
    if !matches!(first.kind, Kind::Create | Kind::VerbAlter | Kind::VerbDrop) {
        return None;
    }
    let object = rest.iter().find(|token| !matches!(token.kind, Kind::Or | Kind::Replace))?;
    let word = object.span.text(source);
    if object.kind == Kind::Word {
        let what = LATER.iter().find(|later| later.eq_ignore_ascii_case(word))?;
        return Some((what, object.span));
    }
    let alters_struct = first.kind == Kind::VerbAlter
        && object.kind == Kind::Type
        && !rest.iter().any(|token| token.kind == Kind::Value);
    alters_struct.then_some(("ALTER TYPE of anything but an ENUM's values", object.span))
}

/// The message for a problem at the token with index `at` of a statement's tokens.
pub(super) fn explain(source: &str, tokens: &[Token], at: usize, problem: &Problem) -> Diagnostic {
    let expected = match problem {
        ParseError::UnrecognizedToken { expected, .. }
        | ParseError::UnrecognizedEof { expected, .. } => fold(expected),
        _ => Vec::new(),
    };
    let place = Place { source, tokens, at };
    let Some(found) = tokens.get(at).filter(|token| !is_end(token.kind)) else {
        let end = place.before(1).map_or(0, |token| token.span.end);
        return place.misspelt().unwrap_or_else(|| e0201::unfinished(Span::at(end), &expected));
    };
    place
        .missing_semicolon(*found)
        .or_else(|| place.misspelt())
        .or_else(|| place.reserved(*found, &expected))
        .unwrap_or_else(|| e0201::unexpected(found.span, &describe(source, *found), &expected))
}

fn is_end(kind: Kind) -> bool {
    matches!(kind, Kind::Semicolon)
}

struct Place<'a> {
    source: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl Place<'_> {
    fn before(&self, count: usize) -> Option<Token> {
        self.at.checked_sub(count).and_then(|at| self.tokens.get(at)).copied()
    }

    fn missing_semicolon(&self, found: Token) -> Option<Diagnostic> {
        let previous = self.before(1)?;
        let between = self.source.get(previous.span.end as usize..found.span.start as usize)?;
        let word = found.span.text(self.source);
        let starts = STARTERS.iter().any(|starter| starter.eq_ignore_ascii_case(word));
        let ends = !matches!(
            previous.kind,
            Kind::Comma | Kind::LeftParen | Kind::LeftBracket | Kind::Dot | Kind::Equal
        );
        let names = self.tokens.get(self.at + 1).is_some_and(|next| {
            matches!(next.kind, Kind::Comma | Kind::Dot | Kind::Equal | Kind::RightParen)
        });
        (starts && ends && !names && between.contains('\n'))
            .then(|| e0202::missing_semicolon(previous.span.end, found.span, word))
    }

    /// The word at the place, or one of the two before it, is close to a keyword.
    fn misspelt(&self) -> Option<Diagnostic> {
        let candidates = [self.tokens.get(self.at).copied(), self.before(1), self.before(2)];
        candidates.into_iter().flatten().find_map(|token| {
            if token.kind != Kind::Word {
                return None;
            }
            let first = self.tokens.first().is_some_and(|first| first.span == token.span);
            let word = token.span.text(self.source);
            let list = if first { STARTERS } else { CLAUSES };
            let keyword = closest(word, list)?;
            Some(e0205::misspelt(token.span, word, keyword))
        })
    }

    fn reserved(&self, found: Token, expected: &[String]) -> Option<Diagnostic> {
        let is_reserved = found.kind.word_class() == Some(WordClass::Reserved);
        let wants_name = expected.iter().any(|item| item == "a name" || item == "an expression");
        let previous = self.before(1)?.kind;
        let name_place = matches!(
            previous,
            Kind::Comma | Kind::LeftParen | Kind::Table | Kind::As | Kind::Let | Kind::Select
        );
        // These are more often what follows something forgotten.
        let structural = matches!(found.kind, Kind::From | Kind::Where | Kind::Then | Kind::End);
        (is_reserved && wants_name && name_place && !structural)
            .then(|| e0217::reserved(found.span, found.span.text(self.source), expected))
    }
}

/// The keyword that a word was probably meant to be: one or two letters away, or two swapped.
fn closest(word: &str, keywords: &[&'static str]) -> Option<&'static str> {
    let allowed = match word.len() {
        0..=3 => 0,
        4..=5 => 1,
        _ => 2,
    };
    keywords
        .iter()
        .filter(|keyword| keyword.len().abs_diff(word.len()) <= allowed)
        .map(|keyword| (distance(word, keyword), *keyword))
        .filter(|(distance, _)| (1..=allowed).contains(distance))
        .min()
        .map(|(_, keyword)| keyword)
}

/// The edit distance without regard to case; two neighbouring letters swapped count one.
#[must_use]
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let left: Vec<u8> = left.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
    let right: Vec<u8> = right.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut last_left = None;
    for (i, a) in left.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        let mut last_right = None;
        for (j, b) in right.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let substitution = get(&row, j) + usize::from(a != b);
            let mut best = substitution.min(get(&row, j + 1) + 1).min(get(&next, j) + 1);
            if last_left == Some(*b) && last_right == Some(*a) && i > 0 && j > 0 {
                best = best.min(get(&before, j - 1) + 1);
            }
            next.push(best);
            last_right = Some(*b);
        }
        before = std::mem::replace(&mut row, next);
        last_left = Some(*a);
    }
    row.last().copied().unwrap_or(0)
}

/// A token as a message names it.
fn describe(source: &str, token: Token) -> String {
    const LONGEST: usize = 40;
    let text = token.span.text(source);
    if text.is_empty() {
        return "end of the block".to_owned();
    }
    let shown: String = text.chars().take(LONGEST).collect();
    let shown = shown.lines().next().unwrap_or("").to_owned();
    let what = match token.kind {
        Kind::Word | Kind::QuotedWord => "name ",
        Kind::Number => "number ",
        Kind::SingleText | Kind::DoubleText => "text ",
        _ => "",
    };
    format!("{what}`{shown}`")
}

/// Folds a list of expected tokens.
fn fold(expected: &[String]) -> Vec<String> {
    let names: Vec<&str> = expected.iter().map(|name| name.trim_matches('"').trim()).collect();
    let has = |name: &str| names.contains(&name);
    let expression = has("Number") && has("CASE");
    let name = has("Word");
    let operator = has("=") && has("+") && has("IS");
    let clause = has("WHERE") && has("LIMIT");
    let statement = has("LET") && has("VerbInsert");
    let mut list = Vec::new();
    if statement {
        list.push("a statement".to_owned());
    } else if expression {
        list.push("an expression".to_owned());
    } else if name {
        list.push("a name".to_owned());
    }
    if operator {
        list.push("an operator".to_owned());
    }
    if clause {
        list.push("a clause".to_owned());
    }
    let folded = Folded { expression, name, operator, clause, statement };
    let mut rest: Vec<String> = names
        .into_iter()
        .filter(|name| !folded.covers(name))
        .map(|name| format!("`{}`", shown(name)))
        .collect();
    rest.dedup();
    const MOST: usize = 8;
    if rest.len() <= MOST {
        list.extend(rest);
    }
    list
}

struct Folded {
    expression: bool,
    name: bool,
    operator: bool,
    clause: bool,
    statement: bool,
}

/// What begins an expression, names aside.
const PREFIXES: &[&str] = &[
    "Number",
    "SingleText",
    "DoubleText",
    "?",
    "NumberedParameter",
    "NamedParameter",
    "NOT",
    "!",
    "(",
    "[",
    "[]",
    "{",
    "StructBrace",
    "LambdaParen",
    "LiteralType",
    "AllOf",
    "ANY",
    "CASE",
    "CAST",
    "TRY_CAST",
    "EXISTS",
    "ARRAY",
    "MAP",
    "INTERVAL",
    "IF",
    "MATCH",
    "TRY",
    "RAISE",
    "RETURN",
    "ReturnNothing",
    "AWAIT",
    "TRUE",
    "FALSE",
    "NULL",
    "...",
    "Star",
];

/// What continues an expression.
const OPERATORS: &[&str] = &[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "??",
    "&&",
    "AND",
    "OR",
    "IS",
    "IN",
    "LIKE",
    "ILIKE",
    "NOT",
    "BETWEEN",
    "CONTAINS",
    "ESCAPE",
    "~",
    "!~",
    "|>",
    "..",
    "::",
    ".",
    "(",
    "[",
    "StructBrace",
    "AtTimeZone",
    "FILTER",
    "OVER",
    "WITHIN",
    "IGNORE",
    "RESPECT",
    "->",
];

/// What begins a clause or joins queries.
const CLAUSE_WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "UsingSecret",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "VALUES",
    "StepPipe",
    "QueryPipe",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "NATURAL",
    "SEMI",
    "ANTI",
];

impl Folded {
    /// Whether an expected token is part of a category that has been named.
    fn covers(&self, name: &str) -> bool {
        let word = || {
            matches!(name, "Word" | "QuotedWord" | "DoubleText" | "{")
                || crate::token::keyword_of(name)
                    .is_some_and(|kind| kind.word_class() == Some(WordClass::Soft))
        };
        self.statement
            || name == "ErrorStatement"
            || (self.expression || self.name) && word()
            || self.expression && (PREFIXES.contains(&name) || matches!(name, "+" | "-"))
            || self.operator && OPERATORS.contains(&name)
            || self.clause && CLAUSE_WORDS.contains(&name)
    }
}

/// How a terminal of the grammar is written.
fn shown(name: &str) -> &str {
    match name {
        "Word" | "QuotedWord" => "name",
        "Number" => "number",
        "SingleText" | "DoubleText" => "text",
        "NotNullConstraint" => "NOT NULL",
        "IfElse" => "ELSE",
        "HandlerBrace" | "StructBrace" => "{",
        "LambdaParen" => "(",
        "TypeGreater" => ">",
        "TypeLess" => "<",
        "TypeRaises" => "RAISES",
        "StepPipe" | "QueryPipe" => "|>",
        "OnConflict" => "ON CONFLICT",
        "UsingSecret" => "USING SECRET",
        "WithGrantOption" => "WITH GRANT OPTION",
        "WithOrdinality" => "WITH ORDINALITY",
        "ReturnsTable" => "TABLE",
        "AtTimeZone" => "AT TIME ZONE",
        "Star" => "*",
        other => other,
    }
}
