//! What the tests share: small tables, and rows as text.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt16Type;
use arrow_array::{Array, ArrayRef};
use grizzly_storage::{
    ColumnId, ColumnSpec, Datum, Device, Engine, Error, Isolation, MemoryDevice, Options, RowKey,
    ScanRequest, StorageType, TableId, TableSpec, Transaction, TreeLimits,
};
use std::sync::Arc;

pub const ACCOUNTS: TableId = TableId(1);
pub const ID: ColumnId = ColumnId(1);
pub const OWNER: ColumnId = ColumnId(2);
pub const BALANCE: ColumnId = ColumnId(3);

pub fn column(id: u32, name: &str, ty: StorageType, nullable: bool) -> ColumnSpec {
    let sql_type = format!("{ty:?}").to_uppercase();
    ColumnSpec { id: ColumnId(id), name: name.into(), ty, sql_type, nullable }
}

/// accounts(id BIGINT PRIMARY KEY, owner TEXT, balance BIGINT NOT NULL)
pub fn accounts() -> TableSpec {
    TableSpec {
        name: "accounts".into(),
        columns: vec![
            column(1, "id", StorageType::Int64, false),
            column(2, "owner", StorageType::Text, true),
            column(3, "balance", StorageType::Int64, false),
        ],
        key: vec![ID],
    }
}

pub fn open(device: &(impl Device + Clone + 'static)) -> Engine {
    Engine::open(Arc::new(device.clone()), Options::default()).unwrap()
}

/// Trees so small that a few hundred rows make them several nodes high.
pub fn open_small(device: &(impl Device + Clone + 'static)) -> Result<Engine, Error> {
    let limits = TreeLimits {
        leaf_rows: 32,
        fanout: 3,
        node_messages: 24,
        push_messages: 4,
        ..TreeLimits::default()
    };
    Engine::open(Arc::new(device.clone()), Options { limits, ..Options::default() })
}

pub fn memory() -> (MemoryDevice, Engine) {
    let device = MemoryDevice::new();
    let engine = open(&device);
    let mut txn = engine.begin(Isolation::Snapshot);
    txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
    txn.commit().unwrap();
    (device, engine)
}

pub fn begin(engine: &Engine) -> Transaction {
    engine.begin(Isolation::Snapshot)
}

pub fn account<'a>(id: i64, owner: &'a str, balance: i64) -> [Datum<'a>; 3] {
    [Datum::Int(id), Datum::Bytes(owner.as_bytes()), Datum::Int(balance)]
}

pub fn key(txn: &Transaction, id: i64) -> Vec<u8> {
    let mut out = Vec::new();
    txn.encode_key(ACCOUNTS, &[Datum::Int(id)], &mut out).unwrap();
    out
}

pub fn set_balance(txn: &mut Transaction, id: i64, balance: i64) {
    let key = key(txn, id);
    txn.update(ACCOUNTS, RowKey(&key), &[BALANCE], &[Datum::Int(balance)]).unwrap();
}

pub fn remove(txn: &mut Transaction, id: i64) {
    let key = key(txn, id);
    txn.delete(ACCOUNTS, RowKey(&key)).unwrap();
}

pub fn balance(txn: &Transaction, id: i64) -> Option<i64> {
    let mut found = None;
    txn.get(ACCOUNTS, &[Datum::Int(id)], &[BALANCE], |_, value| {
        if let Datum::Int(value) = value {
            found = Some(value);
        }
    })
    .unwrap();
    found
}

/// A value of an array as text.
pub fn text(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "NULL".into();
    }
    if let Some(values) = array.as_primitive_opt::<arrow_array::types::Int64Type>() {
        return values.value(row).to_string();
    }
    if let Some(values) = array.as_string_opt::<i32>() {
        return values.value(row).into();
    }
    if let Some(values) = array.as_dictionary_opt::<UInt16Type>() {
        let key = usize::from(values.keys().value(row));
        return values.values().as_string::<i32>().value(key).into();
    }
    format!("{:?}", array.slice(row, 1))
}

/// The live rows a scan returns, as text, in the order they come.
pub fn rows(txn: &Transaction, request: ScanRequest) -> Vec<String> {
    let mut result = Vec::new();
    for mut morsel in txn.scan(request).unwrap().split(3) {
        while let Some(batch) = morsel.next().unwrap() {
            let all: Vec<u16> = (0..batch.len).map(|row| row as u16).collect();
            for &row in batch.selection.as_ref().unwrap_or(&all) {
                let values: Vec<_> =
                    batch.columns.iter().map(|column| text(column, row.into())).collect();
                result.push(values.join(" "));
            }
        }
    }
    result
}

/// All accounts, sorted by id.
pub fn all(txn: &Transaction) -> Vec<String> {
    let mut request = ScanRequest::all(ACCOUNTS, vec![ID, OWNER, BALANCE]);
    request.order = Some(grizzly_storage::KeyOrder::Ascending);
    rows(txn, request)
}
