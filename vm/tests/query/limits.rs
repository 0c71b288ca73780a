//! What ends a query: budgets, cancellation, faults with their places, early stops.

use crate::support::*;
use grizzly_bytecode::query::{JoinKind, Pipeline, Query, Sink, SortKey, Source, Step};
use grizzly_bytecode::{
    Place, PlaceEntry, PlaceId, Program, SourceId, StateId, Type, VReg, Value, VectorInstr as I,
    VectorKind as K,
};
use grizzly_vm::budget::{Budget, Reservation};
use std::sync::atomic::AtomicBool;

const TYPES: [Type; 2] = [Type::Int64, Type::Int64];

fn table(rows: i64) -> Table {
    let rows: Vec<Vec<Value>> =
        (0..rows).map(|at| vec![Value::Int(at), Value::Int(100 - at)]).collect();
    Table::of_rows(&rows, &TYPES)
}

/// A query that ends a scan in a sink and reads what it leaves.
fn into(sink: Sink) -> Query {
    let types = match &sink {
        Sink::Aggregate { .. } => &TYPES[..1],
        _ => &TYPES,
    };
    let probe = Step::Probe {
        state: StateId(0),
        code: code(2, &[K::I64, K::I64], Vec::new()),
        keys: vec![VReg(0)],
        kind: JoinKind::Semi,
        payload: Vec::new(),
        residual: None,
        notes: false,
    };
    let (source, steps) = match &sink {
        Sink::HashBuild { .. } => (scan(0, &TYPES), vec![probe]),
        _ => (Source::State { state: StateId(0), types: types.to_vec() }, Vec::new()),
    };
    let first = Pipeline { source: scan(0, &TYPES), steps: Vec::new(), sink };
    let second = Pipeline { source, steps, sink: Sink::Output };
    Query { pipelines: vec![first, second], states: 1, output: fields(types), ..Query::default() }
}

#[test]
fn every_state_ends_in_resource_exhausted_where_the_budget_ends() {
    let nothing = || code(2, &[K::I64, K::I64], Vec::new());
    let state = StateId(0);
    let key = SortKey { register: VReg(0), descending: false, nulls_first: false };
    let (keys, payload) = (vec![VReg(0)], Vec::new());
    let sinks = [
        Sink::Collect { state },
        Sink::Sort { state, code: nothing(), keys: vec![key], limit: None },
        Sink::Aggregate { state, code: nothing(), keys: keys.clone(), aggregates: Vec::new() },
        Sink::HashBuild {
            state,
            code: nothing(),
            keys,
            null_keys: vec![false],
            payload,
            keep_all: true,
        },
    ];
    for sink in sinks {
        let name = format!("{sink:?}");
        let budget = Budget::new("test", 100_000);
        let query = into(sink);
        let fault = try_run(query, Vec::new(), vec![table(50_000)], budget.clone()).unwrap_err();
        assert!(fault.is("ResourceExhausted"), "{name}: {fault:?}");
        assert_eq!(budget.used_bytes(), 0, "{name}: what was reserved is given back");
        assert!(budget.peak_bytes() > 20_000, "{name}");
    }
}

#[test]
fn a_budget_counts_upwards_and_gives_back() {
    let process = Budget::new("process", 1_000);
    let (a, b) = (process.child("session", 800), process.child("session", 800));
    let operator = a.child("operator", u64::MAX);
    let held = operator.reserve(700).unwrap();
    assert_eq!((operator.used_bytes(), a.used_bytes(), process.used_bytes()), (700, 700, 700));
    assert!(operator.reserve(200).unwrap_err().is("ResourceExhausted"), "the session's limit");
    assert!(b.reserve(400).unwrap_err().is("ResourceExhausted"), "the process's limit");
    assert_eq!((b.used_bytes(), process.used_bytes()), (0, 700), "a refusal leaves no trace");
    drop(held);
    assert_eq!((process.used_bytes(), process.peak_bytes()), (0, 700));
    let mut growing = Reservation::none(&b);
    let mut values: Vec<u64> = Vec::new();
    growing.make_room(&mut values, 10).unwrap();
    assert_eq!(growing.bytes(), 80);
    assert!(growing.make_room(&mut values, 1_000).is_err());
    assert_eq!((growing.bytes(), values.capacity()), (80, 10));
    growing.shrink(30);
    assert_eq!(b.used_bytes(), 50);
}

#[test]
fn a_cancelled_query_ends() {
    let query = into(Sink::Collect { state: StateId(0) });
    let executable = link(Program { queries: vec![query], ..Program::default() });
    let mut tables = MemoryTables { tables: vec![table(1_000)], ..MemoryTables::default() };
    let cancel = AtomicBool::new(true);
    let ended = run_with(&executable, &mut tables, &[], Budget::unlimited(), &cancel);
    assert!(ended.unwrap_err().is("Cancelled"));
}

#[test]
fn a_fault_names_the_place_and_where_it_was_inlined() {
    let mut divide = code(
        2,
        &[K::I64, K::I64, K::I64],
        vec![
            I::AddI64 { d: VReg(2), a: VReg(0), b: VReg(1) },
            I::DivI64 { d: VReg(2), a: VReg(0), b: VReg(1) },
        ],
    );
    divide.places = vec![(1, PlaceId(1))];
    let step = Step::Project { code: divide, columns: vec![VReg(2)] };
    let query = Query {
        pipelines: vec![Pipeline {
            source: scan(0, &TYPES),
            steps: vec![step],
            sink: Sink::Output,
        }],
        output: fields(&TYPES[..1]),
        ..Query::default()
    };
    let place = |start| Place { source: SourceId(4), start, end: start + 5 };
    let places = vec![
        PlaceEntry { place: place(10), function: "".into(), inlined_at: None },
        PlaceEntry { place: place(70), function: "ratio".into(), inlined_at: Some(PlaceId(0)) },
    ];
    let executable = link(Program { queries: vec![query], places, ..Program::default() });
    let mut tables = MemoryTables { tables: vec![table(200)], ..MemoryTables::default() };
    let cancel = AtomicBool::new(false);
    let fault = run_with(&executable, &mut tables, &[], Budget::unlimited(), &cancel).unwrap_err();
    assert!(fault.is("DivisionByZero"));
    let lines: Vec<_> = fault.trace.iter().map(|l| (l.function.as_str(), l.place.start)).collect();
    assert_eq!(lines, [("ratio", 70), ("", 10)]);
}

#[test]
fn sums_are_checked_at_their_end() {
    use grizzly_bytecode::query::{Aggregate, AggregateFunction};
    let sum = |result: Type| {
        let aggregate = Aggregate {
            function: AggregateFunction::Sum,
            argument: Some(VReg(0)),
            filter: None,
            distinct: false,
            result: result.clone(),
        };
        let code = code(1, &[K::I64], Vec::new());
        let aggregates = vec![aggregate];
        let sink = Sink::Aggregate { state: StateId(0), code, keys: Vec::new(), aggregates };
        let first = Pipeline { source: scan(0, &TYPES[..1]), steps: Vec::new(), sink };
        let source = Source::State { state: StateId(0), types: vec![result.clone()] };
        let second = Pipeline { source, steps: Vec::new(), sink: Sink::Output };
        Query {
            pipelines: vec![first, second],
            states: 1,
            output: fields(&[result]),
            ..Query::default()
        }
    };
    let rows = |values: &[i64]| {
        let rows: Vec<Vec<Value>> = values.iter().map(|v| vec![Value::Int(*v)]).collect();
        vec![Table::of_rows(&rows, &TYPES[..1])]
    };
    let unlimited = Budget::unlimited;
    let above = rows(&[i64::MAX, 5, -1]);
    let fault = try_run(sum(Type::Int64), Vec::new(), above.clone(), unlimited()).unwrap_err();
    assert!(fault.is("ArithmeticOverflow"));
    let back = rows(&[i64::MAX, 1, -1]);
    assert_eq!(run(sum(Type::Int64), Vec::new(), back), [[Value::Int(i64::MAX)]]);
    let decimal = Type::Decimal { precision: 38, scale: 2 };
    let total = i128::from(i64::MAX) + 4;
    assert_eq!(run(sum(decimal), Vec::new(), above), [[Value::Wide(total)]]);
    assert_eq!(run(sum(Type::Int64), Vec::new(), rows(&[])), [[Value::Null]]);
}
