//! Where the statements of a text begin and end, and whether the last one is complete.
//!
//! Editors and the REPL ask this before anything is parsed; it holds for any text.

use crate::filter::filter;
use crate::lexer::lex;
use crate::span::Span;
use crate::token::{Kind, Token};

/// One top-level statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementSlice {
    /// Its text, without the closing `;`.
    pub span: Span,
    /// Whether a `;`, or the brace of a block-like statement, ends it.
    pub terminated: bool,
}

/// Whether a text can be run as it stands, or waits for more lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// No statement in it.
    Empty,
    /// All statements are ended, or end with something that no further line can mend.
    Complete,
    /// A bracket is open.
    OpenBracket(Span),
    /// A text, quoted name or comment is open.
    OpenText(Span),
    /// The last statement has no `;` yet.
    NoSemicolon,
}

impl Completeness {
    /// Whether more lines are needed.
    #[must_use]
    pub const fn is_incomplete(self) -> bool {
        matches!(self, Self::OpenBracket(_) | Self::OpenText(_) | Self::NoSemicolon)
    }
}

/// The top-level statements of a text.
#[must_use]
pub fn split(source: &str) -> Vec<StatementSlice> {
    slices(source, &lex(source))
}

fn slices(source: &str, lexed: &[Token]) -> Vec<StatementSlice> {
    let filtered = filter(source, lexed);
    let slice = |range: &crate::filter::StatementRange| {
        let first = filtered.tokens.get(range.start)?;
        let last = filtered.tokens.get(range.end.max(range.start + 1) - 1)?;
        let ended = filtered.tokens.get(range.end).is_some_and(|end| end.kind == Kind::Semicolon);
        let terminated = ended || range.ends_at_brace;
        Some(StatementSlice { span: first.span.to(last.span), terminated })
    };
    filtered.statements.iter().filter(|range| range.depth == 0).filter_map(slice).collect()
}

/// Whether a text is complete.
#[must_use]
pub fn completeness(source: &str) -> Completeness {
    let lexed = lex(source);
    let open = lexed.iter().find(|token| {
        matches!(token.kind, Kind::OpenText | Kind::OpenQuotedWord | Kind::OpenComment)
    });
    if let Some(token) = open {
        return Completeness::OpenText(token.span);
    }
    let mut brackets: Vec<Token> = Vec::new();
    for token in &lexed {
        match token.kind {
            Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace => brackets.push(*token),
            Kind::RightParen | Kind::RightBracket | Kind::RightBrace => {
                brackets.pop();
            }
            // What is open across a `;` is a mistake, which more lines do not mend.
            Kind::Semicolon => brackets.retain(|open| open.kind == Kind::LeftBrace),
            _ => {}
        }
    }
    if let Some(open) = brackets.last() {
        return Completeness::OpenBracket(open.span);
    }
    match slices(source, &lexed).last() {
        None => Completeness::Empty,
        Some(last) if last.terminated => Completeness::Complete,
        Some(_) => Completeness::NoSemicolon,
    }
}

#[cfg(test)]
mod tests {
    use super::{Completeness, completeness, split};

    fn texts(source: &str) -> Vec<(&str, bool)> {
        split(source).iter().map(|slice| (slice.span.text(source), slice.terminated)).collect()
    }

    #[test]
    fn statements_end_at_semicolons_and_block_braces() {
        let source = "SELECT 1; IF a { PRINT 1; } PRINT 2;;\nLET x = { a: 1 }";
        let expected = [
            ("SELECT 1", true),
            ("IF a { PRINT 1; }", true),
            ("PRINT 2", true),
            ("LET x = { a: 1 }", false),
        ];
        assert_eq!(texts(source), expected);
    }

    #[test]
    fn the_repl_knows_when_to_wait() {
        assert_eq!(completeness(" -- nothing"), Completeness::Empty);
        assert_eq!(completeness("SELECT 1;"), Completeness::Complete);
        assert_eq!(completeness("IF a { PRINT 1; }"), Completeness::Complete);
        assert_eq!(completeness("SELECT 1"), Completeness::NoSemicolon);
        assert!(matches!(completeness("SELECT (1"), Completeness::OpenBracket(_)));
        assert!(matches!(completeness("IF a {\n PRINT 1;"), Completeness::OpenBracket(_)));
        assert!(matches!(completeness("SELECT 'a"), Completeness::OpenText(_)));
        assert!(matches!(completeness("/* a"), Completeness::OpenText(_)));
    }
}
