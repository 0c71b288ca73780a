//! Numeric functions. DOUBLE follows IEEE 754: what has no value is NaN or infinite, not a fault.
//! Integers and DECIMAL are exact and checked.

pub(crate) mod bits;
pub mod rounding;

use crate::arguments::{any, double, exact, integer, overflow};
use crate::number::{decimal_value, fits_precision};
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, Type, Value};
use grizzly_vm::native::NativeContext;

type Outcome = Result<Value, Fault>;

/// Bodies from DOUBLE to DOUBLE.
macro_rules! doubles {
    ($($name:ident = $body:expr;)*) => {$(
        fn $name(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
            let body: fn(f64) -> f64 = $body;
            Ok(Value::Float(body(double(arguments, 0)?)))
        }
    )*};
}

doubles! {
    sqrt = f64::sqrt;
    cbrt = f64::cbrt;
    exp = f64::exp;
    ln = f64::ln;
    log10 = f64::log10;
    log2 = f64::log2;
    sin = f64::sin;
    cos = f64::cos;
    tan = f64::tan;
    cot = |x| 1.0 / x.tan();
    asin = f64::asin;
    acos = f64::acos;
    atan = f64::atan;
    sinh = f64::sinh;
    cosh = f64::cosh;
    tanh = f64::tanh;
    asinh = f64::asinh;
    acosh = f64::acosh;
    atanh = f64::atanh;
    degrees = f64::to_degrees;
    radians = f64::to_radians;
}

pub(crate) const BODIES: Bodies = &[
    ("abs", abs),
    ("sign", sign),
    ("mod", modulo),
    ("div", div),
    ("power", power),
    ("log", log),
    ("atan2", atan2),
    ("pi", pi),
    ("isnan", isnan),
    ("isinf", isinf),
    ("isfinite", isfinite),
    ("gcd", gcd),
    ("lcm", lcm),
    ("factorial", factorial),
    ("sqrt", sqrt),
    ("cbrt", cbrt),
    ("exp", exp),
    ("ln", ln),
    ("log10", log10),
    ("log2", log2),
    ("sin", sin),
    ("cos", cos),
    ("tan", tan),
    ("cot", cot),
    ("asin", asin),
    ("acos", acos),
    ("atan", atan),
    ("sinh", sinh),
    ("cosh", cosh),
    ("tanh", tanh),
    ("asinh", asinh),
    ("acosh", acosh),
    ("atanh", atanh),
    ("degrees", degrees),
    ("radians", radians),
];

/// An exact result as a value of an integer or DECIMAL type, checked against its range.
pub(crate) fn exact_value(result: Option<i128>, ty: &Type) -> Outcome {
    let out_of_range = || overflow(format!("the result is out of range for {ty}"));
    let result = result.ok_or_else(out_of_range)?;
    let bits = match ty {
        Type::Int8 => 8,
        Type::Int16 => 16,
        Type::Int32 => 32,
        Type::Decimal { precision, .. } => {
            let fits = fits_precision(result, *precision);
            return if fits { Ok(decimal_value(result, *precision)) } else { Err(out_of_range()) };
        }
        _ => 64,
    };
    let limit = 1_i128 << (bits - 1);
    if (-limit..limit).contains(&result) {
        // The range fits 64 bits.
        Ok(Value::Int(result as i64))
    } else {
        Err(out_of_range())
    }
}

fn abs(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    match any(arguments, 0)? {
        Value::Float(value) => Ok(Value::Float(value.abs())),
        value => exact_value(exact(value)?.checked_abs(), context.result_type),
    }
}

fn sign(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let sign = match any(arguments, 0)? {
        Value::Float(value) => i64::from(*value > 0.0) - i64::from(*value < 0.0),
        value => exact(value)?.signum() as i64,
    };
    Ok(Value::Int(sign))
}

fn division_by_zero() -> Fault {
    Fault::new(Builtin::DivisionByZero, "division by zero")
}

/// The remainder with the sign of the dividend. Both have one type, hence one scale.
fn modulo(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    match (any(arguments, 0)?, any(arguments, 1)?) {
        (Value::Float(_), Value::Float(0.0)) => Err(division_by_zero()),
        (Value::Float(a), Value::Float(b)) => Ok(Value::Float(a % b)),
        (a, b) => match exact(b)? {
            0 => Err(division_by_zero()),
            b => exact_value(exact(a)?.checked_rem(b), context.result_type),
        },
    }
}

/// The quotient cut towards zero, as INT64.
fn div(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    match (any(arguments, 0)?, any(arguments, 1)?) {
        (Value::Float(_), Value::Float(0.0)) => Err(division_by_zero()),
        (Value::Float(a), Value::Float(b)) => {
            let quotient = (a / b).trunc();
            // Both bounds are exact doubles; 2^63 itself does not fit.
            if (-9.223_372_036_854_776e18..9.223_372_036_854_776e18).contains(&quotient) {
                Ok(Value::Int(quotient as i64))
            } else {
                Err(overflow("the quotient is out of range for INT64"))
            }
        }
        (a, b) => match exact(b)? {
            0 => Err(division_by_zero()),
            b => exact_value(exact(a)?.checked_div(b), &Type::Int64),
        },
    }
}

fn power(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Float(double(arguments, 0)?.powf(double(arguments, 1)?)))
}

/// `log(x)` to base 10, `log(base, x)` to any.
fn log(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let first = double(arguments, 0)?;
    if arguments.len() < 2 {
        return Ok(Value::Float(first.log10()));
    }
    let x = double(arguments, 1)?;
    // The exact functions of the usual bases give `log(2, 8)` as 3.0.
    Ok(Value::Float(match first {
        2.0 => x.log2(),
        10.0 => x.log10(),
        base => x.ln() / base.ln(),
    }))
}

fn atan2(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Float(double(arguments, 0)?.atan2(double(arguments, 1)?)))
}

fn pi(_: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(Value::Float(std::f64::consts::PI))
}

fn isnan(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(double(arguments, 0)?.is_nan()))
}

fn isinf(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(double(arguments, 0)?.is_infinite()))
}

fn isfinite(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bool(double(arguments, 0)?.is_finite()))
}

/// Euclid's algorithm on magnitudes.
fn greatest_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn magnitudes(arguments: &[Value]) -> Result<(u128, u128), Fault> {
    let magnitude = |index| integer(arguments, index).map(|n| u128::from(n.unsigned_abs()));
    Ok((magnitude(0)?, magnitude(1)?))
}

fn gcd(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = magnitudes(arguments)?;
    exact_value(i128::try_from(greatest_divisor(a, b)).ok(), &Type::Int64)
}

fn lcm(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = magnitudes(arguments)?;
    let multiple = if a == 0 || b == 0 { 0 } else { a / greatest_divisor(a, b) * b };
    exact_value(i128::try_from(multiple).ok(), &Type::Int64)
}

fn factorial(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let n = integer(arguments, 0)?;
    if !(0..=20).contains(&n) {
        return Err(overflow(format!("{n}! is out of range for INT64")));
    }
    Ok(Value::Int((1..=n).product()))
}
