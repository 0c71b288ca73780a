//! The lexer: a text becomes tokens.
//!
//! It never fails: text that is no token becomes a token that says so, and the tokens cover
//! everything but white space. Spans are byte offsets; a first line that begins with `#!` is a
//! comment. An unterminated text or quoted name ends with its line, so that one forgotten quote at
//! the end of a file does not swallow the statements after it.
//!
//! Which words are keywords is settled here; where a keyword is only a name is the filter's work.

use crate::span::Span;
use crate::token::{Kind, Token, keyword_of};
use logos::{Lexer, Logos};

/// What logos tells apart; words become keywords afterwards.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\n\f\u{feff}\u{a0}]+")]
enum Raw {
    #[regex(r"[\p{XID_Start}_][\p{XID_Continue}]*")]
    Word,
    #[token("`", |lexer| quoted(lexer, b'`'))]
    QuotedWord(bool),
    #[token("'", |lexer| quoted(lexer, b'\''))]
    SingleText(bool),
    #[token("\"", double_text)]
    DoubleText(bool),
    #[regex(r"[0-9]", number)]
    #[regex(r"\.[0-9]", number)]
    Number(bool),
    #[token("?")]
    Question,
    #[regex(r"\$[0-9]+")]
    NumberedParameter,
    #[regex(r"\$[\p{XID_Start}_][\p{XID_Continue}]*")]
    NamedParameter,
    #[regex(r"--[^\n]*", allow_greedy = true)]
    LineComment,
    #[token("/*", block_comment)]
    BlockComment(bool),
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Times,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("||")]
    Concat,
    #[token("=")]
    #[token("==")]
    Equal,
    #[token("!=")]
    #[token("<>")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("&&")]
    AndAnd,
    #[token("!")]
    Bang,
    #[token("~")]
    Tilde,
    #[token("!~")]
    NotTilde,
    #[token("|")]
    Bar,
    #[token("??")]
    Coalesce,
    #[token("::")]
    DoubleColon,
    #[token(":")]
    Colon,
    #[token("->")]
    Arrow,
    #[token("=>")]
    FatArrow,
    #[token("|>")]
    Pipe,
    #[token(".")]
    Dot,
    #[token("..")]
    DotDot,
    #[token("...")]
    Ellipsis,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token("(")]
    LeftParen,
    #[token(")")]
    RightParen,
    #[token("[")]
    LeftBracket,
    #[token("]")]
    RightBracket,
    #[token("[]")]
    EmptyBrackets,
    #[token("{")]
    LeftBrace,
    #[token("}")]
    RightBrace,
}

/// Moves over the rest of a text or quoted name whose quote is doubled within it. Says whether it
/// is closed; if not, the token ends with the line.
fn quoted(lexer: &mut Lexer<'_, Raw>, quote: u8) -> bool {
    let rest = lexer.remainder().as_bytes();
    let mut at = 0;
    while let Some(found) = rest.iter().skip(at).position(|byte| *byte == quote) {
        at += found + 1;
        if rest.get(at) != Some(&quote) {
            lexer.bump(at);
            return true;
        }
        at += 1;
    }
    bump_line(lexer);
    false
}

/// The same for a text in `"`, where a backslash protects the byte after it.
fn double_text(lexer: &mut Lexer<'_, Raw>) -> bool {
    let mut bytes = lexer.remainder().bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                lexer.bump(at + 1);
                return true;
            }
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    bump_line(lexer);
    false
}

fn bump_line(lexer: &mut Lexer<'_, Raw>) {
    let rest = lexer.remainder();
    let line = rest.find('\n').unwrap_or(rest.len());
    lexer.bump(line);
}

/// Moves over a nested comment; says whether it is closed. An open one reaches to the end.
fn block_comment(lexer: &mut Lexer<'_, Raw>) -> bool {
    let rest = lexer.remainder().as_bytes();
    let mut depth = 1_usize;
    let mut at = 0;
    while let (Some(first), Some(second)) = (rest.get(at), rest.get(at + 1)) {
        match (first, second) {
            (b'*', b'/') => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    lexer.bump(at);
                    return true;
                }
            }
            (b'/', b'*') => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    lexer.bump(rest.len());
    false
}

/// Moves over the rest of a number and says whether it is well-formed.
///
/// Shapes: `42`, `1_000`, `0xff`, `1.5`, `.5`, `1e-3`, `1.5e3`. A point belongs to the number only
/// before a digit, so `90..100` and `xs[1].name` are cut as people read them.
fn number(lexer: &mut Lexer<'_, Raw>) -> bool {
    let rest = lexer.remainder().as_bytes();
    let mut scan = NumberScan { rest, at: 0, well_formed: true };
    let first = lexer.slice();
    if first == "0" && matches!(rest.first(), Some(b'x' | b'X')) {
        scan.at = 1;
        scan.digits(|byte| byte.is_ascii_hexdigit(), true);
    } else {
        scan.digits(|byte| byte.is_ascii_digit(), false);
        if !first.starts_with('.')
            && scan.peek(0) == Some(b'.')
            && scan.peek(1).is_some_and(|byte| byte.is_ascii_digit())
        {
            scan.at += 1;
            scan.digits(|byte| byte.is_ascii_digit(), true);
        }
        scan.exponent();
    }
    // Letters directly behind a number belong to the mistake: `1abc`.
    while scan.peek(0).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        scan.well_formed = false;
        scan.at += 1;
    }
    let NumberScan { at, well_formed, .. } = scan;
    lexer.bump(at);
    well_formed
}

struct NumberScan<'a> {
    rest: &'a [u8],
    at: usize,
    well_formed: bool,
}

impl NumberScan<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.rest.get(self.at + ahead).copied()
    }

    /// Digits with single underscores between them; `needed` asks for at least one.
    fn digits(&mut self, is_digit: impl Fn(u8) -> bool, needed: bool) {
        let start = self.at;
        let mut last_underscore = needed;
        while let Some(byte) = self.peek(0) {
            if is_digit(byte) {
                last_underscore = false;
            } else if byte == b'_' {
                self.well_formed &= !last_underscore;
                last_underscore = true;
            } else {
                break;
            }
            self.at += 1;
        }
        self.well_formed &= !(last_underscore || needed && self.at == start);
    }

    fn exponent(&mut self) {
        if !matches!(self.peek(0), Some(b'e' | b'E')) {
            return;
        }
        let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
        if self.peek(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1 + sign;
            self.digits(|byte| byte.is_ascii_digit(), true);
        }
    }
}

/// The tokens of a text, comments included, in order.
///
/// Text beyond 4 GiB cannot be addressed by a [`Span`] and is left out; the facade refuses files of
/// that size before they come here.
#[must_use]
pub fn lex(source: &str) -> Vec<Token> {
    let limit = u32::MAX as usize - 1;
    let source = source.get(..limit).unwrap_or(source);
    let skipped = shebang_length(source);
    let mut tokens = Vec::with_capacity(source.len() / 5 + 2);
    if skipped > 0 {
        tokens.push(Token::new(Kind::Comment, Span::new(0, skipped as u32)));
    }
    let text = source.get(skipped..).unwrap_or("");
    let mut lexer = Raw::lexer(text);
    while let Some(raw) = lexer.next() {
        let range = lexer.span();
        // The text is shorter than 4 GiB, so both ends fit.
        let span = Span::new((skipped + range.start) as u32, (skipped + range.end) as u32);
        let kind = raw.map_or(Kind::Unknown, |raw| kind_of(raw, lexer.slice()));
        push(&mut tokens, Token::new(kind, span));
    }
    tokens
}

/// Neighbouring unknown characters become one token, and one message.
fn push(tokens: &mut Vec<Token>, token: Token) {
    if token.kind == Kind::Unknown
        && let Some(last) = tokens.last_mut()
        && last.kind == Kind::Unknown
        && last.span.end == token.span.start
    {
        last.span.end = token.span.end;
    } else {
        tokens.push(token);
    }
}

/// The length of a first line that begins with `#!`.
fn shebang_length(source: &str) -> usize {
    if source.starts_with("#!") { source.find('\n').unwrap_or(source.len()) } else { 0 }
}

fn kind_of(raw: Raw, text: &str) -> Kind {
    match raw {
        Raw::Word => keyword_of(text).unwrap_or(Kind::Word),
        Raw::QuotedWord(closed) => choose(closed, Kind::QuotedWord, Kind::OpenQuotedWord),
        Raw::SingleText(closed) => choose(closed, Kind::SingleText, Kind::OpenText),
        Raw::DoubleText(closed) => choose(closed, Kind::DoubleText, Kind::OpenText),
        Raw::Number(well_formed) => choose(well_formed, Kind::Number, Kind::BadNumber),
        Raw::LineComment if text.starts_with("---") && !text.starts_with("----") => {
            Kind::DocComment
        }
        Raw::LineComment => Kind::Comment,
        Raw::BlockComment(closed) => choose(closed, Kind::Comment, Kind::OpenComment),
        other => punctuation(other),
    }
}

const fn choose(good: bool, kind: Kind, otherwise: Kind) -> Kind {
    if good { kind } else { otherwise }
}

fn punctuation(raw: Raw) -> Kind {
    match raw {
        Raw::Question => Kind::Question,
        Raw::NumberedParameter => Kind::NumberedParameter,
        Raw::NamedParameter => Kind::NamedParameter,
        Raw::Plus => Kind::Plus,
        Raw::Minus => Kind::Minus,
        Raw::Times => Kind::Times,
        Raw::Slash => Kind::Slash,
        Raw::Percent => Kind::Percent,
        Raw::Concat => Kind::Concat,
        Raw::Equal => Kind::Equal,
        Raw::NotEqual => Kind::NotEqual,
        Raw::Less => Kind::Less,
        Raw::LessEqual => Kind::LessEqual,
        Raw::Greater => Kind::Greater,
        Raw::GreaterEqual => Kind::GreaterEqual,
        Raw::AndAnd => Kind::AndAnd,
        Raw::Bang => Kind::Bang,
        Raw::Tilde => Kind::Tilde,
        Raw::NotTilde => Kind::NotTilde,
        Raw::Bar => Kind::Bar,
        Raw::Coalesce => Kind::Coalesce,
        Raw::DoubleColon => Kind::DoubleColon,
        Raw::Colon => Kind::Colon,
        Raw::Arrow => Kind::Arrow,
        Raw::FatArrow => Kind::FatArrow,
        Raw::Pipe => Kind::Pipe,
        Raw::Dot => Kind::Dot,
        Raw::DotDot => Kind::DotDot,
        Raw::Ellipsis => Kind::Ellipsis,
        Raw::Comma => Kind::Comma,
        Raw::Semicolon => Kind::Semicolon,
        Raw::LeftParen => Kind::LeftParen,
        Raw::RightParen => Kind::RightParen,
        Raw::LeftBracket => Kind::LeftBracket,
        Raw::RightBracket => Kind::RightBracket,
        Raw::EmptyBrackets => Kind::EmptyBrackets,
        Raw::LeftBrace => Kind::LeftBrace,
        Raw::RightBrace => Kind::RightBrace,
        // The other raw kinds carry text and are handled by the caller.
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::lex;
    use crate::token::Kind;

    fn texts(source: &str) -> Vec<(Kind, &str)> {
        lex(source).into_iter().map(|token| (token.kind, token.span.text(source))).collect()
    }

    #[test]
    fn ranges_fields_and_numbers_are_told_apart() {
        use Kind::{Dot, DotDot, Number, RightBracket, Word};
        assert_eq!(texts("90..100"), [(Number, "90"), (DotDot, ".."), (Number, "100")]);
        assert_eq!(texts("1.5..2e-3"), [(Number, "1.5"), (DotDot, ".."), (Number, "2e-3")]);
        assert_eq!(texts("1].x"), [(Number, "1"), (RightBracket, "]"), (Dot, "."), (Word, "x")]);
        assert_eq!(texts(".5 1_000 0xfF"), [(Number, ".5"), (Number, "1_000"), (Number, "0xfF")]);
    }

    #[test]
    fn malformed_numbers_are_one_token() {
        for text in ["1__0", "1_", "0x", "0xg", "12abc", "1.5_"] {
            assert_eq!(texts(text), [(Kind::BadNumber, text)], "{text}");
        }
    }

    #[test]
    fn texts_keep_their_quotes_and_may_span_lines() {
        assert_eq!(texts("'it''s\n'"), [(Kind::SingleText, "'it''s\n'")]);
        assert_eq!(texts(r#""a\"b""#), [(Kind::DoubleText, r#""a\"b""#)]);
        assert_eq!(texts("`a``b`"), [(Kind::QuotedWord, "`a``b`")]);
    }

    #[test]
    fn an_unterminated_text_ends_with_its_line() {
        let tokens = texts("PRINT 'oops;\nPRINT 1");
        assert_eq!(tokens.get(1), Some(&(Kind::OpenText, "'oops;")));
        assert_eq!(tokens.len(), 4);
        assert_eq!(texts("\"a\\"), [(Kind::OpenText, "\"a\\")]);
    }

    #[test]
    fn comments_nest_and_documentation_is_kept_apart() {
        assert_eq!(texts("/* a /* b */ c */"), [(Kind::Comment, "/* a /* b */ c */")]);
        assert_eq!(texts("/* a /* b */ c"), [(Kind::OpenComment, "/* a /* b */ c")]);
        assert_eq!(
            texts("--- doc\n---- line"),
            [(Kind::DocComment, "--- doc"), (Kind::Comment, "---- line")]
        );
        assert_eq!(texts("#!/usr/bin/env grizzlyc\n1").get(1), Some(&(Kind::Number, "1")));
    }

    #[test]
    fn unknown_text_is_one_token() {
        assert_eq!(texts("#\\^ a"), [(Kind::Unknown, "#\\^"), (Kind::Word, "a")]);
    }
}
