//! From conditions on columns to ranges of keys.
//!
//! The key's first parts that are bound to single values make prefixes; the part after them may be
//! bound to a range. The ranges hold every row that fulfils the conditions, and maybe others: NaN
//! lies in them where IEEE 754 says it does not compare.

use crate::datum::{Datum, OwnedDatum};
use crate::key::{KeyPart, after_prefix, encode_part};
use crate::request::{KeyRange, Predicate, PredicateOp};
use crate::schema::ColumnId;
use crate::table::Kind;
use std::cmp::Ordering;
use std::ops::Bound;

/// More ranges than this are not worth making.
const MAX_RANGES: usize = 4096;

/// The ranges of keys of these parts, which hold these columns; `None` where the first part is not
/// bound.
pub(crate) fn of(
    parts: &[KeyPart],
    columns: &[ColumnId],
    predicates: &[Predicate],
) -> Option<Vec<KeyRange>> {
    let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bound = false;
    for (part, column) in parts.iter().zip(columns) {
        let here = || predicates.iter().filter(|p| p.column == *column);
        if let Some(values) = here().find_map(|p| single_values(part, p))
            && prefixes.len() * values.len() <= MAX_RANGES
        {
            let extend = |prefix: &Vec<u8>| {
                let with = |value: &OwnedDatum| extended(prefix, part, value);
                values.iter().map(with).collect::<Vec<_>>()
            };
            prefixes = prefixes.iter().flat_map(extend).collect();
            bound = true;
            continue;
        }
        let interval = Interval::of(part, here());
        if interval.is_bound() {
            return Some(prefixes.iter().map(|prefix| interval.range(prefix, part)).collect());
        }
        break;
    }
    if !bound {
        return None;
    }
    let whole = |prefix: Vec<u8>| KeyRange { high: end_of(&prefix), low: Bound::Included(prefix) };
    let mut ranges: Vec<KeyRange> = prefixes.into_iter().map(whole).collect();
    if ranges.is_empty() {
        // Nothing fulfils the conditions; no range at all would mean the whole table.
        let nothing = || Bound::Excluded(Vec::new());
        ranges.push(KeyRange { low: nothing(), high: nothing() });
    }
    Some(ranges)
}

fn extended(prefix: &[u8], part: &KeyPart, value: &OwnedDatum) -> Vec<u8> {
    let mut key = prefix.to_vec();
    encode_part(part, &value.borrow(), &mut key);
    key
}

fn end_of(prefix: &[u8]) -> Bound<Vec<u8>> {
    after_prefix(prefix).map_or(Bound::Unbounded, Bound::Excluded)
}

/// The only values that a predicate leaves to a column, if there are such.
fn single_values(part: &KeyPart, predicate: &Predicate) -> Option<Vec<OwnedDatum>> {
    if part.kind == Kind::Interval {
        // Intervals of one length may differ in their months and days.
        return None;
    }
    match predicate.op {
        PredicateOp::Equal | PredicateOp::In => {
            let known = predicate.values.iter().filter(|value| **value != OwnedDatum::Null);
            let values: Vec<_> = known.cloned().collect();
            values.iter().all(|value| part.kind.admits(&value.borrow())).then_some(values)
        }
        PredicateOp::IsNull if part.nullable => Some(vec![OwnedDatum::Null]),
        PredicateOp::IsNull => Some(Vec::new()),
        _ => None,
    }
}

/// What the comparisons of a column leave to it: a limit and whether it is left out.
#[derive(Default)]
struct Interval<'p> {
    low: Option<(&'p OwnedDatum, bool)>,
    high: Option<(&'p OwnedDatum, bool)>,
    /// A comparison with NULL, which nothing fulfils.
    empty: bool,
}

impl<'p> Interval<'p> {
    fn of(part: &KeyPart, predicates: impl Iterator<Item = &'p Predicate>) -> Interval<'p> {
        let mut interval = Interval::default();
        if matches!(part.kind, Kind::Interval | Kind::Uuid) {
            return interval;
        }
        for predicate in predicates {
            let (op, Some(value)) = (predicate.op, predicate.values.first()) else { continue };
            let lower = matches!(op, PredicateOp::Greater | PredicateOp::GreaterOrEqual);
            let upper = matches!(op, PredicateOp::Less | PredicateOp::LessOrEqual);
            if !lower && !upper {
                continue;
            }
            if *value == OwnedDatum::Null {
                interval.empty = true;
                continue;
            }
            if !part.kind.admits(&value.borrow()) {
                continue;
            }
            let open = matches!(op, PredicateOp::Greater | PredicateOp::Less);
            let (side, order) = match lower {
                true => (&mut interval.low, Ordering::Greater),
                false => (&mut interval.high, Ordering::Less),
            };
            let tighter = side.is_none_or(|(known, known_open)| {
                match value.borrow().compare(&known.borrow()) {
                    Some(Ordering::Equal) => open && !known_open,
                    other => other == Some(order),
                }
            });
            if tighter {
                *side = Some((value, open));
            }
        }
        interval
    }

    fn is_bound(&self) -> bool {
        self.empty || self.low.is_some() || self.high.is_some()
    }

    /// The range of keys that start with a prefix and go on with a value of the interval.
    fn range(&self, prefix: &[u8], part: &KeyPart) -> KeyRange {
        if self.empty {
            let nothing = || Bound::Excluded(prefix.to_vec());
            return KeyRange { low: nothing(), high: nothing() };
        }
        // In a descending part the bytes go the other way.
        let (first, last) =
            if part.descending { (self.high, self.low) } else { (self.low, self.high) };
        let low = match first {
            Some((value, open)) => {
                let key = extended(prefix, part, value);
                match open {
                    false => Bound::Included(key),
                    true => match after_prefix(&key) {
                        Some(after) => Bound::Included(after),
                        None => Bound::Excluded(key),
                    },
                }
            }
            None if part.nullable && !part.descending => {
                // Behind the NULLs.
                end_of_nulls(prefix, part)
            }
            None => Bound::Included(prefix.to_vec()),
        };
        let high = match last {
            Some((value, true)) => Bound::Excluded(extended(prefix, part, value)),
            Some((value, false)) => end_of(&extended(prefix, part, value)),
            None if part.nullable && part.descending => {
                Bound::Excluded(extended(prefix, part, &OwnedDatum::Null))
            }
            None => end_of(prefix),
        };
        KeyRange { low, high }
    }
}

fn end_of_nulls(prefix: &[u8], part: &KeyPart) -> Bound<Vec<u8>> {
    let mut nulls = prefix.to_vec();
    encode_part(part, &Datum::Null, &mut nulls);
    after_prefix(&nulls).map_or(Bound::Unbounded, Bound::Included)
}
