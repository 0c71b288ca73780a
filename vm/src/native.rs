//! Native functions: the bodies of built-ins, supplied by the standard library.

use crate::Fault;
use crate::ports::{Clock, Entropy};
use grizzly_bytecode::{Type, Value};

/// What a native body may use beside its arguments.
pub struct NativeContext<'a> {
    /// The clocks; `now()` is [`NativeContext::transaction_micros`].
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// When the transaction began, in microseconds since 1970-01-01 UTC.
    pub transaction_micros: i64,
    /// The static types of the arguments.
    pub argument_types: &'a [Type],
    /// The static type of the result.
    pub result_type: &'a Type,
}

/// A native body: from values to a value. A strict function is never called with NULL.
pub type NativeBody = fn(&NativeContext<'_>, &[Value]) -> Result<Value, Fault>;

/// Finds native bodies by the names that programs use.
pub trait Natives: Send + Sync {
    /// The body of a function, `None` where there is none of that name.
    fn find(&self, name: &str) -> Option<NativeBody>;
}
