//! Times the engine's main paths on a disk database in the current folder and prints one line for
//! each: `cargo run --release -p grizzly-storage --example speed [rows]`.

// A measurement that cannot be taken has nothing else to do than to stop.
#![allow(clippy::unwrap_used)]

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use grizzly_storage::*;
use std::fs;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Instant;

const KEYED: TableId = TableId(1);
const WIDE: TableId = TableId(2);
const FOLDER: &str = "speed.grizzly";

fn spec(name: &str) -> TableSpec {
    let column = |id: u32, name: &str, ty, nullable| ColumnSpec {
        id: ColumnId(id),
        name: name.into(),
        ty,
        sql_type: String::new(),
        nullable,
    };
    TableSpec {
        name: name.into(),
        columns: vec![
            column(1, "id", StorageType::Int64, false),
            column(2, "price", StorageType::Float64, true),
            column(3, "quantity", StorageType::Int64, true),
            column(4, "tier", StorageType::Text, true),
        ],
        key: vec![ColumnId(1)],
    }
}

fn row(id: i64) -> [Datum<'static>; 4] {
    const TIERS: [&[u8]; 3] = [b"gold", b"silver", b"bronze"];
    [
        Datum::Int(id),
        Datum::Float(id as f64 * 0.25),
        Datum::Int(id % 50),
        Datum::Bytes(TIERS[id as usize % 3]),
    ]
}

fn time<T>(name: &str, count: usize, unit: &str, body: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = body();
    let nanos = start.elapsed().as_nanos() as f64;
    let (total, each) = (nanos / 1e6, nanos / count as f64 / 1e3);
    println!("{name:<44} {total:>10.2} ms {each:>10.3} us/{unit}");
    result
}

fn bare_sync(count: usize) {
    let file = fs::File::create("speed.bare").unwrap();
    file.write_all_at(&vec![1; 1 << 20], 0).unwrap();
    file.sync_all().unwrap();
    time("bare pwrite + fdatasync", count, "write", || {
        for at in 0..count {
            file.write_all_at(&[7; 120], at as u64 * 120).unwrap();
            file.sync_data().unwrap();
        }
    });
    fs::remove_file("speed.bare").unwrap();
}

fn scan_sum(engine: &Engine, table: TableId) -> (i64, usize) {
    let txn = engine.begin(Isolation::Snapshot);
    let request = ScanRequest::all(table, vec![ColumnId(3), ColumnId(2)]);
    let (mut sum, mut rows) = (0, 0);
    for mut morsel in txn.scan(request).unwrap().split(1) {
        while let Some(batch) = morsel.next().unwrap() {
            let values = batch.columns[0].as_primitive::<Int64Type>().values();
            rows += batch.live_rows();
            sum += match &batch.selection {
                None => values.iter().sum::<i64>(),
                Some(rows) => rows.iter().map(|&row| values[usize::from(row)]).sum(),
            };
        }
    }
    (sum, rows)
}

fn points(engine: &Engine, rows: usize, name: &str) {
    let txn = engine.begin(Isolation::Snapshot);
    let mut id = 1_u64;
    let count = 200_000;
    let mut found = 0;
    for _ in 0..2 {
        found = time(name, count, "get", || {
            let mut found = 0;
            for _ in 0..count {
                id = id.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let key = [Datum::Int(((id >> 33) % rows as u64) as i64)];
                let columns = [ColumnId(2), ColumnId(3)];
                found += usize::from(txn.get(KEYED, &key, &columns, |_, _| {}).unwrap());
            }
            found
        });
    }
    assert_eq!(found, count);
}

fn batch(start: i64, rows: i64) -> RecordBatch {
    let ids = start..start + rows;
    let tiers = ids.clone().map(|id| ["gold", "silver", "bronze"][id as usize % 3]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(ids.clone()))),
        ("price", Arc::new(Float64Array::from_iter_values(ids.clone().map(|id| id as f64)))),
        ("quantity", Arc::new(Int64Array::from_iter_values(ids.clone().map(|id| id % 50)))),
        ("tier", Arc::new(StringArray::from_iter_values(tiers))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn updates(engine: &Engine, table: TableId, rows: usize) {
    let mut txn = engine.begin(Isolation::Snapshot);
    let mut key = Vec::new();
    let mut id = 7_u64;
    for _ in 0..rows / 100 {
        id = id.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let value = ((id >> 33) % rows as u64) as i64;
        txn.encode_key(table, &[Datum::Int(value)], &mut key).unwrap();
        txn.update(table, RowKey(&key), &[ColumnId(3)], &[Datum::Int(3)]).unwrap();
    }
    txn.commit().unwrap();
}

fn work(engine: &Engine) {
    while let Some(work) = engine.poll_work() {
        engine.perform(work).unwrap();
    }
}

fn writes(engine: &Engine, rows: usize) {
    let mut txn = engine.begin(Isolation::Snapshot);
    txn.create_table_with_id(KEYED, spec("keyed")).unwrap();
    txn.create_table_with_id(WIDE, spec("wide")).unwrap();
    txn.commit().unwrap();
    bare_sync(2000);
    time("durable one-row insert", 2000, "commit", || {
        for id in 0..2000 {
            let mut txn = engine.begin(Isolation::Snapshot);
            txn.insert(KEYED, &row(id + 10_000_000)).unwrap();
            txn.commit().unwrap();
        }
    });
    time("the same from 4 threads", 2000, "commit", || {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for id in 0..500 {
                        let mut txn = engine.begin(Isolation::Snapshot);
                        txn.insert(KEYED, &row(11_000_000 + thread * 1000 + id)).unwrap();
                        txn.commit().unwrap();
                    }
                });
            }
        });
    });
    time("insert in one transaction, ascending", rows, "row", || {
        let mut txn = engine.begin(Isolation::Snapshot);
        time("  of which before COMMIT", rows, "row", || {
            (0..rows).for_each(|id| txn.insert(KEYED, &row(id as i64)).unwrap());
        });
        txn.commit().unwrap();
    });
    time("insert in one transaction, keys at random", rows, "row", || {
        let mut txn = engine.begin(Isolation::Snapshot);
        for id in 0..rows {
            let key = (id as i64).wrapping_mul(7_919_777) % 100_000_007 + 20_000_000;
            txn.insert(KEYED, &row(key)).unwrap();
        }
        txn.commit().unwrap();
    });
}

/// Only the scans over rows that were updated, many times, for a profiler.
fn profile_scans(rows: usize) {
    let device = Arc::new(MemoryDevice::new());
    let engine = Engine::open(device, Options::default()).unwrap();
    let mut txn = engine.begin(Isolation::Snapshot);
    txn.create_table_with_id(WIDE, spec("wide")).unwrap();
    let batches = (0..rows as i64 / 10_000).map(|at| Ok(batch(at * 10_000, 10_000)));
    txn.bulk_insert(WIDE, batches).unwrap();
    txn.commit().unwrap();
    updates(&engine, WIDE, rows);
    for _ in 0..100 {
        scan_sum(&engine, WIDE);
    }
}

/// Prints the anonymous memory of the process.
fn memory(what: &str) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap_or_default();
    println!("{what:<44} {line}");
}

/// Memory of a transaction of many rows, 29 bytes each.
fn profile_memory(rows: usize) {
    let _ = fs::remove_dir_all(FOLDER);
    let engine =
        Engine::open(Arc::new(DiskDevice::new(FOLDER).unwrap()), Options::default()).unwrap();
    memory("at the start");
    let mut txn = engine.begin(Isolation::Snapshot);
    txn.create_table_with_id(KEYED, spec("keyed")).unwrap();
    (0..rows).for_each(|id| txn.insert(KEYED, &row(id as i64)).unwrap());
    memory("before COMMIT");
    txn.commit().unwrap();
    memory("after COMMIT");
    work(&engine);
    memory("after background work");
    let _ = fs::remove_dir_all(FOLDER);
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("memory") {
        return profile_memory(1_000_000);
    }
    if std::env::args().nth(1).as_deref() == Some("scans") {
        return profile_scans(6_000_000);
    }
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let _ = fs::remove_dir_all(FOLDER);
    let device = Arc::new(DiskDevice::new(FOLDER).unwrap());
    let engine = Engine::open(device.clone(), Options::default()).unwrap();
    writes(&engine, rows);
    points(&engine, rows, "point get, messages in memory");
    time("background work", 2 * rows, "row", || work(&engine));
    points(&engine, rows, "point get, after background work");
    time("flush_all", 2 * rows, "row", || engine.flush_all().unwrap());
    points(&engine, rows, "point get, leaves");
    let scanned = 6 * rows;
    time("bulk load", scanned, "row", || {
        let mut txn = engine.begin(Isolation::Snapshot);
        let batches = (0..scanned as i64 / 10_000).map(|at| Ok(batch(at * 10_000, 10_000)));
        txn.bulk_insert(WIDE, batches).unwrap();
        txn.commit().unwrap();
    });
    for _ in 0..3 {
        time("scan, clean", scanned, "row", || assert_eq!(scan_sum(&engine, WIDE).1, scanned));
    }
    updates(&engine, WIDE, scanned);
    for _ in 0..3 {
        time("scan, 1 % updated", scanned, "row", || scan_sum(&engine, WIDE));
    }
    time("background work", scanned, "row", || work(&engine));
    time("checkpoint", scanned, "row", || engine.checkpoint().unwrap());
    for _ in 0..3 {
        time("scan, 1 % updated, in buffers", scanned, "row", || scan_sum(&engine, WIDE));
    }
    drop(engine);
    let engine = time("open", 1, "open", || Engine::open(device, Options::default()).unwrap());
    for _ in 0..2 {
        time("scan after opening", scanned, "row", || scan_sum(&engine, WIDE));
    }
    drop(engine);
    let _ = fs::remove_dir_all(FOLDER);
}
