//! The peers: each is used where it is installed, and skipped with a message where it is not.

use rusqlite::Connection;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use super::report::median;

/// Where the bench's own files are.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gates");

/// The seconds of fib(35) under a Lua interpreter, the median of five processes.
pub fn lua(program: &str) -> Option<f64> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let output = Command::new(program).arg(format!("{HERE}/fib.lua")).output();
        let Ok(output) = output else {
            eprintln!("{program} is not installed (apt-get install lua5.4 luajit): skipped");
            return None;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        times.push(text.split_whitespace().next()?.parse::<f64>().ok()?);
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

/// DuckDB's figures by gate.
pub fn duckdb(directory: &Path, repeats: usize) -> HashMap<String, f64> {
    python(&[directory.display().to_string(), repeats.to_string()])
}

/// DuckDB's seconds for the load of a CSV file into a new database.
pub fn load_csv(directory: &Path, file: &Path, repeats: usize) -> Option<f64> {
    let (directory, file) = (directory.display().to_string(), file.display().to_string());
    python(&[directory, repeats.to_string(), file]).get("load").copied()
}

/// The figures that `peers.py` prints.
fn python(arguments: &[String]) -> HashMap<String, f64> {
    let python = std::env::var("GRIZZLY_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python).arg(format!("{HERE}/peers.py")).args(arguments).output();
    let text = match output {
        Ok(o) if o.status.success() => String::from_utf8_lossy(&o.stdout).into_owned(),
        Ok(o) => {
            eprintln!(
                "{python} has no duckdb and pyarrow (pip install duckdb pyarrow; name the \
                 interpreter by GRIZZLY_PYTHON): skipped\n{}",
                String::from_utf8_lossy(&o.stderr)
            );
            return HashMap::new();
        }
        Err(error) => {
            eprintln!("{python}: {error}: skipped");
            return HashMap::new();
        }
    };
    let pair = |part: &str| {
        let (name, figure) = part.split_once(':')?;
        let name = name.trim().trim_matches(['"', '{', '}']).to_string();
        Some((name, figure.trim().trim_matches(['"', '{', '}']).parse().ok()?))
    };
    text.trim().split(',').filter_map(pair).collect()
}

/// SQLite on disk, as safe as it is by default for commits: WAL with synchronous = FULL.
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// A new database in a directory.
    pub fn new(directory: &Path) -> Sqlite {
        let path = directory.join("peer.sqlite");
        let _ = std::fs::remove_file(&path);
        let connection = Connection::open(path).expect("SQLite opens a new file");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL);",
            )
            .expect("SQLite takes its own statements");
        Sqlite { connection }
    }

    /// Seconds a row for a million rows in one transaction.
    pub fn insert_million(&mut self, rows: u64) -> f64 {
        median(3, || {
            self.connection.execute_batch("DELETE FROM t; BEGIN").expect("SQLite");
            {
                let mut insert =
                    self.connection.prepare("INSERT INTO t VALUES (?, ?, ?, ?)").expect("SQLite");
                for id in 0..rows as i64 {
                    insert.execute((id, id * 7, "some text here", id as f64)).expect("SQLite");
                }
            }
            self.connection.execute_batch("COMMIT").expect("SQLite");
        }) / rows as f64
    }

    /// Seconds a point lookup, over all rows in a scattered order.
    pub fn lookups(&self, rows: u64, lookups: u64) -> f64 {
        let mut select =
            self.connection.prepare("SELECT a, b FROM t WHERE id = ?").expect("SQLite");
        median(5, || {
            for i in 0..lookups {
                let id = ((i * 7919) % rows) as i64;
                let row: (i64, String) =
                    select.query_row([id], |r| Ok((r.get(0)?, r.get(1)?))).expect("SQLite");
                std::hint::black_box(row);
            }
        }) / lookups as f64
    }

    /// Seconds a durable one-row insert.
    pub fn durable_inserts(&mut self, inserts: u64) -> f64 {
        let mut insert =
            self.connection.prepare("INSERT INTO t VALUES (?, ?, ?, ?)").expect("SQLite");
        let mut id = 1_000_000_000i64;
        median(5, || {
            for _ in 0..inserts {
                id += 1;
                insert.execute((id, id * 7, "some text here", id as f64)).expect("SQLite");
            }
        }) / inserts as f64
    }
}

/// Seconds of a bare 256-byte write at the end of a preallocated file and fdatasync.
pub fn bare_sync(directory: &Path, writes: u64) -> f64 {
    use std::os::unix::fs::FileExt;
    let path = directory.join("bare.sync");
    let file = std::fs::File::create(&path).expect("a file in the bench's directory");
    file.write_all_at(&vec![0; 16 << 20], 0).expect("16 MiB on the disk");
    file.sync_all().expect("a sync");
    let mut at = 0;
    let figure = median(5, || {
        for _ in 0..writes {
            file.write_all_at(&[7; 256], at).expect("a write");
            file.sync_data().expect("a sync");
            at = (at + 256) % (15 << 20);
        }
    }) / writes as f64;
    let _ = std::fs::remove_file(path);
    figure
}
