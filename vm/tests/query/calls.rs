//! What vector code does row by row: natives, functions of the program, fields of composites.

use crate::support::*;
use grizzly_bytecode::query::{Pipeline, Query, Sink, Source, Step};
use grizzly_bytecode::{
    Builtin, Cmp, Constant, Fault, Field, Function, FunctionId, Imm, Instr, Layout, Native,
    NativeId, Program, Slot, StructType, StructValue, Type, VReg, Value, VectorInstr as I,
    VectorKind as K, VectorWindow,
};
use grizzly_vm::budget::Budget;
use grizzly_vm::native::{NativeBody, NativeContext, Natives};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn v(register: u16) -> VReg {
    VReg(register)
}

/// Doubles a text; fails on "no".
fn twice(context: &NativeContext<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    assert_eq!(context.argument_types, [Type::Text]);
    match &arguments[0] {
        Value::Text(text) if text == "no" => Err(Fault::new(Builtin::CastError, "no")),
        Value::Text(text) => Ok(Value::text(format!("{text}{text}"))),
        other => panic!("a strict native got {other:?}"),
    }
}

struct Registry;

impl Natives for Registry {
    fn find(&self, name: &str) -> Option<NativeBody> {
        (name == "twice").then_some(twice as NativeBody)
    }
}

fn over_rows(types: &[Type], step: Step, result: &[Type]) -> Query {
    let pipeline = Pipeline { source: scan(0, types), steps: vec![step], sink: Sink::Output };
    Query { pipelines: vec![pipeline], output: fields(result), ..Query::default() }
}

fn run_program(program: Program, table: Table) -> Result<Vec<Vec<Value>>, Fault> {
    let executable = link_with(program, &Registry);
    let tables = vec![table];
    let mut tables = MemoryTables { tables, batch_rows: Some(100), ..MemoryTables::default() };
    run_with(&executable, &mut tables, &[], Budget::unlimited(), &AtomicBool::new(false))
}

fn native_program() -> Program {
    let layout = |nullable| Layout { ty: Type::Text, nullable };
    let native = Native {
        name: "twice".into(),
        parameters: vec![layout(false)],
        result: layout(true),
        strict: true,
    };
    let calls = code(
        1,
        &[K::Bytes, K::Bytes],
        vec![I::Native { n: NativeId(0), d: v(1), b: VectorWindow(0) }],
    );
    let step = Step::Project { code: calls, columns: vec![v(1)] };
    let query = over_rows(&[Type::Text], step, &[Type::Text]);
    Program { queries: vec![query], natives: vec![native], ..Program::default() }
}

#[test]
fn a_strict_native_is_not_called_with_null() {
    let texts = [Some("ab"), None, Some("a text of some length"), Some("")];
    let value = |text: &Option<&str>| text.map_or(Value::Null, Value::text);
    let rows: Vec<Vec<Value>> = texts.iter().map(|text| vec![value(text)]).collect();
    let got = run_program(native_program(), Table::of_rows(&rows, &[Type::Text])).unwrap();
    let expected = [
        Value::text("abab"),
        Value::Null,
        Value::text("a text of some lengtha text of some length"),
        Value::text(""),
    ];
    assert_eq!(got.concat(), expected);
    let rows = [vec![Value::text("yes")], vec![Value::text("no")]];
    let fault = run_program(native_program(), Table::of_rows(&rows, &[Type::Text])).unwrap_err();
    assert!(fault.is("CastError"));
}

#[test]
fn functions_run_row_by_row() {
    // f(a, b) = a / b, of values that are not NULL.
    let layout = || Layout { ty: Type::Int64, nullable: false };
    let divide = Function {
        name: "divide".into(),
        parameters: vec![layout(), layout()],
        result: Some(layout()),
        slots: 2,
        code: vec![
            Instr::DivI64 { d: Slot(0), a: Slot(0), b: Slot(1) },
            Instr::ReturnSlot { a: Slot(0) },
        ],
        ..Function::default()
    };
    let program = || {
        // The entry is put in front of the functions.
        let call = I::CallRows { f: FunctionId(1), d: v(2), b: VectorWindow(0) };
        let step = Step::Project { code: code(2, &[K::I64; 3], vec![call]), columns: vec![v(2)] };
        let types = [Type::Int64, Type::Int64];
        let query = over_rows(&types, step, &types[..1]);
        Program { queries: vec![query], functions: vec![divide.clone()], ..Program::default() }
    };
    let row = |a, b| vec![Value::Int(a), Value::Int(b)];
    let types = [Type::Int64, Type::Int64];
    let rows: Vec<Vec<Value>> = (1..250).map(|at| row(at * 6, at)).collect();
    let got = run_program(program(), Table::of_rows(&rows, &types)).unwrap();
    assert_eq!(got.concat(), vec![Value::Int(6); 249]);
    let rows = [row(1, 1), row(1, 0)];
    let fault = run_program(program(), Table::of_rows(&rows, &types)).unwrap_err();
    assert!(fault.is("DivisionByZero"));
}

#[test]
fn composites_are_compared_grouped_and_taken_apart() {
    let shape = Arc::new(StructType {
        name: None,
        fields: vec![
            Field { name: "x".into(), ty: Type::Int64 },
            Field { name: "t".into(), ty: Type::Text },
        ],
    });
    let point = |x: Value, t: Value| {
        Value::Struct(Arc::new(StructValue { ty: shape.clone(), fields: vec![x, t] }))
    };
    let values = vec![
        point(Value::Int(1), Value::text("a")),
        Value::Null,
        point(Value::Int(-4), Value::Null),
        point(Value::Int(1), Value::text("b")),
    ];
    let ty = Type::Struct(shape.clone());
    let take = code(
        1,
        &[K::Object, K::I64, K::Bytes, K::Object, K::Bool],
        vec![
            I::GetField { d: v(1), a: v(0), i: Imm(0) },
            I::GetField { d: v(2), a: v(0), i: Imm(1) },
            I::Const { d: v(3), k: grizzly_bytecode::ConstId(0) },
            I::CmpObject { c: Cmp::Gt, d: v(4), a: v(0), b: v(3) },
        ],
    );
    let step = Step::Project { code: take, columns: vec![v(1), v(2), v(4)] };
    let source = Source::Values { types: vec![ty.clone()], columns: vec![values.clone()], rows: 4 };
    let pipeline = Pipeline { source, steps: vec![step], sink: Sink::Output };
    let result = [Type::Int64, Type::Text, Type::Bool];
    let query = Query { pipelines: vec![pipeline], output: fields(&result), ..Query::default() };
    let constants = vec![Constant::Value(values[0].clone(), ty)];
    let got = run(query, constants, Vec::new());
    let null = || Value::Null;
    assert_eq!(
        got,
        [
            [Value::Int(1), Value::text("a"), Value::Bool(false)],
            [null(), null(), null()],
            [Value::Int(-4), null(), Value::Bool(false)],
            [Value::Int(1), Value::text("b"), Value::Bool(true)],
        ]
    );
}

#[test]
fn objects_sort_and_group_by_their_total_order() {
    use grizzly_bytecode::StateId;
    use grizzly_bytecode::query::SortKey;
    let array = |values: &[Value]| Value::Array(Arc::new(values.to_vec()));
    let int = Value::Int;
    let values = vec![
        array(&[int(1), int(2)]),
        array(&[]),
        array(&[int(1)]),
        array(&[Value::Null]),
        Value::Null,
        array(&[int(-1), int(5)]),
        array(&[int(1)]),
        array(&[int(1), Value::Null]),
    ];
    let ty = Type::Array(Arc::new(Type::Int64));
    let nothing = || code(1, &[K::Object], Vec::new());
    let source = || Source::Values {
        types: vec![ty.clone()],
        columns: vec![values.clone()],
        rows: values.len(),
    };
    let query = |sink| {
        let state = Source::State { state: StateId(0), types: vec![ty.clone()] };
        let pipelines = vec![
            Pipeline { source: source(), steps: Vec::new(), sink },
            Pipeline { source: state, steps: Vec::new(), sink: Sink::Output },
        ];
        Query {
            pipelines,
            states: 1,
            output: fields(std::slice::from_ref(&ty)),
            ..Query::default()
        }
    };
    let key = SortKey { register: v(0), descending: false, nulls_first: false };
    let sort = Sink::Sort { state: StateId(0), code: nothing(), keys: vec![key], limit: None };
    let mut expected = values.clone();
    expected.sort_by(Value::total_cmp);
    assert_eq!(run(query(sort), Vec::new(), Vec::new()).concat(), expected);
    let (state, keys) = (StateId(0), vec![v(0)]);
    let group = Sink::Aggregate { state, code: nothing(), keys, aggregates: Vec::new() };
    let mut groups = values.clone();
    groups.remove(6);
    assert_eq!(run(query(group), Vec::new(), Vec::new()).concat(), groups);
}
