//! MANIFEST: a checksummed log of which trees make up the database.
//!
//! Each record is an edit of the state; the state is what all edits leave. An edit is synced before
//! anything that it makes unneeded (log segments, old files) goes away. Opening writes the whole
//! state as the first edit of a new file and renames it into place when the old file is long or
//! ends in a torn edit.

use crate::codec::{Reader, put_bytes, put_table, put_u32, put_u64, read_table};
use crate::device::{Device, File, exists, read_all};
use crate::error::{Error, Result};
use crate::schema::{CommitTs, IndexSpec, TableId, TableSpec};
use crate::sync::Arc;
use crate::wal::FORMAT_VERSION;
use std::collections::BTreeMap;

const PATH: &str = "MANIFEST";
const NEW_PATH: &str = "MANIFEST.new";
const MAGIC: &[u8; 8] = b"GZMANIF\x01";
const HEADER_BYTES: usize = 16;
/// A longer file is written anew when the database is opened.
const REWRITE_BYTES: usize = 1 << 20;

/// One table as the manifest knows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableState {
    pub(crate) spec: Arc<TableSpec>,
    /// What the table is an index of, if it is one.
    pub(crate) index: Option<Arc<IndexSpec>>,
    /// The commit that created the table.
    pub(crate) created: CommitTs,
    /// The root node's file.
    pub(crate) root: Option<u64>,
    /// Commits up to here are in the tree, as far as this table is concerned.
    pub(crate) flushed: CommitTs,
    pub(crate) next_row_id: u64,
}

/// What the manifest says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) tables: BTreeMap<TableId, TableState>,
    /// DDL of commits up to here is in the manifest.
    pub(crate) catalog: CommitTs,
    /// No commit was later than this when the edit was written.
    pub(crate) last: CommitTs,
    /// The log is needed from here on.
    pub(crate) log_start: u64,
    pub(crate) next_table: u64,
}

/// A change of the state: what is given replaces what was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub(crate) put: BTreeMap<TableId, TableState>,
    pub(crate) removed: Vec<TableId>,
    pub(crate) catalog: CommitTs,
    pub(crate) last: CommitTs,
    pub(crate) log_start: u64,
    pub(crate) next_table: u64,
}

/// The open manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    file: Arc<dyn File>,
    length: u64,
    pub(crate) state: State,
}

impl State {
    fn apply(&mut self, edit: Edit) {
        for table in &edit.removed {
            self.tables.remove(table);
        }
        self.tables.extend(edit.put);
        self.catalog = edit.catalog;
        self.last = edit.last;
        self.log_start = edit.log_start;
        self.next_table = edit.next_table;
    }

    fn to_edit(&self) -> Edit {
        Edit {
            put: self.tables.clone(),
            removed: Vec::new(),
            catalog: self.catalog,
            last: self.last,
            log_start: self.log_start,
            next_table: self.next_table,
        }
    }
}

impl Edit {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u64(&mut out, self.catalog.0);
        put_u64(&mut out, self.last.0);
        put_u64(&mut out, self.log_start);
        put_u64(&mut out, self.next_table);
        put_u32(&mut out, self.removed.len() as u32);
        self.removed.iter().for_each(|table| put_u32(&mut out, table.0));
        put_u32(&mut out, self.put.len() as u32);
        for (id, table) in &self.put {
            put_u32(&mut out, id.0);
            put_u64(&mut out, table.created.0);
            put_u64(&mut out, table.root.unwrap_or(0));
            put_u64(&mut out, table.flushed.0);
            put_u64(&mut out, table.next_row_id);
            let mut spec = Vec::new();
            put_table(&mut spec, &table.spec, table.index.as_deref());
            put_bytes(&mut out, &spec);
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Edit> {
        let mut reader = Reader(bytes);
        let mut edit = Edit {
            catalog: CommitTs(reader.u64()?),
            last: CommitTs(reader.u64()?),
            log_start: reader.u64()?,
            next_table: reader.u64()?,
            ..Edit::default()
        };
        for _ in 0..reader.u32()? {
            edit.removed.push(TableId(reader.u32()?));
        }
        for _ in 0..reader.u32()? {
            let id = TableId(reader.u32()?);
            let created = CommitTs(reader.u64()?);
            let root = Some(reader.u64()?).filter(|&root| root != 0);
            let flushed = CommitTs(reader.u64()?);
            let next_row_id = reader.u64()?;
            let (spec, index) = read_table(&mut Reader(reader.bytes()?))?;
            let spec = Arc::new(spec);
            let state = TableState { spec, index, created, root, flushed, next_row_id };
            edit.put.insert(id, state);
        }
        reader.0.is_empty().then_some(edit)
    }
}

fn record(edit: &Edit) -> Vec<u8> {
    let payload = edit.encode();
    let mut bytes = Vec::with_capacity(payload.len() + 8);
    put_u32(&mut bytes, payload.len() as u32);
    bytes.extend_from_slice(&payload);
    let checksum = crc32c::crc32c(&bytes);
    put_u32(&mut bytes, checksum);
    bytes
}

fn fail(operation: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::io(PATH, operation, &error)
}

impl Manifest {
    /// Reads the manifest of a database, or starts that of a new one.
    pub(crate) fn open(device: &dyn Device) -> Result<Manifest> {
        let state = if exists(device, PATH).map_err(fail("open"))? {
            let bytes = read_all(device, PATH).map_err(fail("read"))?;
            let (state, end) = read_state(&bytes)?;
            if end == bytes.len() && end < REWRITE_BYTES {
                let file = device.open(PATH).map_err(fail("open"))?;
                // What was read may be in the system's cache only, after a crash of the process.
                file.sync().map_err(fail("sync"))?;
                return Ok(Manifest { file, length: end as u64, state });
            }
            state
        } else if device.list("wal").map_err(fail("list"))?.is_empty() {
            State::default()
        } else {
            return Err(Error::corrupt(PATH, 0, "the file is missing, but there is a log"));
        };
        Manifest::rewrite(device, state)
    }

    /// Writes the state as a new file.
    fn rewrite(device: &dyn Device, state: State) -> Result<Manifest> {
        let mut bytes = MAGIC.to_vec();
        put_u32(&mut bytes, FORMAT_VERSION);
        put_u32(&mut bytes, 0);
        bytes.extend_from_slice(&record(&state.to_edit()));
        let file = device.create(NEW_PATH).map_err(fail("create"))?;
        file.write_at(&bytes, 0).map_err(fail("write"))?;
        file.sync().map_err(fail("sync"))?;
        device.rename(NEW_PATH, PATH).map_err(fail("rename"))?;
        device.sync_dir("").map_err(fail("sync"))?;
        Ok(Manifest { file, length: bytes.len() as u64, state })
    }

    /// Appends an edit and makes it durable. After an error the file's end is unknown; the caller
    /// stops the database.
    pub(crate) fn append(&mut self, edit: Edit) -> Result<()> {
        let bytes = record(&edit);
        self.file.write_at(&bytes, self.length).map_err(fail("write"))?;
        self.file.sync().map_err(fail("sync"))?;
        self.length += bytes.len() as u64;
        self.state.apply(edit);
        Ok(())
    }
}

/// The state, and where its last edit ends.
fn read_state(bytes: &[u8]) -> Result<(State, usize)> {
    let damaged = |at: usize, what: &str| Error::corrupt(PATH, at as u64, what);
    let mut header = Reader(bytes);
    if header.take(MAGIC.len()) != Some(MAGIC) {
        return Err(damaged(0, "the file is not a manifest"));
    }
    let version = header.u32().ok_or_else(|| damaged(8, "the header ends early"))?;
    if version != FORMAT_VERSION {
        let file = PATH.to_owned();
        return Err(Error::FormatVersion { file, found: version, supported: FORMAT_VERSION });
    }
    let mut state = State::default();
    let mut at = HEADER_BYTES;
    let mut edits = 0;
    while at < bytes.len() {
        match read_record(bytes, at) {
            Some((edit, end)) => {
                state.apply(edit);
                at = end;
                edits += 1;
            }
            // The last edit may be torn; the first was renamed into place whole, and an edit
            // before a readable one had been synced.
            None if edits == 0 || any_record_after(bytes, at) => {
                return Err(damaged(at, "an edit cannot be read"));
            }
            None => break,
        }
    }
    if edits == 0 {
        return Err(damaged(HEADER_BYTES, "there is no edit"));
    }
    Ok((state, at))
}

fn read_record(bytes: &[u8], at: usize) -> Option<(Edit, usize)> {
    let length = Reader(bytes.get(at..)?).u32()? as usize;
    let payload_end = at.checked_add(4)?.checked_add(length)?;
    let checksum = Reader(bytes.get(payload_end..)?).u32()?;
    let covered = &bytes[at..payload_end];
    if crc32c::crc32c(covered) != checksum {
        return None;
    }
    Some((Edit::decode(&covered[4..])?, payload_end + 4))
}

fn any_record_after(bytes: &[u8], at: usize) -> bool {
    (at + 1..bytes.len()).any(|at| read_record(bytes, at).is_some())
}
