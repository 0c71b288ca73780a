//! How deep the tree of a statement can become, from its tokens alone.
//!
//! The bound is computed before the parse, in one pass, so that a tree too deep for recursion is
//! never built. A parenthesis or square bracket counts two, a brace four, every operator of a chain
//! one. What the parser keeps flat (lists, joins, ELSE IF) or balances (AND, OR, `||`) does not add
//! up.

use crate::token::{Kind, Token};

/// One open bracket.
#[derive(Default)]
struct Level {
    /// What the bracket itself counts.
    weight: usize,
    /// Operators looser than `||` since the last separator.
    loose: usize,
    /// Operators tighter than `||` since the last separator or `||`, and the most of them so far.
    tight: usize,
    most_tight: usize,
    /// What reaches to the right over AND and OR: lambdas, TRY, RETURN, ….
    reaching: usize,
    /// The deepest bracket since the last separator.
    inner: usize,
    /// The deepest stretch so far.
    deepest: usize,
}

impl Level {
    /// At `||`: what binds tighter begins afresh.
    fn end_operand(&mut self) {
        self.most_tight = self.most_tight.max(self.tight);
        self.tight = 0;
    }

    fn separate(&mut self, fully: bool) {
        self.end_operand();
        self.deepest = self.deepest.max(self.loose + self.most_tight + self.reaching + self.inner);
        self.loose = 0;
        self.most_tight = 0;
        self.inner = 0;
        if fully {
            self.reaching = 0;
        }
    }
}

/// An upper bound of the depth of the tree that the tokens of a statement make.
pub(crate) fn bound(tokens: &[Token]) -> usize {
    let mut levels = vec![Level::default()];
    for token in tokens {
        match effect(token.kind) {
            Effect::Open(weight) => levels.push(Level { weight, ..Level::default() }),
            Effect::Close if levels.len() > 1 => close(&mut levels),
            effect => {
                if let Some(level) = levels.last_mut() {
                    apply(level, effect);
                }
            }
        }
    }
    while levels.len() > 1 {
        close(&mut levels);
    }
    levels.pop().map_or(0, |mut level| {
        level.separate(true);
        level.deepest
    })
}

fn close(levels: &mut Vec<Level>) {
    if let Some(mut level) = levels.pop() {
        level.separate(true);
        if let Some(outer) = levels.last_mut() {
            outer.inner = outer.inner.max(level.deepest + level.weight);
        }
    }
}

fn apply(level: &mut Level, effect: Effect) {
    match effect {
        Effect::Loose => level.loose += 1,
        Effect::Tight => level.tight += 1,
        Effect::Concat => level.end_operand(),
        Effect::Reaching => level.reaching += 1,
        Effect::Separator => level.separate(true),
        Effect::Associative => level.separate(false),
        Effect::Open(_) | Effect::Close | Effect::None => {}
    }
}

enum Effect {
    Open(usize),
    Close,
    /// Adds a level; looser than `||`.
    Loose,
    /// Adds a level; tighter than `||`.
    Tight,
    /// `||`: begins afresh but for what is looser.
    Concat,
    /// Adds a level to all that follows up to a separator.
    Reaching,
    /// Begins afresh.
    Separator,
    /// Begins afresh but for what reaches to the right.
    Associative,
    None,
}

fn effect(kind: Kind) -> Effect {
    match kind {
        Kind::LeftParen | Kind::LambdaParen | Kind::LeftBracket | Kind::Case | Kind::TypeLess => {
            Effect::Open(2)
        }
        Kind::LeftBrace | Kind::StructBrace | Kind::HandlerBrace => Effect::Open(4),
        Kind::RightParen
        | Kind::RightBracket
        | Kind::RightBrace
        | Kind::End
        | Kind::TypeGreater => Effect::Close,
        Kind::Comma | Kind::Semicolon | Kind::FatArrow | Kind::When | Kind::Then | Kind::Bar => {
            Effect::Separator
        }
        Kind::IfElse => Effect::Separator,
        Kind::And | Kind::Or | Kind::AndAnd => Effect::Associative,
        Kind::Concat => Effect::Concat,
        Kind::Arrow
        | Kind::Try
        | Kind::Catch
        | Kind::Raise
        | Kind::Return
        | Kind::Await
        | Kind::If
        | Kind::Match
        | Kind::Explain
        | Kind::Prepare => Effect::Reaching,
        Kind::Plus
        | Kind::Minus
        | Kind::Times
        | Kind::Slash
        | Kind::Percent
        | Kind::Bang
        | Kind::DoubleColon
        | Kind::Dot
        | Kind::EmptyBrackets
        | Kind::AtTimeZone => Effect::Tight,
        Kind::Equal
        | Kind::NotEqual
        | Kind::Less
        | Kind::LessEqual
        | Kind::Greater
        | Kind::GreaterEqual
        | Kind::Not
        | Kind::Tilde
        | Kind::NotTilde
        | Kind::Coalesce
        | Kind::Pipe
        | Kind::QueryPipe
        | Kind::StepPipe
        | Kind::DotDot
        | Kind::Union
        | Kind::Intersect
        | Kind::Except
        | Kind::Is
        | Kind::In
        | Kind::Like
        | Kind::Ilike
        | Kind::Between
        | Kind::Contains => Effect::Loose,
        _ => Effect::None,
    }
}

#[cfg(test)]
mod tests {
    use super::bound;
    use crate::{filter::filter, lexer::lex};

    fn depth(source: &str) -> usize {
        bound(&filter(source, &lex(source)).tokens)
    }

    #[test]
    fn flat_things_stay_flat() {
        assert!(depth(&vec!["a = 1"; 5_000].join(" OR ")) < 5);
        assert!(depth(&format!("SELECT {}", vec!["a + 1"; 5_000].join(", "))) < 5);
        assert!(depth(&format!("CASE {} END", "WHEN a = 1 THEN 2 ".repeat(5_000))) < 10);
    }

    #[test]
    fn chains_and_brackets_add_up() {
        assert!(depth(&vec!["1"; 2_000].join(" + ")) >= 1_999);
        assert!(depth(&format!("{}1{}", "(".repeat(600), ")".repeat(600))) >= 1_200);
        assert!(depth(&"x -> a AND ".repeat(1_500)) >= 1_500);
        assert!(
            depth(&format!("{}(1 + {}1){}", "f(".repeat(9), "1 + ".repeat(30), ")".repeat(9))) > 45
        );
    }
}
