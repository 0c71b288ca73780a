//! Values for properties: of each type a mix of common, extreme and NULL ones.

use grizzly_bytecode::{Type, Value};
use proptest::prelude::*;

pub const WIDE: Type = Type::Decimal { precision: 38, scale: 2 };

/// Values of a type without NULL.
pub fn valid(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Double => prop_oneof![
            4 => (-8_i32..8).prop_map(|i| Value::Float(f64::from(i) / 2.0)),
            1 => proptest::sample::select(vec![f64::NAN, -0.0, f64::INFINITY, 1e300, -1e300, 2e18])
                .prop_map(Value::Float),
        ]
        .boxed(),
        Type::Decimal { precision: 38, .. } => prop_oneof![
            4 => (-9_i128..9).prop_map(Value::Wide),
            1 => any::<i64>().prop_map(|i| Value::Wide(i.into())),
            1 => proptest::sample::select(vec![i128::MAX, i128::MIN, 1 << 90, -(1 << 64)])
                .prop_map(Value::Wide),
        ]
        .boxed(),
        Type::Text => proptest::sample::select(vec![
            "",
            "a",
            "b",
            "gold",
            "silver",
            "a\0",
            "a\0b",
            "twelve bytes",
            "thirteen byte",
            "a text that is longer than any reference holds",
            "a text that is longer",
        ])
        .prop_map(Value::text)
        .boxed(),
        _ => prop_oneof![
            6 => (-9_i64..9).prop_map(Value::Int),
            1 => proptest::sample::select(vec![i64::MAX, i64::MIN, 1 << 40, -(1 << 33), 1 << 17])
                .prop_map(Value::Int),
        ]
        .boxed(),
    }
}

/// Values of a type, one in five NULL.
pub fn nullable(ty: &Type) -> BoxedStrategy<Value> {
    prop_oneof![4 => valid(ty), 1 => Just(Value::Null)].boxed()
}

/// Rows of these types; a column is without NULLs in half of the cases.
pub fn rows(types: &[Type], most: usize) -> BoxedStrategy<Vec<Vec<Value>>> {
    let cells = |ty: &Type| {
        let (with, without) = (nullable(ty), valid(ty));
        any::<bool>().prop_flat_map(move |nulls| {
            let cell = if nulls { with.clone() } else { without.clone() };
            proptest::collection::vec(cell, most)
        })
    };
    let columns: Vec<_> = types.iter().map(cells).collect();
    (columns, 0..=most)
        .prop_map(|(columns, len)| {
            let row = |at: usize| columns.iter().map(|column| column[at].clone()).collect();
            (0..len).map(row).collect()
        })
        .boxed()
}
