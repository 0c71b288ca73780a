//! A query in its steady state allocates nothing: the number of allocations does not depend on the
//! number of batches.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "query/support.rs"]
mod support;

use grizzly_bytecode::query::{
    Aggregate, AggregateFunction as F, JoinKind, Pipeline, Query, Sink, Source, Step,
};
use grizzly_bytecode::{
    Cmp, ConstId, Program, StateId, Target, Type, VReg, Value, VectorInstr as I, VectorKind as K,
};
use grizzly_vm::budget::Budget;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use support::*;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[allow(unsafe_code, reason = "an allocator cannot be written otherwise")]
// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn v(register: u16) -> VReg {
    VReg(register)
}

fn types() -> Vec<Type> {
    vec![
        Type::Int64,
        Type::Decimal { precision: 18, scale: 2 },
        Type::Text,
        Type::Double,
        Type::Text,
    ]
}

fn table(batches: usize) -> Table {
    let rows = batches * 100;
    let mut noise = Noise(5);
    let id = (0..rows).map(|_| noise.below(50) as i64).collect();
    let amount = (0..rows).map(|_| noise.below(1_000) as i64).collect();
    let rate = (0..rows).map(|_| noise.below(100) as f64).collect();
    let tier = (0..rows).map(|_| noise.below(3) as u16).collect();
    let names = ["gold", "silver", "bronze"];
    let note = text_column(
        (0..rows).map(|at| if at % 7 == 0 { "a longer text, not inline" } else { "x" }),
    );
    let mut table = Table::new(
        vec![
            Column::I64(Arc::new(id)),
            Column::I64(Arc::new(amount)),
            dictionary_column(tier, &names),
            Column::F64(Arc::new(rate)),
            note,
        ],
        rows,
    );
    // Every eighth rate is NULL.
    table.columns[3].1 = Some(Arc::new(vec![0b1111_1110; rows.div_ceil(8)]));
    table
}

/// Filter by two conditions, join, compute with branches, group by two keys.
fn query() -> Query {
    let types = types();
    let kinds: Vec<K> = types.iter().map(Type::vector_kind).collect();
    let with = |more: &[K]| [kinds.as_slice(), more].concat();
    let filter = code(
        5,
        &with(&[K::I64, K::Bool, K::Bytes, K::Bool, K::Bool]),
        vec![
            I::Const { d: v(5), k: ConstId(0) },
            I::CmpI64 { c: Cmp::Gt, d: v(6), a: v(1), b: v(5) },
            I::Const { d: v(7), k: ConstId(1) },
            I::CmpBytes { c: Cmp::Ne, d: v(8), a: v(4), b: v(7) },
            I::And { d: v(9), a: v(6), b: v(8) },
        ],
    );
    // 6 a text, 7 its test, 8 a factor, 9 a product, 10 the result, 11 an exact product
    let more = [K::I64, K::Bytes, K::Bool, K::F64, K::F64, K::F64, K::I128];
    let project = code(
        6,
        &with(&more),
        vec![
            I::Const { d: v(6), k: ConstId(2) },
            I::CmpBytes { c: Cmp::Eq, d: v(7), a: v(2), b: v(6) },
            I::SelectIf { a: v(7), t: Target(6) },
            I::Const { d: v(8), k: ConstId(3) },
            I::MulF64 { d: v(9), a: v(3), b: v(8) },
            I::Copy { d: v(10), a: v(9) },
            I::SelectElse { t: Target(8) },
            I::Copy { d: v(10), a: v(3) },
            I::SelectEnd {},
            I::MulWide { d: v(11), a: v(1), b: v(5) },
        ],
    );
    let aggregate = |function, argument: u16, result: Type| Aggregate {
        function,
        argument: Some(v(argument)),
        filter: None,
        distinct: false,
        result,
    };
    let aggregates = vec![
        aggregate(F::Sum, 2, Type::Double),
        aggregate(F::Sum, 3, Type::Decimal { precision: 38, scale: 2 }),
        aggregate(F::Max, 4, Type::Text),
        aggregate(F::Count, 2, Type::Int64),
    ];
    let mut result = vec![Type::Text, Type::Int64];
    result.extend(aggregates.iter().map(|a| a.result.clone()));
    let keys = vec![v(0), v(1)];
    let columns = vec![v(2), v(0), v(10), v(11), v(4)];
    let after = [K::Bytes, K::I64, K::F64, K::I128, K::Bytes];
    let state = StateId(1);
    let sink = Sink::Aggregate { state, code: code(5, &after, Vec::new()), keys, aggregates };
    let build = Sink::HashBuild {
        state: StateId(0),
        code: code(1, &[K::I64], Vec::new()),
        keys: vec![v(0)],
        null_keys: vec![false],
        payload: vec![v(0)],
        keep_all: false,
    };
    let probe = Step::Probe {
        state: StateId(0),
        code: code(5, &kinds, Vec::new()),
        keys: vec![v(0)],
        kind: JoinKind::Inner,
        payload: vec![Type::Int64],
        residual: None,
        notes: false,
    };
    let steps = vec![
        Step::Filter { code: filter, condition: v(9) },
        probe,
        Step::Project { code: project, columns },
    ];
    let source = Source::State { state, types: result.clone() };
    Query {
        pipelines: vec![
            Pipeline { source: scan(1, &types[..1]), steps: Vec::new(), sink: build },
            Pipeline { source: scan(0, &types), steps, sink },
            Pipeline { source, steps: Vec::new(), sink: Sink::Output },
        ],
        states: 2,
        output: fields(&result),
        ..Query::default()
    }
}

/// The allocations of a query over this many batches, and its rows.
fn allocations(batches: usize) -> (u64, Vec<Vec<Value>>) {
    let constants = vec![
        constant(Value::Int(100), Type::Int64),
        constant(Value::text("y"), Type::Text),
        constant(Value::text("gold"), Type::Text),
        constant(Value::Float(0.8), Type::Double),
    ];
    let executable = link(Program { queries: vec![query()], constants, ..Program::default() });
    let keys = Table::new(vec![Column::I64(Arc::new((0..40).collect()))], 40);
    let tables = vec![table(batches), keys];
    let mut tables = MemoryTables { tables, batch_rows: Some(100), ..MemoryTables::default() };
    let cancel = AtomicBool::new(false);
    let mut run = || run_with(&executable, &mut tables, &[], Budget::unlimited(), &cancel).unwrap();
    run();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let rows = run();
    (ALLOCATIONS.load(Ordering::Relaxed) - before, rows)
}

#[test]
fn the_steady_state_allocates_nothing() {
    let (few, rows) = allocations(50);
    let (many, more) = allocations(450);
    assert_eq!(rows.len(), 120, "forty ids of three tiers");
    assert_eq!(rows.len(), more.len());
    // Buffers find their sizes within the first batches, a few allocations earlier or later.
    assert!(many < few + 10, "400 batches more took {many} allocations instead of {few}");
}
