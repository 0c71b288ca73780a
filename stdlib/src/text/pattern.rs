//! LIKE, and regular expressions.
//!
//! LIKE runs on bytes by the two-pointer method: linear but for one restart per `%`. Regular
//! expressions are compiled once per thread and pattern; the cache is small and forgets all when it
//! is full, which bounds it without bookkeeping.

use super::Outcome;
use crate::arguments::{cast_error, integer_or, text, text_or};
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, Value};
use grizzly_vm::native::NativeContext;
use hashbrown::HashMap;
use regex::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::sync::Arc;

pub(crate) const BODIES: Bodies = &[
    ("like", like),
    ("ilike", ilike),
    ("like_escape", like),
    ("ilike_escape", ilike),
    ("regexp_matches", regexp_like),
    ("regexp_like", regexp_like),
    ("regexp_full_match", regexp_full_match),
    ("regexp_replace", regexp_replace),
    ("regexp_extract", regexp_extract),
    ("regexp_extract_all", regexp_extract_all),
    ("regexp_substr", regexp_substr),
    ("regexp_instr", regexp_instr),
    ("regexp_count", regexp_count),
    ("regexp_split_to_array", regexp_split_to_array),
    ("regexp_escape", regexp_escape),
];

/// An element of a LIKE pattern.
#[derive(Clone, Copy, PartialEq)]
enum Wild {
    /// `%`
    Many,
    /// `_`
    One,
    /// A character that stands for itself.
    Exactly(char),
}

/// The pattern's elements; an escape character makes the next one stand for itself.
fn parse_like(pattern: &str, escape: Option<char>) -> Result<Vec<Wild>, Fault> {
    let mut elements = Vec::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        elements.push(match character {
            _ if Some(character) == escape => match characters.next() {
                Some(next) => Wild::Exactly(next),
                None => {
                    return Err(cast_error("a LIKE pattern must not end in its escape character"));
                }
            },
            '%' => Wild::Many,
            '_' => Wild::One,
            other => Wild::Exactly(other),
        });
    }
    Ok(elements)
}

/// Whether the text matches: on a mismatch the last `%` takes one character more.
fn matches_like(text: &str, pattern: &[Wild]) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    let mut restart: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if pattern.get(at) == Some(&Wild::Many) {
            at += 1;
            restart = Some((at, rest.clone()));
            continue;
        }
        let matched = match (rest.next(), pattern.get(at)) {
            (None, None) => return true,
            (None, Some(_)) => return false,
            (Some(_), Some(Wild::One)) => true,
            (Some(found), Some(Wild::Exactly(wanted))) => found == *wanted,
            _ => false,
        };
        if matched {
            at += 1;
            continue;
        }
        let Some((after, from)) = restart.as_mut() else { return false };
        if from.next().is_none() {
            return false;
        }
        at = *after;
        rest = from.clone();
    }
}

/// The escape character of `LIKE … ESCAPE`, the third argument where there is one.
fn escape_of(arguments: &[Value]) -> Result<Option<char>, Fault> {
    let written = text_or(arguments, 2, "")?;
    let mut characters = written.chars();
    match (characters.next(), characters.next()) {
        (_, Some(_)) => Err(cast_error("ESCAPE takes a single character")),
        (first, None) => Ok(first),
    }
}

fn like(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = parse_like(text(arguments, 1)?, escape_of(arguments)?)?;
    Ok(Value::Bool(matches_like(text(arguments, 0)?, &pattern)))
}

fn ilike(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let escape = escape_of(arguments)?.and_then(|c| c.to_lowercase().next());
    let pattern = parse_like(&text(arguments, 1)?.to_lowercase(), escape)?;
    Ok(Value::Bool(matches_like(&text(arguments, 0)?.to_lowercase(), &pattern)))
}

/// The most patterns that a thread keeps.
const CACHED_PATTERNS: usize = 64;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

/// The compiled pattern; options are `i` (case), `s` (`.` takes line ends), `m` (`^` and `$` at
/// lines), `x` (blanks in the pattern do not count), `c` (case counts) and, where allowed, `g`.
fn compile(pattern: &str, options: &str, global_allowed: bool) -> Result<Regex, Fault> {
    let key = format!("{options}/{pattern}");
    if let Some(found) = COMPILED.with_borrow(|cache| cache.get(&key).cloned()) {
        return Ok(found);
    }
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(4 << 20);
    for option in options.chars() {
        match option {
            'i' => builder.case_insensitive(true),
            'c' => builder.case_insensitive(false),
            's' => builder.dot_matches_new_line(true),
            'm' => builder.multi_line(true),
            'x' => builder.ignore_whitespace(true),
            'g' if global_allowed => &mut builder,
            other => {
                return Err(cast_error(format!("`{other}` is no option of a regular expression")));
            }
        };
    }
    let compiled = builder.build().map_err(|error| {
        let reason = error.to_string();
        // The last line of a syntax error is its reason; the ones before draw the pattern.
        let reason = reason.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        cast_error(format!("`{pattern}` is not a regular expression: {reason}"))
    })?;
    COMPILED.with_borrow_mut(|cache| {
        if cache.len() >= CACHED_PATTERNS {
            cache.clear();
        }
        cache.insert(key, compiled.clone());
    });
    Ok(compiled)
}

fn regexp_like(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = compile(text(arguments, 1)?, text_or(arguments, 2, "")?, false)?;
    Ok(Value::Bool(pattern.is_match(text(arguments, 0)?)))
}

fn regexp_full_match(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let whole = format!(r"\A(?:{})\z", text(arguments, 1)?);
    let pattern = compile(&whole, text_or(arguments, 2, "")?, false)?;
    Ok(Value::Bool(pattern.is_match(text(arguments, 0)?)))
}

fn regexp_replace(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let options = text_or(arguments, 3, "")?;
    let pattern = compile(text(arguments, 1)?, options, true)?;
    let replacement = text(arguments, 2)?;
    let limit = usize::from(!options.contains('g'));
    let expand = |captures: &Captures<'_>| expand_groups(replacement, captures);
    Ok(Value::text(pattern.replacen(text(arguments, 0)?, limit, expand)))
}

/// The replacement with `\0` to `\9` filled by the groups and `\\` as one backslash.
fn expand_groups(replacement: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        let group = match (character, characters.peek()) {
            ('\\', Some(next)) if next.is_ascii_digit() => next.to_digit(10),
            ('\\', Some('\\')) => {
                characters.next();
                out.push('\\');
                continue;
            }
            _ => None,
        };
        match group {
            Some(group) => {
                characters.next();
                out.push_str(captures.get(group as usize).map_or("", |found| found.as_str()));
            }
            None => out.push(character),
        }
    }
    out
}

/// The group that the third argument asks for.
fn group_of(arguments: &[Value], pattern: &Regex) -> Result<usize, Fault> {
    let wanted = integer_or(arguments, 2, 0)?;
    usize::try_from(wanted).ok().filter(|group| *group < pattern.captures_len()).ok_or_else(|| {
        let last = pattern.captures_len() - 1;
        let message = format!("the pattern has no group {wanted}; its last one is {last}");
        Fault::new(Builtin::IndexOutOfRange, message)
    })
}

fn regexp_extract(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = compile(text(arguments, 1)?, text_or(arguments, 3, "")?, false)?;
    let group = group_of(arguments, &pattern)?;
    let captures = pattern.captures(text(arguments, 0)?);
    let found = captures.as_ref().and_then(|c| c.get(group)).map_or("", |m| m.as_str());
    Ok(Value::text(found))
}

fn regexp_extract_all(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = compile(text(arguments, 1)?, text_or(arguments, 3, "")?, false)?;
    let group = group_of(arguments, &pattern)?;
    let all = pattern.captures_iter(text(arguments, 0)?);
    let found = all.map(|c| Value::text(c.get(group).map_or("", |m| m.as_str())));
    Ok(Value::Array(Arc::new(found.collect())))
}

fn regexp_substr(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = compile(text(arguments, 1)?, "", false)?;
    Ok(pattern.find(text(arguments, 0)?).map_or(Value::Null, |m| Value::text(m.as_str())))
}

fn regexp_instr(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let text = text(arguments, 0)?;
    let pattern = compile(self::text(arguments, 1)?, "", false)?;
    let found = pattern.find(text).map_or(0, |m| super::count_characters(&text[..m.start()]) + 1);
    Ok(Value::Int(found as i64))
}

fn regexp_count(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = compile(text(arguments, 1)?, "", false)?;
    Ok(Value::Int(pattern.find_iter(text(arguments, 0)?).count() as i64))
}

fn regexp_split_to_array(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pattern = compile(text(arguments, 1)?, "", false)?;
    let parts = pattern.split(text(arguments, 0)?).map(Value::text);
    Ok(Value::Array(Arc::new(parts.collect())))
}

fn regexp_escape(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::text(regex::escape(text(arguments, 0)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(text: &str, pattern: &str, escape: Option<char>) -> bool {
        matches_like(text, &parse_like(pattern, escape).expect("a pattern"))
    }

    #[test]
    fn like_backtracks_to_the_last_percent() {
        assert!(matches("abcabc", "%abc", None));
        assert!(matches("aXbXc", "a%b%c", None));
        assert!(!matches("abc", "ab", None));
        assert!(matches("", "%", None));
        assert!(!matches("", "_", None));
        assert!(matches("añ🐻", "a__", None));
        assert!(matches("mississippi", "%iss%ip%i", None));
        assert!(!matches("mississippi", "%iss%iss%iss%", None));
    }

    #[test]
    fn an_escape_makes_a_wildcard_plain() {
        assert!(matches("50%", "50!%", Some('!')));
        assert!(!matches("500", "50!%", Some('!')));
        assert!(parse_like("a!", Some('!')).is_err());
    }
}
