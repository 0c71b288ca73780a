//! Joins against nested loops: every kind, with and without keys, with a condition on the pairs,
//! with rows of the built side that follow; and rows that come in rounds.

use crate::support::*;
use grizzly_bytecode::query::{
    Count, Input, JoinKind, Pipeline, Query, Repeat, Residual, Sink, Source, Step, VectorCode,
};
use grizzly_bytecode::{
    Cmp, ConstId, Constant, StateId, Type, VReg, Value, VectorInstr as I, VectorKind as K,
};
use proptest::prelude::*;

const WIDTH: usize = 2;
const TYPES: [Type; WIDTH] = [Type::Int64, Type::Int64];

fn nothing() -> VectorCode {
    code(2, &[K::I64, K::I64], Vec::new())
}

/// Rows of small integers and NULLs.
fn rows(most: usize) -> impl Strategy<Value = Vec<Vec<Value>>> {
    let value = prop_oneof![1 => Just(Value::Null), 8 => (0_i64..12).prop_map(Value::Int)];
    proptest::collection::vec(proptest::collection::vec(value, WIDTH), 0..most)
}

/// `left.1 < right.1`, over the pairs.
fn residual() -> Residual {
    let kinds = [K::I64, K::I64, K::I64, K::I64, K::Bool];
    let compare = I::CmpI64 { c: Cmp::Lt, d: VReg(4), a: VReg(1), b: VReg(3) };
    Residual { code: code(4, &kinds, vec![compare]), condition: VReg(4) }
}

fn less(a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::Int(a), Value::Int(b)) if a < b)
}

struct Case {
    keys: usize,
    nulls: bool,
    with_residual: bool,
    kind: JoinKind,
    follow: Option<bool>,
}

impl Case {
    fn build(&self) -> Sink {
        Sink::HashBuild {
            state: StateId(0),
            code: nothing(),
            keys: (0..self.keys).map(|at| VReg(at as u16)).collect(),
            null_keys: vec![self.nulls; self.keys],
            payload: vec![VReg(0), VReg(1)],
            keep_all: self.follow.is_some(),
        }
    }

    fn query(&self) -> Query {
        let probe = Step::Probe {
            state: StateId(0),
            code: nothing(),
            keys: (0..self.keys).map(|at| VReg(at as u16)).collect(),
            kind: self.kind,
            payload: TYPES.to_vec(),
            residual: self.with_residual.then(residual),
            notes: self.follow.is_some(),
        };
        let mut output = TYPES.to_vec();
        if self.kind.adds_payload() {
            output.extend(TYPES);
        }
        output.extend(self.kind.adds_mark().then_some(Type::Bool));
        let probed = Input { source: scan(0, &TYPES), steps: vec![probe] };
        let mut inputs = vec![probed];
        if let Some(matched) = self.follow {
            // The rows of the built side, widened to the probe's output by repeating them.
            let wide = output.len() > WIDTH;
            let columns = (0..output.len()).map(|at| VReg((at % WIDTH) as u16)).collect();
            let project = Step::Project { code: nothing(), columns };
            let types = TYPES.to_vec();
            let source = Source::Built { state: StateId(0), matched, types };
            inputs.push(Input { source, steps: if wide { vec![project] } else { Vec::new() } });
        }
        let build = Pipeline { source: scan(1, &TYPES), steps: Vec::new(), sink: self.build() };
        let source = Source::Concat(inputs);
        let probing = Pipeline { source, steps: Vec::new(), sink: Sink::Output };
        let (pipelines, output) = (vec![build, probing], fields(&output));
        Query { pipelines, states: 1, output, ..Query::default() }
    }

    fn equal(&self, a: &[Value], b: &[Value]) -> bool {
        let same = |at: usize| {
            if a[at].is_null() { self.nulls && b[at].is_null() } else { a[at] == b[at] }
        };
        (0..self.keys).all(same)
    }

    /// What nested loops give; `None` where a second match raises.
    fn expected(&self, left: &[Vec<Value>], right: &[Vec<Value>]) -> Option<Vec<Vec<Value>>> {
        let matches = |a: &[Value], b: &[Value]| {
            self.equal(a, b) && (!self.with_residual || less(&a[1], &b[1]))
        };
        let mut used = vec![false; right.len()];
        let mut spent = vec![false; right.len()];
        let mut out = Vec::new();
        for a in left {
            let found: Vec<usize> = (0..right.len()).filter(|at| matches(a, &right[*at])).collect();
            found.iter().for_each(|at| used[*at] = true);
            let pair = |at: &usize| [a.as_slice(), right[*at].as_slice()].concat();
            let free = found.iter().find(|at| !spent[**at]).copied();
            match self.kind {
                JoinKind::Single if found.len() > 1 => return None,
                JoinKind::Left | JoinKind::Single if found.is_empty() => {
                    out.push([a.as_slice(), &[Value::Null, Value::Null]].concat());
                }
                JoinKind::Inner | JoinKind::Left | JoinKind::Single => {
                    out.extend(found.iter().map(pair));
                }
                JoinKind::Semi if !found.is_empty() => out.push(a.clone()),
                JoinKind::Anti if found.is_empty() => out.push(a.clone()),
                JoinKind::Mark => {
                    out.push([a.as_slice(), &[Value::Bool(!found.is_empty())]].concat())
                }
                JoinKind::MarkAny => out.push([a.as_slice(), &[self.any(a, right)]].concat()),
                JoinKind::IntersectAll if free.is_some() => out.push(a.clone()),
                JoinKind::ExceptAll if free.is_none() => out.push(a.clone()),
                _ => {}
            }
            free.into_iter().for_each(|at| spent[at] = true);
        }
        if let Some(matched) = self.follow {
            let rest = (0..right.len()).filter(|at| used[*at] == matched);
            let width = out.first().map_or(WIDTH, Vec::len).max(self.width());
            out.extend(rest.map(|at| (0..width).map(|c| right[at][c % WIDTH].clone()).collect()));
        }
        Some(out)
    }

    fn width(&self) -> usize {
        if self.kind.adds_payload() { 2 * WIDTH } else { WIDTH }
    }

    /// `(key) = ANY (right)` of one key, by the rules of three-valued logic.
    fn any(&self, a: &[Value], right: &[Vec<Value>]) -> Value {
        let compare = |b: &Vec<Value>| match (&a[0], &b[0]) {
            (Value::Null, _) | (_, Value::Null) => None,
            (a, b) => Some(a == b),
        };
        let all: Vec<Option<bool>> = right.iter().map(compare).collect();
        if all.contains(&Some(true)) {
            return Value::Bool(true);
        }
        if all.contains(&None) { Value::Null } else { Value::Bool(false) }
    }
}

/// Order-insensitive: pairs of a probe row come in the order of the built side, rows without a
/// match after the pairs of their batch.
fn sorted(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    rows.sort_by(|a, b| {
        let pairs = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    rows
}

fn check(case: &Case, left: &[Vec<Value>], right: &[Vec<Value>]) -> Result<(), TestCaseError> {
    let tables = vec![Table::of_rows(left, &TYPES), Table::of_rows(right, &TYPES)];
    let budget = grizzly_vm::budget::Budget::unlimited();
    let got = try_run(case.query(), Vec::new(), tables, budget.clone());
    match case.expected(left, right) {
        Some(expected) => prop_assert_eq!(sorted(got.unwrap()), sorted(expected)),
        None => prop_assert!(got.unwrap_err().is("CardinalityViolation")),
    }
    prop_assert_eq!(budget.used_bytes(), 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn joins_are_what_nested_loops_say(
        left in rows(230),
        right in rows(60),
        keys in 0_usize..3,
        nulls in any::<bool>(),
        with_residual in any::<bool>(),
        kind in proptest::sample::select(vec![
            JoinKind::Inner, JoinKind::Left, JoinKind::Single, JoinKind::Semi, JoinKind::Anti,
            JoinKind::Mark,
        ]),
    ) {
        check(&Case { keys, nulls, with_residual, kind, follow: None }, &left, &right)?;
    }

    #[test]
    fn built_rows_follow_by_their_matches(
        left in rows(230),
        right in rows(60),
        keys in 0_usize..3,
        nulls in any::<bool>(),
        with_residual in any::<bool>(),
        matched in any::<bool>(),
        kind in proptest::sample::select(vec![JoinKind::Inner, JoinKind::Left, JoinKind::Note]),
    ) {
        check(&Case { keys, nulls, with_residual, kind, follow: Some(matched) }, &left, &right)?;
    }

    #[test]
    fn rows_are_used_up_one_by_one(
        left in rows(150),
        right in rows(60),
        keys in 1_usize..3,
        kind in proptest::sample::select(vec![JoinKind::IntersectAll, JoinKind::ExceptAll]),
    ) {
        let case = Case { keys, nulls: true, with_residual: false, kind, follow: None };
        check(&case, &left, &right)?;
    }

    #[test]
    fn marks_are_three_valued(left in rows(60), right in rows(12)) {
        let kind = JoinKind::MarkAny;
        let case = Case { keys: 1, nulls: false, with_residual: false, kind, follow: None };
        check(&case, &left, &right)?;
    }

    #[test]
    fn each_group_has_its_own_limit(
        rows in rows(300),
        limit in proptest::option::of(0_u64..4),
        offset in 0_u64..3,
    ) {
        let step = Step::LimitEach {
            code: nothing(),
            keys: vec![VReg(0)],
            limit: limit.map(Count::Constant),
            offset: Count::Constant(offset),
        };
        let pipeline = Pipeline { source: scan(0, &TYPES), steps: vec![step], sink: Sink::Output };
        let query =
            Query { pipelines: vec![pipeline], output: fields(&TYPES), ..Query::default() };
        let got = run(query, Vec::new(), vec![Table::of_rows(&rows, &TYPES)]);
        let end = limit.map_or(u64::MAX, |limit| limit + offset);
        let mut expected = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let before = rows[..at].iter().filter(|other| other[0] == row[0]).count() as u64;
            if (offset..end).contains(&before) {
                expected.push(row.clone());
            }
        }
        prop_assert_eq!(got, expected);
    }
}

/// The numbers that are reached from those of a table by `x -> x + 1` while below 10, and, unless
/// rows count once, again and again.
fn counting(distinct: bool) -> Query {
    let (state, types) = (StateId(0), TYPES[..1].to_vec());
    let plain = || code(1, &[K::I64], Vec::new());
    let below = code(
        1,
        &[K::I64, K::I64, K::Bool],
        vec![
            I::Const { d: VReg(1), k: ConstId(0) },
            I::CmpI64 { c: Cmp::Lt, d: VReg(2), a: VReg(0), b: VReg(1) },
        ],
    );
    let next = code(
        1,
        &[K::I64, K::I64, K::I64],
        vec![
            I::Const { d: VReg(1), k: ConstId(1) },
            I::AddI64 { d: VReg(2), a: VReg(0), b: VReg(1) },
        ],
    );
    let round = |first| Sink::Round { state, code: plain(), distinct, first };
    Query {
        pipelines: vec![
            Pipeline { source: scan(0, &types), steps: Vec::new(), sink: round(true) },
            Pipeline {
                source: Source::Round { state, types: types.clone() },
                steps: vec![
                    Step::Filter { code: below, condition: VReg(2) },
                    Step::Project { code: next, columns: vec![VReg(2)] },
                ],
                sink: round(false),
            },
            Pipeline {
                source: Source::State { state, types: types.clone() },
                steps: Vec::new(),
                sink: Sink::Output,
            },
        ],
        repeats: vec![Repeat { first: 1, end: 2, state }],
        states: 1,
        output: fields(&types),
        ..Query::default()
    }
}

#[test]
fn rounds_go_on_until_one_brings_nothing_new() {
    let constants = || [10, 1].map(|n| constant(Value::Int(n), Type::Int64)).to_vec();
    let table = || Table::of_rows(&[vec![Value::Int(7)], vec![Value::Int(8)]], &TYPES[..1]);
    let numbers = |rows: Vec<Vec<Value>>| -> Vec<Value> { rows.into_iter().flatten().collect() };
    let got = numbers(run(counting(true), constants(), vec![table()]));
    assert_eq!(got, [7, 8, 9, 10].map(Value::Int));
    let got = numbers(run(counting(false), constants(), vec![table()]));
    assert_eq!(got, [7, 8, 8, 9, 9, 10, 10].map(Value::Int));
}

#[test]
fn a_concatenation_ends_where_its_limit_is_reached() {
    let types = TYPES[..1].to_vec();
    let table = |from: i64| {
        let rows: Vec<Vec<Value>> = (from..from + 9000).map(|n| vec![Value::Int(n)]).collect();
        Table::of_rows(&rows, &types)
    };
    let limit = |n| Step::Limit { limit: Some(Count::Constant(n)), offset: Count::Constant(0) };
    let input = |index, n| Input { source: scan(index, &types), steps: vec![limit(n)] };
    let pipeline = Pipeline {
        source: Source::Concat(vec![input(0, 3), input(1, 3), input(0, 3)]),
        steps: vec![limit(5)],
        sink: Sink::Output,
    };
    let query = Query { pipelines: vec![pipeline], output: fields(&types), ..Query::default() };
    let got = run(query, Vec::<Constant>::new(), vec![table(0), table(100)]);
    let got: Vec<Value> = got.into_iter().flatten().collect();
    assert_eq!(got, [0, 1, 2, 100, 101].map(Value::Int));
}
