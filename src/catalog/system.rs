//! The stored catalog: one row an object in the table `system.objects`, with the source text that
//! made it. DDL writes it in the same transaction as everything else, so that it is rolled back,
//! recovered and checked for conflicts like any other data.

use crate::adapter::errors::fault;
use grizzly_bytecode::Fault;
use grizzly_storage as storage;
use grizzly_storage::{
    ColumnId, ColumnSpec, Datum, RowKey, ScanRequest, StorageType, TableId, TableSpec, Transaction,
};
use std::sync::Arc;

/// The table's id, the same in every database.
pub const OBJECTS: TableId = TableId(1);

/// The kinds of stored objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredKind {
    /// A table.
    Table,
    /// A view.
    View,
    /// A type.
    Type,
    /// A function.
    Function,
    /// An index that CREATE INDEX made.
    Index,
}

impl StoredKind {
    /// The word in the column `kind`.
    pub fn word(self) -> &'static str {
        match self {
            StoredKind::Table => "table",
            StoredKind::View => "view",
            StoredKind::Type => "type",
            StoredKind::Function => "function",
            StoredKind::Index => "index",
        }
    }

    fn of_word(word: &str) -> Option<StoredKind> {
        use StoredKind::{Function, Index, Table, Type, View};
        [Table, View, Type, Function, Index].into_iter().find(|kind| kind.word() == word)
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredObject {
    /// Which kind of object.
    pub kind: StoredKind,
    /// The folded name; with the receiver for a receiver function.
    pub name: String,
    /// The storage's id of a table, 0 for other objects.
    pub table: u32,
    /// The order of definition, for reading the objects back in order.
    pub ordinal: i64,
    /// The statement that made it.
    pub source: String,
}

fn column(id: u32, name: &str, ty: StorageType, sql_type: &str) -> ColumnSpec {
    let (name, sql_type) = (name.into(), sql_type.into());
    ColumnSpec { id: ColumnId(id), name, ty, sql_type, nullable: false }
}

fn spec() -> TableSpec {
    TableSpec {
        name: "system.objects".into(),
        columns: vec![
            column(1, "kind", StorageType::Text, "TEXT"),
            column(2, "name", StorageType::Text, "TEXT"),
            column(3, "table_id", StorageType::Int32, "INT32"),
            column(4, "ordinal", StorageType::Int64, "INT64"),
            column(5, "source", StorageType::Text, "TEXT"),
        ],
        key: vec![ColumnId(1), ColumnId(2)],
    }
}

fn faulted(error: &storage::Error) -> Fault {
    fault(error, &|_| Some(Arc::new(spec())))
}

/// Makes the table in a new database.
///
/// # Errors
/// What the storage says.
pub fn create_if_missing(engine: &storage::Engine) -> Result<(), storage::Error> {
    let mut transaction = engine.begin(storage::Isolation::Snapshot);
    if transaction.tables().contains(&OBJECTS) {
        return Ok(());
    }
    transaction.create_table_with_id(OBJECTS, spec())?;
    transaction.commit().map(|_| ())
}

/// Reads all objects, in the order of their definition.
///
/// # Errors
/// What the storage says; Corrupt for a row that this version does not understand.
pub fn read(transaction: &Transaction) -> Result<Vec<StoredObject>, storage::Error> {
    let columns = spec().columns.iter().map(|column| column.id).collect();
    let mut request = ScanRequest::all(OBJECTS, columns);
    request.needs_row_key = true;
    let mut found = Vec::new();
    for mut morsel in transaction.scan(request)?.split(1) {
        while let Some(batch) = morsel.next()? {
            let all = 0..batch.len;
            let live: Vec<usize> = match &batch.selection {
                Some(rows) => rows.iter().map(|row| usize::from(*row)).collect(),
                None => all.collect(),
            };
            for row in live {
                found.push(object_at(transaction, &batch, row)?);
            }
        }
    }
    found.sort_by_key(|object| object.ordinal);
    Ok(found)
}

/// The object of a row of a scan, read by its key so that its values come as datums.
fn object_at(
    transaction: &Transaction,
    batch: &storage::ScanBatch,
    row: usize,
) -> Result<StoredObject, storage::Error> {
    let key = batch.row_key(row).ok_or_else(|| damaged("a row has no key"))?;
    let columns = [ColumnId(1), ColumnId(2), ColumnId(3), ColumnId(4), ColumnId(5)];
    let (mut texts, mut numbers) = ([const { String::new() }; 5], [0_i64; 5]);
    let visit = |index: usize, datum: Datum<'_>| match datum {
        Datum::Bytes(bytes) => texts[index] = String::from_utf8_lossy(bytes).into_owned(),
        Datum::Int(number) => numbers[index] = number,
        _ => {}
    };
    if !transaction.get_row(OBJECTS, key, &columns, visit)? {
        return Err(damaged("a row cannot be found by its key"));
    }
    let [kind, name, _, _, source] = texts;
    let kind = StoredKind::of_word(&kind);
    let kind = kind.ok_or_else(|| damaged("an object is of a kind that this version lacks"))?;
    let table = u32::try_from(numbers[2]).map_err(|_| damaged("a table id is out of range"))?;
    Ok(StoredObject { kind, name, table, ordinal: numbers[3], source })
}

fn damaged(what: &str) -> storage::Error {
    storage::Error::Corrupt { file: "system.objects".into(), offset: 0, what: what.into() }
}

/// Writes an object; one of the same kind and name is replaced.
///
/// # Errors
/// What the storage raises.
pub fn write(transaction: &mut Transaction, object: &StoredObject) -> Result<(), Fault> {
    remove(transaction, object.kind, &object.name)?;
    let row = [
        Datum::Bytes(object.kind.word().as_bytes()),
        Datum::Bytes(object.name.as_bytes()),
        Datum::Int(i64::from(object.table)),
        Datum::Int(object.ordinal),
        Datum::Bytes(object.source.as_bytes()),
    ];
    transaction.insert(OBJECTS, &row).map_err(|error| faulted(&error))
}

/// Removes an object, if there is one.
///
/// # Errors
/// What the storage raises.
pub fn remove(transaction: &mut Transaction, kind: StoredKind, name: &str) -> Result<(), Fault> {
    let key_values = [Datum::Bytes(kind.word().as_bytes()), Datum::Bytes(name.as_bytes())];
    let mut key = Vec::new();
    let removed = transaction.get(OBJECTS, &key_values, &[], |_, _| {}).and_then(|found| {
        if !found {
            return Ok(());
        }
        transaction.encode_key(OBJECTS, &key_values, &mut key)?;
        transaction.delete(OBJECTS, RowKey(&key))
    });
    removed.map_err(|error| faulted(&error))
}
