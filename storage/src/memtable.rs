//! The mutable root buffer of a table: committed messages in row form, newest versions first.
//!
//! A key has one version per commit that wrote it since the memtable was started. A version stands
//! for everything the memtable knows about its key up to that commit (newer messages are folded
//! over older ones), so a reader takes the newest version its snapshot may see and goes on to older
//! layers only if that version is a patch. Readers hold the lock for one lookup or one range.

use crate::error::Result;
use crate::key::prefix_of;
use crate::row::{self, Message};
use crate::run::{Arena, RowRun, Slot};
use crate::schema::CommitTs;
use crate::sync::{Arc, Mutex, RwLock};
use crate::table::Table;
use std::collections::BTreeMap;
use std::ops::Bound;

const NONE: u32 = u32::MAX;

/// Where a key range starts and ends.
type KeyBounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The mutable root buffer of a table.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    state: RwLock<State>,
    /// The last full view, with the timestamp of the newest message in it.
    cached: Mutex<Option<(CommitTs, Arc<RowRun>)>>,
}

#[derive(Debug, Default)]
struct State {
    heads: BTreeMap<Box<[u8]>, Version>,
    /// Versions that are no longer the newest of their key.
    history: Vec<Version>,
    arena: Arena,
    bytes: usize,
    last: CommitTs,
    start_lsn: u64,
}

#[derive(Clone, Copy, Debug)]
struct Version {
    ts: CommitTs,
    slot: Slot,
    /// Index in `history` of the version before, or [`NONE`].
    older: u32,
}

impl State {
    fn visible(&self, head: Version, ts: CommitTs) -> Option<Version> {
        let mut version = head;
        while version.ts > ts {
            if version.older == NONE {
                return None;
            }
            version = self.history[version.older as usize];
        }
        Some(version)
    }

    fn collect(&self, ts: CommitTs, bounds: (Bound<&[u8]>, Bound<&[u8]>), slots: &mut Vec<Slot>) {
        let heads = self.heads.range::<[u8], _>(bounds);
        slots.extend(heads.filter_map(|(_, &head)| self.visible(head, ts).map(|v| v.slot)));
    }

    fn all(&self, ts: CommitTs) -> Arc<RowRun> {
        let mut slots = Vec::new();
        self.collect(ts, (Bound::Unbounded, Bound::Unbounded), &mut slots);
        Arc::new(RowRun { slots: Arc::new(slots), arena: self.arena.clone() })
    }
}

impl Memtable {
    /// Adds the messages of one commit, sorted by key.
    pub(crate) fn push(
        &self,
        table: &Table,
        (ts, start_lsn): (CommitTs, u64),
        run: &RowRun,
    ) -> Result<()> {
        let mut guard = self.state.write();
        let state = &mut *guard;
        if state.heads.is_empty() {
            state.start_lsn = start_lsn;
        }
        let mut folded = Vec::new();
        for index in 0..run.len() {
            let message = run.message(index);
            let prefix = prefix_of(message.key);
            let added = row::ENTRY_HEADER_BYTES + message.key.len() + message.body.len();
            state.bytes += added;
            if let Some(head) = state.heads.get_mut(message.key) {
                let older = state.arena.message(head.slot);
                let operation = row::fold(table, &older, &message, &mut folded)?;
                let message = Message { operation, key: message.key, body: &folded };
                let slot = state.arena.push(&message, prefix);
                state.history.push(*head);
                *head = Version { ts, slot, older: state.history.len() as u32 - 1 };
            } else {
                let slot = state.arena.push(&message, prefix);
                state.bytes += message.key.len() + 96;
                state.heads.insert(message.key.into(), Version { ts, slot, older: NONE });
            }
        }
        state.last = ts;
        Ok(())
    }

    /// Calls `visit` with the message a snapshot at `ts` sees for a key.
    pub(crate) fn find<T>(
        &self,
        key: &[u8],
        ts: CommitTs,
        visit: impl FnOnce(Message<'_>) -> T,
    ) -> Option<T> {
        let state = self.state.read();
        let version = state.visible(*state.heads.get(key)?, ts)?;
        Some(visit(state.arena.message(version.slot)))
    }

    /// The messages of disjoint ascending key ranges that a snapshot at `ts` sees, as a run.
    pub(crate) fn ranges(&self, ts: CommitTs, ranges: &[KeyBounds]) -> RowRun {
        let state = self.state.read();
        let mut slots = Vec::new();
        for (low, high) in ranges {
            let bounds = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
            if !is_empty_range(bounds.0, bounds.1) {
                state.collect(ts, bounds, &mut slots);
            }
        }
        let arena = if slots.is_empty() { Arena::default() } else { state.arena.clone() };
        RowRun { slots: Arc::new(slots), arena }
    }

    /// All messages a snapshot at `ts` sees. Scans of an unchanged memtable share one run.
    pub(crate) fn view(&self, ts: CommitTs) -> Arc<RowRun> {
        let state = self.state.read();
        if state.last > ts {
            return state.all(ts);
        }
        let mut cached = self.cached.lock();
        if let Some((last, run)) = &*cached
            && *last == state.last
        {
            return Arc::clone(run);
        }
        let run = state.all(ts);
        *cached = Some((state.last, Arc::clone(&run)));
        run
    }

    /// How many keys it has messages for.
    pub(crate) fn len(&self) -> usize {
        self.state.read().heads.len()
    }

    /// Bytes held, about.
    pub(crate) fn bytes(&self) -> usize {
        self.state.read().bytes
    }

    /// The newest commit in it, and where the log starts to hold its messages.
    pub(crate) fn extent(&self) -> (CommitTs, u64) {
        let state = self.state.read();
        (state.last, state.start_lsn)
    }

    /// Where the log starts to hold its messages, if it has any.
    pub(crate) fn start_lsn(&self) -> Option<u64> {
        let state = self.state.read();
        (!state.heads.is_empty()).then_some(state.start_lsn)
    }

    /// The largest key, given to `visit`.
    pub(crate) fn with_last_key<T>(&self, visit: impl FnOnce(Option<&[u8]>) -> T) -> T {
        let state = self.state.read();
        visit(state.heads.last_key_value().map(|(key, _)| &**key))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.read().heads.is_empty()
    }
}

/// Whether no key can lie between the bounds (ranges of a map must not be inverted).
pub(crate) fn is_empty_range(low: Bound<&[u8]>, high: Bound<&[u8]>) -> bool {
    match (low, high) {
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high))
        | (Bound::Excluded(low), Bound::Included(high)) => low >= high,
        _ => false,
    }
}
