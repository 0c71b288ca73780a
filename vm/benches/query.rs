//! The shapes that the customer's gates measure, over six million rows in shared buffers, on one
//! thread. Prints the best and the median of several runs in milliseconds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that fails must stop")]

#[path = "../tests/query/support.rs"]
mod support;

use grizzly_bytecode::query::{
    Aggregate, AggregateFunction as F, JoinKind, Pipeline, Query, Sink, Source, Step,
};
use grizzly_bytecode::{
    Cmp, ConstId, Program, StateId, Target, Type, VReg, Value, VectorInstr as I, VectorKind as K,
};
use grizzly_vm::budget::Budget;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use support::*;

const ROWS: usize = 6_000_000;

fn decimal(precision: u8) -> Type {
    Type::Decimal { precision, scale: 2 }
}

fn v(register: u16) -> VReg {
    VReg(register)
}

fn k(constant: u16) -> ConstId {
    ConstId(constant)
}

/// A query that aggregates a scan and gives the groups.
fn aggregation(
    scan: Source,
    steps: Vec<Step>,
    sink: (grizzly_bytecode::query::VectorCode, Vec<VReg>, Vec<Aggregate>),
    types: Vec<Type>,
) -> Query {
    let (code, keys, aggregates) = sink;
    let sink = Sink::Aggregate { state: StateId(0), code, keys, aggregates };
    let source = Source::State { state: StateId(0), types: types.clone() };
    Query {
        pipelines: vec![
            Pipeline { source: scan, steps, sink },
            Pipeline { source, steps: Vec::new(), sink: Sink::Output },
        ],
        parameters: Vec::new(),
        states: 1,
        output: fields(&types),
        ..Query::default()
    }
}

fn aggregate(function: F, argument: Option<u16>, result: Type) -> Aggregate {
    Aggregate { function, argument: argument.map(v), filter: None, distinct: false, result }
}

fn measure(name: &str, program: Program, tables: Vec<Table>) {
    // An argument names what to measure, as cargo passes it on.
    let mut wanted = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    if wanted.next().is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let executable = link(program);
    let mut tables = MemoryTables { tables, ..MemoryTables::default() };
    let mut times = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..15 {
        let start = Instant::now();
        let cancel = AtomicBool::new(false);
        rows = run_with(&executable, &mut tables, &[], Budget::unlimited(), &cancel).unwrap();
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!("{name}: best {:.1} ms, median {:.1} ms ({} rows)", times[0], times[7], rows.len());
    println!("  {:?}", rows.first());
}

fn lineitem() -> Table {
    let mut noise = Noise(42);
    let mut column = |f: &mut dyn FnMut(&mut Noise) -> i64| {
        Column::I64(Arc::new((0..ROWS).map(|_| f(&mut noise)).collect()))
    };
    let date = column(&mut |n| 8_000 + n.below(2_526) as i64);
    let quantity = column(&mut |n| 100 * (1 + n.below(50) as i64));
    let price = column(&mut |n| 90_000 + n.below(10_000_000) as i64);
    let discount = column(&mut |n| n.below(11) as i64);
    let tax = column(&mut |n| n.below(9) as i64);
    let Column::I64(dates) = &date else { panic!() };
    let flag = dates.iter().map(|d| if *d < 9_300 { (*d % 2) as u16 } else { 2 }).collect();
    let status = dates.iter().map(|d| u16::from(*d > 9_290)).collect();
    let flag = dictionary_column(flag, &["A", "R", "N"]);
    let status = dictionary_column(status, &["F", "O"]);
    Table::new(vec![date, quantity, price, discount, tax, flag, status], ROWS)
}

fn lineitem_types() -> Vec<Type> {
    let money = decimal(15);
    vec![Type::Date, money.clone(), money.clone(), money.clone(), money, Type::Text, Type::Text]
}

fn q1() -> Program {
    let filter = code(
        7,
        &[K::I64, K::I64, K::I64, K::I64, K::I64, K::Bytes, K::Bytes, K::I64, K::Bool],
        vec![I::Const { d: v(7), k: k(0) }, I::CmpI64 { c: Cmp::Le, d: v(8), a: v(0), b: v(7) }],
    );
    let mut kinds = vec![K::I64, K::I64, K::I64, K::I64, K::I64, K::Bytes, K::Bytes];
    // 7 one, 8 1-discount, 9 disc_price, 10 1+tax, 11 charge
    kinds.extend([K::I64, K::I64, K::I128, K::I64, K::I128]);
    let sums = code(
        7,
        &kinds,
        vec![
            I::Const { d: v(7), k: k(1) },
            I::SubI64 { d: v(8), a: v(7), b: v(3) },
            I::MulWide { d: v(9), a: v(2), b: v(8) },
            I::AddI64 { d: v(10), a: v(7), b: v(4) },
            I::MulWide { d: v(11), a: v(9), b: v(10) },
        ],
    );
    let sum = |register| aggregate(F::Sum, Some(register), decimal(38));
    let avg = |register| aggregate(F::Avg { scale: 2 }, Some(register), Type::Double);
    let aggregates = vec![
        sum(1),
        sum(2),
        sum(9),
        sum(11),
        avg(1),
        avg(2),
        avg(3),
        aggregate(F::Count, None, Type::Int64),
    ];
    let mut types = vec![Type::Text, Type::Text];
    types.extend(aggregates.iter().map(|a| a.result.clone()));
    let steps = vec![Step::Filter { code: filter, condition: v(8) }];
    let query =
        aggregation(scan(0, &lineitem_types()), steps, (sums, vec![v(5), v(6)], aggregates), types);
    let constants =
        vec![constant(Value::Int(10_471), Type::Date), constant(Value::Int(100), decimal(15))];
    Program { queries: vec![query], constants, ..Program::default() }
}

fn q6() -> Program {
    let types = &lineitem_types()[..4];
    let mut kinds = vec![K::I64; 9];
    kinds.extend([K::Bool; 9]);
    let cmp = |c, d, a, b| I::CmpI64 { c, d: v(d), a: v(a), b: v(b) };
    let filter = code(
        4,
        &kinds,
        vec![
            I::Const { d: v(4), k: k(0) },
            cmp(Cmp::Ge, 9, 0, 4),
            I::Const { d: v(5), k: k(1) },
            cmp(Cmp::Lt, 10, 0, 5),
            I::And { d: v(14), a: v(9), b: v(10) },
            I::Const { d: v(6), k: k(2) },
            cmp(Cmp::Ge, 11, 3, 6),
            I::Const { d: v(7), k: k(3) },
            cmp(Cmp::Le, 12, 3, 7),
            I::And { d: v(15), a: v(11), b: v(12) },
            I::And { d: v(16), a: v(14), b: v(15) },
            I::Const { d: v(8), k: k(4) },
            cmp(Cmp::Lt, 13, 1, 8),
            I::And { d: v(17), a: v(16), b: v(13) },
        ],
    );
    let sums = code(
        4,
        &[K::I64, K::I64, K::I64, K::I64, K::I128],
        vec![I::MulWide { d: v(4), a: v(2), b: v(3) }],
    );
    let aggregates = vec![aggregate(F::Sum, Some(4), decimal(38))];
    let steps = vec![Step::Filter { code: filter, condition: v(17) }];
    let query =
        aggregation(scan(0, types), steps, (sums, Vec::new(), aggregates), vec![decimal(38)]);
    let constant = |i| constant(Value::Int(i), decimal(15));
    let constants =
        vec![constant(8_766), constant(9_131), constant(5), constant(7), constant(2_400)];
    Program { queries: vec![query], constants, ..Program::default() }
}

/// `sum(MATCH tier { 'gold' => price * 0.8, 'silver' => price * 0.9, _ => price })`.
fn discount() -> Program {
    let kinds = [K::F64, K::Bytes, K::F64, K::Bytes, K::Bool, K::F64, K::F64];
    let branch = |text: u16, factor: u16, otherwise: u16| {
        vec![
            I::Const { d: v(3), k: k(text) },
            I::CmpBytes { c: Cmp::Eq, d: v(4), a: v(1), b: v(3) },
            I::SelectIf { a: v(4), t: Target(otherwise) },
            I::Const { d: v(5), k: k(factor) },
            I::MulF64 { d: v(6), a: v(0), b: v(5) },
            I::Copy { d: v(2), a: v(6) },
        ]
    };
    let mut instructions = branch(0, 1, 6);
    instructions.push(I::SelectElse { t: Target(16) });
    instructions.extend(branch(2, 3, 13));
    instructions.extend([
        I::SelectElse { t: Target(15) },
        I::Copy { d: v(2), a: v(0) },
        I::SelectEnd {},
        I::SelectEnd {},
    ]);
    let sums = code(2, &kinds, instructions);
    let aggregates = vec![aggregate(F::Sum, Some(2), Type::Double)];
    let types = [Type::Double, Type::Text];
    let query = aggregation(
        scan(0, &types),
        Vec::new(),
        (sums, Vec::new(), aggregates),
        vec![Type::Double],
    );
    let constants = vec![
        constant(Value::text("gold"), Type::Text),
        constant(Value::Float(0.8), Type::Double),
        constant(Value::text("silver"), Type::Text),
        constant(Value::Float(0.9), Type::Double),
    ];
    Program { queries: vec![query], constants, ..Program::default() }
}

fn prices(dictionary: bool) -> Table {
    let rows = 5_000_000;
    let mut noise = Noise(7);
    let price = (0..rows).map(|_| noise.below(100_000) as f64 / 100.0).collect();
    let tiers = ["gold", "silver", "bronze", "basic"];
    let codes: Vec<u16> = (0..rows).map(|_| noise.below(4) as u16).collect();
    let tier = if dictionary {
        dictionary_column(codes, &tiers)
    } else {
        text_column(codes.iter().map(|code| tiers[usize::from(*code)]))
    };
    Table::new(vec![Column::F64(Arc::new(price)), tier], rows)
}

/// `SELECT key, sum(price), count(*) GROUP BY key` over about a million keys.
fn by_key() -> Program {
    let sums = code(2, &[K::I64, K::I64], Vec::new());
    let aggregates =
        vec![aggregate(F::Sum, Some(1), decimal(38)), aggregate(F::Count, None, Type::Int64)];
    let types = vec![Type::Int64, decimal(38), Type::Int64];
    let query = aggregation(
        scan(0, &[Type::Int64, decimal(15)]),
        Vec::new(),
        (sums, vec![v(0)], aggregates),
        types,
    );
    Program { queries: vec![query], ..Program::default() }
}

fn many_keys() -> Table {
    let mut noise = Noise(9);
    let key = (0..ROWS).map(|_| noise.below(1_000_000) as i64).collect();
    let price = (0..ROWS).map(|_| noise.below(10_000) as i64).collect();
    Table::new(vec![Column::I64(Arc::new(key)), Column::I64(Arc::new(price))], ROWS)
}

/// The sum of a payload over six million rows joined with a million by their key.
fn join() -> Program {
    let types = [Type::Int64, decimal(15)];
    let nothing = || code(2, &[K::I64, K::I64], Vec::new());
    let build = Sink::HashBuild {
        state: StateId(1),
        code: nothing(),
        keys: vec![v(0)],
        null_keys: vec![false],
        payload: vec![v(1)],
        keep_all: false,
    };
    let probe = Step::Probe {
        state: StateId(1),
        code: nothing(),
        keys: vec![v(0)],
        kind: JoinKind::Inner,
        payload: vec![decimal(15)],
        residual: None,
        notes: false,
    };
    let aggregates = vec![aggregate(F::Sum, Some(2), decimal(38))];
    let sums = code(3, &[K::I64; 3], Vec::new());
    let mut query = aggregation(
        scan(0, &types),
        vec![probe],
        (sums, Vec::new(), aggregates),
        vec![decimal(38)],
    );
    query.states = 2;
    query.pipelines.insert(0, Pipeline { source: scan(1, &types), steps: Vec::new(), sink: build });
    Program { queries: vec![query], ..Program::default() }
}

fn unique_keys() -> Table {
    let key = (0..1_000_000).map(|at: i64| at * 7 % 1_000_000).collect();
    let price = (0..1_000_000).collect();
    Table::new(vec![Column::I64(Arc::new(key)), Column::I64(Arc::new(price))], 1_000_000)
}

/// `GROUP BY name, number` over ten thousand pairs, the name as offsets.
fn by_text() -> Program {
    let nothing = code(3, &[K::Bytes, K::I64, K::I64], Vec::new());
    let aggregates = vec![aggregate(F::Sum, Some(2), decimal(38))];
    let types = vec![Type::Text, Type::Int64, decimal(38)];
    let from = scan(0, &[Type::Text, Type::Int64, decimal(15)]);
    let sink = (nothing, vec![v(0), v(1)], aggregates);
    Program { queries: vec![aggregation(from, Vec::new(), sink, types)], ..Program::default() }
}

fn names() -> Table {
    let mut noise = Noise(11);
    let names: Vec<String> = (0..100).map(|at| format!("Customer#{:09}", at * 7_919)).collect();
    let name = text_column((0..ROWS).map(|_| names[noise.below(100) as usize].as_str()));
    let mut noise = Noise(13);
    let number = (0..ROWS).map(|_| noise.below(100) as i64 * 1_000_003).collect();
    let price = (0..ROWS).map(|_| noise.below(10_000) as i64).collect();
    Table::new(vec![name, Column::I64(Arc::new(number)), Column::I64(Arc::new(price))], ROWS)
}

fn main() {
    let table = lineitem();
    measure("q1", q1(), vec![table.clone()]);
    measure("q6", q6(), vec![table]);
    measure("discount, dictionary", discount(), vec![prices(true)]);
    measure("discount, offsets", discount(), vec![prices(false)]);
    measure("sum by text and number", by_text(), vec![names()]);
    measure("join with a million keys", join(), vec![many_keys(), unique_keys()]);
    measure("sum by a million keys", by_key(), vec![many_keys()]);
}
