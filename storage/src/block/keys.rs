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
        if let [(part, reader)] = self.parts.as_slice()
            && let Some(found) = search_integers(part, reader, key, range.clone())
        {
            return found;
        }
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.compare(middle, key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// As [`KeyColumns::search`] from row `from` on, fast when the key is near.
    pub(crate) fn search_near(&self, key: &[u8], from: usize) -> Result<usize, usize> {
        let mut low = from;
        let mut step = 16;
        while low + step < self.rows && self.compare(low + step, key) == Ordering::Less {
            low += step + 1;
            step *= 2;
        }
        self.search(key, low..self.rows.min(low + step + 1))
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

/// Binary search on the numbers of a single integer part; `None` if the part is something else.
fn search_integers(
    part: &KeyPart,
    reader: &ColumnReader,
    key: &[u8],
    range: Range<usize>,
) -> Option<Result<usize, usize>> {
    let values = reader.as_int64()?;
    if part.nullable || part.descending || key.len() != 8 {
        return None;
    }
    let wanted = key::unflip64(key);
    let found = values[range.clone()].binary_search(&wanted);
    Some(found.map(|at| at + range.start).map_err(|at| at + range.start))
}
