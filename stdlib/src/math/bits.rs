//! Bits of integers, in two's complement.

use crate::arguments::{integer, overflow};
use crate::registry::Bodies;
use grizzly_bytecode::{Fault, Type, Value};
use grizzly_vm::native::NativeContext;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("band", band),
    ("bor", bor),
    ("xor", xor),
    ("bnot", bnot),
    ("lshift", lshift),
    ("rshift", rshift),
    ("bit_count", bit_count),
];

fn band(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(integer(arguments, 0)? & integer(arguments, 1)?))
}

fn bor(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(integer(arguments, 0)? | integer(arguments, 1)?))
}

fn xor(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(integer(arguments, 0)? ^ integer(arguments, 1)?))
}

fn bnot(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(!integer(arguments, 0)?))
}

fn width(ty: Option<&Type>) -> u32 {
    match ty {
        Some(Type::Int8) => 8,
        Some(Type::Int16) => 16,
        Some(Type::Int32) => 32,
        _ => 64,
    }
}

/// The number of bits to shift by, which is below the width.
fn shift(context: &NativeContext<'_>, arguments: &[Value]) -> Result<(u32, u32), Fault> {
    let (by, width) = (integer(arguments, 1)?, width(context.argument_types.first()));
    match u32::try_from(by) {
        Ok(by) if by < width => Ok((by, width)),
        _ => Err(overflow(format!("a shift of {width} bits by {by}"))),
    }
}

fn lshift(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (by, width) = shift(context, arguments)?;
    let shifted = integer(arguments, 0)? << by;
    // The bits above the type's width are those of its sign.
    Ok(Value::Int((shifted << (64 - width)) >> (64 - width)))
}

fn rshift(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (by, _) = shift(context, arguments)?;
    Ok(Value::Int(integer(arguments, 0)? >> by))
}

fn bit_count(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let width = width(context.argument_types.first());
    let bits = (integer(arguments, 0)? as u64) & (u64::MAX >> (64 - width));
    Ok(Value::Int(i64::from(bits.count_ones())))
}
