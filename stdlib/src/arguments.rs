//! Taking native arguments apart.
//!
//! The compiler proves the types of a call, so a value of another kind is a broken invariant; it is
//! reported as a fault that says so rather than trusted.

use grizzly_bytecode::{Builtin, Fault, Interval, Value};

/// The fault of an argument that is not what the declaration says.
#[cold]
fn unexpected(index: usize, wanted: &str, found: Option<&Value>) -> Fault {
    Fault::new(
        Builtin::TypeError,
        format!("internal error: argument {index} of a built-in is {found:?}, not {wanted}"),
    )
}

/// The text at `index`.
pub fn text(arguments: &[Value], index: usize) -> Result<&str, Fault> {
    match arguments.get(index) {
        Some(Value::Text(text)) => Ok(text.as_str()),
        other => Err(unexpected(index, "TEXT", other)),
    }
}

/// The text at `index`, or `default` where the call left it out.
pub fn text_or<'a>(
    arguments: &'a [Value],
    index: usize,
    default: &'a str,
) -> Result<&'a str, Fault> {
    if index < arguments.len() { text(arguments, index) } else { Ok(default) }
}

/// The 64-bit integer (or what lies in a slot like one) at `index`.
pub fn integer(arguments: &[Value], index: usize) -> Result<i64, Fault> {
    match arguments.get(index) {
        Some(Value::Int(value)) => Ok(*value),
        other => Err(unexpected(index, "an integer", other)),
    }
}

/// The integer at `index`, or `default` where the call left it out.
pub fn integer_or(arguments: &[Value], index: usize, default: i64) -> Result<i64, Fault> {
    if index < arguments.len() { integer(arguments, index) } else { Ok(default) }
}

/// The DOUBLE at `index`.
pub fn double(arguments: &[Value], index: usize) -> Result<f64, Fault> {
    match arguments.get(index) {
        Some(Value::Float(value)) => Ok(*value),
        other => Err(unexpected(index, "DOUBLE", other)),
    }
}

/// The INTERVAL at `index`.
pub fn interval(arguments: &[Value], index: usize) -> Result<Interval, Fault> {
    match arguments.get(index) {
        Some(Value::Wide(bits)) => Ok(Interval::unpack(*bits)),
        other => Err(unexpected(index, "INTERVAL", other)),
    }
}

/// The unscaled digits of an integer or DECIMAL, of any width.
pub fn exact(value: &Value) -> Result<i128, Fault> {
    match value {
        Value::Int(value) => Ok(i128::from(*value)),
        Value::Wide(value) => Ok(*value),
        other => Err(unexpected(0, "an exact number", Some(other))),
    }
}

/// The value at `index`.
pub fn any(arguments: &[Value], index: usize) -> Result<&Value, Fault> {
    arguments.get(index).ok_or_else(|| unexpected(index, "given", None))
}

/// The bytes at `index`, of TEXT or BLOB.
pub fn bytes(arguments: &[Value], index: usize) -> Result<&[u8], Fault> {
    match arguments.get(index) {
        Some(Value::Text(text)) => Ok(text.as_bytes()),
        Some(Value::Bytes(bytes)) => Ok(bytes),
        other => Err(unexpected(index, "TEXT or BLOB", other)),
    }
}

/// A CastError: text or a value that the function cannot read.
pub fn cast_error(message: impl AsRef<str>) -> Fault {
    Fault::new(Builtin::CastError, message)
}

/// An ArithmeticOverflow.
pub fn overflow(message: impl AsRef<str>) -> Fault {
    Fault::new(Builtin::ArithmeticOverflow, message)
}

/// The most bytes that one function's result may have.
const MAX_TEXT_BYTES: usize = 1 << 30;

/// Refuses a text that would grow beyond a gigabyte.
pub fn check_size(bytes: Option<usize>) -> Result<usize, Fault> {
    match bytes {
        Some(bytes) if bytes <= MAX_TEXT_BYTES => Ok(bytes),
        _ => Err(Fault::new(
            Builtin::ResourceExhausted,
            "the resulting text would be larger than 1 GiB",
        )),
    }
}
