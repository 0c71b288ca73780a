//! The text cut into pieces: every token that is no comment, with the comments that stand beside
//! it.
//!
//! A comment that ends its line belongs to the token before it on that line. One that has a line
//! of its own, is followed by a token on its line, or stands behind an opening bracket and need not
//! end its line, belongs to the token after it. The last
//! piece is the empty end of the text and holds the comments that nothing follows.

use super::layout::opens;
use crate::lexer::lex;
use crate::span::Span;
use crate::token::{Kind, Token};

/// No bracket mate.
pub(super) const NONE: usize = usize::MAX;

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    /// Its text.
    pub span: Span,
    /// Whether it has its line for itself; otherwise a token shares it.
    pub own_line: bool,
    /// Whether it reaches to the end of its line, as `--` does.
    pub ends_line: bool,
    /// Whether an empty line stands before it.
    pub blank: bool,
}

/// A token with its comments.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Its kind, as the lexer has it; [`Kind::Unknown`] is the end of the text.
    pub kind: Kind,
    /// Its text.
    pub span: Span,
    /// The comments before it.
    pub before: Vec<Comment>,
    /// The comments behind it on its line.
    pub after: Vec<Comment>,
    /// Whether an empty line stands directly before it.
    pub blank: bool,
    /// The bracket that closes or opens this one, or [`NONE`].
    pub mate: usize,
}

/// The pieces of a text without lexical mistakes.
pub(super) fn cut(source: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(source.len() / 5 + 2);
    let mut comments: Vec<Token> = Vec::new();
    let end = u32::try_from(source.len()).unwrap_or(u32::MAX);
    let end = Token::new(Kind::Unknown, Span::at(end));
    for token in lex(source).into_iter().chain([end]) {
        if matches!(token.kind, Kind::Comment | Kind::DocComment | Kind::OpenComment) {
            comments.push(token);
            continue;
        }
        let mut piece = Piece {
            kind: token.kind,
            span: token.span,
            before: Vec::new(),
            after: Vec::new(),
            blank: false,
            mate: NONE,
        };
        attach(source, &mut pieces, &mut piece, &comments);
        comments.clear();
        pieces.push(piece);
    }
    pair(&mut pieces);
    pieces
}

/// The number of line ends between two offsets.
fn lines(source: &str, from: u32, to: u32) -> usize {
    Span::new(from, to).text(source).bytes().filter(|byte| *byte == b'\n').count()
}

/// Gives the comments between the last piece and the next one to one of them.
fn attach(source: &str, pieces: &mut [Piece], next: &mut Piece, comments: &[Token]) {
    let mut place = pieces.last().map_or(0, |piece| piece.span.end);
    let mut previous = pieces.last_mut();
    let mut at = 0;
    while let Some(first) = comments.get(at) {
        // The comments of one line are kept together.
        let mut until = at + 1;
        let mut last = first.span;
        while let Some(more) = comments.get(until) {
            if lines(source, last.end, more.span.start) > 0 {
                break;
            }
            last = more.span;
            until += 1;
        }
        let above = lines(source, place, first.span.start);
        let follower = comments.get(until).map_or(next.span.start, |token| token.span.start);
        let ends_line = lines(source, last.end, follower) > 0 || next.kind == Kind::Unknown;
        let line = comments.get(at..until).unwrap_or(&[]);
        let ended = line.iter().any(|token| ends_its_line(source, *token));
        // Only a comment that must end its line stays with a bracket that opens.
        let opener = previous.as_ref().is_some_and(|piece| opens(piece.kind));
        let inner = above == 0 && opener && !ended;
        let trails = above == 0 && ends_line && previous.is_some() && !inner;
        for (nth, token) in line.iter().enumerate() {
            let comment = Comment {
                span: token.span,
                own_line: ends_line && !inner,
                ends_line: ends_its_line(source, *token),
                blank: nth == 0 && above > 1,
            };
            match &mut previous {
                Some(piece) if trails => piece.after.push(comment),
                _ => next.before.push(comment),
            }
        }
        place = last.end;
        at = until;
        previous = previous.filter(|_| trails);
    }
    next.blank = lines(source, place, next.span.start) > 1;
}

fn ends_its_line(source: &str, token: Token) -> bool {
    let text = token.span.text(source);
    token.kind == Kind::DocComment || text.starts_with("--") || text.starts_with("#!")
}

fn pair(pieces: &mut [Piece]) {
    let mut open = Vec::new();
    for at in 0..pieces.len() {
        match pieces.get(at).map(|piece| piece.kind) {
            Some(Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace) => open.push(at),
            Some(Kind::RightParen | Kind::RightBracket | Kind::RightBrace) => {
                let Some(opener) = open.pop() else { continue };
                if let Some(piece) = pieces.get_mut(opener) {
                    piece.mate = at;
                }
                if let Some(piece) = pieces.get_mut(at) {
                    piece.mate = opener;
                }
            }
            _ => {}
        }
    }
}
