//! Conversions to numbers and BOOLEAN from other scalars than TEXT.

use super::{Outcome, no_conversion};
use crate::arguments::{exact, overflow};
use crate::display::text_of;
use crate::math::exact_value;
use crate::number::{decimal_to_double, double_to_decimal, rescale};
use grizzly_bytecode::{Fault, Type, Value};

/// The fault of a number that its target cannot hold.
pub(super) fn out_of_range(value: &Value, from: &Type, to: &Type) -> Fault {
    overflow(format!("{} is out of range for {to}", text_of(value, from)))
}

/// A number or BOOLEAN as a number or BOOLEAN of another type.
pub(super) fn to_number(value: &Value, from: &Type, to: &Type) -> Outcome {
    match (value, from) {
        (Value::Bool(truth), Type::Bool) => from_bool(*truth, to),
        (Value::Float(number), Type::Float32 | Type::Double) => from_float(*number, from, to),
        (_, from) if from.is_integer() || matches!(from, Type::Decimal { .. }) => {
            from_exact(value, from, to)
        }
        _ => Err(no_conversion(from, to)),
    }
}

fn from_bool(truth: bool, to: &Type) -> Outcome {
    match to {
        Type::Double | Type::Float32 => Ok(Value::Float(f64::from(u8::from(truth)))),
        _ => {
            let one = rescale(i128::from(truth), 0, to.scale());
            exact_value(one, to).map_err(|_| out_of_range(&Value::Bool(truth), &Type::Bool, to))
        }
    }
}

fn from_float(number: f64, from: &Type, to: &Type) -> Outcome {
    // To an integer as the machine's own instruction: half to even.
    let number = if to.is_integer() { number.round_ties_even() } else { number };
    match to {
        Type::Bool => Ok(Value::Bool(number != 0.0)),
        Type::Double => Ok(Value::Float(number)),
        Type::Float32 => narrow(number, from),
        _ => {
            let unscaled = double_to_decimal(number, to.scale());
            exact_value(unscaled, to).map_err(|_| out_of_range(&Value::Float(number), from, to))
        }
    }
}

/// A DOUBLE as FLOAT32; a finite number that only infinity would hold is out of range.
pub(super) fn narrow(number: f64, from: &Type) -> Outcome {
    let narrowed = f64::from(number as f32);
    if narrowed.is_infinite() && number.is_finite() {
        return Err(out_of_range(&Value::Float(number), from, &Type::Float32));
    }
    Ok(Value::Float(narrowed))
}

fn from_exact(value: &Value, from: &Type, to: &Type) -> Outcome {
    let unscaled = exact(value)?;
    match to {
        Type::Bool => Ok(Value::Bool(unscaled != 0)),
        Type::Double => Ok(Value::Float(decimal_to_double(unscaled, from.scale()))),
        Type::Float32 => narrow(decimal_to_double(unscaled, from.scale()), from),
        _ => {
            let rescaled = rescale(unscaled, from.scale(), to.scale());
            exact_value(rescaled, to).map_err(|_| out_of_range(value, from, to))
        }
    }
}
