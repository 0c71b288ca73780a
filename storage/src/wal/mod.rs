//! The write-ahead log: what makes a commit durable.
//!
//! Commits append their records under the engine's commit lock and wait for durability outside it.
//! One of the waiting threads leads: it writes what has been appended, syncs once, and all whose
//! records are covered go on (group commit). Bytes are written where their LSN says, so appending
//! goes on while a leader syncs. After a failed write or sync nothing is known about the tail of
//! the log, so the log refuses all further work.

mod format;
mod recover;

pub(crate) use format::{FORMAT_VERSION, RecordKind};
pub(crate) use recover::{Change, Recovered, recover};

use crate::codec::{put_u32, put_u64};
use crate::device::{Device, File};
use crate::error::{Error, Result};
use crate::schema::{CommitTs, TableId};
use crate::sync::{Arc, Condvar, Mutex};
use format::{SEGMENT_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader, push_record, segment_path};

/// Appended bytes beyond this are written to the file before COMMIT syncs it.
const BUFFER_BYTES: usize = 1 << 20;
/// Segments grow in steps of zeros, so that most syncs change no file size.
const GROWTH_BYTES: u64 = 64 << 10;
const SPARE_SEGMENTS: usize = 2;

/// The write-ahead log.
#[derive(Debug)]
pub(crate) struct Wal {
    device: Arc<dyn Device>,
    appender: Mutex<Appender>,
    durability: Mutex<Durability>,
    synced: Condvar,
    /// Whether COMMIT waits for the device at all.
    durable: bool,
}

#[derive(Debug)]
struct Segment {
    sequence: u64,
    start_lsn: u64,
    file: Arc<dyn File>,
    allocated: u64,
}

#[derive(Debug)]
struct Appender {
    segment: Option<Segment>,
    /// Bytes not yet handed to the device; they end at `end_lsn`.
    buffer: Vec<u8>,
    end_lsn: u64,
    next_sequence: u64,
    /// Earlier segments that were written since the last sync.
    unsynced: Vec<Arc<dyn File>>,
    /// Segments that hold records, oldest first: sequence and start.
    live: Vec<(u64, u64)>,
    spare: Vec<String>,
}

#[derive(Debug, Default)]
struct Durability {
    lsn: u64,
    syncing: bool,
    poisoned: Option<String>,
}

impl Wal {
    /// A log that goes on where recovery ended.
    pub(crate) fn new(device: Arc<dyn Device>, recovered: &Recovered, durable: bool) -> Wal {
        let appender = Appender {
            segment: None,
            buffer: Vec::new(),
            end_lsn: recovered.end_lsn,
            next_sequence: recovered.next_sequence,
            unsynced: Vec::new(),
            live: recovered.live.clone(),
            spare: recovered.spare.clone(),
        };
        let durability = Durability { lsn: recovered.end_lsn, ..Durability::default() };
        Wal {
            device,
            appender: Mutex::new(appender),
            durability: Mutex::new(durability),
            synced: Condvar::new(),
            durable,
        }
    }

    /// Appends the records of one transaction and its commit record; returns the LSNs where they
    /// start and end. On an error the log is poisoned, because part of them may be in it.
    pub(crate) fn append<'r>(
        &self,
        ts: CommitTs,
        records: impl Iterator<Item = (RecordKind, TableId, &'r [u8])>,
    ) -> Result<(u64, u64)> {
        let durable_lsn = self.check()?;
        let mut appender = self.appender.lock();
        let start_lsn = appender.end_lsn;
        let mut count = 0;
        let write = || {
            for (kind, table, payload) in records {
                self.append_one(&mut appender, (kind, table.0), payload, durable_lsn)?;
                count += 1;
            }
            let mut commit = Vec::with_capacity(20);
            put_u64(&mut commit, ts.0);
            put_u32(&mut commit, count);
            put_u64(&mut commit, start_lsn);
            self.append_one(&mut appender, (RecordKind::Commit, 0), &commit, durable_lsn)
        };
        if let Err(error) = write() {
            drop(appender);
            self.poison(&error);
            return Err(error);
        }
        Ok((start_lsn, appender.end_lsn))
    }

    fn append_one(
        &self,
        appender: &mut Appender,
        kind: (RecordKind, u32),
        payload: &[u8],
        durable_lsn: u64,
    ) -> Result<()> {
        let length = format::record_length(payload.len()) as u64;
        let fits = appender.segment.as_ref().is_some_and(|segment| {
            let used = appender.end_lsn - segment.start_lsn;
            used + length <= SEGMENT_BYTES || used == 0
        });
        if !fits {
            self.flush(appender)?;
            self.open_segment(appender, durable_lsn)?;
        }
        let lsn = appender.end_lsn;
        push_record(&mut appender.buffer, kind, (lsn, durable_lsn), payload);
        appender.end_lsn += length;
        if appender.buffer.len() > BUFFER_BYTES {
            self.flush(appender)?;
        }
        Ok(())
    }

    fn open_segment(&self, appender: &mut Appender, durable_lsn: u64) -> Result<()> {
        let sequence = appender.next_sequence;
        let path = segment_path(sequence);
        let fail = |operation| {
            let path = path.clone();
            move |error: std::io::Error| Error::io(&path, operation, &error)
        };
        let (file, allocated) = match appender.spare.pop() {
            Some(spare) => {
                self.device.rename(&spare, &path).map_err(fail("rename"))?;
                let file = self.device.open(&path).map_err(fail("open"))?;
                let length = file.len().map_err(fail("open"))?;
                (file, length)
            }
            None => (self.device.create(&path).map_err(fail("create"))?, 0),
        };
        let header = SegmentHeader {
            version: FORMAT_VERSION,
            sequence,
            start_lsn: appender.end_lsn,
            durable_lsn,
        };
        file.write_at(&header.encode(), 0).map_err(fail("write"))?;
        self.device.sync_dir("wal").map_err(fail("sync"))?;
        let start_lsn = appender.end_lsn;
        let segment = Segment { sequence, start_lsn, file, allocated };
        if let Some(previous) = appender.segment.replace(segment) {
            appender.unsynced.push(previous.file);
        }
        appender.live.push((sequence, start_lsn));
        appender.next_sequence += 1;
        Ok(())
    }

    /// Hands the buffered bytes to the device.
    fn flush(&self, appender: &mut Appender) -> Result<()> {
        let Some(segment) = &mut appender.segment else {
            return Ok(());
        };
        if appender.buffer.is_empty() {
            return Ok(());
        }
        let end = appender.end_lsn - segment.start_lsn + SEGMENT_HEADER_BYTES as u64;
        let start = end - appender.buffer.len() as u64;
        // Long appends extend the file themselves; short ones get room for many more.
        if end > segment.allocated {
            let target = end.next_multiple_of(GROWTH_BYTES);
            if appender.buffer.len() < GROWTH_BYTES as usize {
                appender.buffer.resize((target - start) as usize, 0);
            }
            segment.allocated = start + appender.buffer.len() as u64;
        }
        let written = segment.file.write_at(&appender.buffer, start);
        appender.buffer.clear();
        written.map_err(|error| Error::io(&segment_path(segment.sequence), "write", &error))
    }

    /// Waits until the log is durable up to `lsn`, leading the sync if no one else does.
    pub(crate) fn wait(&self, lsn: u64) -> Result<()> {
        let mut durability = self.durability.lock();
        loop {
            if durability.lsn >= lsn {
                return Ok(());
            }
            if let Some(cause) = &durability.poisoned {
                return Err(Error::Poisoned { cause: cause.clone() });
            }
            if !durability.syncing {
                break;
            }
            self.synced.wait(&mut durability);
        }
        durability.syncing = true;
        drop(durability);
        let outcome = self.write_and_sync();
        let mut durability = self.durability.lock();
        durability.syncing = false;
        match &outcome {
            Ok(reached) => durability.lsn = durability.lsn.max(*reached),
            Err(error) => durability.poisoned = Some(error.to_string()),
        }
        drop(durability);
        self.synced.notify_all();
        outcome.map(|_| ())
    }

    fn write_and_sync(&self) -> Result<u64> {
        let mut appender = self.appender.lock();
        self.flush(&mut appender)?;
        let reached = appender.end_lsn;
        let earlier = std::mem::take(&mut appender.unsynced);
        let current = appender.segment.as_ref().map(|s| (s.sequence, Arc::clone(&s.file)));
        drop(appender);
        if !self.durable {
            return Ok(reached);
        }
        let (sequence, current) = match current {
            Some(current) => current,
            None => return Ok(reached),
        };
        for file in earlier.iter().chain([&current]) {
            file.sync().map_err(|error| Error::io(&segment_path(sequence), "sync", &error))?;
        }
        Ok(reached)
    }

    /// The durable LSN, or the error of a poisoned log.
    pub(crate) fn check(&self) -> Result<u64> {
        let durability = self.durability.lock();
        match &durability.poisoned {
            Some(cause) => Err(Error::Poisoned { cause: cause.clone() }),
            None => Ok(durability.lsn),
        }
    }

    /// Refuses all further work.
    pub(crate) fn poison(&self, error: &Error) {
        let mut durability = self.durability.lock();
        durability.poisoned.get_or_insert_with(|| error.to_string());
        drop(durability);
        self.synced.notify_all();
    }

    /// Recycles the segments that hold nothing at or above `lsn`.
    pub(crate) fn release(&self, lsn: u64) -> Result<()> {
        let mut appender = self.appender.lock();
        let mut released = 0;
        while released + 1 < appender.live.len() && appender.live[released + 1].1 <= lsn {
            released += 1;
        }
        let segments: Vec<_> = appender.live.drain(..released).collect();
        for (sequence, _) in segments {
            let path = segment_path(sequence);
            let fail = |error| Error::io(&path, "recycle", &error);
            if appender.spare.len() < SPARE_SEGMENTS {
                let spare = format!("wal/spare-{sequence:06}.wal");
                self.device.rename(&path, &spare).map_err(fail)?;
                appender.spare.push(spare);
            } else {
                self.device.remove(&path).map_err(fail)?;
            }
        }
        Ok(())
    }
}
