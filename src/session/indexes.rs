//! Indexes: made in the storage, and known to the catalog as parts of their tables.

use super::transaction::Open;
use crate::catalog::Change;
use crate::catalog::system::{self, StoredKind};
use crate::database::{Shared, stored};
use grizzly_bytecode::{Fault, TableId};
use grizzly_compiler::catalog::{Index, Table};
use grizzly_grammar::ast::fold;
use grizzly_storage as storage;
use grizzly_storage::{IndexColumn, IndexSpec, Transaction};
use std::sync::Arc;

/// The storage's shape of an index of a table.
fn spec(table: &Table, index: &Index) -> IndexSpec {
    let column = |(at, descending): &(usize, bool)| {
        let column = storage::ColumnId(table.columns.get(*at)?.id.0);
        Some(IndexColumn { column, descending: *descending })
    };
    IndexSpec {
        name: index.name.to_string(),
        table: storage::TableId(table.id.0),
        columns: index.columns.iter().filter_map(column).collect(),
        unique: index.unique,
    }
}

/// Makes an index of the rows that there are; the index with its id.
fn make(
    open: &mut Open,
    shared: &Shared,
    table: &Table,
    index: &Index,
) -> Result<Arc<Index>, Fault> {
    let made = open.transaction.create_index(spec(table, index));
    let id = made.map_err(|error| shared.fault(&error, &open.transaction))?;
    Ok(Arc::new(Index { id: TableId(id.0), ..index.clone() }))
}

/// Makes the indexes of a new table's UNIQUE constraints; the table with their ids.
pub(super) fn create_constraints(
    open: &mut Open,
    shared: &Shared,
    table: &Arc<Table>,
) -> Result<Arc<Table>, Fault> {
    let mut with_ids = Table::clone(table);
    for index in &mut with_ids.indexes {
        *index = make(open, shared, table, index)?;
    }
    Ok(Arc::new(with_ids))
}

/// CREATE INDEX.
pub(super) fn create_index(
    open: &mut Open,
    shared: &Shared,
    table: &str,
    index: &Index,
    source: String,
) -> Result<(), Fault> {
    let Some(known) = open.objects.table(table) else {
        let message = format!("the table {table} does not exist any more");
        return Err(Fault::new(grizzly_bytecode::Builtin::CompileError, message));
    };
    let made = make(open, shared, &known, index)?;
    let (name, ordinal) = (fold(&index.name), shared.next_ordinal());
    let row = stored(StoredKind::Index, &name, made.id.0, ordinal, source);
    system::write(&mut open.transaction, &row)?;
    open.define(Change::Table(Arc::new(known.with_index(made))));
    Ok(())
}

/// DROP INDEX of a folded name.
pub(super) fn drop_index(open: &mut Open, shared: &Shared, name: &str) -> Result<(), Fault> {
    let Some((table, index)) = open.objects.index(name) else { return Ok(()) };
    let dropped = open.transaction.drop_index(storage::TableId(index.id.0));
    dropped.map_err(|error| shared.fault(&error, &open.transaction))?;
    system::remove(&mut open.transaction, StoredKind::Index, name)?;
    open.define(Change::Table(Arc::new(table.without_index(name))));
    Ok(())
}

/// Removes the indexes of a table that was dropped from the stored catalog.
pub(super) fn forget(open: &mut Open, table: &Table) -> Result<(), Fault> {
    let made = table.indexes.iter().filter(|index| !index.constraint);
    for index in made {
        system::remove(&mut open.transaction, StoredKind::Index, &fold(&index.name))?;
    }
    Ok(())
}

/// The table with the ids that the storage knows its indexes by.
pub(crate) fn with_index_ids(table: &Table, transaction: &Transaction) -> Arc<Table> {
    let known = transaction.indexes(storage::TableId(table.id.0));
    let mut table = table.clone();
    for index in &mut table.indexes {
        let found = known.iter().find(|(_, spec)| spec.name == index.name.as_str());
        let id = found.map_or(TableId::default(), |(id, _)| TableId(id.0));
        *index = Arc::new(Index { id, ..Index::clone(index) });
    }
    Arc::new(table)
}
