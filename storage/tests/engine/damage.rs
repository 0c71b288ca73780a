//! Damaged files: one clear error with file and offset, never wrong rows.

use crate::support::*;
use grizzly_storage::device::Survival;
use grizzly_storage::{Class, Device, Error, FaultDevice, ScanRequest};

/// A database with rows in leaves, in a buffer and in the log.
fn sample() -> FaultDevice {
    let device = FaultDevice::new();
    let engine = open(&device);
    let mut txn = begin(&engine);
    txn.create_table_with_id(ACCOUNTS, accounts()).unwrap();
    (0..500).for_each(|id| txn.insert(ACCOUNTS, &account(id, "leaf", id)).unwrap());
    txn.commit().unwrap();
    engine.flush_all().unwrap();
    let mut txn = begin(&engine);
    (0..50).for_each(|id| set_balance(&mut txn, id * 3, -1));
    txn.commit().unwrap();
    engine.checkpoint().unwrap();
    for id in 1000..1020 {
        let mut txn = begin(&engine);
        txn.insert(ACCOUNTS, &account(id, "log", id)).unwrap();
        txn.commit().unwrap();
    }
    device
}

fn read_everything(device: &FaultDevice) -> Result<Vec<String>, Error> {
    let engine = grizzly_storage::Engine::open(
        std::sync::Arc::new(device.clone()),
        grizzly_storage::Options::default(),
    )?;
    let txn = begin(&engine);
    let mut found = Vec::new();
    let request = ScanRequest::all(ACCOUNTS, vec![ID, OWNER, BALANCE]);
    for mut morsel in txn.scan(request)?.split(2) {
        while let Some(batch) = morsel.next()? {
            let all: Vec<u16> = (0..batch.len as u16).collect();
            for &row in batch.selection.as_ref().unwrap_or(&all) {
                let values = batch.columns.iter().map(|column| text(column, row.into()));
                found.push(values.collect::<Vec<_>>().join(" "));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn files(device: &FaultDevice) -> Vec<String> {
    let mut files = vec!["MANIFEST".to_owned()];
    for folder in ["wal", "tables/1", "tables/1/nodes"] {
        let names = device.list(folder).unwrap();
        let names = names.iter().filter(|name| name.contains('.'));
        files.extend(names.map(|name| format!("{folder}/{name}")));
    }
    files
}

#[test]
fn a_changed_byte_is_reported_with_its_file_or_changes_nothing() {
    let expected = read_everything(&sample().after_crash(Survival::Nothing)).unwrap();
    assert_eq!(expected.len(), 520);
    let mut reported = 0;
    for file in files(&sample()) {
        let length = sample().open(&file).unwrap().len().unwrap() as usize;
        let length = if file.starts_with("wal") { length.min(4096) } else { length };
        for offset in (0..length).step_by((length / 40).max(1)) {
            let device = sample().after_crash(Survival::Nothing);
            device.damage(&file, offset, 0x41).unwrap();
            match read_everything(&device) {
                Err(Error::Corrupt { file: named, .. }) => {
                    assert!(named == file || file == "MANIFEST", "{named} for {file}");
                    reported += 1;
                }
                Err(Error::FormatVersion { file: named, .. }) => assert_eq!(named, file),
                Err(other) => panic!("{file} at {offset}: {other}"),
                // The end of the log may be cut: a prefix of the commits is left.
                Ok(found) if file.starts_with("wal") => {
                    assert!(found.len() >= 500 && found.iter().all(|row| expected.contains(row)));
                }
                Ok(found) => assert!(found == expected, "{file} at {offset} gave other rows"),
            }
        }
    }
    assert!(reported > 100, "only {reported} damages were noticed");
}

#[test]
fn damage_in_the_middle_of_the_log_is_an_error_with_its_offset() {
    let device = sample().after_crash(Survival::Nothing);
    let log = files(&device).into_iter().find(|file| file.starts_with("wal")).unwrap();
    // The first record starts after the header; later ones prove that it was durable.
    device.damage(&log, 64 + 40, 1).unwrap();
    let error = read_everything(&device).unwrap_err();
    assert_eq!(error.class(), Class::Corrupt);
    assert!(matches!(error, Error::Corrupt { file, offset: 64, .. } if file == log));
}

#[test]
fn a_torn_tail_of_the_log_is_cut() {
    let device = sample();
    let used = device.steps();
    let engine = open(&device.after_crash(Survival::Nothing));
    assert!(used > 0 && all(&begin(&engine)).len() == 520);
    drop(engine);
    // The last commit's record is damaged and nothing later vouches for it.
    let device = sample().after_crash(Survival::Nothing);
    let log = files(&device).into_iter().rfind(|file| file.starts_with("wal"));
    let log = log.unwrap();
    let mut bytes = vec![0; 1 << 20];
    let read = device.open(&log).unwrap().read_at(&mut bytes, 0).unwrap();
    let last = bytes[..read].iter().rposition(|&byte| byte != 0).unwrap();
    device.damage(&log, last, 0xff).unwrap();
    let rows = read_everything(&device).unwrap();
    assert_eq!(rows.len(), 519);
    // What is written afterwards is found, and the cut commit does not come back.
    let engine = open(&device);
    let mut txn = begin(&engine);
    txn.insert(ACCOUNTS, &account(2000, "new", 1)).unwrap();
    txn.commit().unwrap();
    drop(engine);
    let rows = read_everything(&device).unwrap();
    assert!(rows.len() == 520 && rows.contains(&"2000 new 1".to_owned()));
    assert!(!rows.iter().any(|row| row.starts_with("1019")));
}

#[test]
fn a_recycled_segment_whose_name_comes_back_does_no_harm() {
    let device = sample();
    let old = "wal/000001.wal";
    let mut bytes = vec![0; device.open(old).unwrap().len().unwrap() as usize];
    device.open(old).unwrap().read_at(&mut bytes, 0).unwrap();
    for id in 3000..3003 {
        // Each opening starts a segment; the checkpoint recycles those before.
        let engine = open(&device);
        let mut txn = begin(&engine);
        txn.insert(ACCOUNTS, &account(id, "later", id)).unwrap();
        txn.commit().unwrap();
        engine.checkpoint().unwrap();
    }
    assert!(device.open(old).is_err());
    device.create(old).unwrap().write_at(&bytes, 0).unwrap();
    assert_eq!(read_everything(&device).unwrap().len(), 523);
    assert!(device.open(old).is_err());
}

#[test]
fn a_missing_or_short_block_is_reported() {
    let device = sample().after_crash(Survival::Nothing);
    let leaf = files(&device).into_iter().find(|file| file.starts_with("tables/1/0")).unwrap();
    let bytes = {
        let file = device.open(&leaf).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_at(&mut bytes, 0).unwrap();
        bytes
    };
    device.create(&leaf).unwrap().write_at(&bytes[..bytes.len() / 2], 0).unwrap();
    let error = read_everything(&device).unwrap_err();
    assert!(matches!(error, Error::Corrupt { ref file, .. } if *file == leaf), "{error}");
    device.remove(&leaf).unwrap();
    let error = read_everything(&device).unwrap_err();
    assert!(matches!(error, Error::Io { ref file, .. } if *file == leaf), "{error}");
}
