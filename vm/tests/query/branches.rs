//! Three-valued logic, tests for NULL, and branches: what is selected, kept, skipped.

use crate::support::*;
use crate::values::{WIDE, rows};
use grizzly_bytecode::query::{Pipeline, Query, Sink, Step};
use grizzly_bytecode::{
    Cmp, ConstId, Target, Type, VReg, Value, VectorInstr as I, VectorKind as K,
};
use proptest::prelude::*;

fn v(register: u16) -> VReg {
    VReg(register)
}

fn project(types: &[Type], registers: &[K], instructions: Vec<I>, out: Vec<(u16, Type)>) -> Query {
    let columns = out.iter().map(|(register, _)| v(*register)).collect();
    let step = Step::Project { code: code(types.len() as u16, registers, instructions), columns };
    let result: Vec<Type> = out.into_iter().map(|(_, ty)| ty).collect();
    Query {
        pipelines: vec![Pipeline { source: scan(0, types), steps: vec![step], sink: Sink::Output }],
        output: fields(&result),
        ..Query::default()
    }
}

#[test]
fn logic_has_three_values() {
    let values = [Value::Bool(false), Value::Bool(true), Value::Null];
    let pairs = values.iter().flat_map(|a| values.iter().map(|b| vec![a.clone(), b.clone()]));
    let table = Table::of_rows(&pairs.collect::<Vec<_>>(), &[Type::Bool, Type::Bool]);
    let (a, b) = (v(0), v(1));
    let query = project(
        &[Type::Bool, Type::Bool],
        &[K::Bool; 7],
        vec![
            I::And { d: v(2), a, b },
            I::Or { d: v(3), a, b },
            I::Not { d: v(4), a },
            I::IsNull { d: v(5), a: b },
            I::IsNotNull { d: v(6), a: b },
        ],
        (2..7).map(|register| (register, Type::Bool)).collect(),
    );
    let letters = |row: &Vec<Value>| -> String {
        row.iter()
            .map(|v| match v {
                Value::Bool(true) => 't',
                Value::Bool(false) => 'f',
                _ => 'n',
            })
            .collect()
    };
    let got: Vec<String> = run(query, Vec::new(), vec![table]).iter().map(letters).collect();
    // and, or, not a, b is null, b is not null
    let table =
        ["fft ft", "ftt ft", "fnt tf", "ftf ft", "ttf ft", "ntf tf", "fnn ft", "ntn ft", "nnn tf"];
    let table: Vec<String> = table.iter().map(|row| row.replace(' ', "")).collect();
    assert_eq!(got, table);
}

/// `IF c1 { IF c2 { a } ELSE { k } } ELSE { NULL }`, over a default.
fn nested(ty: &Type) -> Query {
    let kind = ty.vector_kind();
    let registers = vec![K::Bool, K::Bool, kind, kind];
    project(
        &[Type::Bool, Type::Bool, ty.clone()],
        &registers,
        vec![
            I::Const { d: v(3), k: ConstId(0) },
            I::SelectIf { a: v(0), t: Target(7) },
            I::SelectIf { a: v(1), t: Target(4) },
            I::Copy { d: v(3), a: v(2) },
            I::SelectElse { t: Target(6) },
            I::Const { d: v(3), k: ConstId(1) },
            I::SelectEnd {},
            I::SelectElse { t: Target(9) },
            I::Null { d: v(3) },
            I::SelectEnd {},
        ],
        vec![(3, ty.clone()), (2, ty.clone())],
    )
}

fn other(ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(true),
        Type::Double => Value::Float(0.25),
        Type::Text => Value::text("a constant of more than twelve bytes"),
        Type::Int64 => Value::Int(77),
        _ => Value::Wide(1 << 80),
    }
}

fn types() -> impl Strategy<Value = Type> {
    proptest::sample::select(vec![Type::Bool, Type::Int64, Type::Double, Type::Text, WIDE])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn branches_write_their_rows_and_keep_the_others(
        (ty, rows) in types().prop_flat_map(|ty| {
            (Just(ty.clone()), rows(&[Type::Bool, Type::Bool, ty], 230))
        }),
    ) {
        let table = Table::of_rows(&rows, &[Type::Bool, Type::Bool, ty.clone()]);
        let constants = vec![constant(other(&ty), ty.clone()), constant(other(&ty), ty.clone())];
        let got = run(nested(&ty), constants, vec![table]);
        let truth = Value::Bool(true);
        let expected: Vec<Vec<Value>> = rows.iter().map(|row| {
            let chosen = match (row[0] == truth, row[1] == truth) {
                (true, true) => row[2].clone(),
                (true, false) => other(&ty),
                (false, _) => Value::Null,
            };
            vec![chosen, row[2].clone()]
        }).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn conjuncts_narrow_one_after_the_other(
        rows in rows(&[Type::Bool, Type::Int64, Type::Int64], 230),
    ) {
        // flag AND b != 0 AND (a % b >= 0 AND a > -5): where b is 0 nothing is divided.
        let types = [Type::Bool, Type::Int64, Type::Int64];
        let kinds = [
            K::Bool, K::I64, K::I64, K::I64, K::Bool, K::I64, K::Bool, K::I64, K::Bool, K::Bool,
            K::Bool, K::Bool,
        ];
        let (a, b) = (v(1), v(2));
        let filter = code(3, &kinds, vec![
            I::Const { d: v(3), k: ConstId(0) },
            I::CmpI64 { c: Cmp::Ne, d: v(4), a: b, b: v(3) },
            I::RemI64 { d: v(5), a, b },
            I::CmpI64 { c: Cmp::Ge, d: v(6), a: v(5), b: v(3) },
            I::Const { d: v(7), k: ConstId(1) },
            I::CmpI64 { c: Cmp::Gt, d: v(8), a, b: v(7) },
            I::And { d: v(9), a: v(6), b: v(8) },
            I::And { d: v(10), a: v(0), b: v(4) },
            I::And { d: v(11), a: v(10), b: v(9) },
        ]);
        let step = Step::Filter { code: filter, condition: v(11) };
        let query = Query {
            pipelines: vec![Pipeline {
                source: scan(0, &types),
                steps: vec![step],
                sink: Sink::Output,
            }],
            output: fields(&types),
            ..Query::default()
        };
        let constants =
            vec![constant(Value::Int(0), Type::Int64), constant(Value::Int(-5), Type::Int64)];
        let got = run(query, constants, vec![Table::of_rows(&rows, &types)]);
        let holds = |row: &Vec<Value>| match (&row[0], &row[1], &row[2]) {
            (Value::Bool(true), Value::Int(a), Value::Int(b)) => {
                *b != 0 && a.wrapping_rem(*b) >= 0 && *a > -5
            }
            _ => false,
        };
        let expected: Vec<Vec<Value>> = rows.into_iter().filter(holds).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_choice_takes_the_first_where_the_condition_is_true(
        (ty, rows) in proptest::sample::select(vec![Type::Bool, Type::Int64, Type::Double])
            .prop_flat_map(|ty| {
                (Just(ty.clone()), rows(&[Type::Bool, ty.clone(), ty], 230))
            }),
        fixed in [any::<bool>(), any::<bool>()],
    ) {
        let types = [Type::Bool, ty.clone(), ty.clone()];
        let kind = ty.vector_kind();
        let operand = |at: usize, constant: u16| match fixed[at] {
            true => I::Const { d: v(3 + at as u16), k: ConstId(constant) },
            false => I::Copy { d: v(3 + at as u16), a: v(1 + at as u16) },
        };
        let query = project(&types, &[K::Bool, kind, kind, kind, kind, kind], vec![
            operand(0, 0),
            operand(1, 1),
            I::Choose { d: v(5), c: v(0), a: v(3), b: v(4) },
        ], vec![(5, ty.clone())]);
        let constants = vec![constant(other(&ty), ty.clone()), constant(Value::Null, ty.clone())];
        let got = run(query, constants, vec![Table::of_rows(&rows, &types)]);
        let expected: Vec<Vec<Value>> = rows.iter().map(|row| {
            let taken = row[0] == Value::Bool(true);
            vec![match (taken, fixed[usize::from(!taken)]) {
                (true, true) => other(&ty),
                (true, false) => row[1].clone(),
                (false, true) => Value::Null,
                (false, false) => row[2].clone(),
            }]
        }).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_fault_in_a_branch_not_taken_does_not_happen(
        rows in rows(&[Type::Int64, Type::Int64], 230),
    ) {
        // IF b != 0 { a % b } ELSE { a }
        let kinds = [K::I64, K::I64, K::I64, K::Bool, K::I64, K::I64];
        let query = project(&[Type::Int64, Type::Int64], &kinds, vec![
            I::Const { d: v(2), k: ConstId(0) },
            I::CmpI64 { c: Cmp::Ne, d: v(3), a: v(1), b: v(2) },
            I::SelectIf { a: v(3), t: Target(5) },
            I::RemI64 { d: v(4), a: v(0), b: v(1) },
            I::Copy { d: v(5), a: v(4) },
            I::SelectElse { t: Target(7) },
            I::Copy { d: v(5), a: v(0) },
            I::SelectEnd {},
        ], vec![(5, Type::Int64)]);
        let table = Table::of_rows(&rows, &[Type::Int64, Type::Int64]);
        let constants = vec![constant(Value::Int(0), Type::Int64)];
        let got = run(query, constants, vec![table]);
        let expected: Vec<Vec<Value>> = rows.iter().map(|row| vec![match (&row[0], &row[1]) {
            (Value::Int(a), Value::Int(b)) if *b != 0 => Value::Int(a.wrapping_rem(*b)),
            (a, _) => a.clone(),
        }]).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_temporary_of_both_branches_is_not_mixed_up(
        rows in rows(&[Type::Text, Type::Double], 230),
    ) {
        // MATCH t { 'gold' => x * 2, 'silver' => x * 4, _ => x }, with the constants' registers
        // reused.
        let kinds = [K::Bytes, K::F64, K::Bytes, K::Bool, K::F64, K::F64, K::F64];
        let arm = |text: u16, factor: u16, otherwise: u16| vec![
            I::Const { d: v(2), k: ConstId(text) },
            I::CmpBytes { c: Cmp::Eq, d: v(3), a: v(0), b: v(2) },
            I::SelectIf { a: v(3), t: Target(otherwise) },
            I::Const { d: v(4), k: ConstId(factor) },
            I::MulF64 { d: v(5), a: v(1), b: v(4) },
            I::Copy { d: v(6), a: v(5) },
        ];
        let mut instructions = arm(0, 1, 6);
        instructions.push(I::SelectElse { t: Target(16) });
        instructions.extend(arm(2, 3, 13));
        instructions.extend([
            I::SelectElse { t: Target(15) },
            I::Copy { d: v(6), a: v(1) },
            I::SelectEnd {},
            I::SelectEnd {},
        ]);
        let out = vec![(6, Type::Double), (2, Type::Text)];
        let query = project(&[Type::Text, Type::Double], &kinds, instructions, out);
        let table = Table::of_rows(&rows, &[Type::Text, Type::Double]);
        let constants = vec![
            constant(Value::text("gold"), Type::Text),
            constant(Value::Float(2.0), Type::Double),
            constant(Value::text("silver"), Type::Text),
            constant(Value::Float(4.0), Type::Double),
        ];
        let got = run(query, constants, vec![table]);
        for (row, got) in rows.iter().zip(got) {
            let gold = row[0] == Value::text("gold");
            let silver = row[0] == Value::text("silver");
            let factor = if gold { 2.0 } else if silver { 4.0 } else { 1.0 };
            let expected = match row[1] {
                Value::Float(x) => Value::Float(x * factor),
                _ => Value::Null,
            };
            let text = Value::text(if gold { "gold" } else { "silver" });
            prop_assert_eq!(got, vec![expected, text]);
        }
    }
}
