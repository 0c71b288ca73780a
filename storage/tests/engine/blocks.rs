//! What is in the block files: every type, zero-copy columns, and what pyarrow makes of them.

use crate::support::*;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use grizzly_storage::*;
use std::process::Command;
use std::sync::Arc;

const TYPES: TableId = TableId(7);

fn every_type() -> TableSpec {
    use StorageType as T;
    let types = [
        ("flag", T::Bool),
        ("tiny", T::Int8),
        ("small", T::Int16),
        ("medium", T::Int32),
        ("large", T::Int64),
        ("single", T::Float32),
        ("double", T::Float64),
        ("price", T::Decimal { precision: 12, scale: 2 }),
        ("huge", T::Decimal { precision: 38, scale: 3 }),
        ("text", T::Text),
        ("bytes", T::Blob),
        ("day", T::Date),
        ("clock", T::Time),
        ("moment", T::Timestamp),
        ("instant", T::TimestampTz),
        ("span", T::Interval),
        ("uuid", T::Uuid),
        ("json", T::Json),
    ];
    let mut columns = vec![column(1, "name", T::Text, false), column(2, "date", T::Date, false)];
    for (index, (name, ty)) in types.into_iter().enumerate() {
        columns.push(column(index as u32 + 3, name, ty, true));
    }
    TableSpec { name: "types".into(), columns, key: vec![ColumnId(2), ColumnId(1)] }
}

fn full_row<'a>(name: &'a str, date: i64, number: i64) -> Vec<Datum<'a>> {
    vec![
        Datum::Bytes(name.as_bytes()),
        Datum::Int(date),
        Datum::Bool(number % 2 == 0),
        Datum::Int(number % 100),
        Datum::Int(-number),
        Datum::Int(number * 1000),
        Datum::Int(i64::MIN + number),
        Datum::Float(0.5),
        Datum::Float(-1e300),
        Datum::Int(number * 25),
        Datum::Int128(-(10_i128.pow(30) + i128::from(number))),
        Datum::Bytes("grün".as_bytes()),
        Datum::Bytes(&[0, 255, 1]),
        Datum::Int(19_000),
        Datum::Int(86_399_999_999),
        Datum::Int(1_700_000_000_000_000),
        Datum::Int(-1),
        Datum::Interval { months: 14, days: -3, micros: 5 },
        Datum::Bytes(b"0123456789abcdef"),
        Datum::Bytes(b"{\"a\":1}"),
    ]
}

fn columns() -> Vec<ColumnId> {
    (1..=20).map(ColumnId).collect()
}

fn read_row(txn: &Transaction, name: &str, date: i64) -> Vec<OwnedDatum> {
    let mut found = Vec::new();
    let key = [Datum::Int(date), Datum::Bytes(name.as_bytes())];
    txn.get(TYPES, &key, &columns(), |_, value| found.push(value.to_owned())).unwrap();
    found
}

fn owned(row: &[Datum<'_>]) -> Vec<OwnedDatum> {
    row.iter().map(Datum::to_owned).collect()
}

fn types_table(device: &(impl Device + Clone + 'static)) -> Engine {
    let engine = open(device);
    let mut txn = begin(&engine);
    txn.create_table_with_id(TYPES, every_type()).unwrap();
    for number in 0..50 {
        let name = format!("n\0{number}");
        txn.insert(TYPES, &full_row(&name, number - 25, number)).unwrap();
    }
    let mut nulls = vec![Datum::Null; 20];
    nulls[0] = Datum::Bytes(b"");
    nulls[1] = Datum::Int(-1_000_000);
    txn.insert(TYPES, &nulls).unwrap();
    txn.commit().unwrap();
    engine
}

fn check_types(engine: &Engine) {
    let txn = begin(engine);
    for number in [0, 1, 49] {
        let name = format!("n\0{number}");
        let expected = owned(&full_row(&name, number - 25, number));
        assert_eq!(read_row(&txn, &name, number - 25), expected);
    }
    let nulls = read_row(&txn, "", -1_000_000);
    assert_eq!(nulls[2..], vec![OwnedDatum::Null; 18]);
    assert_eq!(rows(&txn, ScanRequest::all(TYPES, columns())).len(), 51);
    let statistics = txn.statistics(TYPES).unwrap();
    assert_eq!(statistics.rows, 51);
    assert_eq!(statistics.columns[1].min, Some(OwnedDatum::Int(-1_000_000)));
    assert_eq!(statistics.columns[4].null_count, 1);
    assert_eq!(statistics.columns[1].distinct_estimate.abs_diff(51) < 6, true);
}

#[test]
fn every_type_survives_every_layer() {
    let device = MemoryDevice::new();
    let engine = types_table(&device);
    check_types(&engine);
    drop(engine);
    let engine = open(&device);
    check_types(&engine);
    engine.flush_all().unwrap();
    check_types(&engine);
    drop(engine);
    check_types(&open(&device));
}

#[test]
fn patches_of_every_type_survive_every_layer() {
    let device = MemoryDevice::new();
    let engine = types_table(&device);
    engine.flush_all().unwrap();
    let mut txn = begin(&engine);
    let mut key = Vec::new();
    txn.encode_key(TYPES, &[Datum::Int(-25), Datum::Bytes(b"n\x000")], &mut key).unwrap();
    let target = full_row("n\x000", -25, 33);
    for position in (2..20).rev() {
        let set = [columns()[position]];
        txn.update(TYPES, RowKey(&key), &set, &[target[position]]).unwrap();
    }
    txn.commit().unwrap();
    let check = |engine: &Engine| {
        assert_eq!(read_row(&begin(engine), "n\x000", -25), owned(&target));
        check_scan(engine);
    };
    check(&engine);
    engine.checkpoint().unwrap();
    assert_eq!(engine.info().tables[0].buffer_files.len(), 1);
    check(&engine);
    engine.flush_all().unwrap();
    assert!(engine.info().tables[0].buffer_files.is_empty());
    check(&engine);
}

fn check_scan(engine: &Engine) {
    let txn = begin(engine);
    let found = rows(&txn, ScanRequest::all(TYPES, vec![ColumnId(5), ColumnId(20)]));
    assert_eq!(found.len(), 51);
    assert_eq!(found.iter().filter(|row| row.contains("-33,")).count(), 2, "{found:?}");
}

fn wide_batch(start: i64, rows: i64) -> RecordBatch {
    let ids = start..start + rows;
    let owners = ids.clone().map(|id| if id % 2 == 0 { "even" } else { "odd" });
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(ids.clone()))),
        ("owner", Arc::new(StringArray::from_iter_values(owners))),
        ("balance", Arc::new(Int64Array::from_iter_values(ids.map(|id| id * 2)))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn a_bulk_load_is_seen_committed_undone_and_conflicts() {
    let (device, engine) = memory();
    let mut txn = begin(&engine);
    let mark = txn.savepoint();
    let batches = (0..30).map(|at| Ok(wide_batch(at * 10_000, 10_000)));
    assert_eq!(txn.bulk_insert(ACCOUNTS, batches).unwrap(), 300_000);
    assert_eq!(balance(&txn, 299_999), Some(599_998));
    assert!(txn.insert(ACCOUNTS, &account(5, "x", 5)).is_err());
    txn.rollback_to(mark).unwrap();
    assert_eq!(balance(&txn, 5), None);
    let batches = (0..3).map(|at| Ok(wide_batch(at * 100_000, 100_000)));
    txn.bulk_insert(ACCOUNTS, batches).unwrap();
    set_balance(&mut txn, 7, -7);
    let mut other = begin(&engine);
    other.insert(ACCOUNTS, &account(-1, "x", 5)).unwrap();
    txn.commit().unwrap();
    assert!(matches!(other.commit(), Err(Error::SerializationFailure { .. })));
    drop(engine);
    let engine = open(&device);
    let txn = begin(&engine);
    assert_eq!(rows(&txn, ScanRequest::all(ACCOUNTS, vec![ID])).len(), 300_000);
    assert_eq!((balance(&txn, 7), balance(&txn, 8)), (Some(-7), Some(16)));
    assert_eq!(engine.info().tables[0].leaf_files.len(), 3);
    assert_eq!(txn.statistics(ACCOUNTS).unwrap().rows, 300_000);
}

#[test]
fn batches_out_of_order_are_inserted_all_the_same() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    let batches = [wide_batch(500, 100), wide_batch(100, 50), wide_batch(900, 10)];
    assert_eq!(txn.bulk_insert(ACCOUNTS, batches.into_iter().map(Ok)).unwrap(), 160);
    let again = txn.bulk_insert(ACCOUNTS, [Ok(wide_batch(905, 1))].into_iter());
    assert!(matches!(again, Err(Error::UniqueViolation { .. })));
    txn.commit().unwrap();
    let found = all(&begin(&engine));
    assert_eq!((found.len(), found[0].as_str()), (160, "100 even 200"));
}

#[test]
fn a_clean_leaf_is_scanned_without_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let device = Arc::new(DiskDevice::new(folder.path()).unwrap());
    let engine = Engine::open(device, Options::default()).unwrap();
    let mut txn = begin(&engine);
    txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
    txn.bulk_insert(ACCOUNTS, [Ok(wide_batch(0, 100_000))].into_iter()).unwrap();
    txn.commit().unwrap();
    let txn = begin(&engine);
    let mut morsel = txn.scan(ScanRequest::all(ACCOUNTS, vec![ID, OWNER])).unwrap().split(1);
    let batch = morsel[0].next().unwrap().unwrap();
    assert_eq!((batch.len, batch.selection.is_none()), (65_536, true));
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mapped: Vec<(usize, usize)> = maps
        .lines()
        .filter(|line| line.contains(".feather"))
        .map(|line| {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let number = |text| usize::from_str_radix(text, 16).unwrap();
            (number(start), number(end))
        })
        .collect();
    for array in &batch.columns {
        let data = array.to_data();
        let address = data.buffers()[0].as_ptr() as usize;
        assert!(mapped.iter().any(|&(start, end)| (start..end).contains(&address)));
    }
    assert_eq!(batch.columns[1].data_type().to_string(), "Dictionary(UInt16, Utf8)");
}

#[test]
fn zone_maps_skip_leaves_but_never_changed_rows() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    let batches = (0..3).map(|at| Ok(wide_batch(at * 131_072, 131_072)));
    txn.bulk_insert(ACCOUNTS, batches).unwrap();
    txn.commit().unwrap();
    let mut txn = begin(&engine);
    set_balance(&mut txn, 4, 10_000_000);
    let mut request = ScanRequest::all(ACCOUNTS, vec![ID]);
    request.predicates = vec![Predicate {
        column: BALANCE,
        op: PredicateOp::Greater,
        values: vec![OwnedDatum::Int(700_000)],
    }];
    assert_eq!(txn.scan(request.clone()).unwrap().exactness(), [Exactness::Inexact]);
    let found = rows(&txn, request);
    assert_eq!(found.len(), 131_072 + 1);
    assert!(found.contains(&"4".to_owned()));
}

/// Reads a leaf with pyarrow and prints its schema and some rows.
const SCRIPT: &str = r#"
import sys
import pyarrow.feather as feather
table = feather.read_table(sys.argv[1])
table.validate(full=True)
row = {name: value.cast("string").as_py() if name in ("price", "huge", "day", "date") else
       value.as_py() if name != "span" else str(value.as_py())
       for name, value in ((n, table[n][table.num_rows - 1]) for n in table.column_names)}
print(table.num_rows, table.schema.field("large").metadata[b"grizzly.column_id"].decode())
print(table.schema.field("price").type, table.schema.field("huge").type, table.schema.field("text").type)
print(row["price"], row["huge"], row["text"], row["bytes"], row["day"], row["clock"], row["instant"])
print(row["uuid"], row["flag"], row["tiny"], row["single"], row["span"], row["json"])
"#;

#[test]
fn pyarrow_reads_a_leaf() {
    let python = std::env::var("GRIZZLY_PYTHON").unwrap_or_else(|_| "python3".into());
    let present = Command::new(&python).args(["-c", "import pyarrow"]).output();
    if !present.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} with pyarrow is not there (set GRIZZLY_PYTHON)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let device = Arc::new(DiskDevice::new(folder.path()).unwrap());
    let engine = Engine::open(device, Options::default()).unwrap();
    let mut txn = begin(&engine);
    txn.create_table_with_id(TYPES, every_type()).unwrap();
    for number in 0..50 {
        txn.insert(TYPES, &full_row("n", number, number)).unwrap();
    }
    txn.commit().unwrap();
    engine.flush_all().unwrap();
    let leaf = folder.path().join(&engine.info().tables[0].leaf_files[0]);
    let output = Command::new(&python).args(["-c", SCRIPT]).arg(leaf).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "50 7");
    assert_eq!(
        lines[1],
        "decimal64(12, 2) decimal128(38, 3) dictionary<values=string, indices=uint16, ordered=0>"
    );
    assert_eq!(
        lines[2],
        "12.25 -1000000000000000000000000000.049 grün b'\\x00\\xff\\x01' 2022-01-08 \
         23:59:59.999999 1969-12-31 23:59:59.999999+00:00"
    );
    assert_eq!(
        lines[3],
        "b'0123456789abcdef' False 49 0.5 MonthDayNano(months=14, days=-3, nanoseconds=5000) \
         {\"a\":1}"
    );
}
