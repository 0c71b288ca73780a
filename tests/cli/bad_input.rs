//! Bad input that a script cannot express: files that are no scripts, damaged databases, a database that
//! is open elsewhere, a full disk. One clear error each, nothing lost, no panic.

use crate::process::Folder;
use grizzly::output::{FormatKind, Printer};
use grizzly::{Database, Options};
use grizzly_storage::FaultDevice;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

#[test]
fn a_missing_file_and_wrong_usage_end_with_2() {
    let folder = Folder::new();
    folder.run(&["run", "no-such.gz"]).failed(2, &["no-such.gz cannot be read"]);
    folder.run(&["run", "--format", "xml", "-c", "1;"]).failed(2, &["there is no format xml"]);
    folder.run(&["--no-such-option"]).failed(2, &["--no-such-option"]);
    folder.run(&["fmt", "x.gz"]).failed(2, &["`grizzlyc fmt` is not supported yet"]);
    folder.run(&["explain", "E9998"]).failed(2, &["no diagnostic with the code E9998"]);
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_place() {
    let folder = Folder::new();
    folder.write("bad.gz", b"PRINT 1;\nPRINT '\xff';\n");
    folder.run(&["bad.gz"]).failed(2, &["bad.gz:2:8", "not UTF-8"]);
    folder.run(&["check", "bad.gz"]).failed(2, &["bad.gz:2:8", "not UTF-8"]);
}

/// A database with a hundred rows.
fn with_rows(folder: &Folder) {
    let script = "CREATE TABLE t (id INT64 PRIMARY KEY, name TEXT NOT NULL);\
                  SET i = 0; WHILE {i} < 0 { SET i = 1; }\
                  INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three');";
    let simple = script.replace("SET i = 0; WHILE {i} < 0 { SET i = 1; }", "");
    folder.script(&simple).printed();
    assert_eq!(folder.script("SELECT count(*) AS n FROM t;").printed(), "n\n3\n");
}

/// The files below a folder whose names end in `extension`.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

#[test]
fn damage_in_the_log_is_reported_with_its_place() {
    let folder = Folder::new();
    with_rows(&folder);
    let logs = files(&folder.path("db"), "wal");
    let log = logs.first().expect("a log");
    let mut bytes = fs::read(log).expect("a readable log");
    // The name of the table's first row lies in the middle of the log, before later commits.
    let at = bytes.windows(5).position(|window| window == b"three").expect("the row's text");
    bytes[at] ^= 0x40;
    // What follows must look written, or it would be a torn tail, which is cut.
    fs::write(log, &bytes).expect("a written log");
    let done = folder.script("SELECT * FROM t;");
    if done.code == 0 {
        // The damaged commit was the last one: it counts as torn and is cut whole.
        assert_eq!(done.stdout, "id,name\n");
    } else {
        done.failed(3, &["damaged", "wal"]);
    }
}

#[test]
fn a_database_that_is_open_elsewhere_is_refused() {
    let folder = Folder::new();
    with_rows(&folder);
    let mut first = folder
        .command(&["run", "-d", "db", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("grizzlyc runs");
    // The script is read before the database is opened, so the first process must be made to wait
    // within a statement: recursion without end, which Ctrl-C or the stack's limit ends.
    let mut stdin = first.stdin.take().expect("a pipe");
    let script = "PRINT 'open'; CREATE FUNCTION spin() RETURNS INT64 \
                  { LET i = 0; WHILE TRUE { SET i = i % 7 + 1; } i } spin();";
    stdin.write_all(script.as_bytes()).expect("a written script");
    drop(stdin);
    let mut line = String::new();
    let mut stdout = BufReader::new(first.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("a line");
    assert_eq!(line, "open\n");
    let second = folder.script("SELECT * FROM t;");
    first.kill().expect("the first process ends");
    first.wait().expect("the first process ended");
    second.failed(3, &["another process has the database"]);
    assert_eq!(folder.script("SELECT count(*) AS n FROM t;").printed(), "n\n3\n");
}

#[test]
fn a_broken_pipe_ends_quietly() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["run", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("grizzlyc runs");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    let script = "PRINT 'nobody reads this'; ".repeat(100);
    stdin.write_all(script.as_bytes()).expect("a written script");
    drop(stdin);
    let output = child.wait_with_output().expect("grizzlyc ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_full_disk_raises_and_loses_nothing() {
    let device = FaultDevice::new();
    let open = |device: &FaultDevice| {
        let device = Arc::new(device.clone());
        Database::open_device(device, "full", Options::default(), Arc::default())
    };
    let run = |database: &Database, text: &str| {
        let mut session = database.session();
        let source = session.source("test", text);
        let mut printer = Printer::new(Vec::new(), FormatKind::Csv);
        let outcome = session.run(&source, &mut printer, &mut |_| {});
        let printed = printer.into_inner().expect("memory does not refuse");
        outcome.map(|()| String::from_utf8(printed).expect("text"))
    };
    let database = open(&device).expect("an empty device");
    let create = "CREATE TABLE t (id INT64 PRIMARY KEY, x TEXT); INSERT INTO t VALUES (1, 'a');";
    run(&database, create).expect("there is room");
    device.limit_capacity(Some(device.used_bytes() + 100));
    let long = "x".repeat(100_000);
    let insert = format!("INSERT INTO t VALUES (2, '{long}');");
    let mut failures = 0;
    for _ in 0..3 {
        if let Err(error) = run(&database, &insert) {
            failures += 1;
            assert_eq!(error.exit_code(), 1, "{error}");
        }
    }
    assert!(failures > 0, "the device was never full");
    drop(database);
    device.limit_capacity(None);
    let database = open(&device).expect("there is room again");
    let rows = run(&database, "SELECT id FROM t WHERE id = 1;").expect("the row is there");
    assert_eq!(rows, "id\n1\n");
}
