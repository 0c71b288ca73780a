//! The bytes of WAL segments and records.
//!
//! A position in the log is an LSN: bytes of records since the database was created. A segment
//! states the LSN of its first record, a record states its own, so bytes left over in a recycled
//! segment never look current. Headers and records also state how far the log was known to be
//! durable when they were written: a bad record below such a mark is damage, above it a torn tail.

/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 64;
/// Bytes of a record's header.
pub(crate) const RECORD_HEADER_BYTES: usize = 32;
/// Records start at multiples of this.
pub(crate) const RECORD_ALIGNMENT: usize = 8;
/// Bytes of records in a segment, unless a single record is longer.
pub(crate) const SEGMENT_BYTES: u64 = 16 << 20;
/// The format version, stated in MANIFEST and in every segment.
pub(crate) const FORMAT_VERSION: u32 = 1;

const SEGMENT_MAGIC: &[u8; 8] = b"GZWAL\0\0\x01";

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RecordKind {
    /// Entries of one table.
    Batch = 1,
    /// A table is created: its spec.
    CreateTable = 2,
    /// A table is dropped.
    DropTable = 3,
    /// Blocks that were written and synced become the table's rows.
    Load = 4,
    /// Everything since the last commit record happened.
    Commit = 5,
}

impl RecordKind {
    fn from_byte(byte: u8) -> Option<RecordKind> {
        Some(match byte {
            1 => RecordKind::Batch,
            2 => RecordKind::CreateTable,
            3 => RecordKind::DropTable,
            4 => RecordKind::Load,
            5 => RecordKind::Commit,
            _ => return None,
        })
    }
}

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) version: u32,
    pub(crate) sequence: u64,
    pub(crate) start_lsn: u64,
    pub(crate) durable_lsn: u64,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..8].copy_from_slice(SEGMENT_MAGIC);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.start_lsn.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.durable_lsn.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<SegmentHeader> {
        let bytes = bytes.get(..SEGMENT_HEADER_BYTES)?;
        let checksum = u32_at(bytes, 60);
        if &bytes[..8] != SEGMENT_MAGIC || crc32c::crc32c(&bytes[..60]) != checksum {
            return None;
        }
        Some(SegmentHeader {
            version: u32_at(bytes, 8),
            sequence: u64_at(bytes, 16),
            start_lsn: u64_at(bytes, 24),
            durable_lsn: u64_at(bytes, 32),
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut taken = [0; 4];
    taken.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(taken)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut taken = [0; 8];
    taken.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(taken)
}

/// A record, borrowed from a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) kind: RecordKind,
    pub(crate) table: u32,
    pub(crate) durable_lsn: u64,
    pub(crate) payload: &'a [u8],
    /// Bytes it takes in the segment, padding included.
    pub(crate) length: usize,
}

/// Bytes a record with this payload takes.
pub(crate) fn record_length(payload: usize) -> usize {
    (RECORD_HEADER_BYTES + payload).next_multiple_of(RECORD_ALIGNMENT)
}

/// Appends a record to `out`.
pub(crate) fn push_record(
    out: &mut Vec<u8>,
    (kind, table): (RecordKind, u32),
    (lsn, durable_lsn): (u64, u64),
    payload: &[u8],
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&[kind as u8, 0, 0, 0]);
    out.extend_from_slice(&table.to_le_bytes());
    out.extend_from_slice(&lsn.to_le_bytes());
    out.extend_from_slice(&durable_lsn.to_le_bytes());
    out.extend_from_slice(payload);
    let checksum = crc32c::crc32c(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&checksum.to_le_bytes());
    out.resize(start + record_length(payload.len()), 0);
}

/// Reads the record at `offset` of a segment's bytes, which must have LSN `lsn`.
pub(crate) fn read_record(bytes: &[u8], offset: usize, lsn: u64) -> Option<Record<'_>> {
    let header = bytes.get(offset..offset + RECORD_HEADER_BYTES)?;
    let payload_bytes = u32_at(header, 4) as usize;
    let kind = RecordKind::from_byte(header[8])?;
    if u64_at(header, 16) != lsn {
        return None;
    }
    let end = offset + RECORD_HEADER_BYTES + payload_bytes;
    let covered = bytes.get(offset + 4..end)?;
    if crc32c::crc32c(covered) != u32_at(header, 0) {
        return None;
    }
    Some(Record {
        kind,
        table: u32_at(header, 12),
        durable_lsn: u64_at(header, 24),
        payload: &bytes[offset + RECORD_HEADER_BYTES..end],
        length: record_length(payload_bytes),
    })
}

/// The file of a segment.
pub(crate) fn segment_path(sequence: u64) -> String {
    format!("wal/{sequence:06}.wal")
}
