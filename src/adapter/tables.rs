//! A storage transaction as the machine's tables.

use super::damage::Damage;
use super::datums;
use super::errors::fault;
use super::load::Load;
use super::rows::RowScan;
use super::scan::StorageScan;
use crate::catalog::virtual_tables::{Sources, is_virtual};
use grizzly_bytecode::query::WriteOperation;
use grizzly_bytecode::{Arbiters, Builtin, Cmp, ColumnId, Fault, TableId, Type, Value};
use grizzly_stdlib::format::arrow::is_nested;
use grizzly_storage as storage;
use grizzly_storage::{Datum, Inserted, KeyOrder, Mark, RowKey, TableSpec, Transaction};
use grizzly_vm::batch::Batch;
use grizzly_vm::ports::{
    GetRequest, ScanRequest, ScanTest, TableScan, Tables, WriteKind, WriteRequest,
};
use hashbrown::HashSet;
use std::sync::Arc;

/// What a statement may reach beside the storage's tables.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// What the tables of `system` are made of.
    pub system: Sources<'a>,
    /// Whether every change is refused.
    pub read_only: bool,
}

/// The exception of a change in a database that was opened for reading.
pub fn read_only() -> Fault {
    Fault::new(Builtin::IoError, "the database was opened for reading only")
}

/// The tables of a storage transaction.
pub struct StorageTables<'txn> {
    access: Access<'txn>,
    transaction: &'txn mut Transaction,
    /// The savepoints that are live; the machine knows them by their number.
    marks: Vec<(u64, Mark)>,
    next_mark: u64,
    /// Column ids and an encoded key, kept between calls.
    columns: Vec<storage::ColumnId>,
    key: Vec<u8>,
    damage: Damage,
    /// The rows that ON CONFLICT DO UPDATE has written: none may be written again.
    written: HashSet<(TableId, Vec<u8>)>,
    /// The INSERT that runs, into a table without rows.
    load: Option<Load>,
}

/// Rows of up to so many columns are passed on without allocating.
const MAX_ROW_ON_STACK: usize = 16;

/// The most columns of a key, which CREATE TABLE holds.
pub const MAX_KEY_COLUMNS: usize = 32;

impl<'txn> StorageTables<'txn> {
    /// The tables of a transaction; `damage` hears of damaged bytes.
    pub fn new(
        transaction: &'txn mut Transaction,
        damage: Damage,
        access: Access<'txn>,
    ) -> StorageTables<'txn> {
        let (marks, next_mark, columns, key) = (Vec::new(), 0, Vec::new(), Vec::new());
        let (written, load) = (HashSet::new(), None);
        StorageTables { access, transaction, marks, next_mark, columns, key, damage, written, load }
    }

    /// A scan of a table of `system`.
    fn scan_system(&self, request: &ScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        let rows = self.access.system.rows(request.table, self.transaction);
        let rows = rows.map_err(|error| self.fault(&error))?;
        // The columns of these tables have their index as their id.
        let column = |(id, ty): &(ColumnId, Type)| (id.0 as usize, ty.clone());
        let columns = request.columns.iter().map(column).collect();
        Ok(Box::new(RowScan { rows, columns, predicates: request.predicates.len() }))
    }

    fn fault(&self, error: &storage::Error) -> Fault {
        self.damage.note(error);
        fault(error, &|table| self.transaction.table_spec(table).ok())
    }

    fn spec(&self, table: TableId) -> Result<Arc<TableSpec>, Fault> {
        self.transaction.table_spec(storage_table(table)).map_err(|error| self.fault(&error))
    }

    fn set_columns(&mut self, columns: &[(ColumnId, Type)]) {
        self.columns.clear();
        self.columns.extend(columns.iter().map(|(id, _)| storage::ColumnId(id.0)));
    }

    /// Narrows a scan to the keys that its predicates leave: by the index, else by the table's key.
    fn bound(&self, asked: &mut storage::ScanRequest, index: Option<TableId>) -> Result<(), Fault> {
        asked.index = index.map(storage_table);
        let by = asked.index.unwrap_or(asked.table);
        let ranges = self.transaction.key_ranges(by, &asked.predicates);
        match ranges.map_err(|error| self.fault(&error))? {
            Some(ranges) => asked.key_ranges = ranges,
            None => asked.index = None,
        }
        Ok(())
    }

    /// Encodes the key that the values hold into `self.key`; whether there is such a row.
    fn find_row(&mut self, table: TableId, key: &[Value]) -> Result<bool, Fault> {
        let spec = self.spec(table)?;
        let mut own = [const { Vec::new() }; MAX_KEY_COLUMNS];
        let mut datums = [Datum::Null; MAX_KEY_COLUMNS];
        let count = key_datums(&spec, key, &mut own, &mut datums)?;
        let datums = &datums[..count];
        let mut encoded = std::mem::take(&mut self.key);
        let table = storage_table(table);
        let found = self
            .transaction
            .encode_key(table, datums, &mut encoded)
            .and_then(|()| self.transaction.get(table, datums, &[], |_, _| {}));
        self.key = encoded;
        found.map_err(|error| self.fault(&error))
    }

    /// Reads a row by its row key.
    fn get_by_row_key(
        &mut self,
        request: GetRequest<'_>,
        out: &mut Vec<Value>,
    ) -> Result<bool, Fault> {
        let [Value::Bytes(key)] = request.key else { return Err(broken("a row key is not bytes")) };
        self.set_columns(request.columns);
        out.resize(request.columns.len(), Value::Null);
        let visit = |index: usize, datum: Datum<'_>| {
            // Storage visits each of the columns once.
            out[index] = datums::value_of(datum, &request.columns[index].1);
        };
        let table = storage_table(request.table);
        let found = self.transaction.get_row(table, RowKey(key), &self.columns, visit);
        found.map_err(|error| self.fault(&error))
    }

    /// Takes rows of an INSERT into a table that has none; their number. `None` for another table.
    fn load_batch(
        &mut self,
        request: &WriteRequest<'_>,
        batch: &Batch,
    ) -> Result<Option<u64>, Fault> {
        if self.load.as_ref().is_none_or(|load| load.table != request.table) {
            // Values of several parts go row by row.
            if request.columns.iter().any(|(_, ty)| is_nested(ty)) {
                return Ok(None);
            }
            let unwritten = self.transaction.is_unwritten(storage_table(request.table));
            if !unwritten.map_err(|error| self.fault(&error))? {
                return Ok(None);
            }
            if let Some(other) = self.load.replace(Load::new(request.table, request.columns)) {
                other.finish(self.transaction)?;
            }
        }
        let Some(load) = &mut self.load else { return Ok(None) };
        load.take(self.transaction, batch).map(Some)
    }

    /// Changes the row whose key lies in `self.key`.
    fn change(
        &mut self,
        request: &WriteRequest<'_>,
        values: &[Datum<'_>],
    ) -> Result<(), storage::Error> {
        let (table, key) = (storage_table(request.table), RowKey(&self.key));
        match request.operation {
            WriteOperation::Update => self.transaction.update(table, key, &self.columns, values),
            WriteOperation::Delete => self.transaction.delete(table, key),
            WriteOperation::Insert => self.transaction.insert(table, values),
        }
    }
}

/// Calls `body` with the values of columns as storage takes them.
fn with_datums<T>(
    columns: &[(ColumnId, Type)],
    values: &[Value],
    body: impl FnOnce(&[Datum<'_>]) -> T,
) -> Result<T, Fault> {
    // Few types need bytes to borrow from; tables without one allocate none.
    let mut own: Vec<Vec<u8>> = Vec::new();
    if columns.iter().any(|(_, ty)| datums::needs_bytes(ty)) {
        own.resize_with(values.len(), Vec::new);
        for ((value, (_, ty)), own) in values.iter().zip(columns).zip(&mut own) {
            datums::prepare(value, ty, own)?;
        }
    }
    let mut row = [Datum::Null; MAX_ROW_ON_STACK];
    let mut long_row = Vec::new();
    let row = match row.get_mut(..values.len()) {
        Some(row) => row,
        None => {
            long_row.resize(values.len(), Datum::Null);
            long_row.as_mut_slice()
        }
    };
    for (index, (value, (_, ty))) in values.iter().zip(columns).enumerate() {
        let own = own.get(index).map_or(&[][..], Vec::as_slice);
        row[index] = datums::borrow(value, ty, own)?;
    }
    Ok(body(row))
}

fn storage_table(table: TableId) -> storage::TableId {
    storage::TableId(table.0)
}

fn broken(what: &str) -> Fault {
    Fault::new(Builtin::TypeError, format!("internal error: {what}"))
}

/// Key values as storage takes them, by the types of the table's key columns; their number.
fn key_datums<'a>(
    spec: &TableSpec,
    key: &'a [Value],
    own: &'a mut [Vec<u8>; MAX_KEY_COLUMNS],
    datums: &mut [Datum<'a>; MAX_KEY_COLUMNS],
) -> Result<usize, Fault> {
    if key.len() != spec.key.len() || key.len() > MAX_KEY_COLUMNS {
        return Err(broken("a key has another number of columns than its table"));
    }
    let key_type = |index: usize| {
        let id = spec.key.get(index);
        let column = spec.columns.iter().find(|column| Some(&column.id) == id);
        match column.map(|column| &column.ty) {
            Some(storage::StorageType::Uuid) => Type::Uuid,
            Some(storage::StorageType::Interval) => Type::Interval,
            // For every other type the value itself says what it is.
            _ => Type::Int64,
        }
    };
    for (index, value) in key.iter().enumerate() {
        datums::prepare(value, &key_type(index), &mut own[index])?;
    }
    let own = &*own;
    for (index, value) in key.iter().enumerate() {
        datums[index] = datums::borrow(value, &key_type(index), &own[index])?;
    }
    Ok(key.len())
}

impl Tables for StorageTables<'_> {
    fn scan(&mut self, request: &ScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        if is_virtual(request.table) {
            return self.scan_system(request);
        }
        let spec = self.spec(request.table)?;
        let columns = request.columns.iter().map(|(id, _)| storage::ColumnId(id.0)).collect();
        let mut asked = storage::ScanRequest::all(storage_table(request.table), columns);
        asked.needs_row_key = request.needs_row_key;
        asked.order = request.ordered.then_some(KeyOrder::Ascending);
        asked.limit_hint = request.limit_hint;
        let mut predicates = Vec::with_capacity(request.predicates.len());
        for (column, test) in request.predicates {
            let predicate = predicate(*column, test, column_type(&spec, *column));
            predicates.push(predicate.as_ref().map(|_| asked.predicates.len()));
            asked.predicates.extend(predicate);
        }
        self.bound(&mut asked, request.index)?;
        let scan = self.transaction.scan(asked).map_err(|error| self.fault(&error))?;
        let types: Vec<Type> = request.columns.iter().map(|(_, ty)| ty.clone()).collect();
        let (types, damage) = (types.into(), self.damage.clone());
        Ok(Box::new(StorageScan { scan, types, predicates, spec, damage }))
    }

    fn get(&mut self, request: GetRequest<'_>, out: &mut Vec<Value>) -> Result<bool, Fault> {
        out.clear();
        if request.kind == WriteKind::RowKey {
            return self.get_by_row_key(request, out);
        }
        let spec = self.spec(request.table)?;
        let mut own = [const { Vec::new() }; MAX_KEY_COLUMNS];
        let mut datums = [Datum::Null; MAX_KEY_COLUMNS];
        let count = key_datums(&spec, request.key, &mut own, &mut datums)?;
        self.set_columns(request.columns);
        out.resize(request.columns.len(), Value::Null);
        let visit = |index: usize, datum: Datum<'_>| {
            // Storage visits each of the columns once.
            out[index] = datums::value_of(datum, &request.columns[index].1);
        };
        let table = storage_table(request.table);
        let found = self.transaction.get(table, &datums[..count], &self.columns, visit);
        found.map_err(|error| self.fault(&error))
    }

    fn write_row(&mut self, request: &WriteRequest<'_>, row: &[Value]) -> Result<u64, Fault> {
        if self.access.read_only {
            return Err(read_only());
        }
        let values = if request.operation == WriteOperation::Insert {
            row
        } else {
            self.set_columns(request.columns);
            let key_columns = row.len() - request.columns.len().min(row.len());
            let (key, values) = row.split_at(key_columns);
            match (request.kind, key) {
                (WriteKind::RowKey, [Value::Bytes(key)]) => {
                    self.key.clear();
                    self.key.extend_from_slice(key);
                    values
                }
                (WriteKind::RowKey, _) => return Err(broken("a row key is not bytes")),
                (WriteKind::PrimaryKey, key) => {
                    if !self.find_row(request.table, key)? {
                        return Ok(0);
                    }
                    values
                }
            }
        };
        let changed = with_datums(request.columns, values, |row| self.change(request, row))?;
        changed.map_err(|error| self.fault(&error))?;
        Ok(1)
    }

    fn insert_unless(
        &mut self,
        request: &WriteRequest<'_>,
        row: &[Value],
        arbiters: &Arbiters,
    ) -> Result<Option<Value>, Fault> {
        let rules: Vec<_> = arbiters.rules.iter().map(|id| storage_table(*id)).collect();
        let by = match rules.as_slice() {
            [] => storage::Arbiters::All,
            rules => storage::Arbiters::These(rules),
        };
        let mut key = std::mem::take(&mut self.key);
        let table = storage_table(request.table);
        let inserted = with_datums(request.columns, row, |row| {
            self.transaction.insert_or_find(table, row, by, &mut key)
        })?;
        let inserted = inserted.map_err(|error| self.fault(&error))?;
        let first = !arbiters.once || self.written.insert((request.table, key.clone()));
        let found = (inserted == Inserted::Conflict).then(|| Value::Bytes(key.as_slice().into()));
        self.key = key;
        if found.is_some() && !first {
            let name = self.spec(request.table)?.name.clone();
            let message = format!(
                "ON CONFLICT DO UPDATE would change a row of {name} a second time: two of the new \
                 rows are in the way of each other"
            );
            return Err(Fault::new(Builtin::CardinalityViolation, message));
        }
        Ok(found)
    }

    fn write(&mut self, request: &WriteRequest<'_>, batch: &Batch) -> Result<u64, Fault> {
        if self.access.read_only {
            return Err(read_only());
        }
        if request.operation == WriteOperation::Insert
            && let Some(written) = self.load_batch(request, batch)?
        {
            return Ok(written);
        }
        self.set_columns(request.columns);
        let count = request.columns.len();
        let mut own = vec![Vec::new(); count];
        let mut written = 0;
        let mut datums: Vec<Datum<'_>> = Vec::with_capacity(count);
        for row in batch.rows().iter() {
            for (index, (_, ty)) in request.columns.iter().enumerate() {
                if datums::needs_bytes(ty) {
                    datums::prepare(&batch.value(row, index, ty), ty, &mut own[index])?;
                }
            }
            let mut values = reuse(std::mem::take(&mut datums));
            for (index, (_, ty)) in request.columns.iter().enumerate() {
                let column = &batch.columns[index];
                values.push(datums::from_vector(column, row, ty, &own[index])?);
            }
            if request.operation != WriteOperation::Insert {
                let keys = batch.columns.last().ok_or_else(|| broken("a write has no row key"))?;
                self.key.clear();
                self.key.extend_from_slice(keys.bytes(row));
            }
            self.change(request, &values).map_err(|error| self.fault(&error))?;
            datums = reuse(values);
            written += 1;
        }
        Ok(written)
    }

    fn finish_writes(&mut self) -> Result<(), Fault> {
        match self.load.take() {
            Some(load) => load.finish(self.transaction),
            None => Ok(()),
        }
    }

    fn savepoint(&mut self) -> u64 {
        let number = self.next_mark;
        self.next_mark += 1;
        self.marks.push((number, self.transaction.savepoint()));
        number
    }

    fn rollback_to(&mut self, savepoint: u64) -> Result<(), Fault> {
        // What an INSERT that raised held back is undone with it.
        self.load = None;
        let found = self.marks.iter().position(|(number, _)| *number == savepoint);
        let found = found.ok_or_else(|| broken("the savepoint is gone"))?;
        self.marks.truncate(found + 1);
        let mark = self.marks[found].1;
        self.transaction.rollback_to(mark).map_err(|error| self.fault(&error))
    }
}

/// An emptied vector of values that borrow from somewhere else; its memory is kept.
fn reuse<'b>(mut datums: Vec<Datum<'_>>) -> Vec<Datum<'b>> {
    datums.clear();
    // An empty iterator of the old elements collects in place, into the same memory.
    datums.into_iter().map(|_| Datum::Null).collect()
}

/// The type of a column as a predicate's constants need it.
fn column_type(spec: &TableSpec, column: ColumnId) -> Type {
    let found = spec.columns.iter().find(|spec| spec.id.0 == column.0);
    match found.map(|spec| &spec.ty) {
        Some(storage::StorageType::Uuid) => Type::Uuid,
        Some(storage::StorageType::Interval) => Type::Interval,
        _ => Type::Int64,
    }
}

/// A condition as storage takes it; `None` for one that it does not understand.
fn predicate(column: ColumnId, test: &ScanTest, ty: Type) -> Option<storage::Predicate> {
    use storage::PredicateOp;
    let values = |values: &[Value]| -> Option<Vec<storage::OwnedDatum>> {
        values.iter().map(|value| datums::owned(value, &ty)).collect()
    };
    let (op, values) = match test {
        ScanTest::IsNull => (PredicateOp::IsNull, Vec::new()),
        ScanTest::IsNotNull => (PredicateOp::IsNotNull, Vec::new()),
        ScanTest::In(list) => (PredicateOp::In, values(list)?),
        ScanTest::Compare(comparison, value) => {
            let op = match comparison {
                Cmp::Eq => PredicateOp::Equal,
                Cmp::Ne => PredicateOp::NotEqual,
                Cmp::Lt => PredicateOp::Less,
                Cmp::Le => PredicateOp::LessOrEqual,
                Cmp::Gt => PredicateOp::Greater,
                Cmp::Ge => PredicateOp::GreaterOrEqual,
            };
            (op, values(std::slice::from_ref(value))?)
        }
    };
    Some(storage::Predicate { column: storage::ColumnId(column.0), op, values })
}
