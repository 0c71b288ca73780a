//! Bulk loads: Arrow batches into a table, past the language.

use crate::adapter::errors;
use crate::database::Database;
use crate::error::{Error, Result};
use arrow_array::RecordBatch;
use grizzly_bytecode::{Builtin, Fault};
use grizzly_storage as storage;

impl Database {
    /// Appends Arrow batches to a table in a transaction of its own; the number of rows. The batches'
    /// columns are the table's, in order, in the Arrow types that `storage/FORMAT.md` gives for their SQL
    /// types. Into an empty table the rows are written straight to its files.
    ///
    /// # Errors
    /// A TypeError fault for an unknown table; what the storage says of the rows (a duplicate key, a
    /// NULL in a NOT NULL column, another type); what the batches' source says. Nothing is appended then.
    pub fn append<E: std::fmt::Display>(
        &self,
        table: &str,
        batches: impl Iterator<Item = std::result::Result<RecordBatch, E>>,
    ) -> Result<u64> {
        let known = self.shared.objects().table(table).ok_or_else(|| {
            Fault::new(Builtin::TypeError, format!("there is no table {table} to append to"))
        })?;
        let mut transaction = self.shared.engine.begin(storage::Isolation::Snapshot);
        let mut rows = 0;
        let counted = batches.map(|batch| match batch {
            Ok(batch) => {
                rows += batch.num_rows() as u64;
                Ok(batch)
            }
            Err(error) => Err(storage::Error::InvalidRequest(error.to_string())),
        });
        let loaded = transaction.bulk_insert(storage::TableId(known.id.0), counted);
        let outcome = loaded.and_then(|_| transaction.commit());
        outcome.map_err(|error| Error::from(errors::fault(&error, &|_| None)))?;
        Ok(rows)
    }
}
