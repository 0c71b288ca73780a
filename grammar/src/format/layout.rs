//! The layout of a text: what is known of each piece, and the groups over pieces.
//!
//! The walk over the tree writes marks (a break before this piece, no space here, this word is a
//! name); [`Layout::stream`] turns pieces and marks into what [`super::print`] writes. A piece that
//! nothing marks is written as it is, a keyword in upper case, so the walk decides how a text looks
//! and never what it says.

use super::pieces::{Comment, Piece, cut};
use super::print::{Break, CONTINUED, Group, Item};
use crate::ast::{Ident, Name, NamePart};
use crate::filter::filter;
use crate::lexer::lex;
use crate::span::Span;
use crate::token::{Kind, Token};

/// What is known of a piece beside its text.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    /// Its spelling, if another than the source's.
    pub text: Option<String>,
    /// Written directly before it.
    pub prefix: &'static str,
    /// Written directly behind it.
    pub suffix: String,
    /// It is left out.
    pub dropped: bool,
    /// It is a name, not a keyword.
    pub name: bool,
    /// Whether a space stands before it; by its kind and the piece before it if not given.
    pub space: Option<bool>,
    /// The place to break before it.
    pub spot: Option<Spot>,
}

/// A place to break before a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spot {
    /// Always a new line.
    pub hard: bool,
    /// See [`Break::fill`].
    pub fill: bool,
    /// See [`Break::comma`].
    pub comma: bool,
    /// See [`Break::offset`].
    pub offset: i8,
    /// Empty lines of the source are kept, one of several.
    pub keeps_blank: bool,
}

/// Pieces, marks and groups of one text.
pub(super) struct Layout<'s> {
    pub source: &'s str,
    pub pieces: Vec<Piece>,
    pub marks: Vec<Mark>,
    /// First and last piece of each group; outer groups come before inner ones.
    pub groups: Vec<(usize, usize, Group)>,
}

impl<'s> Layout<'s> {
    pub fn new(source: &'s str) -> Self {
        let pieces = cut(source);
        let marks = vec![Mark::default(); pieces.len()];
        let mut layout = Self { source, pieces, marks, groups: Vec::new() };
        layout.drop_unread();
        layout
    }

    /// Leaves out what the parser never sees: trailing commas, and all but the innermost of the
    /// parentheses around a query.
    fn drop_unread(&mut self) {
        let tokens = self.pieces.iter().map(|piece| Token::new(piece.kind, piece.span));
        let lexed: Vec<Token> = tokens.take(self.pieces.len().saturating_sub(1)).collect();
        let read = filter(self.source, &lexed).tokens;
        let mut read = read.iter().filter(|token| !token.span.is_empty()).peekable();
        for (piece, mark) in self.pieces.iter().zip(&mut self.marks) {
            while read.next_if(|token| token.span.start < piece.span.start).is_some() {}
            let seen = read.peek().is_some_and(|token| token.span.start == piece.span.start);
            let may = matches!(piece.kind, Kind::Comma | Kind::LeftParen | Kind::RightParen);
            mark.dropped = may && !seen;
        }
    }

    // --- Finding pieces -----------------------------------------------------------------------

    /// The first piece that begins at or after an offset.
    pub fn at(&self, offset: u32) -> usize {
        self.pieces.partition_point(|piece| piece.span.start < offset)
    }

    /// The first and the last piece of a span.
    pub fn range(&self, span: Span) -> (usize, usize) {
        let first = self.at(span.start);
        (first, self.at(span.end).saturating_sub(1).max(first))
    }

    pub fn kind(&self, at: usize) -> Kind {
        self.pieces.get(at).map_or(Kind::Unknown, |piece| piece.kind)
    }

    pub fn is(&self, at: usize, kind: Kind) -> bool {
        self.kind(at) == kind
    }

    /// Whether a piece is this word, in any case.
    pub fn is_word(&self, at: usize, word: &str) -> bool {
        self.pieces
            .get(at)
            .is_some_and(|piece| piece.span.text(self.source).eq_ignore_ascii_case(word))
    }

    /// The closing bracket of the opening one at `at`.
    pub fn mate(&self, at: usize) -> usize {
        let mate = self.pieces.get(at).map_or(at, |piece| piece.mate);
        if mate == super::pieces::NONE { at } else { mate }
    }

    /// The first piece of one of these kinds from `from` to `to`, what is in brackets aside.
    pub fn find(&self, from: usize, to: usize, kinds: &[Kind]) -> Option<usize> {
        self.outside(from, to).find(|at| kinds.contains(&self.kind(*at)))
    }

    /// The pieces from `from` to `to` that are not in brackets; of brackets, both.
    pub fn outside(&self, from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let at = next.filter(|at| *at <= to)?;
            next = Some(self.mate(at).max(at + 1));
            Some(at)
        })
    }

    // --- Marking ------------------------------------------------------------------------------

    pub fn mark(&mut self, at: usize, change: impl FnOnce(&mut Mark)) {
        if let Some(mark) = self.marks.get_mut(at) {
            change(mark);
        }
    }

    /// No space before the piece.
    pub fn tight(&mut self, at: usize) {
        self.mark(at, |mark| mark.space = Some(false));
    }

    /// A new line before the piece if its group is broken.
    pub fn soft(&mut self, at: usize) {
        self.spot(at, Spot::default());
    }

    pub fn spot(&mut self, mut at: usize, spot: Spot) {
        // Of doubled parentheses only the inner one is written.
        while self.is(at, Kind::LeftParen) && !self.is_kept(at) {
            at += 1;
        }
        self.mark(at, |mark| mark.spot = Some(spot));
    }

    fn is_kept(&self, at: usize) -> bool {
        self.marks.get(at).is_some_and(|mark| !mark.dropped)
    }

    pub fn dropped(&mut self, at: usize) {
        self.mark(at, |mark| mark.dropped = true);
    }

    pub fn rewrite(&mut self, at: usize, text: impl Into<String>) {
        let text = text.into();
        self.mark(at, |mark| mark.text = Some(text));
    }

    /// Another token in the place of one.
    pub fn respell(&mut self, at: usize, kind: Kind, text: &str) {
        if let Some(piece) = self.pieces.get_mut(at) {
            piece.kind = kind;
        }
        self.rewrite(at, text);
    }

    pub fn group(&mut self, (first, last): (usize, usize), indent: i8, limit: usize) {
        let group = Group { indent, limit, hangs: false, comma: false };
        self.groups.push((first, last, group));
    }

    /// A bracketed list: one item a line if it does not fit.
    pub fn list(&mut self, open: usize, limit: usize) {
        let close = self.mate(open);
        if close <= open {
            return;
        }
        let commas = self.commas(open + 1, close - 1);
        if close == open + 1 {
            return;
        }
        self.group((open, close), 1, limit);
        self.soft(open + 1);
        let fill = self.is_plain(open, close, commas.len());
        for comma in commas {
            self.spot(comma + 1, Spot { fill, ..Spot::default() });
        }
        self.spot(close, Spot { offset: -1, comma: true, ..Spot::default() });
    }

    /// Whether the list is long and of literals only; such a list fills its lines.
    fn is_plain(&self, open: usize, close: usize, commas: usize) -> bool {
        let literal = |at| {
            matches!(
                self.kind(at),
                Kind::Number | Kind::SingleText | Kind::DoubleText | Kind::Comma | Kind::Minus
            )
        };
        commas >= 8 && (open + 1..close).all(literal)
    }

    /// Brackets around one thing, which stands on lines of its own if it does not fit.
    pub fn enclosed(&mut self, open: usize) {
        let close = self.mate(open);
        if close <= open + 1 {
            return;
        }
        self.group((open, close), 1, usize::MAX);
        self.soft(open + 1);
        self.spot(close, Spot { offset: -1, ..Spot::default() });
    }

    /// The items of a clause from its keyword on, without brackets: one a line if they do not fit.
    pub fn items(&mut self, keyword: usize, first: usize, last: usize) -> usize {
        let commas = self.commas(first, last);
        let index = self.groups.len();
        self.group((keyword, last), 1, usize::MAX);
        if !commas.is_empty() {
            self.soft(first);
        }
        for comma in commas {
            self.soft(comma + 1);
        }
        index
    }

    /// The commas from `first` to `last` that are not in brackets.
    fn commas(&self, first: usize, last: usize) -> Vec<usize> {
        let comma = |at: &usize| self.is(*at, Kind::Comma) && self.is_kept(*at);
        self.outside(first, last).filter(comma).collect()
    }

    // --- Names --------------------------------------------------------------------------------

    pub fn ident(&mut self, ident: &Ident) {
        let (first, last) = self.range(ident.span);
        for at in first..=last {
            self.mark(at, |mark| mark.name = true);
        }
        if ident.quoted && self.is(first, Kind::DoubleText) {
            self.rewrite(first, spell(&ident.name));
        }
    }

    pub fn idents(&mut self, idents: &[Ident]) {
        idents.iter().for_each(|ident| self.ident(ident));
    }

    pub fn part(&mut self, part: &NamePart) {
        match part {
            NamePart::Ident(ident) => self.ident(ident),
            NamePart::Interpolation(interpolation) => {
                self.ident(&interpolation.variable);
                let (_, last) = self.range(interpolation.span);
                self.tight(last.saturating_sub(1));
                self.tight(last);
            }
        }
    }

    pub fn parts(&mut self, parts: &[NamePart]) {
        parts.iter().for_each(|part| self.part(part));
    }

    pub fn name(&mut self, name: &Name) {
        self.parts(&name.parts);
    }

    pub fn names(&mut self, names: &[Name]) {
        names.iter().for_each(|name| self.name(name));
    }

    // --- The stream ---------------------------------------------------------------------------

    /// No comment stands before `,` or `;`: it moves behind the piece before them.
    fn move_comments(&mut self) {
        for at in 1..self.pieces.len() {
            if matches!(self.kind(at), Kind::Comma | Kind::Semicolon)
                && let Some(before) = (0..at).rev().find(|before| self.is_kept(*before))
                && let Some([before, .., piece]) = self.pieces.get_mut(before..=at)
            {
                before.after.append(&mut piece.before);
            }
        }
    }

    /// The comments of pieces that are left out go to their neighbours.
    fn settle_comments(&mut self) {
        for at in 0..self.pieces.len() {
            if self.is_kept(at) {
                continue;
            }
            let Some(piece) = self.pieces.get_mut(at) else { continue };
            let (own, mut inline): (Vec<Comment>, Vec<Comment>) =
                piece.before.drain(..).partition(|comment| comment.own_line);
            inline.append(&mut piece.after);
            let blank = piece.blank;
            let kept = |at: &usize| self.is_kept(*at);
            let before = (0..at).rev().find(kept);
            let after = (at + 1..self.pieces.len()).find(kept);
            if let Some(piece) = before.and_then(|before| self.pieces.get_mut(before)) {
                piece.after.extend(inline);
            } else if let Some(piece) = after.and_then(|after| self.pieces.get_mut(after)) {
                piece.before.splice(0..0, inline);
            }
            if let Some(piece) = after.and_then(|after| self.pieces.get_mut(after)) {
                piece.blank |= blank && piece.before.is_empty();
                piece.before.splice(0..0, own);
            }
        }
    }

    /// The words of the marks, settled: keywords in upper case.
    fn settle_words(&mut self) {
        for (piece, mark) in self.pieces.iter().zip(&mut self.marks) {
            if mark.text.is_some() {
                continue;
            }
            let text = piece.span.text(self.source);
            let word = piece.kind == Kind::Word || piece.kind.word_class().is_some();
            mark.text = match piece.kind {
                Kind::Equal if text == "==" => Some("=".to_owned()),
                Kind::NotEqual if text == "<>" => Some("!=".to_owned()),
                Kind::AndAnd => Some("AND".to_owned()),
                Kind::Bang => Some("NOT".to_owned()),
                _ if word && !mark.name && text.bytes().any(|byte| byte.is_ascii_lowercase()) => {
                    Some(text.to_ascii_uppercase())
                }
                _ => None,
            };
        }
    }

    /// Settles what is decided for all pieces alike; [`Self::stream`] comes after it.
    pub fn settle(&mut self) {
        self.move_comments();
        self.settle_comments();
        // What is left out may have stood before a comma.
        self.move_comments();
        self.settle_words();
    }

    /// What to print.
    pub fn stream(&self) -> Vec<Item<'_>> {
        let (begins, ends) = self.edges();
        let mut items = Vec::with_capacity(self.pieces.len() * 3);
        let mut previous: Option<usize> = None;
        let mut begins = begins.into_iter().peekable();
        for (at, (piece, mark)) in self.pieces.iter().zip(&self.marks).enumerate() {
            if !mark.dropped {
                self.separate(&mut items, previous, at);
            }
            while let Some((_, group)) = begins.next_if(|(first, _)| *first <= at) {
                items.push(Item::Begin(group));
            }
            if !mark.dropped {
                self.piece(&mut items, piece, mark);
                previous = Some(at);
            }
            let count = ends.get(at).copied().unwrap_or(0);
            items.extend(std::iter::repeat_n(Item::End, count));
        }
        items
    }

    /// The groups by their first piece, and the number of groups that end at each piece.
    fn edges(&self) -> (Vec<(usize, Group)>, Vec<usize>) {
        let mut ends = vec![0; self.pieces.len()];
        let mut begins: Vec<(usize, usize, Group)> = self.groups.clone();
        begins.sort_by_key(|(first, last, _)| (*first, std::cmp::Reverse(*last)));
        for (_, last, _) in &begins {
            if let Some(count) = ends.get_mut(*last) {
                *count += 1;
            }
        }
        (begins.into_iter().map(|(first, _, group)| (first, group)).collect(), ends)
    }

    fn piece<'a>(&'a self, items: &mut Vec<Item<'a>>, piece: &'a Piece, mark: &'a Mark) {
        let text = mark.text.as_deref().unwrap_or_else(|| piece.span.text(self.source));
        for text in [mark.prefix, text, mark.suffix.as_str()] {
            if !text.is_empty() {
                items.push(Item::Text(text));
            }
        }
        for (nth, comment) in piece.after.iter().enumerate() {
            let text = comment.span.text(self.source).trim_end();
            if comment.ends_line {
                items.push(Item::LineComment(text));
            } else {
                if nth > 0 || !opens(piece.kind) {
                    items.push(Item::Space);
                }
                items.push(Item::Text(text));
            }
        }
    }

    /// What stands between two pieces: space, line end, comments with their lines.
    fn separate<'a>(&'a self, items: &mut Vec<Item<'a>>, previous: Option<usize>, at: usize) {
        let (Some(piece), Some(mark)) = (self.pieces.get(at), self.marks.get(at)) else { return };
        let ended = previous
            .and_then(|previous| self.pieces.get(previous))
            .is_some_and(|piece| piece.after.iter().any(|comment| comment.ends_line));
        let ended = ended && !matches!(piece.kind, Kind::Comma | Kind::Semicolon);
        let own = piece.before.iter().filter(|comment| comment.own_line);
        let mut inline = piece.before.iter().filter(|comment| !comment.own_line).peekable();
        let behind_comment = inline.peek().is_some()
            || previous
                .and_then(|previous| self.pieces.get(previous))
                .is_some_and(|piece| !piece.after.is_empty());
        let spaced = previous.is_none_or(|previous| self.spaced(previous, at, behind_comment));
        let before_comment = previous
            .and_then(|previous| self.pieces.get(previous))
            .is_some_and(|piece| !opens(piece.kind) || !piece.after.is_empty());
        let spot = mark.spot;
        let mut hard = ended || spot.is_some_and(|spot| spot.hard);
        let offset = spot.map_or(CONTINUED, |spot| spot.offset);
        let keeps_blank = spot.is_some_and(|spot| spot.keeps_blank);
        let first = previous.is_none_or(|previous| self.is(previous, Kind::LeftBrace));
        let mut comma = spot.is_some_and(|spot| spot.comma);
        let mut begun = !first;
        for comment in own {
            // Before a closing bracket a comment still stands with what is in the brackets.
            let offset = if offset == CONTINUED { CONTINUED } else { offset.max(0) };
            let blank = keeps_blank && comment.blank && begun;
            items.push(Item::Break(Break { hard: true, blank, comma, offset, ..Break::default() }));
            items.push(Item::Text(comment.span.text(self.source).trim_end()));
            (hard, comma, begun) = (true, false, true);
        }
        let closes = offset < 0 || piece.kind == Kind::Unknown;
        let blank = keeps_blank && piece.blank && begun && !closes;
        if hard {
            items.push(Item::Break(Break { hard, blank, comma, offset, ..Break::default() }));
        } else if let Some(Spot { fill, .. }) = spot {
            let spaced = if inline.peek().is_some() { before_comment } else { spaced };
            items.push(Item::Break(Break { fill, spaced, comma, offset, ..Break::default() }));
        } else if inline.peek().is_some() && before_comment || inline.peek().is_none() && spaced {
            items.push(Item::Space);
        }
        while let Some(comment) = inline.next() {
            items.push(Item::Text(comment.span.text(self.source)));
            if spaced || inline.peek().is_some() {
                items.push(Item::Space);
            }
        }
    }

    /// Whether a space stands between two pieces on one line, the first of which may have a
    /// comment behind it.
    fn spaced(&self, previous: usize, at: usize, behind_comment: bool) -> bool {
        let (before, kind) = (self.kind(previous), self.kind(at));
        if let Some(space) = self.marks.get(at).and_then(|mark| mark.space) {
            return space;
        }
        if before == Kind::DotDot && !behind_comment {
            let text = self.pieces.get(at).map_or("", |piece| piece.span.text(self.source));
            return text.starts_with('.');
        }
        let none_before = matches!(
            kind,
            Kind::Comma
                | Kind::Semicolon
                | Kind::RightParen
                | Kind::RightBracket
                | Kind::Dot
                | Kind::DotDot
                | Kind::DoubleColon
                | Kind::Colon
                | Kind::Unknown
        );
        let none_after = matches!(
            before,
            Kind::LeftParen | Kind::LeftBracket | Kind::Dot | Kind::DoubleColon | Kind::Ellipsis
        );
        let empty = before == Kind::LeftBrace && kind == Kind::RightBrace;
        !(none_before || !behind_comment && (none_after || empty))
    }
}

pub(super) const fn opens(kind: Kind) -> bool {
    matches!(kind, Kind::LeftParen | Kind::LeftBracket)
}

/// A name as it is written: bare if it can be, else in `` ` ``.
fn spell(name: &str) -> String {
    let bare = matches!(lex(name).as_slice(), [Token { kind: Kind::Word, span }]
        if span.len() as usize == name.len());
    // `_` is the wildcard, GLOBAL a word of SET.
    if bare && name != "_" && !name.eq_ignore_ascii_case("global") {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}
