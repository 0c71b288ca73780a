//! The angle brackets of types: `ARRAY<ARRAY<T>>`, `MAP<K, V>=`.
//!
//! Behind ARRAY, MAP and TASK a `<` opens a type's arguments if a matching `>` follows over tokens
//! that types are made of. Each stretch of tokens is looked at once, so the work stays linear.

use crate::brackets::NONE;
use crate::token::{Kind, Token};
use std::collections::HashSet;

/// What is known about the angle brackets up to some token.
#[derive(Default)]
pub(super) struct Angles {
    opening: HashSet<usize>,
    closing: HashSet<usize>,
    /// Tokens before this one have been looked at.
    scanned: usize,
}

impl Angles {
    /// Whether the `<` at a raw index opens a type's arguments.
    pub(super) fn opens(&self, at: usize) -> bool {
        self.opening.contains(&at)
    }

    /// Whether the `>` or `>=` at a raw index closes them.
    pub(super) fn closes(&self, at: usize) -> bool {
        self.closing.contains(&at)
    }

    /// Looks at the `<` at `at`; says whether it opens a type's arguments.
    pub(super) fn look(&mut self, raw: &[Token], mates: &[u32], at: usize) -> bool {
        if at >= self.scanned {
            self.scan(raw, mates, at);
        }
        self.opens(at)
    }

    fn scan(&mut self, raw: &[Token], mates: &[u32], from: usize) {
        let mut open = Vec::new();
        let mut at = from;
        while let Some(token) = raw.get(at) {
            match token.kind {
                Kind::Less => open.push(at),
                Kind::Greater | Kind::GreaterEqual => {
                    if let Some(start) = open.pop() {
                        self.opening.insert(start);
                        self.closing.insert(at);
                    }
                    if open.is_empty() {
                        at += 1;
                        break;
                    }
                }
                Kind::LeftParen | Kind::LeftBrace => match mates.get(at) {
                    // What is in brackets is looked at when the filter comes to it.
                    Some(mate) if *mate != NONE && !has_angles(raw, at, *mate as usize) => {
                        at = *mate as usize;
                    }
                    Some(mate) if *mate != NONE => {}
                    _ => break,
                },
                Kind::RightParen
                | Kind::RightBrace
                | Kind::Comma
                | Kind::Colon
                | Kind::Dot
                | Kind::EmptyBrackets
                | Kind::Arrow
                | Kind::Number
                | Kind::Not
                | Kind::Null
                | Kind::QuotedWord
                | Kind::DoubleText => {}
                kind if kind.is_word() => {}
                _ => break,
            }
            at += 1;
        }
        self.scanned = self.scanned.max(at);
    }
}

/// Whether an angle bracket stands within the brackets; only a short look, else it says yes.
fn has_angles(raw: &[Token], from: usize, to: usize) -> bool {
    const LOOK: usize = 64;
    to - from > LOOK
        || raw
            .get(from..to)
            .is_some_and(|tokens| tokens.iter().any(|token| token.kind == Kind::Less))
}
