//! Point reads: one key through the layers of a table, newest first.
//!
//! A Put or Delete ends the search; patches met before it are folded into one that lies over what
//! is found below. Buffers are kept between reads, so a read allocates nothing in the steady state.

use crate::datum::Datum;
use crate::error::Result;
use crate::row::{self, Message, Operation};
use crate::schema::CommitTs;
use crate::version::TableVersion;

/// Buffers of point reads.
#[derive(Debug, Default)]
pub(crate) struct PointScratch {
    /// The key looked for.
    pub(crate) key: Vec<u8>,
    /// The folded patch so far, if `patched`.
    patch: Vec<u8>,
    patched: bool,
    folded: Vec<u8>,
    /// The body of a memtable message, so that values are visited without its lock.
    body: Vec<u8>,
    text: Vec<u8>,
}

/// Where a search ended.
enum Found {
    /// In a message: its body is in `body`.
    Row,
    Nothing,
}

impl PointScratch {
    /// Takes the next older message; true when the search is over.
    fn take(&mut self, version: &TableVersion, message: &Message<'_>) -> Result<Option<Found>> {
        match message.operation {
            Operation::Delete => Ok(Some(Found::Nothing)),
            Operation::Put if !self.patched => {
                self.body.clear();
                self.body.extend_from_slice(message.body);
                Ok(Some(Found::Row))
            }
            Operation::Put => {
                let patch =
                    Message { operation: Operation::Patch, key: message.key, body: &self.patch };
                row::fold(&version.table, message, &patch, &mut self.body)?;
                Ok(Some(Found::Row))
            }
            Operation::Patch if !self.patched => {
                self.patch.clear();
                self.patch.extend_from_slice(message.body);
                self.patched = true;
                Ok(None)
            }
            Operation::Patch => {
                let newer =
                    Message { operation: Operation::Patch, key: message.key, body: &self.patch };
                row::fold(&version.table, message, &newer, &mut self.folded)?;
                std::mem::swap(&mut self.patch, &mut self.folded);
                Ok(None)
            }
        }
    }

    /// Looks `self.key` up; `own` is the transaction's own message for it.
    fn search(
        &mut self,
        version: &TableVersion,
        ts: CommitTs,
        own: Option<Message<'_>>,
    ) -> Result<Found> {
        self.patched = false;
        if let Some(message) = own
            && let Some(found) = self.take(version, &message)?
        {
            return Ok(found);
        }
        let key = std::mem::take(&mut self.key);
        let found = self.search_committed(version, ts, &key);
        self.key = key;
        found
    }

    fn search_committed(
        &mut self,
        version: &TableVersion,
        ts: CommitTs,
        key: &[u8],
    ) -> Result<Found> {
        let outcome = version.memtable.find(key, ts, |message| self.take(version, &message));
        if let Some(found) = outcome.transpose()?.flatten() {
            return Ok(found);
        }
        for frozen in version.frozen.iter().rev() {
            if let Some(message) = frozen.run.find(key)
                && let Some(found) = self.take(version, &message)?
            {
                return Ok(found);
            }
        }
        Ok(Found::Nothing)
    }

    /// Whether a row with `self.key` is live.
    pub(crate) fn exists(
        &mut self,
        version: &TableVersion,
        ts: CommitTs,
        own: Option<Message<'_>>,
    ) -> Result<bool> {
        Ok(match self.search(version, ts, own)? {
            Found::Row => true,
            Found::Nothing => false,
        })
    }

    /// Visits the values of columns (by position) of the row with `self.key`; false: no row.
    pub(crate) fn read(
        &mut self,
        version: &TableVersion,
        ts: CommitTs,
        own: Option<Message<'_>>,
        positions: impl Iterator<Item = usize>,
        mut visit: impl FnMut(usize, Datum<'_>),
    ) -> Result<bool> {
        match self.search(version, ts, own)? {
            Found::Nothing => return Ok(false),
            Found::Row => {
                let message =
                    Message { operation: Operation::Put, key: &self.key, body: &self.body };
                for (index, position) in positions.enumerate() {
                    let value = message.value(&version.table, position, &mut self.text);
                    visit(index, value.unwrap_or(Datum::Null));
                }
            }
        }
        Ok(true)
    }
}
