//! Rows of one INSERT on their way into a table without rows: they are gathered as Arrow arrays,
//! and where they are many, written straight to the table's files.

use super::errors::fault;
use grizzly_bytecode::{Builtin, ColumnId, Fault, TableId, Type};
use grizzly_stdlib::format::arrow::{ColumnBuilder, EnumForm};
use grizzly_storage as storage;
use grizzly_storage::{BulkLoad, Transaction};
use grizzly_vm::batch::Batch;
use std::sync::Arc;

/// Fewer rows go through the log as ordinary writes.
const BULK_ROWS: usize = 16_384;
/// Rows that are handed to the storage at a time.
const PUSH_ROWS: usize = 16_384;
/// Bytes that are handed to the storage at a time.
const PUSH_BYTES: usize = 32 << 20;

/// The rows of one INSERT.
pub(super) struct Load {
    pub table: TableId,
    schema: Arc<arrow_schema::Schema>,
    builders: Vec<ColumnBuilder>,
    rows: usize,
    /// The storage's load, once there are many rows.
    bulk: Option<BulkLoad>,
}

impl Load {
    /// An empty load of a table with these columns.
    pub fn new(table: TableId, columns: &[(ColumnId, Type)]) -> Load {
        let builder = |(_, ty): &(ColumnId, Type)| ColumnBuilder::new(ty, EnumForm::Number);
        let builders: Vec<ColumnBuilder> = columns.iter().map(builder).collect();
        let field = |(index, builder): (usize, &ColumnBuilder)| {
            arrow_schema::Field::new(index.to_string(), builder.data_type().clone(), true)
        };
        let fields: Vec<_> = builders.iter().enumerate().map(field).collect();
        let schema = Arc::new(arrow_schema::Schema::new(fields));
        Load { table, schema, builders, rows: 0, bulk: None }
    }

    /// Takes the selected rows of a batch; the number of them.
    ///
    /// # Errors
    /// What the storage says of rows that it is handed.
    pub fn take(&mut self, transaction: &mut Transaction, batch: &Batch) -> Result<u64, Fault> {
        for (builder, vector) in self.builders.iter_mut().zip(&batch.columns) {
            builder.append(vector, batch.rows());
        }
        let count = batch.rows().count();
        self.rows += count;
        let bytes: usize = self.builders.iter().map(ColumnBuilder::bytes).sum();
        if self.bulk.is_none() && (self.rows >= BULK_ROWS || bytes >= PUSH_BYTES) {
            let begun = transaction.begin_load(storage::TableId(self.table.0));
            self.bulk = Some(begun.map_err(|error| faulted(transaction, &error))?);
        }
        if self.bulk.is_some() && (self.rows >= PUSH_ROWS || bytes >= PUSH_BYTES) {
            self.push(transaction)?;
        }
        Ok(count as u64)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// What the storage says of the rows.
    pub fn finish(mut self, transaction: &mut Transaction) -> Result<(), Fault> {
        if self.rows > 0 {
            self.push(transaction)?;
        }
        match self.bulk {
            Some(bulk) => {
                transaction.finish_load(bulk).map_err(|error| faulted(transaction, &error))
            }
            None => Ok(()),
        }
    }

    fn push(&mut self, transaction: &mut Transaction) -> Result<(), Fault> {
        self.rows = 0;
        let arrays: Result<Vec<_>, _> =
            self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        let batch = arrays
            .and_then(|arrays| arrow_array::RecordBatch::try_new(self.schema.clone(), arrays));
        let batch = batch
            .map_err(|error| Fault::new(Builtin::IoError, format!("internal error: {error}")))?;
        let table = storage::TableId(self.table.0);
        let loaded = match &mut self.bulk {
            Some(bulk) => transaction.load(bulk, &batch),
            None => transaction.insert_batch(table, &batch),
        };
        loaded.map_err(|error| faulted(transaction, &error))
    }
}

fn faulted(transaction: &Transaction, error: &storage::Error) -> Fault {
    fault(error, &|table| transaction.table_spec(table).ok())
}
