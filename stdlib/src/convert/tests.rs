//! Conversions by example: what fits, what rounds, what raises which exception.

use super::convert;
use crate::display::text_of;
use grizzly_bytecode::{EnumType, Type, Value};
use std::sync::Arc;

fn decimal(precision: u8, scale: u8) -> Type {
    Type::Decimal { precision, scale }
}

/// The converted value's text, or the name of the exception.
fn shown(value: &Value, from: &Type, to: &Type) -> String {
    match convert(value, from, to) {
        Ok(value) => text_of(&value, to),
        Err(fault) => fault.exception.ty.name.to_string(),
    }
}

fn text_as(text: &str, to: &Type) -> String {
    shown(&Value::text(text), &Type::Text, to)
}

#[test]
fn text_round_trips_through_every_scalar() {
    let examples = [
        ("true", Type::Bool),
        ("-128", Type::Int8),
        ("32767", Type::Int16),
        ("-2147483648", Type::Int32),
        ("9223372036854775807", Type::Int64),
        ("0.1", Type::Float32),
        ("1e21", Type::Double),
        ("NaN", Type::Double),
        ("-Infinity", Type::Double),
        ("-0.05", decimal(5, 2)),
        ("12345678901234567890.5", decimal(38, 1)),
        ("2024-02-29", Type::Date),
        ("13:45:10.75", Type::Time),
        ("1969-12-31 23:59:59.5", Type::Timestamp),
        ("2024-01-31 08:30:00+00", Type::TimestampTz),
        ("1 year 2 months 5 days 01:30:00", Type::Interval),
        ("123e4567-e89b-42d3-a456-426614174000", Type::Uuid),
        ("\\x00ff", Type::Blob),
    ];
    for (text, ty) in examples {
        assert_eq!(text_as(text, &ty), text, "{ty}");
    }
}

#[test]
fn unreadable_text_is_a_cast_error() {
    let types = [
        Type::Bool,
        Type::Int32,
        Type::Double,
        decimal(5, 2),
        Type::Date,
        Type::Time,
        Type::Timestamp,
        Type::TimestampTz,
        Type::Interval,
        Type::Uuid,
    ];
    for ty in types {
        for text in ["", "x", "1.2.3", "12-"] {
            assert_eq!(text_as(text, &ty), "CastError", "{text:?} as {ty}");
        }
    }
    assert_eq!(text_as("1.5", &Type::Int64), "CastError");
    assert_eq!(text_as("2023-02-29", &Type::Date), "CastError");
}

#[test]
fn numbers_that_do_not_fit_overflow() {
    assert_eq!(text_as("128", &Type::Int8), "ArithmeticOverflow");
    assert_eq!(text_as("1e400", &Type::Double), "ArithmeticOverflow");
    assert_eq!(text_as("1000", &decimal(5, 2)), "ArithmeticOverflow");
    assert_eq!(shown(&Value::Int(300), &Type::Int64, &Type::Int8), "ArithmeticOverflow");
    assert_eq!(shown(&Value::Float(1e19), &Type::Double, &Type::Int64), "ArithmeticOverflow");
    assert_eq!(shown(&Value::Float(f64::NAN), &Type::Double, &Type::Int64), "ArithmeticOverflow");
    assert_eq!(shown(&Value::Float(1e300), &Type::Double, &Type::Float32), "ArithmeticOverflow");
    assert_eq!(shown(&Value::Int(99_995), &decimal(5, 1), &decimal(4, 0)), "ArithmeticOverflow");
}

#[test]
fn rounding_is_half_away_from_zero() {
    assert_eq!(shown(&Value::Float(2.5), &Type::Double, &Type::Int64), "2");
    assert_eq!(shown(&Value::Float(-2.5), &Type::Double, &Type::Int64), "-2");
    assert_eq!(shown(&Value::Float(0.285), &Type::Double, &decimal(5, 2)), "0.29");
    assert_eq!(shown(&Value::Int(-125), &decimal(5, 2), &decimal(5, 1)), "-1.3");
    assert_eq!(shown(&Value::Int(7), &Type::Int64, &decimal(20, 3)), "7.000");
    assert_eq!(text_as("2.345", &decimal(5, 2)), "2.35");
}

#[test]
fn dates_and_timestamps_convert_both_ways() {
    let noon = convert(&Value::text("1969-12-31 12:00"), &Type::Text, &Type::Timestamp);
    let noon = noon.expect("a timestamp");
    assert_eq!(shown(&noon, &Type::Timestamp, &Type::Date), "1969-12-31");
    assert_eq!(shown(&noon, &Type::Timestamp, &Type::Time), "12:00:00");
    assert_eq!(shown(&Value::Int(-1), &Type::Date, &Type::Timestamp), "1969-12-31 00:00:00");
    assert_eq!(shown(&Value::Int(1), &Type::Date, &Type::Int64), "CastError");
}

#[test]
fn enums_convert_by_name() {
    let tier = |values: &[&str]| {
        Type::Enum(Arc::new(EnumType {
            name: "Tier".into(),
            values: values.iter().map(|value| (*value).into()).collect(),
        }))
    };
    let (two, three) = (tier(&["gold", "silver"]), tier(&["silver", "bronze", "gold"]));
    assert_eq!(text_as("silver", &two), "silver");
    assert_eq!(text_as("Silver", &two), "CastError");
    assert_eq!(shown(&Value::Int(0), &two, &three), "gold");
}
