//! What a block's file says about itself besides its data: zone maps, fence keys, a Bloom filter,
//! checksums.
//!
//! The section lies between the Arrow data and the Arrow footer, where readers of Feather files do
//! not look. FORMAT.md gives the bytes.

use super::column::ColumnReader;
use super::keys::KeyColumns;
use crate::codec::{Reader, put_bytes, put_datum, put_u32, put_u64, read_datum};
use crate::datum::{Datum, OwnedDatum};
use std::cmp::Ordering;

/// Bytes one checksum covers.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;
/// Rows between two fence keys.
pub(crate) const FENCE_ROWS: usize = 128;

const BLOOM_BITS_PER_KEY: usize = 10;
const BLOOM_PROBES: u32 = 6;
/// Registers of a distinct-count sketch (HyperLogLog, Flajolet et al. 2007).
pub(crate) const SKETCH_BYTES: usize = 256;
/// Text bounds longer than this are not kept.
const BOUND_BYTES: usize = 256;

/// What is known about one column of a block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone {
    /// No value is below this; `None`: not known, or only NULLs.
    pub(crate) min: Option<OwnedDatum>,
    /// No value is above this; `None`: not known, or only NULLs.
    pub(crate) max: Option<OwnedDatum>,
    pub(crate) null_count: u64,
    pub(crate) sketch: Vec<u8>,
}

/// The section of a block.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) zones: Vec<Zone>,
    /// Encoded keys of rows 0, [`FENCE_ROWS`], 2 × [`FENCE_ROWS`], …
    fence_ends: Vec<u32>,
    fences: Vec<u8>,
    fence_prefixes: Vec<u64>,
    pub(crate) last_key: Vec<u8>,
    bloom: Vec<u8>,
    /// CRC-32C of each chunk of the file before the section.
    pub(crate) checksums: Vec<u32>,
}

/// A stable 64-bit hash; part of the format.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ (bytes.len() as u64);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let mut taken = [0; 8];
        taken.copy_from_slice(word);
        state = mix(state ^ u64::from_le_bytes(taken));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    mix(state ^ u64::from_le_bytes(last))
}

fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 31;
    mixed = mixed.wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 29)
}

fn hash_datum(value: &Datum<'_>) -> u64 {
    match *value {
        Datum::Null => 0,
        Datum::Bool(value) => mix(u64::from(value) + 1),
        Datum::Int(value) => mix(value as u64 ^ 0x5bd1_e995),
        Datum::Int128(value) => mix(value as u64 ^ mix((value >> 64) as u64)),
        Datum::Float(value) => mix((value + 0.0).to_bits() ^ 0x1234_5678),
        Datum::Bytes(bytes) => hash(bytes),
        Datum::Interval { months, days, micros } => {
            mix(micros as u64 ^ mix((u64::from(months as u32) << 32) | u64::from(days as u32)))
        }
    }
}

fn add_to_sketch(sketch: &mut [u8], hash: u64) {
    let index = (hash >> 56) as usize;
    let rank = ((hash << 8) | 0x80).leading_zeros() as u8 + 1;
    sketch[index] = sketch[index].max(rank);
}

/// About how many distinct values a sketch has seen.
pub(crate) fn estimate_distinct(sketch: &[u8]) -> u64 {
    let registers = sketch.len() as f64;
    let sum: f64 = sketch.iter().map(|&rank| 2_f64.powi(-i32::from(rank))).sum();
    let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
    let empty = sketch.iter().filter(|&&rank| rank == 0).count() as f64;
    if raw <= 2.5 * registers && empty > 0.0 {
        (registers * (registers / empty).ln()).round() as u64
    } else {
        raw.round() as u64
    }
}

/// Joins the sketches of two sets into that of their union.
pub(crate) fn merge_sketches(into: &mut [u8], other: &[u8]) {
    for (register, rank) in into.iter_mut().zip(other) {
        *register = (*register).max(*rank);
    }
}

impl Zone {
    /// Looks at every value of a column.
    pub(crate) fn of(reader: &ColumnReader, rows: usize) -> Zone {
        let mut sketch = vec![0; SKETCH_BYTES];
        let (mut min, mut max) = (0, 0);
        let mut null_count = 0;
        let mut seen = false;
        let mut previous = None;
        for row in 0..rows {
            let value = reader.value(row);
            if value.is_null() {
                null_count += 1;
                continue;
            }
            // Runs of one value are common in sorted data and cost only this.
            if previous == Some(value) {
                continue;
            }
            previous = Some(value);
            add_to_sketch(&mut sketch, hash_datum(&value));
            if !seen {
                (min, max, seen) = (row, row, true);
            } else if value.compare(&reader.value(max)) == Some(Ordering::Greater) {
                max = row;
            } else if value.compare(&reader.value(min)) == Some(Ordering::Less) {
                min = row;
            }
        }
        let seen = seen && reader.ordered;
        let bound = |row| seen.then(|| reader.value(row).to_owned()).filter(is_short);
        Zone { min: bound(min), max: bound(max), null_count, sketch }
    }
}

fn is_short(value: &OwnedDatum) -> bool {
    !matches!(value, OwnedDatum::Bytes(bytes) if bytes.len() > BOUND_BYTES)
}

impl Summary {
    /// The summary of rows with these keys and columns; checksums are added later.
    pub(crate) fn of(keys: &KeyColumns, columns: &[ColumnReader], rows: usize) -> Summary {
        let mut summary = Summary {
            zones: columns.iter().map(|reader| Zone::of(reader, rows)).collect(),
            fence_ends: Vec::new(),
            fences: Vec::new(),
            fence_prefixes: Vec::new(),
            last_key: Vec::new(),
            bloom: vec![0; (rows * BLOOM_BITS_PER_KEY).div_ceil(512).max(1) * 64],
            checksums: Vec::new(),
        };
        let mut key = Vec::new();
        for row in 0..rows {
            keys.encode(row, &mut key);
            summary.add_to_bloom(hash(&key));
            if row % FENCE_ROWS == 0 {
                summary.fences.extend_from_slice(&key);
                summary.fence_ends.push(summary.fences.len() as u32);
            }
        }
        summary.last_key = key;
        summary.number_fences();
        summary
    }

    fn number_fences(&mut self) {
        self.fence_prefixes =
            (0..self.fence_ends.len()).map(|at| crate::key::prefix_of(self.fence(at))).collect();
    }

    fn fence(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.fence_ends[before]);
        &self.fences[start as usize..self.fence_ends[index] as usize]
    }

    /// The rows among which a key must be.
    pub(crate) fn fenced(&self, key: &[u8], rows: usize) -> std::ops::Range<usize> {
        let prefix = crate::key::prefix_of(key);
        let below = self.fence_prefixes.partition_point(|&fence| fence < prefix);
        let equal = self.fence_prefixes[below..].partition_point(|&fence| fence == prefix);
        let mut after = below + equal;
        while after > below && self.fence(after - 1) > key {
            after -= 1;
        }
        let start = after.saturating_sub(1) * FENCE_ROWS;
        start..rows.min(after * FENCE_ROWS)
    }

    /// All probes of a key fall into one 64-byte line.
    fn bloom_line(&self, hash: u64) -> usize {
        let lines = (self.bloom.len() / 64) as u64;
        (((hash >> 32) * lines) >> 32) as usize * 64
    }

    fn add_to_bloom(&mut self, hash: u64) {
        let line = self.bloom_line(hash);
        for probe in 0..BLOOM_PROBES {
            let bit = bloom_bit(hash, probe);
            self.bloom[line + bit / 8] |= 1 << (bit % 8);
        }
    }

    /// False if no row has this key.
    pub(crate) fn may_contain(&self, hash: u64) -> bool {
        let line = self.bloom_line(hash);
        (0..BLOOM_PROBES).all(|probe| {
            let bit = bloom_bit(hash, probe);
            self.bloom[line + bit / 8] >> (bit % 8) & 1 == 1
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u32(&mut out, self.zones.len() as u32);
        for zone in &self.zones {
            put_datum(&mut out, zone.min.as_ref());
            put_datum(&mut out, zone.max.as_ref());
            put_u64(&mut out, zone.null_count);
            out.extend_from_slice(&zone.sketch);
        }
        put_u32(&mut out, self.fence_ends.len() as u32);
        self.fence_ends.iter().for_each(|end| put_u32(&mut out, *end));
        put_bytes(&mut out, &self.fences);
        put_bytes(&mut out, &self.last_key);
        put_bytes(&mut out, &self.bloom);
        put_u32(&mut out, self.checksums.len() as u32);
        self.checksums.iter().for_each(|checksum| put_u32(&mut out, *checksum));
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Summary> {
        let mut reader = Reader(bytes);
        let mut zones = Vec::new();
        for _ in 0..reader.u32()? {
            zones.push(Zone {
                min: read_datum(&mut reader)?,
                max: read_datum(&mut reader)?,
                null_count: reader.u64()?,
                sketch: reader.take(SKETCH_BYTES)?.to_vec(),
            });
        }
        let mut fence_ends = Vec::new();
        for _ in 0..reader.u32()? {
            fence_ends.push(reader.u32()?);
        }
        let fences = reader.bytes()?.to_vec();
        let last_key = reader.bytes()?.to_vec();
        let bloom = reader.bytes()?.to_vec();
        let mut checksums = Vec::new();
        for _ in 0..reader.u32()? {
            checksums.push(reader.u32()?);
        }
        let ordered = fence_ends.is_sorted();
        let whole = fence_ends.last().is_some_and(|&end| end as usize == fences.len());
        if !ordered || !whole || bloom.is_empty() || bloom.len() % 64 != 0 {
            return None;
        }
        let fence_prefixes = Vec::new();
        let mut summary =
            Summary { zones, fence_ends, fences, fence_prefixes, last_key, bloom, checksums };
        summary.number_fences();
        Some(summary)
    }
}

fn bloom_bit(hash: u64, probe: u32) -> usize {
    // Nine bits for each probe, from the half that did not choose the line.
    ((hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (9 * probe)) & 511) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sketches_estimate_within_a_fifth() {
        for count in [10_u64, 1_000, 100_000] {
            let mut sketch = vec![0; SKETCH_BYTES];
            for value in 0..count {
                add_to_sketch(&mut sketch, hash_datum(&Datum::Int(value as i64 * 7)));
            }
            let estimate = estimate_distinct(&sketch);
            assert!(estimate.abs_diff(count) <= count / 5 + 1, "{count} was seen as {estimate}");
        }
    }

    #[test]
    fn the_hash_is_part_of_the_format() {
        assert_eq!(hash(b""), 0x4784_8a77_c295_3ad8);
        assert_eq!(hash(b"grizzly storage"), 0x2722_d866_61bb_5c20);
    }
}
