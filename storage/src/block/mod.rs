//! Blocks: Feather files of rows (leaves) or messages (buffers), sorted by tree key.
//!
//! A [`Block`] is a handle; its file is opened at first use. Columns are the table's, by position,
//! then the hidden row id if the table has no key, then for messages `__operation` and `__patched`
//! (the positions of the columns a patch sets). A block is immutable.

mod column;
mod file;
mod keys;
mod summary;

pub(crate) use column::{ColumnBuilder, ColumnReader, arrow, arrow_type};
pub(crate) use keys::KeyColumns;
pub(crate) use summary::{Summary, Zone, estimate_distinct, hash, merge_sketches};

use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::row::Operation;
use crate::scan::OverlayCache;
use crate::store::{FileHandle, Store, buffer_path, leaf_path};
use crate::sync::{Arc, OnceLock};
use crate::table::{Kind, Table};
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, UInt8Array};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, Schema};
use file::Opened;
use std::collections::HashMap;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Leaf,
    Messages,
}

/// An immutable block.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) id: u64,
    pub(crate) kind: BlockKind,
    pub(crate) rows: usize,
    pub(crate) bytes: u64,
    pub(crate) handle: FileHandle,
    /// How the messages of the last scan lay over the rows.
    pub(crate) overlays: OverlayCache,
    table: Arc<Table>,
    store: Arc<Store>,
    opened: OnceLock<Opened>,
    keys: OnceLock<KeyColumns>,
    readers: Vec<OnceLock<ColumnReader>>,
    messages: OnceLock<MessageColumns>,
}

/// The columns of a block of messages.
#[derive(Debug)]
pub(crate) struct MessageColumns {
    operations: ScalarBuffer<u8>,
    patched: BinaryArray,
    columns: Vec<ColumnReader>,
}

impl MessageColumns {
    pub(crate) fn operation(&self, row: usize) -> Operation {
        Operation::from_byte(self.operations[row]).unwrap_or(Operation::Delete)
    }

    /// The value of a column in a message; `None` if the message does not set it.
    pub(crate) fn value(&self, row: usize, position: usize) -> Option<Datum<'_>> {
        let set = match self.operation(row) {
            Operation::Put => true,
            Operation::Delete => false,
            Operation::Patch => self.patched_positions(row).any(|at| at == position),
        };
        set.then(|| self.columns[position].value(row))
    }

    /// The positions of the columns a patch sets.
    pub(crate) fn patched_positions(&self, row: usize) -> impl Iterator<Item = usize> {
        let bytes = self.patched.value(row).chunks_exact(2);
        bytes.map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])))
    }
}

/// Key parts with the file column each comes from.
fn key_column(table: &Table, part: usize) -> usize {
    table.key[part].column.unwrap_or(table.columns.len())
}

/// Writes a block of the table's columns (and those its kind adds) and syncs the file; the
/// caller syncs the folder.
pub(crate) fn write(
    store: &Arc<Store>,
    table: &Arc<Table>,
    kind: BlockKind,
    columns: Vec<ArrayRef>,
) -> Result<Arc<Block>> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut readers = Vec::with_capacity(columns.len());
    for (column, array) in table.columns.iter().zip(&columns) {
        readers.push(ColumnReader::new(column.kind, array)?);
    }
    let mut parts = Vec::new();
    for (index, part) in table.key.iter().enumerate() {
        let array = &columns[key_column(table, index)];
        parts.push((*part, ColumnReader::new(part.kind, array)?));
    }
    let keys = KeyColumns::new(parts, rows);
    let summary = Summary::of(&keys, &readers, rows);
    let schema = schema(table, kind, &columns);
    let batch = RecordBatch::try_new(Arc::new(schema), columns).map_err(arrow)?;
    let bytes = file::encode(&batch, summary)?;
    let id = store.allocate();
    let block = Block::new(store, table, kind, (id, rows, bytes.len() as u64));
    store.write(&block.handle.path, &bytes)?;
    Ok(Arc::new(block))
}

fn schema(table: &Table, kind: BlockKind, columns: &[ArrayRef]) -> Schema {
    let mut fields = Vec::new();
    for (column, array) in table.spec.columns.iter().zip(columns) {
        let metadata = HashMap::from([
            ("grizzly.column_id".to_owned(), column.id.0.to_string()),
            ("grizzly.sql_type".to_owned(), column.sql_type.clone()),
        ]);
        let nullable = column.nullable || kind == BlockKind::Messages;
        let field = Field::new(&column.name, array.data_type().clone(), nullable);
        fields.push(field.with_metadata(metadata));
    }
    if table.has_hidden_key() {
        fields.push(Field::new("__row_id", DataType::Int64, false));
    }
    if kind == BlockKind::Messages {
        fields.push(Field::new("__operation", DataType::UInt8, false));
        fields.push(Field::new("__patched", DataType::Binary, false));
    }
    let metadata = HashMap::from([
        ("grizzly.table".to_owned(), table.id.0.to_string()),
        ("grizzly.name".to_owned(), table.spec.name.clone()),
    ]);
    Schema::new_with_metadata(fields, metadata)
}

impl Block {
    /// A handle for a block that is stored, or is about to be, with this id, rows and bytes.
    pub(crate) fn new(
        store: &Arc<Store>,
        table: &Arc<Table>,
        kind: BlockKind,
        (id, rows, bytes): (u64, usize, u64),
    ) -> Block {
        let path = match kind {
            BlockKind::Leaf => leaf_path(table.id, id),
            BlockKind::Messages => buffer_path(table.id, id),
        };
        Block {
            id,
            kind,
            rows,
            bytes,
            handle: FileHandle::new(store, path),
            overlays: OverlayCache::default(),
            table: Arc::clone(table),
            store: Arc::clone(store),
            opened: OnceLock::new(),
            keys: OnceLock::new(),
            readers: table.columns.iter().map(|_| OnceLock::new()).collect(),
            messages: OnceLock::new(),
        }
    }

    fn opened(&self) -> Result<&Opened> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let path = &self.handle.path;
        let opened = Opened::open(&*self.store.device, path, self.bytes)?;
        let extra = usize::from(self.table.has_hidden_key())
            + if self.kind == BlockKind::Messages { 2 } else { 0 };
        let expected = self.table.columns.len() + extra;
        let fields = opened.schema().fields().len();
        if opened.rows != self.rows || fields != expected {
            let what = format!(
                "the block has {} rows of {fields} columns, {} rows of {expected} were written",
                opened.rows, self.rows
            );
            return Err(Error::corrupt(path, 0, what));
        }
        Ok(self.opened.get_or_init(|| opened))
    }

    pub(crate) fn summary(&self) -> Result<&Summary> {
        Ok(&self.opened()?.summary)
    }

    /// A column of the table, a view of the mapping.
    pub(crate) fn column(&self, position: usize) -> Result<&ArrayRef> {
        self.opened()?.column(position)
    }

    /// A reader for a column of the table.
    pub(crate) fn reader(&self, position: usize) -> Result<&ColumnReader> {
        if let Some(reader) = self.readers[position].get() {
            return Ok(reader);
        }
        let reader = self.opened()?.reader(position, self.table.columns[position].kind)?;
        Ok(self.readers[position].get_or_init(|| reader))
    }

    /// The rows' tree keys.
    pub(crate) fn keys(&self) -> Result<&KeyColumns> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let opened = self.opened()?;
        let mut parts = Vec::new();
        for (index, part) in self.table.key.iter().enumerate() {
            let reader = opened.reader(key_column(&self.table, index), part.kind)?;
            parts.push((*part, reader));
        }
        let keys = KeyColumns::new(parts, self.rows);
        Ok(self.keys.get_or_init(|| keys))
    }

    /// The row with a key, whose hash is given.
    pub(crate) fn find(&self, key: &[u8], hash: u64) -> Result<Option<usize>> {
        let summary = self.summary()?;
        if !summary.may_contain(hash) {
            return Ok(None);
        }
        let range = summary.fenced(key, self.rows);
        Ok(self.keys()?.search(key, range).ok())
    }

    /// The columns of a block of messages, all opened.
    pub(crate) fn messages(&self) -> Result<&MessageColumns> {
        if let Some(messages) = self.messages.get() {
            return Ok(messages);
        }
        let opened = self.opened()?;
        let first = self.table.columns.len() + usize::from(self.table.has_hidden_key());
        let damaged = || Error::corrupt(&self.handle.path, 0, "no column says what messages do");
        let operations = opened.column(first)?.as_any().downcast_ref::<UInt8Array>();
        let patched = opened.column(first + 1)?.as_any().downcast_ref::<BinaryArray>();
        let mut columns = Vec::new();
        for position in 0..self.table.columns.len() {
            columns.push(self.reader(position)?.clone());
        }
        let messages = MessageColumns {
            operations: operations.ok_or_else(damaged)?.values().clone(),
            patched: patched.ok_or_else(damaged)?.clone(),
            columns,
        };
        Ok(self.messages.get_or_init(|| messages))
    }
}

/// The kind of the hidden row id's column.
pub(crate) const ROW_ID_KIND: Kind = Kind::Int64;
