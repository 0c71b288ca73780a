//! The bytecode's facts: encoding, size, text, reference page, and what the verifier rejects.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

use grizzly_bytecode::assemble::assemble;
use grizzly_bytecode::opcodes::{OpcodeFact, SCALAR_OPCODES, VECTOR_OPCODES};
use grizzly_bytecode::query::*;
use grizzly_bytecode::{ids::*, *};
use proptest::prelude::*;
use std::fmt::Write;

#[test]
fn instructions_fit_eight_bytes() {
    assert_eq!(size_of::<Instr>(), 8);
}

/// A random instruction's encoding: the opcode, then operands of which a comparison has few values.
fn encoding(facts: &'static [OpcodeFact]) -> impl Strategy<Value = Vec<u8>> {
    (0..facts.len(), any::<[u16; 4]>()).prop_map(move |(opcode, operands)| {
        let mut bytes = vec![opcode as u8];
        for (fact, bits) in facts[opcode].operands.iter().zip(operands) {
            let bits = if fact.kind == OperandKind::Comparison { bits % 6 } else { bits };
            bytes.extend(bits.to_le_bytes());
        }
        bytes
    })
}

proptest! {
    #[test]
    fn scalar_code_survives_encoding_and_text(bytes in encoding(SCALAR_OPCODES)) {
        let instr = Instr::decode(&mut &bytes[..]).unwrap();
        let mut encoded = Vec::new();
        instr.encode(&mut encoded);
        prop_assert_eq!(&encoded, &bytes);
        let text = format!("function f0 f() slots 0 objects 0\n{instr}");
        prop_assert_eq!(assemble(&text).unwrap().functions[0].code[0], instr);
    }

    #[test]
    fn vector_code_survives_encoding(bytes in encoding(VECTOR_OPCODES)) {
        let mut encoded = Vec::new();
        VectorInstr::decode(&mut &bytes[..]).unwrap().encode(&mut encoded);
        prop_assert_eq!(encoded, bytes);
    }

    #[test]
    fn damaged_code_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
        let mut rest = &bytes[..];
        while let Some(instr) = Instr::decode(&mut rest) {
            prop_assert!(instr.to_string().starts_with(instr.fact().name));
        }
    }

    /// Any instructions at all: the verifier answers, whatever they are.
    #[test]
    fn random_code_is_rejected_or_verified_without_a_panic(
        code in proptest::collection::vec(encoding(SCALAR_OPCODES), 0..6),
        handler in any::<Option<(u8, u8, u8)>>(),
    ) {
        let mut program = assemble(FRAME).unwrap();
        let function = &mut program.functions[0];
        function.code = code.iter().filter_map(|bytes| Instr::decode(&mut &bytes[..])).collect();
        function.code.push(Instr::Return {});
        function.handlers.extend(handler.map(|(start, end, target)| Handler {
            start: Target(start.into()),
            end: Target(end.into()),
            target: Target(target.into()),
            exception: Object(0),
            undo: start % 2 == 0,
        }));
        let _ = verify(program);
    }
}

/// The reference page. `UPDATE_OPCODES=1 cargo test -p grizzly-bytecode` writes it.
#[test]
fn the_reference_page_is_generated_from_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/OPCODES.md");
    let page = reference_page();
    if std::env::var_os("UPDATE_OPCODES").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "OPCODES.md is old: UPDATE_OPCODES=1 cargo test -p grizzly-bytecode");
}

fn reference_page() -> String {
    let mut page = String::from(
        "# Opcodes\n\n\
         Generated from `src/opcodes.rs`; do not edit. `R` are slots (64 bits), `W` pairs of \
         slots, `O` objects, `V` vectors, `K` constants, `T[k]` types among them, `F` functions, \
         `N` natives, `Q` queries, `X` row accesses, `P` parameters. *checked* raises \
         ArithmeticOverflow. A call's registers from its windows on are the callee's: beyond \
         the result they hold nothing afterwards.\n",
    );
    for (title, facts) in [("Scalar code", SCALAR_OPCODES), ("Vector code", VECTOR_OPCODES)] {
        write!(
            page,
            "\n## {title}\n\n| no. | instruction | operands | meaning |\n|---|---|---|---|\n"
        )
        .unwrap();
        for (number, fact) in facts.iter().enumerate() {
            let operands = fact.operands.iter();
            let operands: Vec<String> =
                operands.map(|o| format!("{} {:?} {:?}", o.name, o.role, o.kind)).collect();
            let meaning = fact.meaning.replace('|', "\\|");
            let operands = operands.join(", ");
            writeln!(page, "| {number} | `{}` | {operands} | {meaning} |", fact.name).unwrap();
        }
    }
    page
}

const SAMPLE: &str = "\
entry f0
const k0 INT64 7
const k1 TEXT \"gold\"
const k2 type INT64
const k3 TEXT \"ArithmeticOverflow\"
native n0 upper(TEXT) -> TEXT? strict
output price INT64

function f0 main() slots 2 objects 3
       0: load_slot r0, k0    -- 7, source0 10..11
       1: load_object o0, k1    -- \"gold\", source0 11..12
       2: call f1, [r0..], [o0..]    -- price, source0 12..13
       3: box_int o0, r0    -- source0 13..14
       4: emit_row [o0..]    -- source0 14..15
       5: jump @7    -- source0 15..16
       6: exception_is r1, o2, k3    -- \"ArithmeticOverflow\", source0 16..17
       7: return    -- source0 17..18
    handler @0 @5 @6 o2

function f1 price(INT64, TEXT?) -> INT64 slots 1 objects 1
       0: jump_null o0, @3    -- source0 21..22
       1: jump_ne_text o0, k1, @3    -- \"gold\", source0 22..23
       2: mul_imm_i64 r0, r0, 3    -- source0 23..24
       3: return_slot r0    -- source0 24..25
";

#[test]
fn a_program_reads_back_as_it_is_shown() {
    let program = assemble(SAMPLE).unwrap();
    assert_eq!(Disassembly(&program).to_string(), SAMPLE);
    let verified = verify(program).unwrap();
    assert_eq!(verified.functions[0].place_at(2), Some(PlaceId(2)));
}

/// Frame and tables of the rejections: `{}` takes the code of `f0`.
const FRAME: &str = "\
entry f0
parameter p0 INT64
const k0 INT64 1
const k1 TEXT \"x\"
const k2 type INT64
const k3 UUID 1w
const k4 struct Pair(a INT64, b INT64)
const k5 exception Oops(code INT64)
native n0 upper(TEXT, INT64?) -> UUID? strict
access t0 orders key (INT64, TEXT) columns (INT64, INT64, INT64)
access t1 log key () columns (TEXT)
function f0 main() slots 4 objects 4
function f1 wide(UUID?, TEXT) -> TEXT slots 3 objects 1
    return
";

/// Code of a function with 4 slots and 4 objects, and what is wrong with it.
const REJECTED: &[(&str, &str)] = &[
    ("", "it has no code"),
    ("move r0, r1", "it may run off its end"),
    ("jump_if r0, @0", "it may run off its end"),
    ("move r4, r0\nreturn", "slot 4 of 4"),
    ("move_wide w0, w3\nreturn", "pair 3 of 4 slots"),
    ("load_null o4\nreturn", "object 4 of 4"),
    ("load_slot r0, k9\nreturn", "constant 9 of 6"),
    ("load_slot r0, k1\nreturn", "k1 fits no slot"),
    ("load_slot r0, k2\nreturn", "k2 is a type, not a value"),
    ("load_wide w0, k0\nreturn", "k0 has no 128 bits"),
    ("load_object o0, k2\nreturn", "k2 is a type, not a value"),
    ("load_param o0, p1\nreturn", "parameter 1 of 1"),
    ("jump_eq_text o0, k0, @1\nreturn", "k0 is no text"),
    ("exception_is r0, o0, k3\nreturn", "k3 is no text"),
    ("print o0, k1\nreturn", "k1 is no type"),
    ("check_int r0, 65\nreturn", "immediate 65 is out of range"),
    ("check_decimal r0, 19\nreturn", "immediate 19 is out of range"),
    ("check_decimal_wide w0, 39\nreturn", "immediate 39 is out of range"),
    ("get_field o0, o1, -1\nreturn", "immediate -1 is out of range"),
    ("jump @2\nreturn", "target 2 of 2"),
    ("jump @0", "it jumps back"),
    ("jump_back @1\nreturn", "jump_back goes forward"),
    ("call f9, [r0..], [o0..]\nreturn", "function 9 of 2"),
    ("call f1, [r2..], [o0..]\nreturn", "the window needs 3 slots"),
    ("call f1, [r0..], [o4..]\nreturn", "the window needs 1 objects"),
    ("call_native n1, [r0..], [o0..]\nreturn", "native 1 of 1"),
    ("make_struct o0, k5, [o0..]\nreturn", "Oops is no STRUCT"),
    ("make_struct o0, k4, [o3..]\nreturn", "the window needs 2 objects"),
    ("make_exception o0, k4, [o0..]\nreturn", "Pair is no exception"),
    ("make_exception o0, k5, [o3..]\nreturn", "the window needs 2 objects"),
    ("make_array o0, [o2..], 3\nreturn", "the window needs 3 objects"),
    ("emit_row [o0..]\nreturn", "the program has no output"),
    ("get_row t0, [o2..], @1\nreturn", "the window needs 3 objects"),
    ("get_row t1, [o0..], @1\nreturn", "t1 has no key"),
    ("insert_row t0, [o2..]\nreturn", "the window needs 3 objects"),
    ("update_row t0, [o0..]\nreturn", "the window needs 5 objects"),
    ("delete_row t0, [o3..]\nreturn", "the window needs 2 objects"),
    ("delete_row t2, [o0..]\nreturn", "access 2 of 2"),
    ("run_query q0, [o0..]\nreturn", "query 0 of 0"),
    ("return_slot r0", "the function's result is another"),
    ("savepoint\nreturn", "no undoing range begins here"),
    ("return\nhandler @1 @1 @0 o0", "no range @1 to @1"),
    ("return\nhandler @0 @2 @0 o0", "no range @0 to @2"),
    ("load_null o0\nreturn\nhandler @0 @1 @0 o0", "its target @0 does not lie behind its range"),
    ("load_null o0\nreturn\nhandler @0 @1 @1 o4", "object 4 of 4"),
    ("load_null o0\nreturn\nhandler @0 @1 @1 o0 undo", "it undoes, but begins without savepoint"),
    (
        "load_null o0\nload_null o0\nload_null o0\nreturn\n\
         handler @0 @2 @3 o0\nhandler @1 @3 @3 o0",
        "a later handler is not around it",
    ),
];

#[test]
fn the_verifier_names_what_is_wrong_with_code() {
    for (code, problem) in REJECTED {
        let (head, tail) = FRAME.split_once("function f1").unwrap();
        let text = format!("{head}{code}\nfunction f1{tail}");
        let program = assemble(&text.replace("strict", "")).unwrap();
        let error = verify(program).expect_err(code);
        assert_eq!(error.problem, *problem, "{code}");
    }
}

fn rejected(change: impl FnOnce(&mut Program)) -> String {
    let mut program = assemble(&FRAME.replace("strict", "")).unwrap();
    program.functions[0].code = vec![Instr::Return {}];
    verify(program.clone()).expect("the unchanged program is valid");
    change(&mut program);
    verify(program).expect_err("the change breaks a rule").to_string()
}

#[test]
fn the_verifier_names_what_is_wrong_with_tables() {
    let place =
        |inlined_at| PlaceEntry { place: Place::default(), function: "f".into(), inlined_at };
    let problems = [
        rejected(|p| p.entry = FunctionId(2)),
        rejected(|p| p.entry = FunctionId(1)),
        rejected(|p| p.natives[0].strict = true),
        rejected(|p| p.constants[0] = Constant::Value(Value::Int(1), Type::Text)),
        rejected(|p| p.functions[1].slots = 2),
        rejected(|p| p.functions[1].objects = 0),
        rejected(|p| p.functions[0].places = vec![(0, PlaceId(9))]),
        rejected(|p| p.functions[0].places = vec![(1, PlaceId(0))]),
        rejected(|p| p.places.insert(0, place(Some(PlaceId(0))))),
    ];
    let expected = [
        "program: its entry f2 does not exist",
        "program: its entry has parameters",
        "program: native n0 is strict and takes NULL",
        "program: constant k0 is no TEXT",
        "function f1 wide: its parameters or result need more slots",
        "function f1 wide: its parameters or result need more objects",
        "function f0 main: place9 does not exist",
        "function f0 main: place0 belongs to no instruction",
        "program: place0 is not inlined at an earlier place",
    ];
    for (problem, expected) in problems.iter().zip(expected) {
        assert_eq!(problem, &format!("invalid bytecode: {expected}"));
    }
}

/// A query over an INT64 and a TEXT column that keeps some rows and shows both.
fn query(condition: Vec<VectorInstr>) -> Query {
    let columns = vec![(ColumnId(0), Type::Int64), (ColumnId(1), Type::Text)];
    let field = |name: &str, ty| Field { name: name.into(), ty };
    Query {
        pipelines: vec![Pipeline {
            source: Source::Scan(Scan {
                table: TableId(0),
                columns,
                predicates: Vec::new(),
                index: None,
                needs_row_key: false,
                ordered: false,
                limit_hint: None,
                name: "t".into(),
            }),
            steps: vec![Step::Filter { code: filter(condition), condition: VReg(2) }],
            sink: Sink::Output,
        }],
        parameters: vec![Type::Int64],
        repeats: Vec::new(),
        stable: false,
        states: 1,
        output: vec![field("a", Type::Int64), field("b", Type::Text)],
    }
}

fn filter(code: Vec<VectorInstr>) -> VectorCode {
    use VectorKind::{Bool, Bytes, I64};
    VectorCode { registers: vec![I64, Bytes, Bool, I64], inputs: 2, code, places: Vec::new() }
}

fn verify_query(query: Query) -> Result<VerifiedProgram, VerifyError> {
    let mut program = assemble(&FRAME.replace("strict", "")).unwrap();
    program.functions[0].code = vec![Instr::Return {}];
    program.queries.push(query);
    verify(program)
}

#[test]
fn the_verifier_names_what_is_wrong_with_vector_code() {
    use VectorInstr as V;
    let r = VReg;
    let cases = [
        (vec![V::CmpI64 { c: Cmp::Lt, d: r(2), a: r(0), b: r(1) }], "v1 is Bytes, not [I64]"),
        (vec![V::Copy { d: r(3), a: r(4) }], "v4 of 4 registers"),
        (vec![V::Const { d: r(2), k: ConstId(0) }], "v2 is Bool, not [I64]"),
        (vec![V::Param { d: r(3), p: ParamId(1) }], "the query has no p1"),
        (vec![V::CheckInt { a: r(0), i: Imm(0) }], "immediate 0 is out of range"),
        (vec![V::Native { n: NativeId(0), d: r(2), b: VectorWindow(0) }], "v0 is I64, not [Bytes]"),
        (vec![V::CallRows { f: FunctionId(0), d: r(2), b: VectorWindow(0) }], "f0 has no result"),
        (vec![V::SelectIf { a: r(2), t: Target(1) }], "it has no select_end"),
        (vec![V::SelectEnd {}], "it has no select_else"),
        (vec![V::SelectElse { t: Target(0) }], "it has no select_if"),
        (
            vec![V::SelectIf { a: r(2), t: Target(0) }, V::SelectElse { t: Target(2) }],
            "its select_if jumps elsewhere",
        ),
        (
            vec![
                V::SelectIf { a: r(2), t: Target(1) },
                V::SelectElse { t: Target(1) },
                V::SelectEnd {},
            ],
            "its select_else jumps elsewhere",
        ),
    ];
    for (code, problem) in cases {
        let error = verify_query(query(code)).unwrap_err();
        assert!(error.problem.ends_with(problem), "{error} is not: {problem}");
    }
    let nested = vec![
        V::SelectIf { a: r(2), t: Target(2) },
        V::Copy { d: r(3), a: r(0) },
        V::SelectElse { t: Target(3) },
        V::SelectEnd {},
    ];
    verify_query(query(nested)).unwrap();
}

#[test]
fn the_verifier_names_what_is_wrong_with_pipelines() {
    let state = |state, types| Source::State { state: StateId(state), types };
    let read = |source| Pipeline { source, steps: Vec::new(), sink: Sink::Output };
    let with = |change: &dyn Fn(&mut Query)| {
        let mut changed = query(Vec::new());
        change(&mut changed);
        verify_query(changed).expect_err("the change breaks a rule").problem
    };
    let both = || vec![Type::Int64, Type::Text];
    let cases = [
        (with(&|q| q.output.clear()), "sink: columns [I64, Bytes] are not []"),
        (with(&|q| q.pipelines.clear()), "0 pipelines end in its result"),
        (with(&|q| q.pipelines.push(read(state(0, both())))), "state0 is read before it is left"),
        (
            with(&|q| {
                q.pipelines[0].sink = Sink::Collect { state: StateId(0) };
                q.pipelines.push(read(state(0, vec![Type::Text, Type::Text])));
            }),
            "state0 holds [I64, Bytes], not [Bytes, Bytes]",
        ),
        (
            with(&|q| q.pipelines[0].sink = Sink::Collect { state: StateId(1) }),
            "sink: state1 of 1 states",
        ),
        (
            with(&|q| {
                q.pipelines[0].steps =
                    vec![Step::Filter { code: filter(Vec::new()), condition: VReg(0) }];
            }),
            "step 0: its condition is I64",
        ),
        (
            with(&|q| {
                let code = VectorCode { inputs: 1, ..filter(Vec::new()) };
                q.pipelines[0].steps = vec![Step::Filter { code, condition: VReg(2) }];
            }),
            "step 0: its code has 1 inputs for 2 columns",
        ),
        (
            with(&|q| {
                q.pipelines[0].source =
                    Source::Values { types: both(), columns: vec![vec![], vec![]], rows: 1 };
            }),
            "a column has not 1 values",
        ),
        (
            with(&|q| {
                let predicate = Predicate {
                    column: ColumnId(0),
                    test: PredicateTest::Compare(Cmp::Eq, PredicateValue::Param(ParamId(1))),
                };
                if let Source::Scan(scan) = &mut q.pipelines[0].source {
                    scan.predicates.push(predicate);
                }
            }),
            "there is no p1",
        ),
    ];
    for (problem, expected) in cases {
        assert_eq!(problem, expected);
    }
    verify_query(query(Vec::new())).unwrap();
}
