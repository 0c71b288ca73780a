//! Every computing instruction against its meaning, over constants and columns, with NULLs, under
//! selections. The meanings of arithmetic are those of [`grizzly_vm::arithmetic`].

use crate::support::*;
use crate::values::{WIDE, rows};
use grizzly_bytecode::query::{Pipeline, Query, Sink, Step};
use grizzly_bytecode::{
    Builtin, Cmp, ConstId, Imm, Type, VReg, Value, VectorInstr as I, VectorKind as K,
};
use grizzly_vm::arithmetic::{self, int, wide};
use grizzly_vm::budget::Budget;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;

const D: VReg = VReg(5);
const A: VReg = VReg(3);
const B: VReg = VReg(4);

type Meaning = fn(&Value, &Value) -> Result<Value, Builtin>;
type Case = (I, Type, Type, Type, Meaning);

fn i(v: &Value) -> i64 {
    if let Value::Int(i) = v { *i } else { panic!("{v:?}") }
}

fn f(v: &Value) -> f64 {
    if let Value::Float(f) = v { *f } else { panic!("{v:?}") }
}

fn w(v: &Value) -> i128 {
    match v {
        Value::Wide(w) => *w,
        v => i(v).into(),
    }
}

fn integers() -> Vec<Case> {
    let (d, a, b, t) = (D, A, B, Type::Int64);
    let case =
        |instruction: I, meaning: Meaning| (instruction, t.clone(), t.clone(), t.clone(), meaning);
    vec![
        case(I::AddI64 { d, a, b }, |x, y| int::add(i(x), i(y)).map(Value::Int)),
        case(I::SubI64 { d, a, b }, |x, y| int::sub(i(x), i(y)).map(Value::Int)),
        case(I::MulI64 { d, a, b }, |x, y| int::mul(i(x), i(y)).map(Value::Int)),
        case(I::DivI64 { d, a, b }, |x, y| int::div(i(x), i(y)).map(Value::Int)),
        case(I::RemI64 { d, a, b }, |x, y| int::rem(i(x), i(y)).map(Value::Int)),
        case(I::DivRoundI64 { d, a, b }, |x, y| int::div_round(i(x), i(y)).map(Value::Int)),
        case(I::NegI64 { d, a }, |x, _| int::neg(i(x)).map(Value::Int)),
    ]
}

fn floats() -> Vec<Case> {
    let (d, a, b, t) = (D, A, B, Type::Double);
    let case =
        |instruction: I, meaning: Meaning| (instruction, t.clone(), t.clone(), t.clone(), meaning);
    vec![
        case(I::AddF64 { d, a, b }, |x, y| Ok(Value::Float(f(x) + f(y)))),
        case(I::SubF64 { d, a, b }, |x, y| Ok(Value::Float(f(x) - f(y)))),
        case(I::MulF64 { d, a, b }, |x, y| Ok(Value::Float(f(x) * f(y)))),
        case(I::DivF64 { d, a, b }, |x, y| arithmetic::div_f64(f(x), f(y)).map(Value::Float)),
        case(I::RemF64 { d, a, b }, |x, y| arithmetic::rem_f64(f(x), f(y)).map(Value::Float)),
        case(I::NegF64 { d, a }, |x, _| Ok(Value::Float(-f(x)))),
        case(I::RoundF32 { d, a }, |x, _| arithmetic::round_f32(f(x)).map(Value::Float)),
    ]
}

/// The 128-bit instructions over operands of these types.
fn wides(x: Type, y: Type) -> Vec<Case> {
    let (d, a, b) = (D, A, B);
    let case =
        |instruction: I, meaning: Meaning| (instruction, x.clone(), y.clone(), WIDE, meaning);
    vec![
        case(I::AddWide { d, a, b }, |x, y| wide::add(w(x), w(y)).map(Value::Wide)),
        case(I::SubWide { d, a, b }, |x, y| wide::sub(w(x), w(y)).map(Value::Wide)),
        case(I::MulWide { d, a, b }, |x, y| wide::mul(w(x), w(y)).map(Value::Wide)),
        case(I::RemWide { d, a, b }, |x, y| wide::rem(w(x), w(y)).map(Value::Wide)),
        case(I::DivRoundWide { d, a, b }, |x, y| wide::div_round(w(x), w(y)).map(Value::Wide)),
        case(I::NegWide { d, a }, |x, _| wide::neg(w(x)).map(Value::Wide)),
    ]
}

fn casts() -> Vec<Case> {
    let (d, a) = (D, A);
    let (long, double) = (Type::Int64, Type::Double);
    let case = |instruction: I, from: &Type, to: &Type, meaning: Meaning| {
        (instruction, from.clone(), from.clone(), to.clone(), meaning)
    };
    vec![
        case(I::I64ToF64 { d, a }, &long, &double, |x, _| Ok(Value::Float(i(x) as f64))),
        case(I::F64ToI64 { d, a }, &double, &long, |x, _| {
            arithmetic::f64_to_i64(f(x)).map(Value::Int)
        }),
        case(I::WidenI64 { d, a }, &long, &WIDE, |x, _| Ok(Value::Wide(w(x)))),
        case(I::NarrowWide { d, a }, &WIDE, &long, |x, _| arithmetic::narrow(w(x)).map(Value::Int)),
        case(I::CheckInt { a, i: Imm(8) }, &long, &long, |x, _| {
            arithmetic::check_int(i(x), 8).map(|()| x.clone())
        }),
        case(I::CheckDecimal { a, i: Imm(1) }, &long, &long, |x, _| {
            int::check_decimal(i(x), 1).map(|()| x.clone())
        }),
        case(I::CheckDecimal { a, i: Imm(20) }, &WIDE, &WIDE, |x, _| {
            wide::check_decimal(w(x), 20).map(|()| Value::Wide(w(x)))
        }),
        case(I::WideToF64 { d, a }, &WIDE, &double, |x, _| Ok(Value::Float(w(x) as f64))),
    ]
}

macro_rules! comparisons {
    ($out:ident, $variant:ident, $x:expr, $y:expr, $compare:expr) => {
        $out.push((I::$variant { c: Cmp::Eq, d: D, a: A, b: B }, $x, $y, Type::Bool, |x, y| {
            Ok(Value::Bool($compare(x, y).is_some_and(|o| Cmp::Eq.holds(o))))
        }));
        $out.push((I::$variant { c: Cmp::Ne, d: D, a: A, b: B }, $x, $y, Type::Bool, |x, y| {
            Ok(Value::Bool($compare(x, y).is_none_or(|o| Cmp::Ne.holds(o))))
        }));
        $out.push((I::$variant { c: Cmp::Lt, d: D, a: A, b: B }, $x, $y, Type::Bool, |x, y| {
            Ok(Value::Bool($compare(x, y).is_some_and(|o| Cmp::Lt.holds(o))))
        }));
        $out.push((I::$variant { c: Cmp::Le, d: D, a: A, b: B }, $x, $y, Type::Bool, |x, y| {
            Ok(Value::Bool($compare(x, y).is_some_and(|o| Cmp::Le.holds(o))))
        }));
        $out.push((I::$variant { c: Cmp::Gt, d: D, a: A, b: B }, $x, $y, Type::Bool, |x, y| {
            Ok(Value::Bool($compare(x, y).is_some_and(|o| Cmp::Gt.holds(o))))
        }));
        $out.push((I::$variant { c: Cmp::Ge, d: D, a: A, b: B }, $x, $y, Type::Bool, |x, y| {
            Ok(Value::Bool($compare(x, y).is_some_and(|o| Cmp::Ge.holds(o))))
        }));
    };
}

fn total(x: &Value, y: &Value) -> Option<Ordering> {
    Some(x.total_cmp(y))
}

fn ieee(x: &Value, y: &Value) -> Option<Ordering> {
    f(x).partial_cmp(&f(y))
}

fn wide_order(x: &Value, y: &Value) -> Option<Ordering> {
    Some(w(x).cmp(&w(y)))
}

fn comparisons() -> Vec<Case> {
    let mut out: Vec<Case> = Vec::new();
    comparisons!(out, CmpI64, Type::Int64, Type::Int64, total);
    comparisons!(out, CmpBool, Type::Bool, Type::Bool, total);
    comparisons!(out, CmpBytes, Type::Text, Type::Text, total);
    comparisons!(out, CmpF64, Type::Double, Type::Double, ieee);
    comparisons!(out, CmpWide, WIDE, WIDE, wide_order);
    comparisons!(out, CmpWide, Type::Int64, WIDE, wide_order);
    comparisons!(out, CmpWide, WIDE, Type::Int64, wide_order);
    out.push((I::Concat { d: D, a: A, b: B }, Type::Text, Type::Text, Type::Text, |x, y| {
        let (Value::Text(x), Value::Text(y)) = (x, y) else { panic!() };
        Ok(Value::text(format!("{x}{y}")))
    }));
    out
}

fn cases() -> Vec<Case> {
    let long = Type::Int64;
    let wide = [(&long, &WIDE), (&WIDE, &long), (&WIDE, &WIDE), (&long, &long)];
    let wide = wide.into_iter().flat_map(|(x, y)| wides(x.clone(), y.clone()));
    let all = [integers(), floats(), casts(), comparisons()];
    all.into_iter().flatten().chain(wide).collect()
}

/// How an operand reaches the instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Column,
    Constant,
    Dictionary,
}

fn kind(ty: &Type) -> K {
    ty.vector_kind()
}

/// A query that filters by column 2 and computes the instruction of columns 0 and 1.
fn query(case: &Case, forms: [Form; 2]) -> Query {
    let (instruction, x, y, result, _) = case;
    let types = [x.clone(), y.clone(), Type::Bool];
    let mut instructions = Vec::new();
    for (at, register) in [A, B].into_iter().enumerate() {
        instructions.push(match forms[at] {
            Form::Constant => I::Const { d: register, k: ConstId(at as u16) },
            _ => I::Copy { d: register, a: VReg(at as u16) },
        });
    }
    instructions.push(*instruction);
    if matches!(instruction, I::CheckInt { .. } | I::CheckDecimal { .. }) {
        instructions.push(I::Copy { d: D, a: A });
    }
    let inputs = [kind(x), kind(y), K::Bool];
    let registers = [kind(x), kind(y), K::Bool, kind(x), kind(y), kind(result)];
    let steps = vec![
        Step::Filter { code: code(3, &inputs, Vec::new()), condition: VReg(2) },
        Step::Project { code: code(3, &registers, instructions), columns: vec![D] },
    ];
    Query {
        pipelines: vec![Pipeline { source: scan(0, &types), steps, sink: Sink::Output }],
        output: fields(std::slice::from_ref(result)),
        ..Query::default()
    }
}

fn table(case: &Case, rows: &[Vec<Value>], forms: [Form; 2]) -> Table {
    let types = [case.1.clone(), case.2.clone(), Type::Bool];
    let mut table = Table::of_rows(rows, &types);
    for (at, form) in forms.into_iter().enumerate() {
        if form == Form::Dictionary && types[at] == Type::Text {
            let text =
                |v: &Value| if let Value::Text(t) = v { t.to_string() } else { String::new() };
            let values: Vec<String> = rows.iter().map(|row| text(&row[at])).collect();
            let mut distinct: Vec<&str> = values.iter().map(String::as_str).collect();
            distinct.sort_unstable();
            distinct.dedup();
            let code = |v: &String| distinct.binary_search(&v.as_str()).unwrap() as u16;
            let codes: Vec<u16> = values.iter().map(code).collect();
            table.columns[at].0 =
                Column::Dictionary(Arc::new(codes), vec![dictionary_of(&distinct)]);
        }
    }
    table
}

fn check(case: &Case, rows: &[Vec<Value>], forms: [Form; 2]) -> Result<(), TestCaseError> {
    let fixed = rows.first().cloned().unwrap_or(vec![Value::Null, Value::Null, Value::Null]);
    let operand = |row: &Vec<Value>, at: usize| match forms[at] {
        Form::Constant => fixed[at].clone(),
        _ => row[at].clone(),
    };
    let unary = {
        let mut reads = 0;
        case.0.operands(|o| {
            reads += u32::from(
                o.role == grizzly_bytecode::opcodes::Role::In
                    && o.kind == grizzly_bytecode::OperandKind::Vector,
            )
        });
        reads == 1
    };
    let (mut expected, mut failures) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row[2] == Value::Bool(true)) {
        let (x, y) = (operand(row, 0), operand(row, 1));
        if x.is_null() || (y.is_null() && !unary) {
            expected.push(vec![Value::Null]);
            continue;
        }
        match (case.4)(&x, &y) {
            Ok(value) => expected.push(vec![value]),
            Err(kind) => failures.push(kind),
        }
    }
    let constants = vec![
        constant(fixed[0].clone(), case.1.clone()),
        constant(fixed[1].clone(), case.2.clone()),
    ];
    let tables = vec![table(case, rows, forms)];
    match try_run(query(case, forms), constants, tables, Budget::unlimited()) {
        Ok(got) => {
            prop_assert!(failures.is_empty(), "{} should have failed", case.0);
            prop_assert_eq!(got, expected, "{}", case.0);
        }
        Err(fault) => {
            let known = failures.iter().any(|kind| fault.exception.ty.name == kind.name());
            prop_assert!(known, "{} failed with {:?}", case.0, fault);
        }
    }
    Ok(())
}

fn forms() -> impl Strategy<Value = [Form; 2]> {
    let form = || proptest::sample::select(vec![Form::Column, Form::Constant, Form::Dictionary]);
    [form(), form()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1200, ..ProptestConfig::default() })]

    #[test]
    fn instructions_mean_what_the_table_says(
        (at, rows) in (0..cases().len()).prop_flat_map(|at| {
            let (_, x, y, ..) = cases()[at].clone();
            (Just(at), rows(&[x, y, Type::Bool], 130))
        }),
        forms in forms(),
    ) {
        check(&cases()[at], &rows, forms)?;
    }

    #[test]
    fn instructions_that_cannot_fail_under_rare_selections(
        (at, mut rows) in (0..cases().len()).prop_flat_map(|at| {
            let (_, x, y, ..) = cases()[at].clone();
            (Just(at), rows(&[x, y, Type::Bool], 130))
        }),
        forms in forms(),
        keep in 1_usize..60,
    ) {
        // One row in many is selected: kernels go by indices.
        for (index, row) in rows.iter_mut().enumerate() {
            row[2] = Value::Bool(index % 61 == keep);
        }
        check(&cases()[at], &rows, forms)?;
    }
}
