//! Paths into JSON: `$.a[0]."b c"`, as SQL/JSON and DuckDB write them, without wildcards.

use crate::arguments::cast_error;
use grizzly_bytecode::Fault;
use serde_json::{Map, Value as Json};

/// A step of a path.
#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(i64),
}

/// A path from the root.
#[derive(Debug)]
pub(crate) struct Path(Vec<Step>);

/// What a change does where something is at the path, and where nothing is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// Replaces it, or puts it there.
    Set,
    /// Leaves it; puts it there.
    Insert,
    /// Replaces it; leaves nothing.
    Replace,
}

fn place(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 { index.checked_add(length as i64)? } else { index };
    usize::try_from(at).ok()
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// CastError for what is none.
    pub(crate) fn parse(text: &str) -> Result<Path, Fault> {
        let bad = || cast_error(format!("`{text}` is not a JSON path like $.a[0]"));
        let mut rest = text.strip_prefix('$').ok_or_else(bad)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(".\"") {
                let (key, after) = after.split_once('"').ok_or_else(bad)?;
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (key, after) = after.split_at(end);
                if key.is_empty() {
                    return Err(bad());
                }
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            } else {
                let inside = rest.strip_prefix('[').ok_or_else(bad)?;
                let (index, after) = inside.split_once(']').ok_or_else(bad)?;
                steps.push(Step::Index(index.trim().parse().map_err(|_| bad())?));
                rest = after;
            }
        }
        Ok(Path(steps))
    }

    /// What is there.
    pub(crate) fn find<'j>(&self, json: &'j Json) -> Option<&'j Json> {
        self.0.iter().try_fold(json, |json, step| match (step, json) {
            (Step::Key(key), Json::Object(members)) => members.get(key),
            (Step::Index(index), Json::Array(items)) => items.get(place(*index, items.len())?),
            _ => None,
        })
    }

    /// What is one step above, to change it, and the last step.
    fn parent<'j>(&self, json: &'j mut Json) -> Option<(&'j mut Json, &Step)> {
        let (last, before) = self.0.split_last()?;
        let parent = before.iter().try_fold(json, |json, step| match (step, json) {
            (Step::Key(key), Json::Object(members)) => members.get_mut(key),
            (Step::Index(index), Json::Array(items)) => {
                let at = place(*index, items.len())?;
                items.get_mut(at)
            }
            _ => None,
        });
        parent.map(|parent| (parent, last))
    }

    /// Changes what is there.
    pub(crate) fn change(&self, json: &mut Json, value: Json, change: Change) {
        if self.0.is_empty() {
            if change != Change::Insert {
                *json = value;
            }
            return;
        }
        match self.parent(json) {
            Some((Json::Object(members), Step::Key(key))) => {
                change_member(members, key, value, change);
            }
            Some((Json::Array(items), Step::Index(index))) => {
                let at = place(*index, items.len());
                match at.and_then(|at| items.get_mut(at)) {
                    Some(item) if change != Change::Insert => *item = value,
                    None if change != Change::Replace && at.is_some() => items.push(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Takes out what is there.
    pub(crate) fn remove(&self, json: &mut Json) {
        match self.parent(json) {
            Some((Json::Object(members), Step::Key(key))) => {
                members.shift_remove(key);
            }
            Some((Json::Array(items), Step::Index(index))) => {
                let at = place(*index, items.len()).filter(|at| *at < items.len());
                at.map(|at| items.remove(at));
            }
            _ => {}
        }
    }
}

fn change_member(members: &mut Map<String, Json>, key: &str, value: Json, change: Change) {
    let there = members.contains_key(key);
    let changes = match change {
        Change::Set => true,
        Change::Insert => !there,
        Change::Replace => there,
    };
    if changes {
        members.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_refused() {
        let path = Path::parse("$.a[0].\"b c\"[-1]").map(|path| path.0).unwrap_or_default();
        let key = |key: &str| Step::Key(key.into());
        assert_eq!(path, [key("a"), Step::Index(0), key("b c"), Step::Index(-1)]);
        for wrong in ["a", "$a", "$.", "$[", "$[x]", "$.\"a"] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }
}
