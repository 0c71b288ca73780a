//! What a kind of token means beside its neighbours: whether it ends an operand, names an object,
//! ends a list or continues a block. Questions about one or two tokens, without the filter's state.

use crate::token::{Kind, WordClass};

/// Whether a `(` after this token of the source opens the arguments of a call.
pub(super) fn calls(kind: Kind) -> bool {
    match kind {
        Kind::Word | Kind::QuotedWord | Kind::Left | Kind::Right => true,
        Kind::Exists
        | Kind::Any
        | Kind::Some
        | Kind::Array
        | Kind::Lateral
        | Kind::Explain
        | Kind::Analyze
        | Kind::Bytecode
        | Kind::Describe
        | Kind::Copy => false,
        other => other.word_class() == Some(WordClass::Contextual),
    }
}

/// Whether an operand can end with this token, so that an infix operator may follow.
pub(super) fn ends_operand(kind: Kind) -> bool {
    match kind {
        Kind::Word
        | Kind::QuotedWord
        | Kind::SingleText
        | Kind::DoubleText
        | Kind::Number
        | Kind::Question
        | Kind::NumberedParameter
        | Kind::NamedParameter
        | Kind::RightParen
        | Kind::RightBracket
        | Kind::EmptyBrackets
        | Kind::RightBrace
        | Kind::Star
        | Kind::IntervalUnit
        | Kind::TypeGreater
        | Kind::NotNullConstraint
        | Kind::Unique
        | Kind::WithOrdinality
        | Kind::ReturnNothing
        | Kind::BadNumber
        | Kind::OpenText
        | Kind::OpenQuotedWord
        | Kind::End
        | Kind::Null
        | Kind::True
        | Kind::False
        | Kind::All
        | Kind::Async
        | Kind::Sync => true,
        other => other.word_class() == Some(WordClass::Soft),
    }
}

/// Whether the name of an object follows the word in CREATE, DROP and ALTER.
pub(super) fn names_object(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Function
            | Kind::Table
            | Kind::View
            | Kind::Index
            | Kind::Schema
            | Kind::Type
            | Kind::Trigger
            | Kind::Job
            | Kind::Secret
            | Kind::Role
            | Kind::User
            | Kind::Aggregate
    )
}

/// Whether a comma before these tokens is a trailing one.
pub(super) fn ends_list(next: Option<Kind>, after: Option<Kind>) -> bool {
    match next {
        // A label: `{ a: 1, from: 2 }`.
        Some(_) if after == Some(Kind::Colon) => false,
        None
        | Some(
            Kind::RightParen
            | Kind::RightBracket
            | Kind::RightBrace
            | Kind::Semicolon
            | Kind::From
            | Kind::Where
            | Kind::Having
            | Kind::Window
            | Kind::Qualify
            | Kind::Limit
            | Kind::Offset
            | Kind::Union
            | Kind::Intersect
            | Kind::Except
            | Kind::Select
            | Kind::Pipe,
        ) => true,
        Some(Kind::Order | Kind::Group) => after == Some(Kind::By),
        _ => false,
    }
}

/// Whether `|>` before these tokens is a step of a query.
pub(super) fn starts_step(next: Option<Kind>, after: Option<Kind>) -> bool {
    let call = after == Some(Kind::LeftParen);
    match next {
        Some(
            Kind::Where
            | Kind::Select
            | Kind::Set
            | Kind::Limit
            | Kind::Offset
            | Kind::Union
            | Kind::Intersect
            | Kind::Except
            | Kind::As
            | Kind::Join
            | Kind::Inner
            | Kind::Full
            | Kind::Cross
            | Kind::Natural
            | Kind::Extend
            | Kind::Aggregate,
        ) => true,
        Some(Kind::Order) => after == Some(Kind::By),
        Some(Kind::Left | Kind::Right | Kind::Drop | Kind::Call | Kind::Distinct) => !call,
        Some(Kind::Semi | Kind::Anti) => after == Some(Kind::Join),
        _ => false,
    }
}

/// Whether a brace before these tokens opens a struct literal or pattern.
pub(super) fn starts_struct((next, after): (Option<Kind>, Option<Kind>)) -> bool {
    match next {
        Some(Kind::Ellipsis) => true,
        Some(kind) if kind.is_word() => matches!(after, Some(Kind::Colon | Kind::Comma)),
        Some(kind) if kind.is_text() => after == Some(Kind::Colon),
        _ => false,
    }
}

/// Whether a statement that ends at its brace goes on with this token.
pub(super) fn continues_block(next: Option<Kind>) -> bool {
    matches!(
        next,
        None | Some(
            Kind::Else
                | Kind::Catch
                | Kind::Pipe
                | Kind::Dot
                | Kind::DoubleColon
                | Kind::Coalesce
                | Kind::Semicolon
                | Kind::RightBrace
        )
    )
}

/// Whether an arm whose body ends at a brace goes on with this token. What can begin a pattern
/// does not continue it.
pub(super) fn continues_arm(next: Option<Kind>, is_body: bool) -> bool {
    continues_block(next)
        || match next {
            Some(Kind::LeftBrace) => !is_body,
            Some(
                Kind::Comma
                | Kind::RightParen
                | Kind::LeftParen
                | Kind::Plus
                | Kind::Times
                | Kind::Slash
                | Kind::Percent
                | Kind::Concat
                | Kind::Equal
                | Kind::NotEqual
                | Kind::Less
                | Kind::LessEqual
                | Kind::Greater
                | Kind::GreaterEqual
                | Kind::AndAnd
                | Kind::And
                | Kind::Or
                | Kind::Is
                | Kind::In
                | Kind::Between
                | Kind::Contains
                | Kind::End
                | Kind::When
                | Kind::Then,
            ) => true,
            _ => false,
        }
}
