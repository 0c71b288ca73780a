//! Loading batches in key order straight into leaves.
//!
//! The loader takes batches as long as keys grow, writing leaves as they fill, so memory is bounded
//! by one leaf. What comes out of order is handed back to be inserted the ordinary way.

use crate::block::{ColumnReader, KeyColumns};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::sync::{Arc, Ordering};
use crate::table::Table;
use crate::tree::{LeafBuilder, Tree, Writer, bulk_tree};
use crate::version::TableVersion;
use arrow_array::{Array, RecordBatch};

/// Readers for the columns of a batch, whose types and NULLs are checked.
pub(crate) fn readers(table: &Table, batch: &RecordBatch) -> Result<Vec<ColumnReader>> {
    if batch.num_columns() != table.columns.len() {
        return Err(Error::InvalidRequest(format!(
            "table {} has {} columns, the batch has {}",
            table.spec.name,
            table.columns.len(),
            batch.num_columns()
        )));
    }
    let mut readers = Vec::new();
    for (column, array) in table.columns.iter().zip(batch.columns()) {
        if !column.nullable && array.logical_null_count() > 0 {
            return Err(Error::NotNullViolation { table: table.id, column: column.id });
        }
        readers.push(ColumnReader::new(column.kind, array)?);
    }
    Ok(readers)
}

/// A load of a table that has no rows, while its rows come in key order.
#[derive(Debug)]
pub(crate) struct Load {
    store: Arc<Store>,
    table: Arc<Table>,
    builder: LeafBuilder,
    /// Whether the table's folders were made.
    created: bool,
    /// The key of the last row.
    last: Vec<u8>,
}

impl Load {
    pub(crate) fn new(store: &Arc<Store>, version: &TableVersion) -> Load {
        let table = &version.table;
        let first_id = version.next_row_id.load(Ordering::Relaxed);
        Load {
            store: Arc::clone(store),
            table: Arc::clone(table),
            builder: LeafBuilder::new(Writer { store, table }, first_id),
            created: false,
            last: Vec::new(),
        }
    }

    /// Takes the rows of a batch up to the first that is out of order, from which on they are
    /// handed back.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<Option<RecordBatch>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        if !std::mem::replace(&mut self.created, true) {
            self.store.create_folders(self.table.id)?;
        }
        let columns = readers(&self.table, batch)?;
        let ordered = rows_in_order(&self.table, &columns, batch.num_rows(), &mut self.last)?;
        check_values(&self.table, &columns, ordered)?;
        self.builder.push(&columns, ordered)?;
        let rest = batch.num_rows() - ordered;
        Ok((rest > 0).then(|| batch.slice(ordered, rest)))
    }

    /// The tree of the rows that were taken.
    pub(crate) fn finish(mut self, version: &TableVersion) -> Result<Tree> {
        self.builder.finish_leaf()?;
        version.next_row_id.fetch_max(self.builder.next_row_id()?, Ordering::Relaxed);
        match self.builder.leaves.is_empty() {
            true => Ok(Tree::default()),
            false => bulk_tree(&self.store, &self.table, self.builder.leaves),
        }
    }
}

/// How many rows from the start of a batch have keys that grow, from `last` on, which becomes the
/// last key of these.
fn rows_in_order(
    table: &Table,
    columns: &[ColumnReader],
    rows: usize,
    last: &mut Vec<u8>,
) -> Result<usize> {
    if table.has_hidden_key() {
        return Ok(rows);
    }
    let parts = table.key.iter().map(|part| {
        // A stated key's parts all have a column.
        (*part, columns[part.column.unwrap_or_default()].clone())
    });
    let keys = KeyColumns::new(parts.collect(), rows);
    let mut key = Vec::new();
    for row in 0..rows {
        keys.encode(row, &mut key);
        if key.as_slice() <= last.as_slice() && !last.is_empty() {
            return Ok(row);
        }
        table.check_key_length(&key)?;
        std::mem::swap(last, &mut key);
    }
    Ok(rows)
}

/// Checks what Arrow types do not: the digits of decimals and the range of intervals.
fn check_values(table: &Table, columns: &[ColumnReader], rows: usize) -> Result<()> {
    for (position, reader) in columns.iter().enumerate() {
        if !table.columns[position].kind.needs_value_check() {
            continue;
        }
        for row in 0..rows {
            table.check_value(position, &reader.value(row))?;
        }
    }
    Ok(())
}
