//! Upkeep of a database: what `grizzlyc db` looks at and tidies.

use crate::catalog::system::{self, OBJECTS};
use crate::database::Database;
use crate::error::{Error, Result};
use grizzly_storage as storage;
use grizzly_storage::{KeyOrder, ScanRequest, TableId, Transaction};

/// What [`Database::verify`] read.
#[derive(Debug, Default)]
pub struct Verified {
    /// The tables, that of the stored objects included.
    pub tables: usize,
    /// The rows of all tables.
    pub rows: u64,
    /// What is damaged: the table, and how.
    pub damage: Vec<(String, storage::Error)>,
}

/// What can be seen of a table.
#[derive(Debug)]
pub struct TableSummary {
    /// Its name.
    pub name: String,
    /// Its live rows.
    pub rows: u64,
    /// Its live files, relative to the database's folder.
    pub files: Vec<String>,
    /// Bytes that are in the log only.
    pub unflushed_bytes: u64,
}

/// The tables, and the words and names of all objects.
pub type Summary = (Vec<TableSummary>, Vec<(&'static str, String)>);

impl Database {
    /// Reads every row of every table, so that every checksum is compared, and holds the keys
    /// against their order. Opening has read the manifest and the log by then and has checked the
    /// stored objects.
    pub fn verify(&self) -> Verified {
        let transaction = self.shared.engine.begin(storage::Isolation::Snapshot);
        let mut verified = Verified::default();
        for table in transaction.tables() {
            verified.tables += 1;
            match read_all(&transaction, table) {
                Ok(rows) => verified.rows += rows,
                Err(error) => {
                    let spec = transaction.table_spec(table);
                    let name = spec.map_or(format!("table {}", table.0), |spec| spec.name.clone());
                    verified.damage.push((name, error));
                }
            }
        }
        verified
    }

    /// What can be seen of the tables that scripts made, and the words and names of all objects.
    ///
    /// # Errors
    /// [`Error::Database`] where something cannot be read.
    pub fn summary(&self) -> Result<Summary> {
        let broken = |error| Error::Database { path: "the database".to_owned(), error };
        let transaction = self.shared.engine.begin(storage::Isolation::Snapshot);
        let mut tables = Vec::new();
        for table in self.shared.engine.info().tables {
            if table.table == OBJECTS {
                continue;
            }
            let files = [table.leaf_files, table.buffer_files].concat();
            tables.push(TableSummary {
                name: table.name,
                rows: read_all(&transaction, table.table).map_err(broken)?,
                files,
                unflushed_bytes: table.unflushed_bytes,
            });
        }
        let stored = system::read(&transaction).map_err(broken)?;
        let objects = stored.into_iter().map(|object| (object.kind.word(), object.name));
        Ok((tables, objects.collect()))
    }

    /// Writes all that is in the log into the tables' own files and shortens the log.
    ///
    /// # Errors
    /// [`Error::Database`] where something cannot be read or written.
    pub fn compact(&self) -> Result<()> {
        let broken = |error| Error::Database { path: "the database".to_owned(), error };
        self.shared.engine.flush_all().map_err(broken)?;
        self.shared.engine.checkpoint().map_err(broken)
    }
}

/// Reads all columns of all rows in the order of the keys; the number of rows.
fn read_all(transaction: &Transaction, table: TableId) -> storage::Result<u64> {
    let spec = transaction.table_spec(table)?;
    let columns = spec.columns.iter().map(|column| column.id).collect();
    let mut request = ScanRequest::all(table, columns);
    request.needs_row_key = true;
    request.order = Some(KeyOrder::Ascending);
    let (mut rows, mut before): (u64, Option<Vec<u8>>) = (0, None);
    for mut morsel in transaction.scan(request)?.split(1) {
        while let Some(batch) = morsel.next()? {
            let live: Vec<usize> = match &batch.selection {
                Some(selected) => selected.iter().map(|row| usize::from(*row)).collect(),
                None => (0..batch.len).collect(),
            };
            rows += live.len() as u64;
            let Some(keys) = &batch.row_keys else { continue };
            for row in live {
                let key = keys.value(row);
                if before.as_deref().is_some_and(|before| before >= key) {
                    let what = format!("row {rows} stands before a row of a smaller key");
                    let file = spec.name.clone();
                    return Err(storage::Error::Corrupt { file, offset: 0, what });
                }
                before = Some(key.to_vec());
            }
        }
    }
    Ok(rows)
}
