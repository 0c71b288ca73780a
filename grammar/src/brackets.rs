//! Which bracket closes which, over the significant tokens of a whole text.
//!
//! A `;` closes the parentheses and square brackets that are open within the innermost braces: none
//! of them may hold one. A `CREATE FUNCTION` or `CREATE TYPE` where only a top-level statement can
//! stand, at the start of a line and inside open braces, closes those braces: that is how one
//! forgotten `}` is kept from taking the rest of the file with it. What was closed so, and what
//! closes nothing, is reported; the statement around it is not parsed, so there is no noise.

use crate::diagnostic::Diagnostic;
use crate::diagnostics;
use crate::token::{Kind, Token};

/// No mate.
pub(crate) const NONE: u32 = u32::MAX;

/// The mates of all brackets.
pub(crate) struct Brackets {
    /// Per token the index of its mate, [`NONE`] for other tokens and for brackets without one.
    pub mates: Vec<u32>,
    /// What is wrong, with the index of the token at fault.
    pub problems: Vec<(usize, Diagnostic)>,
    /// Indices before which all open braces end, for the sake of recovery; ascending.
    pub resets: Vec<usize>,
}

/// Finds the mates.
pub(crate) fn pair(source: &str, tokens: &[Token]) -> Brackets {
    let mut pairing = Pairing {
        tokens,
        open: Vec::new(),
        counts: vec![[0; 2]],
        result: Brackets {
            mates: vec![NONE; tokens.len()],
            problems: Vec::new(),
            resets: Vec::new(),
        },
    };
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace => pairing.push(at),
            Kind::RightParen | Kind::RightBracket | Kind::RightBrace => pairing.close(at),
            Kind::Semicolon => pairing.drop_open(|kind| kind != Kind::LeftBrace),
            Kind::Create if pairing.must_be_top_level(source, at) => {
                pairing.result.resets.push(at);
                pairing.drop_open(|_| true);
            }
            _ => {}
        }
    }
    pairing.drop_open(|_| true);
    pairing.result.problems.sort_by_key(|(at, _)| *at);
    pairing.result
}

struct Pairing<'a> {
    tokens: &'a [Token],
    open: Vec<usize>,
    /// Per open brace, and for the text around them, how many `(` and `[` are open within it.
    counts: Vec<[u32; 2]>,
    result: Brackets,
}

impl Pairing<'_> {
    fn kind(&self, at: usize) -> Kind {
        self.tokens.get(at).map_or(Kind::Semicolon, |token| token.kind)
    }

    fn close(&mut self, at: usize) {
        let wanted = match self.kind(at) {
            Kind::RightParen => Kind::LeftParen,
            Kind::RightBracket => Kind::LeftBracket,
            _ => Kind::LeftBrace,
        };
        if !self.is_open(wanted) {
            if let Some(token) = self.tokens.get(at) {
                let open = self.open.last().and_then(|open| self.tokens.get(*open));
                self.result.problems.push((at, diagnostics::e0204::stray(*token, open.copied())));
            }
            return;
        }
        // Only what is inside the innermost braces is skipped to find the mate.
        while self.open.last().is_some_and(|open| self.kind(*open) != wanted) {
            self.report_open();
        }
        if let Some(mate) = self.pop() {
            self.link(mate, at);
        }
    }

    /// The slot of a `(` or `[` in the counts.
    fn slot(kind: Kind) -> Option<usize> {
        match kind {
            Kind::LeftParen => Some(0),
            Kind::LeftBracket => Some(1),
            _ => None,
        }
    }

    fn push(&mut self, at: usize) {
        match Self::slot(self.kind(at)) {
            Some(slot) => self.count(slot, 1),
            None => self.counts.push([0; 2]),
        }
        self.open.push(at);
    }

    fn pop(&mut self) -> Option<usize> {
        let at = self.open.pop()?;
        match Self::slot(self.kind(at)) {
            Some(slot) => self.count(slot, u32::MAX),
            None => {
                self.counts.pop();
            }
        }
        Some(at)
    }

    /// Adds to a count; `u32::MAX` takes one away.
    fn count(&mut self, slot: usize, change: u32) {
        if let Some(count) = self.counts.last_mut().and_then(|counts| counts.get_mut(slot)) {
            *count = count.wrapping_add(change);
        }
    }

    /// Whether a bracket of the kind is open, within the innermost braces if it is none itself.
    fn is_open(&self, kind: Kind) -> bool {
        match Self::slot(kind) {
            Some(slot) => self
                .counts
                .last()
                .and_then(|counts| counts.get(slot))
                .is_some_and(|count| *count > 0),
            None => self.counts.len() > 1,
        }
    }

    fn link(&mut self, left: usize, right: usize) {
        if let Some(slot) = self.result.mates.get_mut(left) {
            *slot = right as u32;
        }
        if let Some(slot) = self.result.mates.get_mut(right) {
            *slot = left as u32;
        }
    }

    fn drop_open(&mut self, droppable: impl Fn(Kind) -> bool) {
        while self.open.last().is_some_and(|at| droppable(self.kind(*at))) {
            self.report_open();
        }
    }

    fn report_open(&mut self) {
        if let Some(at) = self.pop()
            && let Some(token) = self.tokens.get(at)
        {
            self.result.problems.push((at, diagnostics::e0203::unclosed(*token)));
        }
    }

    /// Whether a CREATE can only be meant as a top-level statement although braces are open.
    fn must_be_top_level(&self, source: &str, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        let first_of_line = source
            .get(..token.span.start as usize)
            .is_some_and(|before| before.is_empty() || before.ends_with('\n'));
        let defines = (at + 1..at + 4)
            .map(|index| self.kind(index))
            .find(|kind| !matches!(kind, Kind::Or | Kind::Replace));
        !self.open.is_empty()
            && first_of_line
            && matches!(defines, Some(Kind::Function | Kind::Type))
    }
}
