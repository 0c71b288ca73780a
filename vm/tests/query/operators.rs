//! Groups, joins, sorts, limits and writes against naive models.

use crate::support::*;
use crate::values::{WIDE, rows};
use grizzly_bytecode::query::{
    Aggregate, AggregateFunction as F, Count, Pipeline, Query, Sink, SortKey, Source, Step,
    VectorCode, Write, WriteOperation,
};
use grizzly_bytecode::{ColumnId, Program, StateId, TableId, Type, VReg, Value, VectorKind as K};
use grizzly_vm::budget::Budget;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn kinds(types: &[Type]) -> Vec<K> {
    types.iter().map(Type::vector_kind).collect()
}

/// Code that computes nothing: the registers are the columns.
fn nothing(types: &[Type]) -> VectorCode {
    code(types.len() as u16, &kinds(types), Vec::new())
}

fn all(types: &[Type]) -> Vec<VReg> {
    (0..types.len()).map(|at| VReg(at as u16)).collect()
}

/// A pipeline into state 0 and one that gives its rows.
fn through_state(pipelines: Vec<Pipeline>, state: u32, types: &[Type], steps: Vec<Step>) -> Query {
    let source = Source::State { state: StateId(state), types: types.to_vec() };
    let mut pipelines = pipelines;
    pipelines.push(Pipeline { source, steps, sink: Sink::Output });
    Query { pipelines, states: state + 1, output: fields(types), ..Query::default() }
}

fn key_type() -> impl Strategy<Value = Type> {
    proptest::sample::select(vec![Type::Bool, Type::Int64, Type::Double, Type::Text, WIDE])
}

/// Turns the text columns of a table into dictionary columns.
fn with_dictionaries(mut table: Table, rows: &[Vec<Value>], types: &[Type]) -> Table {
    for (at, _) in types.iter().enumerate().filter(|(_, ty)| **ty == Type::Text) {
        let mut distinct: Vec<&str> = Vec::new();
        let mut codes = Vec::new();
        for row in rows {
            let text = if let Value::Text(text) = &row[at] { text.as_str() } else { "" };
            let known = distinct.iter().position(|known| *known == text);
            codes.push(known.unwrap_or_else(|| {
                distinct.push(text);
                distinct.len() - 1
            }) as u16);
        }
        table.columns[at].0 = Column::Dictionary(Arc::new(codes), vec![dictionary_of(&distinct)]);
    }
    table
}

fn sorted(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    rows.sort_by(|a, b| {
        a.iter()
            .zip(b)
            .map(|(a, b)| a.total_cmp(b))
            .find(|o| o.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    rows
}

fn aggregates(argument: &Type) -> Vec<Aggregate> {
    let value = VReg(2);
    let plain = |function, result: &Type| Aggregate {
        function,
        argument: Some(value),
        filter: None,
        distinct: false,
        result: result.clone(),
    };
    let array = Type::Array(Arc::new(argument.clone()));
    let mut all = vec![
        Aggregate { argument: None, ..plain(F::Count, &Type::Int64) },
        plain(F::Count, &Type::Int64),
        Aggregate { distinct: true, ..plain(F::Count, &Type::Int64) },
        Aggregate { filter: Some(VReg(3)), ..plain(F::Count, &Type::Int64) },
        Aggregate { filter: Some(VReg(3)), distinct: true, ..plain(F::Count, &Type::Int64) },
        plain(F::Min, argument),
        plain(F::Max, argument),
        plain(F::First, argument),
        Aggregate { filter: Some(VReg(3)), ..plain(F::First, argument) },
        plain(F::Collect, &array),
        Aggregate { filter: Some(VReg(3)), ..plain(F::Collect, &array) },
    ];
    if matches!(argument, Type::Int64) {
        all.push(plain(F::Sum, &WIDE));
        all.push(Aggregate { distinct: true, filter: Some(VReg(3)), ..plain(F::Sum, &WIDE) });
        all.push(plain(F::Avg { scale: 1 }, &Type::Double));
    }
    if matches!(argument, Type::Double) {
        all.push(plain(F::Sum, &Type::Double));
        all.push(plain(F::Avg { scale: 0 }, &Type::Double));
    }
    if matches!(argument, Type::Bool) {
        all.push(plain(F::BoolAnd, &Type::Bool));
        all.push(plain(F::BoolOr, &Type::Bool));
    }
    all
}

/// What an aggregate of some rows is.
fn model(aggregate: &Aggregate, rows: &[&Vec<Value>]) -> Value {
    let truth = Value::Bool(true);
    let kept = rows.iter().filter(|row| aggregate.filter.is_none_or(|f| row[f.index()] == truth));
    let Some(argument) = aggregate.argument else {
        return Value::Int(kept.count() as i64);
    };
    let mut values: Vec<Value> = kept.map(|row| row[argument.index()].clone()).collect();
    if aggregate.function == F::First {
        return values.first().cloned().unwrap_or_default();
    }
    if aggregate.function == F::Collect {
        return if values.is_empty() { Value::Null } else { Value::Array(Arc::new(values)) };
    }
    values.retain(|value| !value.is_null());
    if aggregate.distinct {
        let mut seen: Vec<Value> = Vec::new();
        values.retain(|value| {
            let new = !seen.contains(value);
            seen.push(value.clone());
            new
        });
    }
    let count = values.len() as i64;
    if aggregate.function == F::Count {
        return Value::Int(count);
    }
    if values.is_empty() {
        return Value::Null;
    }
    let exact = |values: &[Value]| -> i128 {
        values.iter().map(|v| if let Value::Int(i) = v { i128::from(*i) } else { 0 }).sum()
    };
    let float = |values: &[Value]| -> f64 {
        values.iter().fold(0.0, |sum, v| if let Value::Float(x) = v { sum + x } else { sum })
    };
    let is_float = matches!(values[0], Value::Float(_));
    match aggregate.function {
        F::Sum if is_float => Value::Float(float(&values)),
        F::Sum => Value::Wide(exact(&values)),
        F::Avg { .. } if is_float => Value::Float(float(&values) / count as f64),
        F::Avg { scale } => {
            let divisor = count as f64 * 10_f64.powi(i32::from(scale));
            Value::Float(exact(&values) as f64 / divisor)
        }
        F::Min | F::BoolAnd => values.into_iter().min_by(|a, b| a.total_cmp(b)).unwrap(),
        F::Max | F::BoolOr => values.into_iter().max_by(|a, b| a.total_cmp(b)).unwrap(),
        F::Count | F::First | F::Collect => unreachable!(),
    }
}

fn aggregation(types: &[Type], keys: usize, aggregates: Vec<Aggregate>, steps: Vec<Step>) -> Query {
    let mut result = types[..keys].to_vec();
    result.extend(aggregates.iter().map(|a| a.result.clone()));
    let keys = all(&types[..keys]);
    let sink = Sink::Aggregate { state: StateId(0), code: nothing(types), keys, aggregates };
    let first = Pipeline { source: scan(0, types), steps, sink };
    through_state(vec![first], 0, &result, Vec::new())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_what_a_naive_model_says(
        (types, rows) in (key_type(), key_type(), key_type()).prop_flat_map(|(a, b, c)| {
            let types = vec![a, b, c, Type::Bool, Type::Bool];
            (Just(types.clone()), rows(&types, 330))
        }),
        keys in 0_usize..3,
        dictionaries in any::<bool>(),
    ) {
        let mut table = Table::of_rows(&rows, &types);
        if dictionaries {
            table = with_dictionaries(table, &rows, &types);
        }
        let aggregates = aggregates(&types[2]);
        let step = Step::Filter { code: nothing(&types), condition: VReg(4) };
        let query = aggregation(&types, keys, aggregates.clone(), vec![step]);
        let got = run(query, Vec::new(), vec![table]);
        let mut groups: Vec<(Vec<Value>, Vec<&Vec<Value>>)> = Vec::new();
        if keys == 0 {
            groups.push((Vec::new(), Vec::new()));
        }
        for row in rows.iter().filter(|row| row[4] == Value::Bool(true)) {
            match groups.iter_mut().find(|(key, _)| key[..] == row[..keys]) {
                Some((_, members)) => members.push(row),
                None => groups.push((row[..keys].to_vec(), vec![row])),
            }
        }
        let expected: Vec<Vec<Value>> = groups.iter().map(|(key, members)| {
            let results = aggregates.iter().map(|aggregate| model(aggregate, members));
            key.iter().cloned().chain(results).collect()
        }).collect();
        // Groups come in the order in which they were first seen.
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn sorts_are_stable_and_put_nulls_where_they_were_asked_to(
        (types, rows) in (key_type(), key_type()).prop_flat_map(|(a, b)| {
            let types = vec![a, b, Type::Int64];
            (Just(types.clone()), rows(&types, 330))
        }),
        order in [(any::<bool>(), any::<bool>()), (any::<bool>(), any::<bool>())],
        limit in proptest::option::of(0_u64..200),
    ) {
        let mut rows = rows;
        // The last column tells rows apart.
        rows.iter_mut().enumerate().for_each(|(at, row)| row[2] = Value::Int(at as i64));
        let key = |at: usize| SortKey {
            register: VReg(at as u16),
            descending: order[at].0,
            nulls_first: order[at].1,
        };
        let keys = vec![key(0), key(1)];
        let sink = Sink::Sort { state: StateId(0), code: nothing(&types), keys, limit };
        let first = Pipeline { source: scan(0, &types), steps: Vec::new(), sink };
        let table = Table::of_rows(&rows, &types);
        let got = run(through_state(vec![first], 0, &types, Vec::new()), Vec::new(), vec![table]);
        let mut expected = rows.clone();
        expected.sort_by(|a, b| (0..2).map(|at| {
            let (descending, nulls_first) = order[at];
            match (a[at].is_null(), b[at].is_null()) {
                (true, true) => std::cmp::Ordering::Equal,
                (true, false) if nulls_first => std::cmp::Ordering::Less,
                (true, false) => std::cmp::Ordering::Greater,
                (false, true) if nulls_first => std::cmp::Ordering::Greater,
                (false, true) => std::cmp::Ordering::Less,
                _ if descending => b[at].total_cmp(&a[at]),
                _ => a[at].total_cmp(&b[at]),
            }
        }).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal));
        expected.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn limits_skip_and_stop(
        rows in rows(&[Type::Int64, Type::Bool], 330),
        limit in proptest::option::of(0_u64..300),
        offset in 0_u64..200,
    ) {
        let types = [Type::Int64, Type::Bool];
        let filter = Step::Filter { code: nothing(&types), condition: VReg(1) };
        let counted = limit.map(Count::Constant);
        let counted = Step::Limit { limit: counted, offset: Count::Constant(offset) };
        let steps = vec![filter, counted];
        let query = Query {
            pipelines: vec![Pipeline { source: scan(0, &types), steps, sink: Sink::Output }],
            output: fields(&types),
            ..Query::default()
        };
        let got = run(query, Vec::new(), vec![Table::of_rows(&rows, &types)]);
        let kept = rows.into_iter().filter(|row| row[1] == Value::Bool(true));
        let most = limit.map_or(usize::MAX, |limit| limit as usize);
        let expected: Vec<_> = kept.skip(offset as usize).take(most).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn collected_rows_come_back_as_they_were(
        (types, rows) in (key_type(), key_type()).prop_flat_map(|(a, b)| {
            let types = vec![a, b];
            (Just(types.clone()), rows(&types, 330))
        }),
    ) {
        let sink = Sink::Collect { state: StateId(0) };
        let first = Pipeline { source: scan(0, &types), steps: Vec::new(), sink };
        let table = Table::of_rows(&rows, &types);
        let got = run(through_state(vec![first], 0, &types, Vec::new()), Vec::new(), vec![table]);
        prop_assert_eq!(got, rows);
    }
}

#[test]
fn the_first_rows_of_many_are_kept_by_cutting() {
    let mut noise = Noise(3);
    let rows: Vec<Vec<Value>> =
        (0..60_000).map(|at| vec![Value::Int(noise.below(1_000) as i64), Value::Int(at)]).collect();
    let types = [Type::Int64, Type::Int64];
    let keys = vec![SortKey { register: VReg(0), descending: true, nulls_first: false }];
    let sink = Sink::Sort { state: StateId(0), code: nothing(&types), keys, limit: Some(37) };
    let first = Pipeline { source: scan(0, &types), steps: Vec::new(), sink };
    let table = Table::of_rows(&rows, &types);
    let got = run(through_state(vec![first], 0, &types, Vec::new()), Vec::new(), vec![table]);
    let mut expected = rows;
    expected.sort_by(|a, b| b[0].total_cmp(&a[0]));
    expected.truncate(37);
    assert_eq!(got, expected);
}

#[test]
fn groups_beyond_the_direct_codes_are_found_too() {
    // Few values at first, then many, then text keys from changing dictionaries.
    let rows: Vec<Vec<Value>> = (0..50_000_i64)
        .map(|at| vec![Value::Int(if at < 500 { at % 3 } else { at * 7_919 % 40_000 })])
        .collect();
    let count = Aggregate {
        function: F::Count,
        argument: None,
        filter: None,
        distinct: false,
        result: Type::Int64,
    };
    let query = aggregation(&[Type::Int64], 1, vec![count], Vec::new());
    let got = run(query, Vec::new(), vec![Table::of_rows(&rows, &[Type::Int64])]);
    let mut expected = std::collections::BTreeMap::new();
    for row in &rows {
        let Value::Int(key) = row[0] else { panic!() };
        *expected.entry(key).or_insert(0) += 1;
    }
    let expected: Vec<_> =
        expected.into_iter().map(|(k, n)| vec![Value::Int(k), Value::Int(n)]).collect();
    assert_eq!(sorted(got), expected);
}

fn write(table: u32, types: &[Type]) -> Sink {
    let columns = types.iter().enumerate().map(|(at, ty)| (ColumnId(at as u32), ty.clone()));
    Sink::Write(Write {
        table: TableId(table),
        operation: WriteOperation::Insert,
        columns: columns.collect(),
        name: "t".into(),
    })
}

fn written_by(sink: Sink, rows: &[Vec<Value>], types: &[Type]) -> Vec<Vec<Vec<Value>>> {
    let pipeline = Pipeline { source: scan(0, types), steps: Vec::new(), sink };
    let query = Query { pipelines: vec![pipeline], ..Query::default() };
    let executable = link(Program { queries: vec![query], ..Program::default() });
    let tables = vec![Table::of_rows(rows, types)];
    let mut tables = MemoryTables { tables, batch_rows: Some(100), ..MemoryTables::default() };
    let cancel = AtomicBool::new(false);
    run_with(&executable, &mut tables, &[], Budget::unlimited(), &cancel).unwrap();
    tables.written.into_iter().map(|(_, rows)| rows).collect()
}

#[test]
fn a_write_into_the_table_that_is_scanned_waits_for_the_scan() {
    let types = [Type::Int64, Type::Text];
    let rows: Vec<Vec<Value>> =
        (0..250).map(|at| vec![Value::Int(at), Value::text(format!("row number {at}"))]).collect();
    let at_once = written_by(write(1, &types), &rows, &types);
    assert_eq!(at_once.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    let after = written_by(write(0, &types), &rows, &types);
    assert_eq!(after.iter().map(Vec::len).collect::<Vec<_>>(), [250]);
    assert_eq!(after.concat(), rows);
    assert_eq!(at_once.concat(), rows);
}
