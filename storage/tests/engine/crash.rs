//! Crashes at every step of a workload, by seed: commits that were acknowledged are there after
//! opening again, others are there whole or not at all.

use crate::support::*;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use grizzly_storage::device::Survival;
use grizzly_storage::{
    Class, Datum, Device, Engine, Error, FaultDevice, Isolation, RowKey, ScanRequest, TableId,
    Transaction,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Accounts, and whether there is the table that comes and goes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    accounts: BTreeMap<i64, i64>,
    loaded: bool,
}

const LOADED: TableId = TableId(2);
const LOADED_ROWS: i64 = 100;

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// What a run knows: the rows after the last acknowledged commit, and after the one in flight.
#[derive(Default)]
struct Known {
    acknowledged: Rows,
    in_flight: Option<Rows>,
}

/// Runs transactions, flushes and background work until done or until the device crashes.
fn workload(engine: &Engine, mut seed: u64, known: &mut Known) -> Result<(), Error> {
    let mut txn = engine.begin(Isolation::Snapshot);
    if txn.tables().is_empty() {
        txn.create_table_with_id(ACCOUNTS, accounts())?;
        txn.commit()?;
    }
    for _ in 0..14 {
        let mut rows = known.acknowledged.clone();
        let mut txn = engine.begin(Isolation::Snapshot);
        for _ in 0..1 + next(&mut seed) % 12 {
            let id = (next(&mut seed) % 60) as i64;
            let value = next(&mut seed) as i64;
            if rows.accounts.contains_key(&id) && value % 3 == 0 {
                remove(&mut txn, id);
                rows.accounts.remove(&id);
            } else if rows.accounts.insert(id, value).is_some() {
                set_balance(&mut txn, id, value);
            } else {
                txn.insert(ACCOUNTS, &account(id, "owner", value))?;
            }
        }
        if next(&mut seed).is_multiple_of(4) {
            load_or_drop(&mut txn, &mut rows)?;
        }
        known.in_flight = Some(rows.clone());
        txn.commit()?;
        known.acknowledged = rows;
        known.in_flight = None;
        match next(&mut seed) % 6 {
            0 => engine.checkpoint()?,
            1 => engine.flush_all()?,
            _ => {}
        }
    }
    Ok(())
}

/// Creates and loads the second table, with a row changed on top, or drops it.
fn load_or_drop(txn: &mut Transaction, rows: &mut Rows) -> Result<(), Error> {
    rows.loaded = !rows.loaded;
    if !rows.loaded {
        return txn.drop_table(LOADED);
    }
    txn.create_table_with_id(LOADED, accounts())?;
    let ids = || Arc::new(Int64Array::from_iter_values(0..LOADED_ROWS));
    let owners = Arc::new(StringArray::from_iter_values((0..LOADED_ROWS).map(|_| "loaded")));
    let columns: Vec<(&str, ArrayRef)> = vec![("id", ids()), ("owner", owners), ("balance", ids())];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    txn.bulk_insert(LOADED, std::iter::once(Ok(batch)))?;
    let key = key(txn, 7);
    txn.update(LOADED, RowKey(&key), &[BALANCE], &[Datum::Int(-7)])
}

fn is_loaded(txn: &Transaction) -> bool {
    if !txn.tables().contains(&LOADED) {
        return false;
    }
    let found = rows(txn, ScanRequest::all(LOADED, vec![BALANCE]));
    let sum: i64 = found.iter().map(|row| row.parse::<i64>().unwrap()).sum();
    let all = LOADED_ROWS * (LOADED_ROWS - 1) / 2 - 14;
    assert_eq!((found.len() as i64, sum), (LOADED_ROWS, all));
    true
}

fn stored(engine: &Engine) -> Rows {
    let txn = begin(engine);
    if txn.tables().is_empty() {
        return Rows::default();
    }
    let text = all(&txn);
    let row = |row: &String| {
        let mut parts = row.split(' ');
        let id = parts.next().unwrap().parse().unwrap();
        assert_eq!(parts.next(), Some("owner"));
        (id, parts.next().unwrap().parse().unwrap())
    };
    Rows { accounts: text.iter().map(row).collect(), loaded: is_loaded(&txn) }
}

/// Runs, crashes after `steps`, opens what survives, checks, and does that once more on top.
fn crash_at(seed: u64, steps: u64, survival: Survival) -> bool {
    let device = FaultDevice::new();
    device.crash_after(steps);
    let mut known = Known::default();
    let outcome = open_small(&device).and_then(|engine| workload(&engine, seed, &mut known));
    let survivor = device.after_crash(survival);
    let context = format!("seed {seed}, {steps} steps, {survival:?}");
    check(&survivor, &mut known, &context);
    // The second run starts from a recovered log; it crashes earlier or not at all.
    survivor.crash_after(steps / 2);
    let again = open_small(&survivor).and_then(|engine| workload(&engine, seed + 1, &mut known));
    check(&survivor.after_crash(survival), &mut known, &format!("{context}, second run"));
    outcome.is_ok() && again.is_ok()
}

fn check(device: &FaultDevice, known: &mut Known, context: &str) {
    let engine = match open_small(device) {
        Ok(engine) => engine,
        Err(error) => panic!("{context}: {error}\n{:?}", device.list("wal")),
    };
    let found = stored(&engine);
    if found != known.acknowledged {
        assert_eq!(Some(&found), known.in_flight.as_ref(), "{context}");
    }
    known.acknowledged = found;
    known.in_flight = None;
}

#[test]
fn acknowledged_commits_survive_crashes_and_others_are_whole_or_absent() {
    let mut points = 0;
    for seed in 0..12 {
        let whole = FaultDevice::new();
        workload(&open_small(&whole).unwrap(), seed, &mut Known::default()).unwrap();
        let steps = whole.steps();
        let stride = (steps / 60).max(1) as usize;
        for step in (0..steps).step_by(stride) {
            for survival in [Survival::Nothing, Survival::Everything, Survival::Torn(step ^ seed)] {
                crash_at(seed, step + seed % stride as u64, survival);
                points += 1;
            }
        }
    }
    assert!(points > 2000, "only {points} crash points were tried");
}

#[test]
fn a_failed_sync_stops_the_database_and_loses_nothing_acknowledged() {
    for after in 0..40 {
        let device = FaultDevice::new();
        let mut known = Known::default();
        let engine = open_small(&device).unwrap();
        device.fail_sync_after(after);
        let outcome = workload(&engine, after, &mut known);
        if let Err(error) = outcome {
            assert_eq!(error.class(), Class::Io, "{error}");
        }
        drop(engine);
        check(&device.after_crash(Survival::Torn(after)), &mut known, &format!("sync {after}"));
    }
}

#[test]
fn after_a_failed_sync_of_the_log_everything_is_refused() {
    let (device, mut known) = (FaultDevice::new(), Known::default());
    let engine = open_small(&device).unwrap();
    workload(&engine, 1, &mut known).unwrap();
    let mut txn = begin(&engine);
    txn.insert(ACCOUNTS, &account(900, "owner", 1)).unwrap();
    device.fail_sync_after(0);
    assert_eq!(txn.commit().unwrap_err().class(), Class::Io);
    let mut txn = begin(&engine);
    txn.insert(ACCOUNTS, &account(901, "owner", 1)).unwrap();
    assert!(matches!(txn.commit().unwrap_err(), Error::Poisoned { .. }));
    assert!(matches!(engine.checkpoint().unwrap_err(), Error::Poisoned { .. }));
    assert_eq!(stored(&engine), known.acknowledged);
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_lost() {
    let device = FaultDevice::new();
    let mut known = Known::default();
    workload(&open_small(&device).unwrap(), 3, &mut known).unwrap();
    for room in [0, 100, 5_000, 300_000, 600_000] {
        device.limit_capacity(Some(device.used_bytes() + room));
        let outcome = open_small(&device).and_then(|engine| {
            let mut outcome = Ok(());
            for seed in 0..20 {
                outcome = outcome.and_then(|()| workload(&engine, seed, &mut known));
            }
            outcome
        });
        if let Err(error) = outcome {
            let full = matches!(error.class(), Class::Full | Class::Io);
            assert!(full, "{error:?}");
        }
        device.limit_capacity(None);
        check(&device, &mut known, &format!("{room} bytes of room"));
    }
}
