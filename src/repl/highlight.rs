//! Which part of an entry is what, for colours: by the lexer alone, so that it holds for any text.

use grizzly_grammar::lexer::lex;
use grizzly_grammar::token::{Kind, WordClass};
use std::ops::Range;

/// What a part of an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A keyword.
    Keyword,
    /// A name before a parenthesis.
    Function,
    /// A text.
    Text,
    /// A number, or TRUE, FALSE, NULL.
    Constant,
    /// A comment.
    Comment,
    /// A `$parameter`, or a quoted name.
    Name,
    /// Text that is no token, or has no end yet.
    Unknown,
    /// A dot command.
    Command,
}

/// The parts of an entry that have a colour, in order.
pub fn classes(text: &str) -> Vec<(Range<usize>, Class)> {
    if super::commands::is_command(text) {
        let start = text.len() - text.trim_start().len();
        let word = text.get(start..).and_then(|rest| rest.split_whitespace().next()).unwrap_or("");
        return vec![(start..start + word.len(), Class::Command)];
    }
    let tokens = lex(text);
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| tokens.get(at)).map(|token| token.kind);
        let after = tokens.get(index + 1);
        let called = after
            .is_some_and(|next| next.kind == Kind::LeftParen && next.span.start == token.span.end);
        if let Some(class) = class(token.kind, before, called) {
            found.push((token.span.start as usize..token.span.end as usize, class));
        }
    }
    found
}

fn class(kind: Kind, before: Option<Kind>, called: bool) -> Option<Class> {
    Some(match kind {
        Kind::SingleText | Kind::DoubleText => Class::Text,
        Kind::Number | Kind::True | Kind::False | Kind::Null => Class::Constant,
        Kind::Comment | Kind::DocComment => Class::Comment,
        Kind::Unknown
        | Kind::OpenText
        | Kind::OpenQuotedWord
        | Kind::OpenComment
        | Kind::BadNumber => Class::Unknown,
        Kind::QuotedWord | Kind::NumberedParameter | Kind::NamedParameter | Kind::Question => {
            Class::Name
        }
        // After a dot every word is a name.
        _ if before == Some(Kind::Dot) => return called.then_some(Class::Function),
        Kind::Word => return called.then_some(Class::Function),
        other => match other.word_class()? {
            WordClass::Reserved => Class::Keyword,
            WordClass::Soft | WordClass::Contextual if called => Class::Function,
            WordClass::Soft | WordClass::Contextual => Class::Keyword,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{Class, classes};

    fn shown(text: &str) -> Vec<(&str, Class)> {
        classes(text).into_iter().map(|(range, class)| (&text[range], class)).collect()
    }

    #[test]
    fn tokens_have_classes() {
        let text = "SELECT lower(name), 1.5, 'x', NULL FROM t -- all";
        let expected = [
            ("SELECT", Class::Keyword),
            ("lower", Class::Function),
            ("1.5", Class::Constant),
            ("'x'", Class::Text),
            ("NULL", Class::Constant),
            ("FROM", Class::Keyword),
            ("-- all", Class::Comment),
        ];
        assert_eq!(shown(text), expected);
        assert_eq!(shown("x.from 'a"), [("'a", Class::Unknown)]);
        assert_eq!(shown("  .mode csv"), [(".mode", Class::Command)]);
    }
}
