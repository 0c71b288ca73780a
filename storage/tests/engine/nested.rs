//! Lists and structs: in rows, in blocks, after reopening, and in pyarrow's eyes.

use crate::support::*;
use grizzly_storage::*;
use std::process::Command;
use std::sync::Arc;

const PLACES: TableId = TableId(9);

fn point() -> StorageType {
    StorageType::Struct(vec![
        ("x".into(), StorageType::Float64),
        ("name".into(), StorageType::Text),
    ])
}

fn places() -> TableSpec {
    let points = StorageType::List(Box::new(point()));
    let columns = vec![
        column(1, "id", StorageType::Int64, false),
        column(2, "at", point(), true),
        column(3, "tags", StorageType::List(Box::new(StorageType::Text)), true),
        column(4, "track", points, true),
    ];
    TableSpec { name: "places".into(), columns, key: vec![ColumnId(1)] }
}

fn put_point(out: &mut Vec<u8>, x: f64, name: Option<&str>) {
    let mut writer = NestedWriter(out);
    writer.scalar(&StorageType::Float64, &Datum::Float(x)).unwrap();
    match name {
        Some(name) => writer.scalar(&StorageType::Text, &Datum::Bytes(name.as_bytes())).unwrap(),
        None => writer.null(),
    }
}

/// The contents of the columns `at`, `tags` and `track` of a row.
fn contents(id: i64) -> [Vec<u8>; 3] {
    let mut contents = [Vec::new(), Vec::new(), Vec::new()];
    let [at, tags, track] = &mut contents;
    put_point(at, id as f64, (id % 2 == 0).then_some("grün"));
    NestedWriter(tags).count(id as usize % 3);
    for number in 0..id % 3 {
        let tag = format!("t{number}");
        NestedWriter(tags).scalar(&StorageType::Text, &Datum::Bytes(tag.as_bytes())).unwrap();
    }
    NestedWriter(track).count(2);
    NestedWriter(track).null();
    NestedWriter(track).structure();
    put_point(track, 0.5, None);
    contents
}

fn insert(txn: &mut Transaction, id: i64) {
    let [at, tags, track] = contents(id);
    let at = if id % 5 == 0 { Datum::Null } else { Datum::Bytes(&at) };
    let row = [Datum::Int(id), at, Datum::Bytes(&tags), Datum::Bytes(&track)];
    txn.insert(PLACES, &row).unwrap();
}

fn check(engine: &Engine, count: i64) {
    let txn = begin(engine);
    for id in 0..count {
        let expected = contents(id);
        let mut seen = 0;
        let columns = [ColumnId(2), ColumnId(3), ColumnId(4)];
        let found = txn.get(PLACES, &[Datum::Int(id)], &columns, |index, value| {
            seen += 1;
            if index == 0 && id % 5 == 0 {
                assert_eq!(value, Datum::Null);
            } else {
                assert_eq!(value, Datum::Bytes(&expected[index]), "column {index} of row {id}");
            }
        });
        assert!(found.unwrap() && seen == 3);
    }
}

#[test]
fn nested_values_survive_flush_patch_and_reopening() {
    let (device, engine) = memory();
    let mut txn = begin(&engine);
    txn.create_table_with_id(PLACES, places()).unwrap();
    (0..300).for_each(|id| insert(&mut txn, id));
    txn.commit().unwrap();
    check(&engine, 300);
    engine.flush_all().unwrap();
    check(&engine, 300);
    let mut txn = begin(&engine);
    let mut key = Vec::new();
    txn.encode_key(PLACES, &[Datum::Int(7)], &mut key).unwrap();
    let [at, ..] = contents(8);
    txn.update(PLACES, RowKey(&key), &[ColumnId(2)], &[Datum::Bytes(&at)]).unwrap();
    let [at, ..] = contents(7);
    txn.update(PLACES, RowKey(&key), &[ColumnId(2)], &[Datum::Bytes(&at)]).unwrap();
    (300..400).for_each(|id| insert(&mut txn, id));
    txn.commit().unwrap();
    drop(engine);
    let engine = open(&device);
    check(&engine, 400);
    engine.flush_all().unwrap();
    check(&engine, 400);
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    txn.create_table_with_id(PLACES, places()).unwrap();
    let [at, tags, track] = contents(2);
    let mut long = at.clone();
    long.push(0);
    let mut no_text = tags.clone();
    *no_text.last_mut().unwrap() = 0xff;
    for (at, tags) in [(&long, &tags), (&at, &no_text), (&at[..3].to_vec(), &tags)] {
        let row = [Datum::Int(1), Datum::Bytes(at), Datum::Bytes(tags), Datum::Bytes(&track)];
        assert!(matches!(txn.insert(PLACES, &row), Err(Error::TypeMismatch { .. })));
    }
}

#[test]
fn pyarrow_reads_lists_and_structs() {
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
    txn.create_table_with_id(PLACES, places()).unwrap();
    (3..6).for_each(|id| insert(&mut txn, id));
    txn.commit().unwrap();
    engine.flush_all().unwrap();
    let leaf = folder.path().join(&engine.info().tables[0].leaf_files[0]);
    let script = "import sys, pyarrow.feather as f\nt = f.read_table(sys.argv[1])\n\
                  t.validate(full=True)\n[print(row) for row in t.to_pylist()]";
    let output = Command::new(&python).args(["-c", script]).arg(leaf).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let track = "'track': [None, {'x': 0.5, 'name': None}]";
    let expected = [
        format!("{{'id': 3, 'at': {{'x': 3.0, 'name': None}}, 'tags': [], {track}}}"),
        format!("{{'id': 4, 'at': {{'x': 4.0, 'name': 'grün'}}, 'tags': ['t0'], {track}}}"),
        format!("{{'id': 5, 'at': None, 'tags': ['t0', 't1'], {track}}}"),
    ];
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
