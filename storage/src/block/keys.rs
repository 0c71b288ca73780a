//! The tree keys of a block's rows, taken from its key columns.
//!
//! Blocks store no encoded keys: comparing an encoded key with a row compares part by part, integer
//! parts as numbers without encoding anything.

use super::column::ColumnReader;
use crate::key::{self, KeyPart};
use std::cmp::Ordering;
use std::ops::{Bound, Range};

/// The key columns of a block.
#[derive(Debug)]
pub(crate) struct KeyColumns {
    parts: Vec<(KeyPart, ColumnReader)>,
    rows: usize,
}

impl KeyColumns {
    pub(crate) fn new(parts: Vec<(KeyPart, ColumnReader)>, rows: usize) -> KeyColumns {
        KeyColumns { parts, rows }
    }

    /// Encodes the key of a row into `out` (cleared first).
    pub(crate) fn encode(&self, row: usize, out: &mut Vec<u8>) {
        out.clear();
        self.append(row, out);
    }

    /// Appends the encoded key of a row.
    pub(crate) fn append(&self, row: usize, out: &mut Vec<u8>) {
        for (part, reader) in &self.parts {
            key::encode_part(part, &reader.value(row), out);
        }
    }

    /// Compares the key of a row with an encoded key.
    pub(crate) fn compare(&self, row: usize, key: &[u8]) -> Ordering {
        let mut rest = key;
        for (part, reader) in &self.parts {
            let (order, taken) = compare_part(part, reader, row, rest);
            if order != Ordering::Equal {
                return order;
            }
            rest = &rest[taken..];
        }
        // A row's key has all parts; a longer `key` sorts after it.
        if rest.is_empty() { Ordering::Equal } else { Ordering::Less }
    }

    /// Where a key is, or would be, among the rows of `range`.
    pub(crate) fn search(&self, key: &[u8], range: Range<usize>) -> Result<usize, usize> {
        match self.probe(key) {
            Some(Probe::One(values, wanted)) => {
                let found = values[range.clone()].binary_search(&wanted);
                found.map(|at| at + range.start).map_err(|at| at + range.start)
            }
            Some(Probe::Two(columns, wanted)) => bisect(range, |row| columns.compare(row, wanted)),
            None => bisect(range, |row| self.compare(row, key)),
        }
    }

    /// As [`KeyColumns::search`] from row `from` on, fast when the key is about `step` rows away.
    pub(crate) fn search_near(&self, key: &[u8], from: usize, step: usize) -> Result<usize, usize> {
        let range = from..self.rows;
        match self.probe(key) {
            Some(Probe::One(values, wanted)) => gallop(range, step, |row| values[row].cmp(&wanted)),
            Some(Probe::Two(columns, wanted)) => {
                gallop(range, step, |row| columns.compare(row, wanted))
            }
            None => gallop(range, step, |row| self.compare(row, key)),
        }
    }

    /// The numbers of a key of one or two integer parts.
    fn probe(&self, key: &[u8]) -> Option<Probe<'_>> {
        let plain = |part: &KeyPart| !part.nullable && !part.descending;
        match self.parts.as_slice() {
            [(part, reader)] if plain(part) && key.len() == 8 => {
                Some(Probe::One(reader.as_int64()?, key::unflip64(key)))
            }
            [(first, a), (second, b)] if plain(first) && plain(second) => {
                let (columns, wanted) = IntegerPair::new(a, b, key)?;
                Some(Probe::Two(columns, wanted))
            }
            _ => None,
        }
    }

    /// The rows between two bounds.
    pub(crate) fn range(&self, low: Bound<&[u8]>, high: Bound<&[u8]>) -> Range<usize> {
        let all = 0..self.rows;
        let start = match low {
            Bound::Unbounded => 0,
            Bound::Included(key) => self.search(key, all.clone()).unwrap_or_else(|at| at),
            Bound::Excluded(key) => self.search(key, all.clone()).map_or_else(|at| at, |at| at + 1),
        };
        let end = match high {
            Bound::Unbounded => self.rows,
            Bound::Included(key) => self.search(key, all).map_or_else(|at| at, |at| at + 1),
            Bound::Excluded(key) => self.search(key, all).unwrap_or_else(|at| at),
        };
        start..end.max(start)
    }
}

/// Compares one part of a row's key with the start of `key`; also the bytes the part takes there.
#[inline]
fn compare_part(
    part: &KeyPart,
    reader: &ColumnReader,
    row: usize,
    key: &[u8],
) -> (Ordering, usize) {
    if !part.nullable && !part.descending {
        if let Some(values) = reader.as_int64()
            && key.len() >= 8
        {
            return (values[row].cmp(&key::unflip64(key)), 8);
        }
        if let Some(values) = reader.as_int32()
            && key.len() >= 4
        {
            return (values[row].cmp(&key::unflip32(key)), 4);
        }
    }
    let mut encoded = Vec::with_capacity(32);
    key::encode_part(part, &reader.value(row), &mut encoded);
    // Parts are prefix-free, so the shorter `key` can only be a bound, which sorts first.
    let length = encoded.len().min(key.len());
    let order = encoded[..length].cmp(&key[..length]);
    (order.then(encoded.len().cmp(&length)), length)
}

/// A key as numbers, with the columns it is compared with.
enum Probe<'a> {
    One(&'a [i64], i64),
    Two(IntegerPair<'a>, (i64, i64)),
}

/// Two integer key columns.
enum IntegerPair<'a> {
    WideWide(&'a [i64], &'a [i64]),
    WideNarrow(&'a [i64], &'a [i32]),
    NarrowWide(&'a [i32], &'a [i64]),
    NarrowNarrow(&'a [i32], &'a [i32]),
}

impl<'a> IntegerPair<'a> {
    /// The columns and the key's numbers, if all are integers and the key is whole.
    fn new(a: &'a ColumnReader, b: &'a ColumnReader, key: &[u8]) -> Option<(Self, (i64, i64))> {
        let (wide_a, wide_b) = (a.as_int64(), b.as_int64());
        let width_a = if wide_a.is_some() { 8 } else { 4 };
        let width_b = if wide_b.is_some() { 8 } else { 4 };
        if key.len() != width_a + width_b {
            return None;
        }
        let number = |bytes: &[u8]| match bytes.len() {
            8 => key::unflip64(bytes),
            _ => i64::from(key::unflip32(bytes)),
        };
        let wanted = (number(&key[..width_a]), number(&key[width_a..]));
        let columns = match (wide_a, wide_b) {
            (Some(a), Some(b)) => IntegerPair::WideWide(a, b),
            (Some(a), None) => IntegerPair::WideNarrow(a, b.as_int32()?),
            (None, Some(b)) => IntegerPair::NarrowWide(a.as_int32()?, b),
            (None, None) => IntegerPair::NarrowNarrow(a.as_int32()?, b.as_int32()?),
        };
        Some((columns, wanted))
    }

    #[inline]
    fn compare(&self, row: usize, wanted: (i64, i64)) -> Ordering {
        match self {
            IntegerPair::WideWide(a, b) => (a[row], b[row]).cmp(&wanted),
            IntegerPair::WideNarrow(a, b) => (a[row], i64::from(b[row])).cmp(&wanted),
            IntegerPair::NarrowWide(a, b) => (i64::from(a[row]), b[row]).cmp(&wanted),
            IntegerPair::NarrowNarrow(a, b) => (i64::from(a[row]), i64::from(b[row])).cmp(&wanted),
        }
    }
}

/// Binary search with an order of rows relative to what is wanted.
#[inline]
fn bisect(range: Range<usize>, order: impl Fn(usize) -> Ordering) -> Result<usize, usize> {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        match order(middle) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Ok(middle),
        }
    }
    Err(low)
}

/// As [`bisect`], starting with steps of growing length from the front.
#[inline]
fn gallop(
    range: Range<usize>,
    step: usize,
    order: impl Fn(usize) -> Ordering,
) -> Result<usize, usize> {
    let (mut low, mut step) = (range.start, step.max(1));
    while low + step < range.end && order(low + step) == Ordering::Less {
        low += step + 1;
        step *= 2;
    }
    bisect(low..range.end.min(low + step + 1), order)
}
