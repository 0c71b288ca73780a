//! Our side of the gates, through the library's own interface.

use super::data::{self, Random};
use super::memory;
use super::report::median;
use grizzly::source::SourceMap;
use grizzly::{Database, Options, Prepared, Session};
use grizzly_bytecode::{Fault, Field, Type, Value};
use grizzly_vm::batch::Batch;
use grizzly_vm::ports;
use std::path::Path;
use std::sync::Arc;

/// Counts the rows of results and forgets them.
#[derive(Default)]
struct Sink {
    rows: u64,
}

impl ports::Output for Sink {
    fn batch(&mut self, _: &[Field], batch: &Batch) -> Result<(), Fault> {
        self.rows += batch.rows().count() as u64;
        std::hint::black_box(batch);
        Ok(())
    }

    fn print(&mut self, _: &Value, _: &Type) -> Result<(), Fault> {
        Ok(())
    }
}

impl grizzly::output::Output for Sink {
    fn finish(&mut self, _: &[Field]) -> Result<(), Fault> {
        Ok(())
    }

    fn abort(&mut self) {}
}

fn options(jit: bool) -> Options {
    Options { threads: Some(1), no_jit: !jit, ..Options::default() }
}

fn run(session: &mut Session, text: &str) {
    let source = session.source("gates", text);
    if let Err(error) = session.run(&source, &mut Sink::default(), &mut |_| {}) {
        panic!("{text}: {error:?}");
    }
}

fn prepare(session: &Session, text: &str) -> Prepared {
    let source = session.source("gates", text);
    session.prepare(&source).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn execute(session: &mut Session, prepared: &mut Prepared, parameters: &[Value]) -> u64 {
    let mut sink = Sink::default();
    match session.execute_prepared(prepared, parameters, &mut sink) {
        Ok(changed) => changed.max(sink.rows),
        Err(error) => panic!("{error:?}"),
    }
}

/// Seconds of fib(35), written without NOT NULL.
pub fn fib(jit: bool, runs: usize) -> f64 {
    let database = Database::in_memory(options(jit), Arc::new(SourceMap::default()))
        .expect("a database in memory");
    let mut session = database.session();
    run(
        &mut session,
        "CREATE FUNCTION fib(n: INT64) RETURNS INT64 \
         { IF n < 2 { n } ELSE { fib(n - 1) + fib(n - 2) } }",
    );
    let mut call = prepare(&session, "SELECT fib(35)");
    median(runs, || {
        execute(&mut session, &mut call, &[]);
    })
}

const Q1: &str = "SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, \
    sum(l_extendedprice) AS sum_base_price, \
    sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, \
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, \
    avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, \
    count(*) AS count_order \
    FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90' day \
    GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus";
const Q6: &str = "SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem \
    WHERE l_shipdate >= date '1994-01-01' AND l_shipdate < date '1994-01-01' + interval '1' year \
    AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND l_quantity < 24";
const DISCOUNT: &str = "SELECT sum(discount(price, tier)) FROM sales";
const DISCOUNT_FUNCTION: &str = "CREATE FUNCTION discount(price: DOUBLE, tier: TEXT) \
    RETURNS DOUBLE \
    { MATCH tier { \"gold\" => price * 0.8, \"silver\" => price * 0.9, _ => price } }";

/// The tables of the query gates, on disk.
pub struct Tpch {
    session: Session,
}

impl Tpch {
    /// Opens the database of the gates, loading it first where it is not there.
    pub fn open(directory: &Path) -> Tpch {
        let path = directory.join("gates.grizzly");
        let loaded = path.join("LOADED");
        if !loaded.exists() {
            let _ = std::fs::remove_dir_all(&path);
            let database = Database::open(&path, options(true), Arc::new(SourceMap::default()))
                .expect("a new database");
            let mut session = database.session();
            run(&mut session, data::LINEITEM);
            run(&mut session, data::SALES_TABLE);
            run(&mut session, DISCOUNT_FUNCTION);
            database.append("lineitem", data::lineitem(false)).expect("lineitem loads");
            database.append("sales", data::sales()).expect("sales load");
            drop((session, database));
            std::fs::write(&loaded, "").expect("a mark");
        }
        let database = Database::open(&path, options(true), Arc::new(SourceMap::default()))
            .expect("the database of the gates");
        Tpch { session: database.session() }
    }

    /// Runs a query.
    pub fn run(&mut self, name: &str) {
        let text = match name {
            "q1" => Q1,
            "q6" => Q6,
            _ => DISCOUNT,
        };
        run(&mut self.session, text);
    }

    /// Updates every hundredth row, chosen at random, in a transaction that is rolled back with the
    /// process: the changes stay in the tree's upper buffers.
    pub fn update_one_percent(&mut self) {
        let mut random = Random::new(7);
        let mut update = prepare(
            &self.session,
            "UPDATE lineitem SET l_tax = l_tax + 0.01 WHERE l_orderkey = ? AND l_linenumber = ?",
        );
        run(&mut self.session, "BEGIN");
        let mut changed = 0;
        while changed < 60_000 {
            // Of every 32 order keys the first 8 are in use.
            let order = (random.below(1_500_000) / 8 * 32 + random.below(8) + 1) as i64;
            let line = random.below(4) as i64 + 1;
            changed +=
                execute(&mut self.session, &mut update, &[Value::Int(order), Value::Int(line)]);
        }
        run(&mut self.session, "COMMIT");
    }
}

/// Seconds for CREATE TABLE AS from a CSV file, each into a new database on disk.
pub fn load_csv(directory: &Path, file: &Path, runs: usize) -> f64 {
    let path = directory.join("load.grizzly");
    let statement = format!("CREATE TABLE flights AS FROM '{}'", file.display());
    let mut times = Vec::new();
    for _ in 0..=runs {
        let _ = std::fs::remove_dir_all(&path);
        let database = Database::open(&path, options(true), Arc::new(SourceMap::default()))
            .expect("a new database");
        let mut session = database.session();
        let clock = std::time::Instant::now();
        run(&mut session, &statement);
        times.push(clock.elapsed().as_secs_f64());
    }
    // The first run warms the cache of the file.
    let counted = &mut times[1..];
    counted.sort_by(f64::total_cmp);
    counted[counted.len() / 2]
}

/// A table for the gates about single rows, on disk.
pub struct Rows {
    session: Session,
}

impl Rows {
    /// A new database.
    pub fn new(directory: &Path) -> Rows {
        let path = directory.join("rows.grizzly");
        let _ = std::fs::remove_dir_all(&path);
        let database = Database::open(&path, options(true), Arc::new(SourceMap::default()))
            .expect("a new database");
        Rows { session: database.session() }
    }

    /// Seconds a row for a million rows in one transaction by a prepared INSERT, and the peak of
    /// the heap as a multiple of the bytes inserted (8 + 8 + 14 + 8 a row).
    pub fn insert_million(&mut self, rows: u64) -> (f64, f64) {
        let mut times = Vec::new();
        let mut peak = 0;
        for _ in 0..3 {
            run(
                &mut self.session,
                "DROP TABLE IF EXISTS t; \
                 CREATE TABLE t (id INT64 PRIMARY KEY, a INT64, b TEXT, c DOUBLE);",
            );
            let mut insert = prepare(&self.session, "INSERT INTO t VALUES (?, ?, ?, ?)");
            let start = memory::start();
            let clock = std::time::Instant::now();
            run(&mut self.session, "BEGIN");
            for id in 0..rows as i64 {
                let row = [
                    Value::Int(id),
                    Value::Int(id * 7),
                    Value::text("some text here"),
                    Value::Float(id as f64),
                ];
                execute(&mut self.session, &mut insert, &row);
            }
            run(&mut self.session, "COMMIT");
            times.push(clock.elapsed().as_secs_f64() / rows as f64);
            peak = memory::peak(start).max(peak);
        }
        times.sort_by(f64::total_cmp);
        (times[1], peak as f64 / (rows * 38) as f64)
    }

    /// Seconds a point lookup, over all rows in a scattered order.
    pub fn lookups(&mut self, rows: u64, lookups: u64, runs: usize) -> f64 {
        let mut select = prepare(&self.session, "SELECT a, b FROM t WHERE id = ?");
        median(runs, || {
            for i in 0..lookups {
                let id = ((i * 7919) % rows) as i64;
                assert_eq!(execute(&mut self.session, &mut select, &[Value::Int(id)]), 1);
            }
        }) / lookups as f64
    }

    /// Seconds a durable one-row insert.
    pub fn durable_inserts(&mut self, inserts: u64, runs: usize) -> f64 {
        let mut insert = prepare(&self.session, "INSERT INTO t VALUES (?, ?, ?, ?)");
        let mut id = 1_000_000_000i64;
        median(runs, || {
            for _ in 0..inserts {
                id += 1;
                let row = [
                    Value::Int(id),
                    Value::Int(id * 7),
                    Value::text("some text here"),
                    Value::Float(id as f64),
                ];
                execute(&mut self.session, &mut insert, &row);
            }
        }) / inserts as f64
    }
}
