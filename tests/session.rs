//! Sessions through the library: what survives a reopening, what an exception undoes, what two
//! sessions see of each other, prepared statements.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

use grizzly::output::{FormatKind, Printer};
use grizzly::{Database, Error, Options, Session};
use grizzly_bytecode::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn memory() -> Database {
    Database::in_memory(Options::default(), Arc::default()).expect("a database")
}

fn try_run(session: &mut Session, text: &str) -> Result<String, Error> {
    let source = session.source("test", text);
    let mut printer = Printer::new(Vec::new(), FormatKind::Csv);
    session.run(&source, &mut printer, &mut |_| {})?;
    let printed = printer.into_inner().expect("memory does not refuse");
    Ok(String::from_utf8(printed).expect("text"))
}

#[track_caller]
fn run(session: &mut Session, text: &str) -> String {
    match try_run(session, text) {
        Ok(printed) => printed,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// The name of the exception that a script raises.
#[track_caller]
fn raised(session: &mut Session, text: &str) -> String {
    match try_run(session, text) {
        Ok(printed) => panic!("{text} raised nothing and printed {printed}"),
        Err(error) => match error.fault() {
            Some(fault) => fault.exception.ty.name.to_string(),
            None => panic!("{text}: {error}"),
        },
    }
}

const ACCOUNTS: &str = "CREATE TABLE accounts (id INT64 PRIMARY KEY, balance INT64 NOT NULL);\
                        INSERT INTO accounts VALUES (1, 100), (2, 200);";

#[test]
fn objects_and_rows_survive_a_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Database::open(folder.path(), Options::default(), Arc::default());
    {
        let database = open().expect("a new database");
        let mut session = database.session();
        run(&mut session, ACCOUNTS);
        run(
            &mut session,
            "CREATE TYPE Poor AS EXCEPTION('too poor');\
             CREATE TYPE Point AS STRUCT { x: DOUBLE, y: DOUBLE };\
             CREATE FUNCTION take(balance: INT64, n: INT64) RETURNS INT64 RAISES Poor {\
                 IF balance < n { RAISE Poor }  balance - n\
             }\
             CREATE FUNCTION twice(n: INT64) RETURNS INT64 { take(n, -n) }"
                .replace("RETURNS INT64 { take", "RETURNS INT64 RAISES Poor { take")
                .as_str(),
        );
    }
    let database = open().expect("the same database");
    let mut session = database.session();
    let rows = run(&mut session, "SELECT id, take(balance, 50) AS rest FROM accounts;");
    assert_eq!(rows, "id,rest\n1,50\n2,150\n");
    assert_eq!(run(&mut session, "PRINT twice(21);"), "42\n");
    assert_eq!(raised(&mut session, "PRINT take(1, 2);"), "Poor");
    run(&mut session, "INSERT INTO accounts VALUES (3, 300);");
    assert_eq!(run(&mut session, "SELECT count(*) AS n FROM accounts;"), "n\n3\n");
}

#[test]
fn a_statement_that_raises_leaves_nothing_behind() {
    let database = memory();
    let mut session = database.session();
    run(&mut session, ACCOUNTS);
    let insert = "INSERT INTO accounts VALUES (3, 0), (4, 0), (1, 0);";
    assert_eq!(raised(&mut session, insert), "UniqueViolation");
    let count = "SELECT count(*) AS n FROM accounts;";
    assert_eq!(run(&mut session, count), "n\n2\n");
    run(&mut session, "BEGIN; INSERT INTO accounts VALUES (5, 0);");
    assert_eq!(raised(&mut session, insert), "UniqueViolation");
    assert_eq!(run(&mut session, count), "n\n3\n", "the transaction stays open");
    run(&mut session, "COMMIT;");
    assert_eq!(run(&mut session, count), "n\n3\n");
}

#[test]
fn savepoints_undo_rows_and_definitions() {
    let database = memory();
    let mut session = database.session();
    run(&mut session, ACCOUNTS);
    let script = "BEGIN;\
                  INSERT INTO accounts VALUES (3, 0);\
                  SAVEPOINT s;\
                  INSERT INTO accounts VALUES (4, 0);\
                  ROLLBACK TO s;\
                  INSERT INTO accounts VALUES (5, 0);\
                  COMMIT;\
                  SELECT id FROM accounts;";
    assert_eq!(run(&mut session, script), "id\n1\n2\n3\n5\n");
    run(&mut session, "BEGIN; CREATE TABLE gone (id INT64 PRIMARY KEY); ROLLBACK;");
    assert!(matches!(try_run(&mut session, "FROM gone;"), Err(Error::Compile { .. })));
    run(&mut session, "CREATE TABLE gone (id INT64 PRIMARY KEY); FROM gone;");
}

#[test]
fn a_transaction_reads_its_snapshot() {
    let database = memory();
    let (mut reader, mut writer) = (database.session(), database.session());
    run(&mut writer, ACCOUNTS);
    run(&mut reader, "BEGIN;");
    let sum = "SELECT sum(balance) AS s FROM accounts;";
    assert_eq!(run(&mut reader, sum), "s\n300\n");
    run(
        &mut writer,
        "UPDATE accounts SET balance = balance + 1; DELETE FROM accounts WHERE id = 2;",
    );
    assert_eq!(run(&mut reader, sum), "s\n300\n");
    run(&mut reader, "COMMIT;");
    assert_eq!(run(&mut reader, sum), "s\n101\n");
}

#[test]
fn of_two_writers_the_first_to_commit_wins() {
    let database = memory();
    let (mut first, mut second) = (database.session(), database.session());
    run(&mut first, ACCOUNTS);
    run(&mut first, "BEGIN; UPDATE accounts SET balance = 1 WHERE id = 1;");
    run(&mut second, "BEGIN; UPDATE accounts SET balance = 2 WHERE id = 1;");
    run(&mut first, "COMMIT;");
    assert_eq!(raised(&mut second, "COMMIT;"), "SerializationFailure");
    assert!(!second.in_transaction());
    let balance = "SELECT balance FROM accounts WHERE id = 1;";
    assert_eq!(run(&mut second, balance), "balance\n1\n");
}

#[test]
fn a_table_of_another_session_is_seen_after_its_commit() {
    let database = memory();
    let (mut maker, mut other) = (database.session(), database.session());
    run(&mut maker, "BEGIN;");
    run(&mut maker, ACCOUNTS);
    assert!(matches!(try_run(&mut other, "FROM accounts;"), Err(Error::Compile { .. })));
    run(&mut maker, "COMMIT;");
    assert_eq!(run(&mut other, "SELECT count(*) AS n FROM accounts;"), "n\n2\n");
    run(&mut other, "DROP TABLE accounts;");
    assert!(matches!(try_run(&mut maker, "FROM accounts;"), Err(Error::Compile { .. })));
}

#[test]
fn a_prepared_statement_runs_with_other_values_and_after_changes() {
    let database = memory();
    let mut session = database.session();
    run(&mut session, ACCOUNTS);
    let insert = session.source("insert", "INSERT INTO accounts VALUES (?, ?);");
    let mut insert = session.prepare(&insert).expect("it compiles");
    let lookup = session.source("lookup", "SELECT balance FROM accounts WHERE id = ?;");
    let mut lookup = session.prepare(&lookup).expect("it compiles");
    let mut discard = Printer::new(Vec::new(), FormatKind::None);
    for id in 3..10 {
        let values = [Value::Int(id), Value::Int(id * 100)];
        let rows = session.execute_prepared(&mut insert, &values, &mut discard);
        assert_eq!(rows.expect("it runs"), 1);
    }
    let mut found = |session: &mut Session, id: i64| {
        let mut printer = Printer::new(Vec::new(), FormatKind::Csv);
        let outcome = session.execute_prepared(&mut lookup, &[Value::Int(id)], &mut printer);
        outcome.expect("it runs");
        String::from_utf8(printer.into_inner().expect("memory")).expect("text")
    };
    assert_eq!(found(&mut session, 7), "balance\n700\n");
    assert_eq!(found(&mut session, 70), "balance\n");
    run(&mut session, "CREATE TABLE other (id INT64 PRIMARY KEY);");
    assert_eq!(found(&mut session, 9), "balance\n900\n");
    run(&mut session, "DROP TABLE accounts;");
    let gone = session.execute_prepared(&mut insert, &[Value::Int(1), Value::Int(1)], &mut discard);
    assert_eq!(gone.expect_err("the table is gone").exit_code(), 2);
}

#[test]
fn a_cancelled_statement_raises_and_the_session_goes_on() {
    let database = memory();
    let mut session = database.session();
    let cancel = session.cancel_flag();
    let canceller = std::thread::spawn({
        let cancel = cancel.clone();
        move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            cancel.store(true, Ordering::Relaxed);
        }
    });
    let spin = "CREATE FUNCTION spin() RETURNS INT64 \
                { LET i = 0; WHILE TRUE { SET i = i % 7 + 1; } i } PRINT spin();";
    assert_eq!(raised(&mut session, spin), "Cancelled");
    canceller.join().expect("the thread ends");
    assert_eq!(raised(&mut session, "PRINT 1;"), "Cancelled", "until somebody clears the flag");
    cancel.store(false, Ordering::Relaxed);
    assert_eq!(run(&mut session, "PRINT 1;"), "1\n");
}

#[test]
fn a_memory_limit_ends_in_an_exception() {
    let options = Options { memory_limit: Some(1 << 20), ..Options::default() };
    let database = Database::in_memory(options, Arc::default()).expect("a database");
    let mut session = database.session();
    run(&mut session, "CREATE TABLE t (id INT64 PRIMARY KEY, x TEXT NOT NULL);");
    let row = session.source("insert", "INSERT INTO t VALUES (?, ?);");
    let mut row = session.prepare(&row).expect("it compiles");
    let mut discard = Printer::new(Vec::new(), FormatKind::None);
    run(&mut session, "BEGIN;");
    for id in 0..20_000 {
        let values = [Value::Int(id), Value::text(format!("a text of some length, {id}"))];
        session.execute_prepared(&mut row, &values, &mut discard).expect("a row fits");
    }
    run(&mut session, "COMMIT;");
    let sort = "SELECT x, count(*) AS n FROM t GROUP BY x ORDER BY x;";
    assert_eq!(raised(&mut session, sort), "ResourceExhausted");
    assert_eq!(run(&mut session, "SELECT count(*) AS n FROM t;"), "n\n20000\n");
}
