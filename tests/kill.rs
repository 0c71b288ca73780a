//! A process that loads and commits is killed at a random moment; what it was told to be committed
//! is there afterwards, and nothing is there by half.
//!
//! `GRIZZLY_KILLS=50 cargo test --test kill` kills fifty times; without the variable it is fifteen.

#![allow(clippy::expect_used, reason = "a helper of a test fails the test that calls it")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The rows of one transaction.
const ROWS: usize = 7;

fn grizzlyc(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grizzlyc"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

/// Runs a script against the database; what it prints.
fn query(folder: &Path, text: &str) -> String {
    let output = grizzlyc(folder, &["run", "-d", "db", "-c", text]).output().expect("runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A transaction that writes the rows of a group and says so when it is committed.
fn transaction(group: usize) -> String {
    let rows: Vec<String> = (0..ROWS).map(|row| format!("({group}, {row})")).collect();
    let (first, rest) = rows.split_at(ROWS / 2);
    let (first, rest) = (first.join(", "), rest.join(", "));
    format!(
        "BEGIN; INSERT INTO t VALUES {first}; INSERT INTO t VALUES {rest}; COMMIT;\n\
         PRINT {group};\n"
    )
}

/// Feeds transactions to a shell and kills it after a while; the last group that was acknowledged.
fn load_and_kill(folder: &Path, first: usize, after: Duration) -> Option<usize> {
    let mut command = grizzlyc(folder, &["repl", "-d", "db"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().expect("grizzlyc runs");
    let mut input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let feeding = std::thread::spawn(move || {
        // It ends when the process is gone.
        for group in first.. {
            if input.write_all(transaction(group).as_bytes()).is_err() {
                return;
            }
        }
    });
    let reading = std::thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        lines.filter_map(|line| line.parse::<usize>().ok()).last()
    });
    std::thread::sleep(after);
    child.kill().expect("killed");
    child.wait().expect("ended");
    feeding.join().expect("fed");
    reading.join().expect("read")
}

/// Milliseconds up to a bound, different from run to run.
fn random(state: &mut u64, bound: u64) -> Duration {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    Duration::from_millis(*state % bound)
}

#[test]
fn acknowledged_commits_survive_a_kill_and_half_ones_do_not() {
    let kills = std::env::var("GRIZZLY_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(15);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    query(folder, "CREATE TABLE t (g INT64, r INT64, PRIMARY KEY (g, r));");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    let seed = now.as_nanos() as u64 | 1;
    let (mut state, mut next, mut acknowledged) = (seed, 0, 0);
    for kill in 0..kills {
        let after = random(&mut state, 400);
        if let Some(last) = load_and_kill(folder, next, after) {
            acknowledged = last + 1;
        }
        let counts = "SELECT count(*) AS n FROM t; \
                      SELECT g FROM t GROUP BY g HAVING count(*) <> 7 ORDER BY g;";
        let found = query(folder, counts);
        let mut lines = found.lines();
        let rows: usize = lines.nth(1).and_then(|line| line.parse().ok()).expect("a count");
        let what = format!("kill {kill} after {after:?}, seed {seed}: {found}");
        assert_eq!(lines.nth(1), Some("g"), "{what}");
        assert_eq!(lines.next(), None, "half a transaction is there: {what}");
        let groups = rows / ROWS;
        assert!(groups >= acknowledged, "{acknowledged} were acknowledged: {what}");
        // Whatever was committed without being heard of is kept as well.
        next = groups;
        acknowledged = groups;
    }
    assert!(acknowledged > 0, "nothing was committed in {kills} runs");
}

#[test]
fn objects_persist_with_their_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let script = "CREATE TYPE color AS ENUM ('red', 'green');\n\
                  --- Twice a number.\n--- And no more.\n\
                  CREATE FUNCTION twice(n INT64) RETURNS INT64 { RETURN n * 2; }\n\
                  CREATE TABLE t (id INT64 PRIMARY KEY, c color);\n\
                  CREATE VIEW reds AS SELECT id FROM t WHERE c = 'red';\n\
                  INSERT INTO t VALUES (4, 'red'), (5, 'green');\n";
    query(folder, script);
    let again = query(
        folder,
        "SELECT twice(id) AS x FROM reds; \
         SELECT description, sql FROM system.functions WHERE name = 'twice';",
    );
    let expected = "x\n8\n\ndescription,sql\n\"Twice a number.\nAnd no more.\",\
                    \"--- Twice a number.\n--- And no more.\n\
                    CREATE FUNCTION twice(n INT64) RETURNS INT64 { RETURN n * 2; }\"\n";
    assert_eq!(again, expected);
}
