//! Isolation: what transactions see of each other, savepoints, and commits from several threads.

use crate::support::*;
use grizzly_storage::{
    Class, Device, Engine, Error, Isolation, MemoryDevice, RowKey, Runtime, ScanRequest, TableSpec,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn three_accounts() -> Engine {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    (1..=3).for_each(|id| txn.insert(ACCOUNTS, &account(id, "x", id * 10)).unwrap());
    txn.commit().unwrap();
    engine
}

fn conflicts(outcome: Result<grizzly_storage::CommitTs, Error>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(error @ Error::SerializationFailure { .. }) => error.class() == Class::Retry,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_snapshot_does_not_move() {
    let engine = three_accounts();
    let old = begin(&engine);
    let before = all(&old);
    for round in 0..30 {
        let mut txn = begin(&engine);
        set_balance(&mut txn, 1, round);
        txn.insert(ACCOUNTS, &account(100 + round, "new", 0)).unwrap();
        remove(&mut txn, 2);
        txn.commit().unwrap();
        if round % 7 == 0 {
            engine.flush_all().unwrap();
        }
        assert_eq!(all(&old), before);
        assert_eq!(balance(&old, 1), Some(10));
        assert_eq!(balance(&old, 2), Some(20));
        assert_eq!(balance(&old, 100), None);
    }
    drop(old);
    assert_eq!(all(&begin(&engine)).len(), 32);
}

#[test]
fn files_live_as_long_as_a_snapshot_reads_them() {
    let engine = three_accounts();
    engine.flush_all().unwrap();
    let leaves = |engine: &Engine| engine.info().tables[0].leaf_files.clone();
    let first = leaves(&engine);
    let old = begin(&engine);
    let mut txn = begin(&engine);
    set_balance(&mut txn, 1, 11);
    txn.commit().unwrap();
    engine.flush_all().unwrap();
    assert_ne!(leaves(&engine), first);
    assert_eq!(all(&old), ["1 x 10", "2 x 20", "3 x 30"]);
    drop(old);
    while let Some(work) = engine.poll_work() {
        engine.perform(work).unwrap();
    }
    assert_eq!(all(&begin(&engine)), ["1 x 11", "2 x 20", "3 x 30"]);
}

#[test]
fn lost_update_of_two_writers_the_first_to_commit_wins() {
    let engine = three_accounts();
    let (mut one, mut two) = (begin(&engine), begin(&engine));
    set_balance(&mut one, 1, 11);
    set_balance(&mut two, 1, 12);
    assert!(!conflicts(one.commit()));
    assert!(conflicts(two.commit()));
    assert_eq!(balance(&begin(&engine), 1), Some(11));
}

#[test]
fn writers_of_different_rows_both_commit() {
    let engine = three_accounts();
    let (mut one, mut two) = (begin(&engine), begin(&engine));
    set_balance(&mut one, 1, 11);
    set_balance(&mut two, 2, 22);
    assert!(!conflicts(one.commit()) && !conflicts(two.commit()));
}

#[test]
fn two_inserts_of_one_key_conflict() {
    let engine = three_accounts();
    let (mut one, mut two) = (begin(&engine), begin(&engine));
    one.insert(ACCOUNTS, &account(9, "one", 1)).unwrap();
    two.insert(ACCOUNTS, &account(9, "two", 2)).unwrap();
    assert!(!conflicts(one.commit()));
    assert!(conflicts(two.commit()));
}

/// Both read accounts 1 and 2, each writes one of them.
fn write_skew(isolation: Isolation, by_scan: bool) -> bool {
    let engine = three_accounts();
    let mut transactions = [1, 2].map(|id| (id, engine.begin(isolation)));
    for (id, txn) in &mut transactions {
        if by_scan {
            assert_eq!(rows(txn, ScanRequest::all(ACCOUNTS, vec![ID])).len(), 3);
        } else {
            assert_eq!(balance(txn, 1).zip(balance(txn, 2)), Some((10, 20)));
        }
        set_balance(txn, *id, 0);
    }
    let [(_, one), (_, two)] = transactions;
    assert!(!conflicts(one.commit()));
    conflicts(two.commit())
}

#[test]
fn write_skew_is_possible_under_snapshot_and_refused_under_serializable() {
    for by_scan in [false, true] {
        assert!(!write_skew(Isolation::Snapshot, by_scan));
        assert!(write_skew(Isolation::Serializable, by_scan));
    }
}

#[test]
fn a_phantom_is_refused_under_serializable() {
    let engine = three_accounts();
    let mut one = engine.begin(Isolation::Serializable);
    assert_eq!(all(&one).len(), 3);
    let mut two = begin(&engine);
    two.insert(ACCOUNTS, &account(50, "phantom", 1)).unwrap();
    two.commit().unwrap();
    set_balance(&mut one, 1, 3);
    assert!(conflicts(one.commit()));
}

#[test]
fn a_table_dropped_by_another_conflicts_with_writes_to_it() {
    let engine = three_accounts();
    let (mut one, mut two) = (begin(&engine), begin(&engine));
    two.drop_table(ACCOUNTS).unwrap();
    set_balance(&mut one, 1, 11);
    two.commit().unwrap();
    assert!(conflicts(one.commit()));
    let txn = begin(&engine);
    assert!(matches!(txn.table_spec(ACCOUNTS), Err(Error::UnknownTable(ACCOUNTS))));
}

#[test]
fn savepoints_undo_rows_tables_and_loads() {
    let engine = three_accounts();
    let mut txn = begin(&engine);
    set_balance(&mut txn, 1, 11);
    let outer = txn.savepoint();
    set_balance(&mut txn, 1, 12);
    txn.insert(ACCOUNTS, &account(4, "x", 40)).unwrap();
    let inner = txn.savepoint();
    let table = txn.create_table(TableSpec { name: "other".into(), ..accounts() }).unwrap();
    txn.insert(table, &account(1, "x", 1)).unwrap();
    remove(&mut txn, 4);
    // A scan brings the write set into key order, which undo must see through.
    assert_eq!(all(&txn), ["1 x 12", "2 x 20", "3 x 30"]);
    txn.insert(ACCOUNTS, &account(0, "x", 0)).unwrap();
    txn.rollback_to(inner).unwrap();
    assert!(txn.table_spec(table).is_err());
    assert_eq!(all(&txn), ["1 x 12", "2 x 20", "3 x 30", "4 x 40"]);
    txn.insert(ACCOUNTS, &account(0, "x", 0)).unwrap();
    txn.release(inner);
    assert!(txn.rollback_to(inner).is_err());
    txn.rollback_to(outer).unwrap();
    assert_eq!(all(&txn), ["1 x 11", "2 x 20", "3 x 30"]);
    txn.commit().unwrap();
    assert_eq!(all(&begin(&engine)), ["1 x 11", "2 x 20", "3 x 30"]);
}

#[test]
fn threads_that_commit_together_all_get_in() {
    let engine = three_accounts();
    let threads: Vec<_> = (0..4)
        .map(|thread: i64| {
            let engine = engine.clone();
            std::thread::spawn(move || {
                for round in 0..100 {
                    let mut txn = begin(&engine);
                    let id = 1000 + thread * 1000 + round;
                    txn.insert(ACCOUNTS, &account(id, "t", round)).unwrap();
                    txn.commit().unwrap();
                    assert_eq!(balance(&begin(&engine), id), Some(round));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(all(&begin(&engine)).len(), 403);
    assert_eq!(engine.info().commit.0, 402);
}

#[test]
fn a_counter_raised_by_threads_with_retries_loses_nothing() {
    let engine = three_accounts();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let engine = engine.clone();
            std::thread::spawn(move || {
                for _ in 0..50 {
                    loop {
                        let mut txn = begin(&engine);
                        let value = balance(&txn, 3).unwrap();
                        set_balance(&mut txn, 3, value + 1);
                        if !conflicts(txn.commit()) {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(balance(&begin(&engine), 3), Some(180));
}

#[test]
fn sums_hold_while_rows_move_down_the_tree() {
    const COUNT: i64 = 400;
    let device = MemoryDevice::new();
    let engine = open_small(&device).unwrap();
    let mut txn = begin(&engine);
    txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
    (0..COUNT).for_each(|id| txn.insert(ACCOUNTS, &account(id, "x", 100)).unwrap());
    txn.commit().unwrap();
    let runtime = Runtime::start(&engine).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let background = {
        let (engine, done) = (engine.clone(), Arc::clone(&done));
        std::thread::spawn(move || {
            for round in 0.. {
                let outcome = if round % 3 == 0 { engine.flush_all() } else { engine.checkpoint() };
                outcome.unwrap();
                if done.load(Ordering::Relaxed) {
                    return round;
                }
            }
            0
        })
    };
    let movers: Vec<_> = (0..2)
        .map(|mover: i64| {
            let engine = engine.clone();
            std::thread::spawn(move || {
                for round in 0..150 {
                    let (from, to) = ((round * 7 + mover) % COUNT, (round * 31 + 5) % COUNT);
                    let mut txn = begin(&engine);
                    let amounts = (balance(&txn, from).unwrap(), balance(&txn, to).unwrap());
                    if from != to {
                        set_balance(&mut txn, from, amounts.0 - 1);
                        set_balance(&mut txn, to, amounts.1 + 1);
                    }
                    conflicts(txn.commit());
                    let request = ScanRequest::all(ACCOUNTS, vec![BALANCE]);
                    let found = rows(&begin(&engine), request);
                    let sum: i64 = found.iter().map(|row| row.parse::<i64>().unwrap()).sum();
                    assert_eq!((found.len() as i64, sum), (COUNT, COUNT * 100));
                }
            })
        })
        .collect();
    movers.into_iter().for_each(|mover| mover.join().unwrap());
    done.store(true, Ordering::Relaxed);
    assert!(background.join().unwrap() > 0);
    assert_eq!(runtime.failure().map(|error| error.to_string()), None);
    drop(runtime);
    let expected = all(&begin(&engine));
    drop(engine);
    assert_eq!(all(&begin(&open_small(&device).unwrap())), expected);
}

#[test]
fn a_log_of_many_short_openings_stays_short() {
    let device = MemoryDevice::new();
    for round in 0..40 {
        let engine = open(&device);
        let mut txn = begin(&engine);
        if round == 0 {
            txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
        }
        txn.insert(ACCOUNTS, &account(round, "x", 1)).unwrap();
        txn.commit().unwrap();
    }
    assert!(device.list("wal").unwrap().len() < 16);
    assert_eq!(all(&begin(&open(&device))).len(), 40);
}

#[test]
fn deleting_twice_and_updating_a_missing_row_do_nothing() {
    let engine = three_accounts();
    let mut txn = begin(&engine);
    remove(&mut txn, 2);
    remove(&mut txn, 2);
    let missing = key(&txn, 77);
    let value = [grizzly_storage::Datum::Int(1)];
    txn.update(ACCOUNTS, RowKey(&missing), &[BALANCE], &value).unwrap();
    set_balance(&mut txn, 2, 5);
    assert_eq!(all(&txn), ["1 x 10", "3 x 30"]);
    txn.commit().unwrap();
    assert_eq!(all(&begin(&engine)), ["1 x 10", "3 x 30"]);
    engine.flush_all().unwrap();
    assert_eq!(all(&begin(&engine)), ["1 x 10", "3 x 30"]);
}
