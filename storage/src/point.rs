//! Point reads: one key through the layers of a table, newest first.
//!
//! A Put or Delete ends the search; patches met before it are folded into one that lies over what
//! is found below. Buffers are kept between reads, so a read allocates nothing in the steady state.

use crate::block::{self, Block};
use crate::datum::Datum;
use crate::error::Result;
use crate::row::{self, Message, Operation};
use crate::schema::CommitTs;
use crate::sync::Arc;
use crate::tree::{Child, Node};
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
    /// In a block, below what `patch` sets if `patched`.
    Block(Arc<Block>, usize),
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
        match &version.tree.root {
            Some(root) => self.search_tree(version, root, key),
            None => Ok(Found::Nothing),
        }
    }

    fn search_tree(
        &mut self,
        version: &TableVersion,
        root: &Arc<Node>,
        key: &[u8],
    ) -> Result<Found> {
        let hash = block::hash(key);
        let mut node = root;
        loop {
            for slice in node.buffers.iter().rev() {
                if let Some(row) = slice.block.find(key, hash)?
                    && (slice.start..slice.end).contains(&row)
                    && let Some(found) = self.take_column(version, &slice.block, row)?
                {
                    return Ok(found);
                }
            }
            match &node.children[node.child_of(key)] {
                Child::Node(inner) => node = inner,
                Child::Leaf(leaf) => {
                    return Ok(match leaf.find(key, hash)? {
                        Some(row) => Found::Block(Arc::clone(leaf), row),
                        None => Found::Nothing,
                    });
                }
            }
        }
    }

    /// Takes a message in columns.
    fn take_column(
        &mut self,
        version: &TableVersion,
        block: &Arc<Block>,
        row: usize,
    ) -> Result<Option<Found>> {
        let messages = block.messages()?;
        match messages.operation(row) {
            Operation::Delete => Ok(Some(Found::Nothing)),
            Operation::Put => Ok(Some(Found::Block(Arc::clone(block), row))),
            Operation::Patch => {
                let columns: Vec<(usize, Datum<'_>)> = messages
                    .patched_positions(row)
                    .map(|at| (at, messages.value(row, at).unwrap_or(Datum::Null)))
                    .collect();
                let mut body = Vec::new();
                row::encode_patch(&version.table, &columns, &mut body)?;
                let message = Message { operation: Operation::Patch, key: &[], body: &body };
                self.take(version, &message)
            }
        }
    }

    /// Whether a row with `self.key` is live.
    pub(crate) fn exists(
        &mut self,
        version: &TableVersion,
        ts: CommitTs,
        own: Option<Message<'_>>,
    ) -> Result<bool> {
        Ok(match self.search(version, ts, own)? {
            Found::Row | Found::Block(..) => true,
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
            Found::Block(block, row) => {
                let patch =
                    Message { operation: Operation::Patch, key: &self.key, body: &self.patch };
                for (index, position) in positions.enumerate() {
                    let patched = match self.patched {
                        true => patch.value(&version.table, position, &mut self.text),
                        false => None,
                    };
                    match patched {
                        Some(value) => visit(index, value),
                        None => visit(index, block.reader(position)?.value(row)),
                    }
                }
            }
        }
        Ok(true)
    }
}
