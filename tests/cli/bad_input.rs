//! Bad input that a script cannot express: files that are no scripts, damaged databases, a database
//! that is open elsewhere, a full disk. One clear error each, nothing lost, no panic.

use crate::process::Folder;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
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
    folder.run(&["doc", "x.gz"]).failed(2, &["`grizzlyc doc` is not supported yet"]);
    folder.run(&["explain", "E9998"]).failed(2, &["no diagnostic with the code E9998"]);
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_place() {
    let folder = Folder::new();
    folder.write("bad.gz", b"PRINT 1;\nPRINT '\xff';\n");
    folder.run(&["bad.gz"]).failed(2, &["bad.gz:2:8", "not UTF-8"]);
    folder.run(&["check", "bad.gz"]).failed(2, &["bad.gz:2:8", "not UTF-8"]);
}

#[test]
fn a_script_may_come_from_standard_input() {
    let folder = Folder::new();
    assert_eq!(folder.pipe(&[], "PRINT 1;").printed(), "1\n");
    assert_eq!(folder.pipe(&["run", "-"], "PRINT 2;").printed(), "2\n");
    assert_eq!(folder.run(&["-c", "PRINT 3;", "-c", "PRINT 4;"]).printed(), "3\n4\n");
}

/// A database with three rows.
fn with_rows(folder: &Folder) {
    let script = "CREATE TABLE t (id INT64 PRIMARY KEY, name TEXT NOT NULL);\
                  INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three');";
    folder.script(script).printed();
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

/// The log file that holds a text, its bytes, and where the text begins.
fn find_in_log(folder: &Folder, text: &[u8]) -> (PathBuf, Vec<u8>, usize) {
    let found = files(&folder.path("db"), "wal").into_iter().find_map(|log| {
        let bytes = fs::read(&log).expect("a readable log");
        let at = bytes.windows(text.len()).position(|window| window == text)?;
        Some((log, bytes, at))
    });
    found.expect("a log with the text")
}

#[test]
fn damage_in_the_log_is_reported_with_its_place() {
    let folder = Folder::new();
    with_rows(&folder);
    folder.script("INSERT INTO t VALUES (4, 'four');").printed();
    let (log, mut bytes, at) = find_in_log(&folder, b"three");
    // A later commit stands behind these bytes, so they cannot be a torn tail.
    bytes[at] ^= 0x40;
    fs::write(&log, &bytes).expect("a written log");
    folder.script("SELECT * FROM t;").failed(3, &["is damaged at byte", ".wal"]);
    bytes[at] ^= 0x40;
    fs::write(&log, &bytes).expect("a written log");
    assert_eq!(folder.script("SELECT count(*) AS n FROM t;").printed(), "n\n4\n");
}

#[test]
fn damage_in_a_block_is_reported_with_its_place() {
    let folder = Folder::new();
    {
        let sources = Arc::default();
        let database = Database::open(folder.path("db"), Options::default(), sources);
        let database = database.expect("a new database");
        let mut session = database.session();
        let create = "CREATE TABLE t (id INT64 PRIMARY KEY, name TEXT NOT NULL);";
        let create = session.source("create", create);
        let mut printer = Printer::new(Vec::new(), FormatKind::Csv);
        session.run(&create, &mut printer, &mut |_| {}).expect("a table");
        let ids = Int64Array::from_iter_values(0..20_000);
        let names = StringArray::from_iter_values((0..20_000).map(|n| format!("name {n}")));
        let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids)), ("name", Arc::new(names))];
        let batch = RecordBatch::try_from_iter(columns);
        assert_eq!(database.append("t", [batch].into_iter()).expect("rows"), 20_000);
    }
    let sum = "SELECT sum(id) AS s, max(name) AS m FROM t;";
    assert_eq!(folder.script(sum).printed(), "s,m\n199990000,name 9999\n");
    let blocks = files(&folder.path("db"), "feather");
    let block = blocks.first().expect("a block");
    let mut bytes = fs::read(block).expect("a readable block");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(block, &bytes).expect("a written block");
    folder.script(sum).failed(3, &["is damaged at byte", ".feather"]);
}

#[test]
fn a_torn_tail_of_the_log_is_cut() {
    let folder = Folder::new();
    with_rows(&folder);
    folder.script("INSERT INTO t VALUES (4, 'four');").printed();
    let (log, mut bytes, at) = find_in_log(&folder, b"four");
    bytes[at..].fill(0);
    fs::write(&log, &bytes).expect("a written log");
    assert_eq!(folder.script("SELECT count(*) AS n FROM t;").printed(), "n\n3\n");
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
#[cfg(unix)]
fn an_interrupt_cancels_the_statement_and_ends_with_130() {
    let folder = Folder::new();
    with_rows(&folder);
    let script = "CREATE FUNCTION spin() RETURNS INT64 \
                  { LET i = 0; WHILE TRUE { SET i = i % 7 + 1; } i } \
                  BEGIN; DELETE FROM t WHERE id = 1; PRINT 'running'; PRINT spin();";
    let mut child = folder
        .command(&["run", "-d", "db", "-c", script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("grizzlyc runs");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("a line");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    let output = child.wait_with_output().expect("grizzlyc ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("[Cancelled]"));
    assert_eq!(folder.script("SELECT count(*) AS n FROM t;").printed(), "n\n3\n");
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
