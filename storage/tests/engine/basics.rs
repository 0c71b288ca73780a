//! Reading back what was written, in one transaction, in the next, and after opening again.

use crate::support::*;
use grizzly_storage::{
    Class, Datum, DiskDevice, Engine, Error, KeyOrder, MemoryDevice, Options, ScanRequest,
};
use std::sync::Arc;

#[test]
fn rows_are_read_back_by_key_and_by_scan() {
    let (device, engine) = memory();
    let mut txn = begin(&engine);
    txn.insert(ACCOUNTS, &account(2, "bo", 20)).unwrap();
    txn.insert(ACCOUNTS, &account(1, "al", 10)).unwrap();
    txn.insert(ACCOUNTS, &[Datum::Int(3), Datum::Null, Datum::Int(30)]).unwrap();
    let expected = ["1 al 10", "2 bo 20", "3 NULL 30"];
    assert_eq!(all(&txn), expected);
    assert_eq!(balance(&txn, 2), Some(20));
    assert_eq!(balance(&begin(&engine), 2), None, "writes are private until COMMIT");
    txn.commit().unwrap();
    assert_eq!(all(&begin(&engine)), expected);

    let mut txn = begin(&engine);
    set_balance(&mut txn, 1, 11);
    remove(&mut txn, 2);
    assert_eq!(all(&txn), ["1 al 11", "3 NULL 30"]);
    txn.commit().unwrap();
    drop(engine);

    let engine = open(&device);
    assert_eq!(all(&begin(&engine)), ["1 al 11", "3 NULL 30"]);
    assert_eq!(*begin(&engine).table_spec(ACCOUNTS).unwrap(), accounts());
}

#[test]
fn a_disk_database_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let device = DiskDevice::new(folder.path().join("shop.grizzly")).unwrap();
        Engine::open(Arc::new(device), Options::default())
    };
    let engine = open().unwrap();
    let mut txn = begin(&engine);
    txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
    for id in 0..1000 {
        txn.insert(ACCOUNTS, &account(id, "x", id)).unwrap();
    }
    txn.commit().unwrap();
    let second = open().unwrap_err();
    assert!(matches!(second, Error::Locked { ref path } if path.ends_with("shop.grizzly")));
    drop(engine);
    let engine = open().unwrap();
    assert_eq!(all(&begin(&engine)).len(), 1000);
    assert_eq!(balance(&begin(&engine), 999), Some(999));
}

#[test]
fn violations_are_user_errors_and_write_nothing() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    txn.insert(ACCOUNTS, &account(7, "al", 10)).unwrap();
    txn.commit().unwrap();
    let mut txn = begin(&engine);
    let duplicate = txn.insert(ACCOUNTS, &account(7, "bo", 1)).unwrap_err();
    let Error::UniqueViolation { table, columns, key, .. } = &duplicate else {
        panic!("{duplicate}")
    };
    assert_eq!((*table, columns.as_slice(), key.as_str()), (ACCOUNTS, [ID].as_slice(), "7"));
    let null = txn.insert(ACCOUNTS, &[Datum::Int(8), Datum::Null, Datum::Null]).unwrap_err();
    assert!(matches!(null, Error::NotNullViolation { column: BALANCE, .. }));
    let text = [Datum::Int(8), Datum::Bytes(&[0xff]), Datum::Int(1)];
    let not_text = txn.insert(ACCOUNTS, &text).unwrap_err();
    assert!(matches!(not_text, Error::TypeMismatch { column: OWNER, .. }));
    for error in [duplicate, null, not_text] {
        assert_eq!(error.class(), Class::User);
    }
    remove(&mut txn, 7);
    txn.insert(ACCOUNTS, &account(7, "bo", 1)).unwrap();
    assert!(txn.insert(ACCOUNTS, &account(7, "cy", 1)).is_err());
    assert_eq!(all(&txn), ["7 bo 1"]);
}

#[test]
fn updating_the_key_moves_the_row() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    txn.insert(ACCOUNTS, &account(1, "al", 10)).unwrap();
    txn.insert(ACCOUNTS, &account(2, "bo", 20)).unwrap();
    txn.commit().unwrap();
    let mut txn = begin(&engine);
    let old = key(&txn, 1);
    let row = grizzly_storage::RowKey(&old);
    assert!(txn.update(ACCOUNTS, row, &[ID], &[Datum::Int(2)]).is_err());
    txn.update(ACCOUNTS, row, &[ID, BALANCE], &[Datum::Int(5), Datum::Int(50)]).unwrap();
    assert_eq!(all(&txn), ["2 bo 20", "5 al 50"]);
    txn.commit().unwrap();
    assert_eq!(all(&begin(&engine)), ["2 bo 20", "5 al 50"]);
}

#[test]
fn scans_take_ranges_orders_and_batch_sizes() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    for id in (0..100).rev() {
        txn.insert(ACCOUNTS, &account(id, "x", id)).unwrap();
    }
    txn.commit().unwrap();
    let txn = begin(&engine);
    let range = |low, high| grizzly_storage::KeyRange {
        low: std::ops::Bound::Included(key(&txn, low)),
        high: std::ops::Bound::Excluded(key(&txn, high)),
    };
    let mut request = ScanRequest::all(ACCOUNTS, vec![ID]);
    request.key_ranges = vec![range(50, 53), range(10, 12), range(11, 13), range(9, 4)];
    request.order = Some(KeyOrder::Descending);
    request.batch_rows = 2;
    assert_eq!(rows(&txn, request.clone()), ["52", "51", "50", "12", "11", "10"]);
    request.batch_rows = 0;
    assert!(txn.scan(request).is_err());
}

#[test]
fn tables_without_a_key_keep_every_row() {
    let (device, engine) = memory();
    let mut txn = begin(&engine);
    let mut spec = accounts();
    spec.key.clear();
    let log = txn.create_table(spec).unwrap();
    for _ in 0..3 {
        txn.insert(log, &account(1, "al", 10)).unwrap();
    }
    txn.commit().unwrap();
    drop(engine);
    let engine = open(&device);
    let mut txn = begin(&engine);
    txn.insert(log, &account(2, "bo", 20)).unwrap();
    txn.commit().unwrap();
    let request = ScanRequest::all(log, vec![ID]);
    assert_eq!(rows(&begin(&engine), request), ["1", "1", "1", "2"]);
    assert!(begin(&engine).tables().contains(&log));
}

#[test]
fn a_table_made_and_filled_by_one_transaction_survives_a_checkpoint() {
    let device = MemoryDevice::new();
    let engine = open(&device);
    let mut txn = begin(&engine);
    txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
    txn.insert(ACCOUNTS, &account(1, "ann", 10)).unwrap();
    txn.commit().unwrap();
    engine.checkpoint().unwrap();
    drop(engine);
    assert_eq!(all(&begin(&open(&device))), ["1 ann 10"]);
}
