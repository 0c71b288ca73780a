//! The tables of the gates, made anew from fixed seeds: TPC-H's lineitem at scale 1 and five
//! million sales. Each is made as Arrow batches; a Feather file of them is what DuckDB reads.

use arrow_array::{
    ArrayRef, Date32Array, Decimal64Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray,
};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tpchgen::generators::{LineItem, LineItemGenerator};

/// Rows of a batch.
const BATCH: usize = 65_536;
/// Rows of `sales`.
pub const SALES: usize = 5_000_000;

/// The definition of lineitem.
pub const LINEITEM: &str = "CREATE TABLE lineitem (l_orderkey INT64 NOT NULL, \
    l_partkey INT64 NOT NULL, l_suppkey INT64 NOT NULL, l_linenumber INT32 NOT NULL, \
    l_quantity DECIMAL(15,2) NOT NULL, l_extendedprice DECIMAL(15,2) NOT NULL, \
    l_discount DECIMAL(15,2) NOT NULL, l_tax DECIMAL(15,2) NOT NULL, l_returnflag TEXT NOT NULL, \
    l_linestatus TEXT NOT NULL, l_shipdate DATE NOT NULL, l_commitdate DATE NOT NULL, \
    l_receiptdate DATE NOT NULL, l_shipinstruct TEXT NOT NULL, l_shipmode TEXT NOT NULL, \
    l_comment TEXT NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber));";

/// The definition of sales.
pub const SALES_TABLE: &str = "CREATE TABLE sales (price DOUBLE, tier TEXT);";

/// A column of lineitem: its name and how to make it from rows. `wide` asks for 128-bit decimals.
type Column = (&'static str, fn(&[LineItem<'_>], bool) -> ArrayRef);

fn decimal(values: impl Iterator<Item = i64>, wide: bool) -> ArrayRef {
    let fits = "15 digits with 2 after the point are a valid DECIMAL";
    if wide {
        let array = Decimal128Array::from_iter_values(values.map(i128::from));
        Arc::new(array.with_precision_and_scale(15, 2).expect(fits))
    } else {
        let array = Decimal64Array::from_iter_values(values);
        Arc::new(array.with_precision_and_scale(15, 2).expect(fits))
    }
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

const COLUMNS: [Column; 16] = [
    ("l_orderkey", |r, _| Arc::new(Int64Array::from_iter_values(r.iter().map(|l| l.l_orderkey)))),
    ("l_partkey", |r, _| Arc::new(Int64Array::from_iter_values(r.iter().map(|l| l.l_partkey)))),
    ("l_suppkey", |r, _| Arc::new(Int64Array::from_iter_values(r.iter().map(|l| l.l_suppkey)))),
    ("l_linenumber", |r, _| {
        Arc::new(Int32Array::from_iter_values(r.iter().map(|l| l.l_linenumber)))
    }),
    ("l_quantity", |r, wide| decimal(r.iter().map(|l| l.l_quantity * 100), wide)),
    ("l_extendedprice", |r, wide| decimal(r.iter().map(|l| l.l_extendedprice.0), wide)),
    ("l_discount", |r, wide| decimal(r.iter().map(|l| l.l_discount.0), wide)),
    ("l_tax", |r, wide| decimal(r.iter().map(|l| l.l_tax.0), wide)),
    ("l_returnflag", |r, _| texts(r.iter().map(|l| l.l_returnflag))),
    ("l_linestatus", |r, _| texts(r.iter().map(|l| l.l_linestatus))),
    ("l_shipdate", |r, _| {
        Arc::new(Date32Array::from_iter_values(r.iter().map(|l| l.l_shipdate.to_unix_epoch())))
    }),
    ("l_commitdate", |r, _| {
        Arc::new(Date32Array::from_iter_values(r.iter().map(|l| l.l_commitdate.to_unix_epoch())))
    }),
    ("l_receiptdate", |r, _| {
        Arc::new(Date32Array::from_iter_values(r.iter().map(|l| l.l_receiptdate.to_unix_epoch())))
    }),
    ("l_shipinstruct", |r, _| texts(r.iter().map(|l| l.l_shipinstruct))),
    ("l_shipmode", |r, _| texts(r.iter().map(|l| l.l_shipmode))),
    ("l_comment", |r, _| texts(r.iter().map(|l| l.l_comment))),
];

/// The batches of lineitem at scale 1, in key order.
pub fn lineitem(wide: bool) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
    let generator = LineItemGenerator::new(1.0, 1, 1);
    let mut rows = generator.iter();
    std::iter::from_fn(move || {
        let part: Vec<LineItem<'_>> = rows.by_ref().take(BATCH).collect();
        if part.is_empty() {
            return None;
        }
        let column = |(name, make): &Column| (*name, make(&part, wide));
        Some(RecordBatch::try_from_iter(COLUMNS.iter().map(column)))
    })
}

/// A small generator with a fixed seed (xorshift64*, Vigna 2016).
pub struct Random(u64);

impl Random {
    /// A generator.
    pub fn new(seed: u64) -> Random {
        Random(seed.max(1))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// The batches of sales.
pub fn sales() -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
    let mut random = Random::new(42);
    let mut left = SALES;
    std::iter::from_fn(move || {
        let rows = left.min(BATCH);
        left -= rows;
        if rows == 0 {
            return None;
        }
        let price = |r: &mut Random| r.below(100_000) as f64 / 100.0;
        let prices: Vec<f64> = (0..rows).map(|_| price(&mut random)).collect();
        let tiers = ["gold", "silver", "bronze", "basic"];
        let tier = |r: &mut Random| tiers[r.below(4) as usize];
        let picked: Vec<&str> = (0..rows).map(|_| tier(&mut random)).collect();
        let columns: [(&str, ArrayRef); 2] = [
            ("price", Arc::new(Float64Array::from(prices))),
            ("tier", Arc::new(StringArray::from(picked))),
        ];
        Some(RecordBatch::try_from_iter(columns))
    })
}

/// Writes batches to a Feather file, unless it is there.
pub fn feather(
    path: &Path,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<(), ArrowError> {
    if path.exists() {
        return Ok(());
    }
    let unfinished = path.with_extension("part");
    let mut writer: Option<FileWriter<File>> = None;
    for batch in batches {
        let batch = batch?;
        if writer.is_none() {
            let schema: Arc<Schema> = batch.schema();
            writer = Some(FileWriter::try_new(File::create(&unfinished)?, &schema)?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    if let Some(mut writer) = writer {
        writer.finish()?;
    }
    Ok(std::fs::rename(&unfinished, path)?)
}

/// The flights of nycflights13, where the project's shared folder has them.
pub fn flights() -> Option<PathBuf> {
    let given = std::env::var_os("GRIZZLY_FLIGHTS").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut shared = above.map(|folder| folder.join("shared/data/nycflights13/flights.csv"));
    let found = given.or_else(|| shared.find(|path| path.is_file()));
    if found.is_none() {
        eprintln!("flights.csv of nycflights13 is not there (GRIZZLY_FLIGHTS names it): skipped");
    }
    found
}
