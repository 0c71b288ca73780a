//! What single instructions do, as data.

use super::support::{World, link, name, run};
use grizzly_bytecode::opcodes::SCALAR_OPCODES;
use grizzly_bytecode::{Builtin, Instr, OperandKind, Value, assemble::assemble, verify};
use grizzly_vm::Executable;

/// The body of an entry with 8 slots and 8 objects that returns an INT64, and the result.
const INTEGERS: &[(&str, &str)] = &[
    ("load_int r0, 7\nadd_imm_i64 r0, r0, -9\nreturn", "Some(Int(-2))"),
    ("load_slot r0, k0\nadd_imm_i64 r0, r0, 1\nreturn", "ArithmeticOverflow"),
    ("load_slot r0, k0\nmul_imm_i64 r0, r0, 2\nreturn", "ArithmeticOverflow"),
    ("load_slot r0, k1\nneg_i64 r0, r0\nreturn", "ArithmeticOverflow"),
    ("load_slot r0, k1\nload_int r1, -1\ndiv_i64 r0, r0, r1\nreturn", "ArithmeticOverflow"),
    ("load_slot r0, k1\nload_int r1, -1\nrem_i64 r0, r0, r1\nreturn", "Some(Int(0))"),
    ("load_int r0, -7\nload_int r1, 2\ndiv_i64 r0, r0, r1\nreturn", "Some(Int(-3))"),
    ("load_int r0, -7\nload_int r1, 2\nrem_i64 r0, r0, r1\nreturn", "Some(Int(-1))"),
    ("load_int r0, -7\nload_int r1, 2\ndiv_round_i64 r0, r0, r1\nreturn", "Some(Int(-4))"),
    ("load_int r0, 1\nload_int r1, 0\ndiv_i64 r0, r0, r1\nreturn", "DivisionByZero"),
    ("load_int r0, 1\nload_int r1, 0\nrem_i64 r0, r0, r1\nreturn", "DivisionByZero"),
    ("load_int r0, 128\ncheck_int r0, 8\nreturn", "ArithmeticOverflow"),
    ("load_int r0, 999\ncheck_decimal r0, 3\nreturn", "Some(Int(999))"),
    ("load_int r0, 1000\ncheck_decimal r0, 3\nreturn", "ArithmeticOverflow"),
    ("load_slot r1, k2\nf64_to_i64 r0, r1\nreturn", "Some(Int(2))"),
    (
        "load_slot r1, k2\nload_int r2, 0\ni64_to_f64 r2, r2\ndiv_f64 r0, r1, r2\nreturn",
        "DivisionByZero",
    ),
    ("load_wide w2, k3\nnarrow_wide r0, w2\nreturn", "ArithmeticOverflow"),
    ("load_wide w2, k3\nsub_wide w4, w2, w2\nnarrow_wide r0, w4\nreturn", "Some(Int(0))"),
    ("load_wide w2, k3\nmul_wide w2, w2, w2\nreturn", "ArithmeticOverflow"),
    ("load_wide w2, k3\ncheck_decimal_wide w2, 20\nreturn", "ArithmeticOverflow"),
    (
        "load_int r1, -3\nwiden_i64 w2, r1\nneg_wide w4, w2\ncmp_wide <, r0, w2, w4\nreturn",
        "Some(Int(1))",
    ),
    ("load_int r1, 3\nload_int r2, 4\ncmp_i64 >=, r0, r1, r2\nnot r0, r0\nreturn", "Some(Int(1))"),
    (
        "load_int r1, 3\njump_lt_imm r1, 3, @4\nload_int r0, 5\nreturn\nload_int r0, 6\nreturn",
        "Some(Int(5))",
    ),
    (
        "load_int r1, 3\njump_le_imm r1, 3, @4\nload_int r0, 5\nreturn\nload_int r0, 6\nreturn",
        "Some(Int(6))",
    ),
    (
        "load_slot r1, k4\njump_not_lt_f64 r1, r1, @4\nload_int r0, 5\nreturn\n\
         load_int r0, 6\nreturn",
        "Some(Int(6))",
    ),
    (
        "load_slot r1, k4\njump_eq_f64 r1, r1, @4\nload_int r0, 5\nreturn\nload_int r0, 6\nreturn",
        "Some(Int(5))",
    ),
    ("load_slot r1, k4\nf64_to_i64 r0, r1\nreturn", "ArithmeticOverflow"),
    (
        "load_int r0, 1\nload_object o0, k5\njump_eq_text o0, k5, @4\nload_int r0, 2\nreturn",
        "Some(Int(1))",
    ),
    ("load_object o0, k5\nconcat o1, o0, o0\ncmp_object =, r0, o0, o1\nreturn", "Some(Int(0))"),
    ("load_object o0, k5\nunbox_slot r0, o0\nreturn", "TypeError"),
    ("load_null o0\nunbox_wide w0, o0\nreturn", "TypeError"),
    ("load_null o0\nlength r0, o0\nreturn", "TypeError"),
    ("load_null o0\nraise o0", "TypeError"),
    (
        "load_int r0, 4\nbox_int o2, r0\nbox_int o3, r0\nmake_array o0, [o2..], 2\n\
         length r0, o0\nreturn",
        "Some(Int(2))",
    ),
    (
        "load_int r1, 4\nbox_int o2, r1\nmake_array o0, [o2..], 1\nload_int r1, -1\n\
         get_element o0, o0, r1\nunbox_slot r0, o0\nreturn",
        "Some(Int(4))",
    ),
    (
        "make_array o0, [o2..], 0\nload_int r1, -1\nget_element o0, o0, r1\nreturn",
        "IndexOutOfRange",
    ),
    (
        "load_null o2\nmake_struct o0, k7, [o2..]\nget_field o1, o0, 0\n\
         is_null_object r0, o1\nreturn",
        "Some(Int(1))",
    ),
    ("load_null o2\nmake_struct o0, k7, [o2..]\nget_field o1, o0, 2\nreturn", "TypeError"),
];

const FRAME: &str = "\
const k0 INT64 9223372036854775807
const k1 INT64 -9223372036854775808
const k2 DOUBLE 2.5
const k3 DECIMAL(38,0) 100000000000000000000w
const k4 DOUBLE NaN
const k5 TEXT \"a text that is longer than what a value keeps inside itself\"
const k6 exception Oops(code INT64)
const k7 struct Pair(a INT64, b INT64)
const k8 TEXT \"Oops\"
const k9 type INT64
";

#[test]
fn instructions_compute_what_the_table_says() {
    for (body, expected) in INTEGERS {
        let source = format!("{FRAME}function f0 main() -> INT64 slots 8 objects 8\n{body}");
        assert_eq!(name(run(&source)), *expected, "{body}");
    }
}

#[test]
fn a_struct_that_is_shared_is_copied_before_it_changes() {
    let source = format!(
        "{FRAME}function f0 main() -> INT64 slots 8 objects 8
            load_int r0, 1
            box_int o2, r0
            box_int o3, r0
            make_struct o0, k7, [o2..]
            move_object o1, o0
            load_int r0, 5
            box_int o2, r0
            set_field o1, 0, o2
            get_field o3, o0, 0
            unbox_slot r0, o3
            get_field o3, o1, 0
            unbox_slot r1, o3
            mul_imm_i64 r1, r1, 10
            add_i64 r0, r0, r1
            return"
    );
    assert_eq!(run(&source).unwrap(), Some(Value::Int(51)));
}

#[test]
fn results_of_every_class_come_out() {
    let cases = [
        ("DOUBLE", "load_slot r3, k2\nreturn_slot r3", Value::Float(2.5)),
        ("BOOLEAN?", "load_int r2, 1\nload_int r3, 1\nreturn_nullable r2, r3", Value::Bool(true)),
        ("BOOLEAN?", "load_int r2, 1\nload_int r3, 0\nreturn_nullable r2, r3", Value::Null),
        ("UUID", "load_wide w3, k3\nreturn_wide w3", Value::Wide(100_000_000_000_000_000_000)),
        ("UUID?", "load_wide w3, k3\nload_int r5, 0\nreturn_nullable_wide w3, r5", Value::Null),
        ("TEXT?", "load_object o3, k8\nreturn_object o3", Value::text("Oops")),
    ];
    for (ty, body, expected) in cases {
        let source = format!("{FRAME}function f0 main() -> {ty} slots 8 objects 8\n{body}");
        assert_eq!(run(&source).unwrap(), Some(expected), "{body}");
    }
    let nothing = format!("{FRAME}function f0 main() slots 0 objects 0\nreturn");
    assert_eq!(run(&nothing).unwrap(), None);
}

#[test]
fn natives_take_and_give_every_class() {
    let source = |native: &str, body: &str| {
        format!("{FRAME}native n0 {native}\nfunction f0 main() -> TEXT? slots 8 objects 8\n{body}")
    };
    let twice = "load_object o1, k8\nload_int r1, 2\nload_int r2, 1\n\
                 call_native n0, [r1..], [o1..]\nreturn_object o1";
    let repeated = run(&source("repeat(TEXT, INT64?) -> TEXT?", twice)).unwrap();
    assert_eq!(repeated, Some(Value::text("OopsOops")));
    let null = twice.replace("load_int r2, 1", "load_int r2, 0");
    let nothing = run(&source("repeat(TEXT, INT64?) -> TEXT?", &null)).unwrap();
    assert_eq!(nothing, Some(Value::Null));
    let upper = "load_object o1, k8\ncall_native n0, [r0..], [o1..]\nreturn_object o1";
    let shouted = run(&source("upper(TEXT) -> TEXT? strict", upper)).unwrap();
    assert_eq!(shouted, Some(Value::text("OOPS")));
    assert_eq!(name(run(&source("liar(TEXT) -> INT64", upper))), "TypeError");
}

#[test]
fn a_native_function_that_nobody_supplies_is_named() {
    let source = "native n0 missing(TEXT) -> TEXT\nfunction f0 main() slots 0 objects 0\nreturn";
    let program = verify(assemble(source).unwrap()).unwrap();
    let fault = Executable::link(program, &super::support::TestNatives).err().unwrap();
    assert!(fault.is(Builtin::CompileError.name()));
    assert_eq!(fault.exception.message, "there is no native function missing");
}

/// Every opcode of the table, with operands that the verifier accepts: none ends in a panic.
#[test]
fn every_instruction_has_a_body() {
    let mut ran = 0;
    for (opcode, fact) in SCALAR_OPCODES.iter().enumerate() {
        let constants: &[u16] = if fact.operands.iter().any(|o| o.kind == OperandKind::Constant) {
            &[0, 3, 5, 6, 7, 9]
        } else {
            &[0]
        };
        for constant in constants {
            let mut bytes = vec![opcode as u8];
            for operand in fact.operands {
                let bits = match operand.kind {
                    OperandKind::Constant => *constant,
                    OperandKind::Target => 2,
                    OperandKind::Immediate => 1,
                    OperandKind::Function => 1,
                    _ => 0,
                };
                bytes.extend(bits.to_le_bytes());
            }
            let instr = Instr::decode(&mut &bytes[..]).unwrap();
            for result in ["", "-> INT64", "-> INT64?", "-> UUID", "-> UUID?", "-> TEXT?"] {
                ran += usize::from(runs(instr, result));
            }
        }
    }
    // Of a hundred opcodes all but those for queries run with most results.
    assert!(ran > 400, "{ran} programs ran");
}

fn runs(instr: Instr, result: &str) -> bool {
    let source = format!(
        "{FRAME}parameter p0 INT64
        native n0 repeat(TEXT, INT64?) -> TEXT?
        output a INT64
        access t0 t key (INT64) columns (INT64, INT64)
        function f0 main() {result} slots 8 objects 8
            load_null o1
            return
            return
        function f1 f(INT64) -> INT64 slots 1 objects 0
            return"
    );
    let mut program = assemble(&source).unwrap();
    program.functions[0].code[1] = instr;
    if matches!(instr, Instr::JumpBack { .. }) {
        // It goes to itself for ever; the limits' tests run it.
        return false;
    }
    let Ok(verified) = verify(program) else { return false };
    let executable = Executable::link(verified, &super::support::TestNatives).unwrap();
    let mut world = World { parameters: vec![Value::Int(1)], ..World::default() };
    let _ = world.execute(&executable);
    true
}

#[test]
fn parameters_are_what_the_program_expects() {
    let source = "parameter p0 INT64\nfunction f0 main() -> INT64 slots 1 objects 1
        load_param o0, p0
        unbox_slot r0, o0
        return";
    let executable = link(source);
    let mut world = World { parameters: vec![Value::Int(3)], ..World::default() };
    assert_eq!(world.execute(&executable).unwrap(), Some(Value::Int(3)));
    world.parameters = vec![Value::text("3")];
    let fault = world.execute(&executable).unwrap_err();
    assert_eq!(fault.exception.message, "parameter 1 must be INT64");
    world.parameters.clear();
    let fault = world.execute(&executable).unwrap_err();
    assert_eq!(fault.exception.message, "the statement has 1 parameters, not 0");
}
