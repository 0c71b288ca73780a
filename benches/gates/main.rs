//! The speed gates: what the design must reach, beside the peers, in one run.
//!
//! `cargo bench --bench gates` measures all of them and prints a table; `cargo bench --bench gates
//! -- fib` those whose name contains a word. Data is made once, under `target/bench-data`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot run ends with what was wrong"
)]

mod data;
mod memory;
mod ours;
mod peers;
mod report;
mod script;

use report::{Gate, median};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Rows of the point lookups and of the large transaction.
const ROWS: u64 = 1_000_000;
const RUNS: usize = 5;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-data"));
    std::fs::create_dir_all(&directory).expect("a directory for the data");
    let mut gates = Vec::new();
    if chosen("fib") {
        fib(&mut gates);
    }
    if chosen("queries") {
        queries(&directory, &mut gates);
    }
    if chosen("rows") {
        rows(&directory, &mut gates);
    }
    if chosen("load") {
        load(&directory, &mut gates);
    }
    if chosen("parse") {
        parse(&mut gates);
    }
    println!("{}", report::table(&gates));
}

fn fib(gates: &mut Vec<Gate>) {
    let milliseconds = |s: f64| s * 1e3;
    gates.push(Gate {
        name: "fib(35), interpreter",
        must: "≤ Lua 5.4",
        ours: milliseconds(ours::fib(false, RUNS)),
        peer: peers::lua("lua5.4").map(|s| ("Lua 5.4".into(), milliseconds(s))),
        unit: "ms",
        limit: |peer| peer,
    });
    gates.push(Gate {
        name: "fib(35), JIT",
        must: "≤ 1.2× LuaJIT",
        ours: milliseconds(ours::fib(true, RUNS)),
        peer: peers::lua("luajit").map(|s| ("LuaJIT".into(), milliseconds(s))),
        unit: "ms",
        limit: |peer| 1.2 * peer,
    });
}

fn queries(directory: &Path, gates: &mut Vec<Gate>) {
    data::feather(&directory.join("sales.feather"), data::sales()).expect("sales");
    data::feather(&directory.join("lineitem.feather"), data::lineitem(true)).expect("lineitem");
    let duckdb = peers::duckdb(directory, RUNS);
    let mut database = ours::Tpch::open(directory);
    let peer = |figures: &HashMap<String, f64>, name: &str| {
        figures.get(name).map(|s| ("DuckDB".to_string(), s * 1e3))
    };
    let mut clean = HashMap::new();
    for (name, label) in [
        ("discount", "sum(discount(price, tier)), 5 million rows"),
        ("q1", "TPC-H Q1, scale 1"),
        ("q6", "TPC-H Q6, scale 1"),
    ] {
        let start = memory::start();
        let seconds = median(RUNS, || database.run(name));
        clean.insert(name, seconds);
        if name == "q1" {
            gates.push(Gate {
                name: "peak memory of Q1 (heap)",
                must: "≤ DuckDB",
                ours: memory::peak(start) as f64 / 1e6,
                peer: duckdb.get("q1_peak_bytes").map(|b| ("DuckDB".into(), b / 1e6)),
                unit: "MB",
                limit: |peer| peer,
            });
        }
        gates.push(Gate {
            name: label,
            must: "≤ 2× DuckDB",
            ours: seconds * 1e3,
            peer: peer(&duckdb, name),
            unit: "ms",
            limit: |peer| 2.0 * peer,
        });
    }
    database.update_one_percent();
    for (name, label) in
        [("q1", "Q1 with 1 % of rows updated, not flushed"), ("q6", "Q6 with 1 % updated")]
    {
        gates.push(Gate {
            name: label,
            must: "≤ 1.5× our clean scan",
            ours: median(RUNS, || database.run(name)) * 1e3,
            peer: clean.get(name).map(|s| ("clean".into(), s * 1e3)),
            unit: "ms",
            limit: |peer| 1.5 * peer,
        });
    }
}

fn rows(directory: &Path, gates: &mut Vec<Gate>) {
    let mut sqlite = peers::Sqlite::new(directory);
    let mut ours = ours::Rows::new(directory);
    let (seconds, memory_ratio) = ours.insert_million(ROWS);
    gates.push(Gate {
        name: "1 million rows in one transaction, a row",
        must: "≤ 2× SQLite",
        ours: seconds * 1e6,
        peer: Some(("SQLite".into(), sqlite.insert_million(ROWS) * 1e6)),
        unit: "µs",
        limit: |peer| 2.0 * peer,
    });
    gates.push(Gate {
        name: "its peak memory, as a multiple of the bytes inserted",
        must: "≤ 4",
        ours: memory_ratio,
        peer: Some(("limit".into(), 4.0)),
        unit: "×",
        limit: |peer| peer,
    });
    gates.push(Gate {
        name: "prepared point lookup, 1 million rows",
        must: "≤ 2× SQLite",
        ours: ours.lookups(ROWS, 200_000, RUNS) * 1e6,
        peer: Some(("SQLite".into(), sqlite.lookups(ROWS, 200_000) * 1e6)),
        unit: "µs",
        limit: |peer| 2.0 * peer,
    });
    let bare = peers::bare_sync(directory, 200);
    gates.push(Gate {
        name: "durable one-row insert, prepared",
        must: "≤ bare write and fdatasync + 15 µs",
        ours: ours.durable_inserts(200, RUNS) * 1e6,
        peer: Some(("bare".into(), bare * 1e6)),
        unit: "µs",
        limit: |peer| peer + 15.0,
    });
    gates.push(Gate {
        name: "the same in SQLite",
        must: "–",
        ours: sqlite.durable_inserts(200) * 1e6,
        peer: Some(("bare".into(), bare * 1e6)),
        unit: "µs",
        limit: |_| f64::INFINITY,
    });
}

/// CREATE TABLE AS from a CSV file into a new database on disk.
fn load(directory: &Path, gates: &mut Vec<Gate>) {
    let Some(file) = data::flights() else { return };
    let milliseconds = |seconds: f64| seconds * 1e3;
    gates.push(Gate {
        name: "load flights.csv, 31 MB, on disk",
        must: "≤ 1.5× DuckDB",
        ours: milliseconds(ours::load_csv(directory, &file, RUNS)),
        peer: peers::load_csv(directory, &file, RUNS)
            .map(|seconds| ("DuckDB".into(), milliseconds(seconds))),
        unit: "ms",
        limit: |peer| 1.5 * peer,
    });
}

fn parse(gates: &mut Vec<Gate>) {
    let text = script::generate(5 << 20);
    let start = memory::start();
    let seconds = median(RUNS, || {
        std::hint::black_box(grizzly_grammar::parse_script(&text));
    });
    let megabytes = text.len() as f64 / 1e6;
    gates.push(Gate {
        name: "lex and parse of a 5 MB script, seconds a 10 MB",
        must: "≥ 10 MB/s",
        ours: seconds * 10.0 / megabytes,
        peer: Some(("limit".into(), 1.0)),
        unit: "s",
        limit: |peer| peer,
    });
    gates.push(Gate {
        name: "its peak memory, as a multiple of the script",
        must: "≤ 30",
        ours: memory::peak(start) as f64 / text.len() as f64,
        peer: Some(("limit".into(), 30.0)),
        unit: "×",
        limit: |peer| peer,
    });
}
