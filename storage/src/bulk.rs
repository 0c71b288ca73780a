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

/// What a load has done.
pub(crate) struct Loaded {
    pub(crate) tree: Tree,
    pub(crate) rows: u64,
    /// The part of the last batch taken that was not in order.
    pub(crate) rest: Option<RecordBatch>,
}

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

/// Loads batches into leaves of a table that has no rows, as long as they are in key order.
pub(crate) fn load(
    store: &Arc<Store>,
    version: &TableVersion,
    batches: &mut impl Iterator<Item = Result<RecordBatch>>,
) -> Result<Loaded> {
    let table = &version.table;
    let mut created = false;
    let first_id = version.next_row_id.load(Ordering::Relaxed);
    let mut builder = LeafBuilder::new(Writer { store, table }, first_id);
    let mut last = Vec::new();
    let mut rest = None;
    for batch in batches {
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        if !std::mem::replace(&mut created, true) {
            store.create_folders(table.id)?;
        }
        let columns = readers(table, &batch)?;
        let ordered = rows_in_order(table, &columns, batch.num_rows(), &mut last)?;
        check_values(table, &columns, ordered)?;
        builder.push(&columns, ordered)?;
        if ordered < batch.num_rows() {
            rest = Some(batch.slice(ordered, batch.num_rows() - ordered));
            break;
        }
    }
    builder.finish_leaf()?;
    version.next_row_id.fetch_max(builder.next_row_id()?, Ordering::Relaxed);
    let rows = builder.total;
    let tree = match builder.leaves.is_empty() {
        true => Tree::default(),
        false => bulk_tree(store, table, builder.leaves)?,
    };
    Ok(Loaded { tree, rows, rest })
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
