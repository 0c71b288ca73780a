//! Reading the log after a restart.
//!
//! Records are read in LSN order; the first bad one ends the log, unless something later proves
//! that the log had been durable beyond it, which makes it damage. The caller gets each committed
//! transaction whole, in commit order. What was read is synced, and writing goes on in a new
//! segment that states the LSN where the old ones end, so nothing behind a torn tail comes back.

use super::format::{
    FORMAT_VERSION, RECORD_ALIGNMENT, Record, RecordKind, SEGMENT_HEADER_BYTES, SegmentHeader,
    read_record, segment_path,
};
use crate::codec::Reader;
use crate::device::{Device, read_all};
use crate::error::{Error, Result};
use crate::schema::{CommitTs, TableId};

/// Where the log ends and which files it has.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub(crate) end_lsn: u64,
    pub(crate) next_sequence: u64,
    pub(crate) live: Vec<(u64, u64)>,
    pub(crate) spare: Vec<String>,
}

/// A change of a committed transaction.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: RecordKind,
    pub(crate) table: TableId,
    pub(crate) payload: Vec<u8>,
    /// Where it was read, for errors about its content.
    pub(crate) file: String,
    pub(crate) offset: u64,
}

struct SegmentFile {
    sequence: u64,
    path: String,
    header: Option<SegmentHeader>,
    bytes: Vec<u8>,
}

/// Reads the log from `from_lsn` on, which is where a transaction starts, and calls `apply` with
/// every committed transaction and the LSN of its first record.
pub(crate) fn recover(
    device: &dyn Device,
    from_lsn: u64,
    mut apply: impl FnMut(CommitTs, u64, Vec<Change>) -> Result<()>,
) -> Result<Recovered> {
    let mut recovered = Recovered { next_sequence: 1, end_lsn: from_lsn, ..Recovered::default() };
    let files = open_segments(device, &mut recovered)?;
    // Segments that end before the part that is needed had been recycled; their names came back.
    let starts_early = |file: &SegmentFile| file.header.is_some_and(|h| h.start_lsn <= from_lsn);
    let segments = &files[files.iter().rposition(starts_early).unwrap_or(0)..];
    let mut pending = Vec::new();
    let mut committed_lsn = from_lsn;
    let mut lsn = match segments.iter().find_map(|segment| segment.header) {
        Some(header) => header.start_lsn,
        None => from_lsn,
    };
    if lsn > from_lsn {
        return Err(Error::corrupt(
            &segments.first().map_or_else(String::new, |segment| segment.path.clone()),
            0,
            format!("the log starts at {lsn}, but {from_lsn} is needed"),
        ));
    }
    for (index, segment) in segments.iter().enumerate() {
        let Some(header) = segment.header.filter(|header| header.start_lsn == lsn) else {
            check_tail(&segments[index..], 0, lsn)?;
            break;
        };
        recovered.live.push((segment.sequence, header.start_lsn));
        let next_start = segments.get(index + 1).and_then(|next| next.header);
        let mut offset = SEGMENT_HEADER_BYTES;
        while next_start.is_none_or(|next| next.start_lsn != lsn) {
            let Some(record) = read_record(&segment.bytes, offset, lsn) else {
                check_tail(&segments[index..], offset, lsn)?;
                break;
            };
            let place = (segment.path.as_str(), offset as u64);
            take_record(&record, place, lsn >= from_lsn, &mut pending, &mut apply)?;
            lsn += record.length as u64;
            offset += record.length;
            if record.kind == RecordKind::Commit {
                committed_lsn = committed_lsn.max(lsn);
            }
        }
    }
    // Records without a commit record did not happen; the log goes on where the last commit ends,
    // and a log that ends before what the trees already hold is not needed at all.
    recovered.end_lsn = committed_lsn;
    let needed = lsn >= from_lsn;
    recovered.live.retain(|(_, start)| needed && *start < committed_lsn);
    finish(device, &files, &mut recovered)?;
    Ok(recovered)
}

fn take_record(
    record: &Record<'_>,
    (file, offset): (&str, u64),
    needed: bool,
    pending: &mut Vec<Change>,
    apply: &mut impl FnMut(CommitTs, u64, Vec<Change>) -> Result<()>,
) -> Result<()> {
    if record.kind != RecordKind::Commit {
        if needed {
            pending.push(Change {
                kind: record.kind,
                table: TableId(record.table),
                payload: record.payload.to_vec(),
                file: file.to_owned(),
                offset,
            });
        }
        return Ok(());
    }
    let mut reader = Reader(record.payload);
    let (ts, count, start_lsn) = match (reader.u64(), reader.u32(), reader.u64()) {
        (Some(ts), Some(count), Some(start)) => (CommitTs(ts), count as usize, start),
        _ => return Err(Error::corrupt(file, offset, "the commit record is too short")),
    };
    let changes = std::mem::take(pending);
    if !needed {
        return Ok(());
    }
    if changes.len() != count {
        let what = format!("the commit counts {count} records, {} are there", changes.len());
        return Err(Error::corrupt(file, offset, what));
    }
    apply(ts, start_lsn, changes)
}

/// Decides whether a bad record at `offset` of the first segment is a torn tail or damage.
fn check_tail(segments: &[SegmentFile], offset: usize, lsn: u64) -> Result<()> {
    let Some(first) = segments.first() else {
        return Ok(());
    };
    let damage = || {
        let what = "a record that had been made durable cannot be read";
        Err(Error::corrupt(&first.path, offset as u64, what))
    };
    for (index, segment) in segments.iter().enumerate() {
        if segment.header.is_some_and(|header| header.durable_lsn > lsn) {
            return damage();
        }
        let mut at = if index == 0 && offset > 0 { offset } else { SEGMENT_HEADER_BYTES };
        while at + RECORD_ALIGNMENT <= segment.bytes.len() {
            let stated = segment.bytes.get(at + 16..at + 24).map_or(0, |bytes| {
                let mut taken = [0; 8];
                taken.copy_from_slice(bytes);
                u64::from_le_bytes(taken)
            });
            let later = stated >= lsn && stated != 0;
            if later
                && let Some(record) = read_record(&segment.bytes, at, stated)
                && record.durable_lsn > lsn
            {
                return damage();
            }
            at += RECORD_ALIGNMENT;
        }
    }
    Ok(())
}

fn open_segments(device: &dyn Device, recovered: &mut Recovered) -> Result<Vec<SegmentFile>> {
    let names = device.list("wal").map_err(|error| Error::io("wal", "list", &error))?;
    let mut segments = Vec::new();
    for name in names {
        let path = format!("wal/{name}");
        let Some(stem) = name.strip_suffix(".wal") else { continue };
        if stem.starts_with("spare-") {
            recovered.spare.push(path);
            continue;
        }
        let Ok(sequence) = stem.parse::<u64>() else { continue };
        recovered.next_sequence = recovered.next_sequence.max(sequence + 1);
        let bytes = read_all(device, &path).map_err(|error| Error::io(&path, "read", &error))?;
        let header = SegmentHeader::decode(&bytes).filter(|header| header.sequence == sequence);
        if let Some(header) = header
            && header.version != FORMAT_VERSION
        {
            return Err(Error::FormatVersion {
                file: path,
                found: header.version,
                supported: FORMAT_VERSION,
            });
        }
        segments.push(SegmentFile { sequence, path, header, bytes });
    }
    segments.sort_by_key(|segment| segment.sequence);
    Ok(segments)
}

/// Makes what was read durable and removes the segments behind a torn tail.
fn finish(device: &dyn Device, segments: &[SegmentFile], recovered: &mut Recovered) -> Result<()> {
    let mut changed = false;
    for segment in segments {
        let fail = |operation| {
            let path = segment.path.clone();
            move |error: std::io::Error| Error::io(&path, operation, &error)
        };
        if recovered.live.iter().any(|(sequence, _)| *sequence == segment.sequence) {
            debug_assert_eq!(segment.path, segment_path(segment.sequence));
            let file = device.open(&segment.path).map_err(fail("open"))?;
            file.sync().map_err(fail("sync"))?;
        } else {
            device.remove(&segment.path).map_err(fail("remove"))?;
            changed = true;
        }
    }
    if changed {
        device.sync_dir("wal").map_err(|error| Error::io("wal", "sync", &error))?;
    }
    Ok(())
}
