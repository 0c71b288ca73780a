//! Values: constants of programs, contents of object registers, fields of composites, and rows at
//! the borders of the machine. Value semantics: sharing is by reference count, change copies first.

use crate::ids::FunctionId;
use crate::types::{ExceptionType, FunctionType, Repr, StructType, Type};
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::sync::Arc;

/// A value of any type. The type that gives the bits their meaning (a DATE or an INT64) is known
/// statically, beside the value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// What sits in one integer slot: integers, DATE, TIME, TIMESTAMP(TZ), DECIMAL up to 18 digits
    /// (unscaled), the index of an ENUM value.
    Int(i64),
    /// DOUBLE and FLOAT32.
    Float(f64),
    /// What sits in two slots: DECIMAL above 18 digits (unscaled), UUID, INTERVAL
    /// ([`Interval::pack`]).
    Wide(i128),
    /// TEXT, and JSON as text.
    Text(SmolStr),
    /// BLOB.
    Bytes(Arc<[u8]>),
    /// ARRAY.
    Array(Arc<Vec<Value>>),
    /// STRUCT: the fields in the order of the type.
    Struct(Arc<StructValue>),
    /// MAP, in insertion order.
    Map(Arc<Vec<(Value, Value)>>),
    /// An exception.
    Exception(Arc<ExceptionValue>),
    /// A function value; it belongs to the program that made it.
    Closure(Arc<Closure>),
}

/// A struct's value.
#[derive(Clone, Debug)]
pub struct StructValue {
    /// The shape.
    pub ty: Arc<StructType>,
    /// As many values as the shape has fields.
    pub fields: Vec<Value>,
}

/// An exception's value.
#[derive(Clone, Debug)]
pub struct ExceptionValue {
    /// The type.
    pub ty: Arc<ExceptionType>,
    /// What happened, in one sentence.
    pub message: SmolStr,
    /// As many values as the type has fields.
    pub fields: Vec<Value>,
}

/// A function value: code and what it captured.
#[derive(Clone, Debug)]
pub struct Closure {
    /// The function of the program; its last parameter takes the value itself.
    pub function: FunctionId,
    /// What it takes and gives.
    pub ty: Arc<FunctionType>,
    /// What it captured, by value.
    pub captures: Vec<Value>,
}

/// An INTERVAL: three parts that do not convert into each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl Interval {
    /// The interval as one 128-bit value: months in the highest 32 bits, then days, then
    /// microseconds.
    pub fn pack(self) -> i128 {
        (i128::from(self.months) << 96)
            | (i128::from(self.days as u32) << 64)
            | i128::from(self.micros as u64)
    }

    /// The interval of a packed value.
    pub fn unpack(bits: i128) -> Interval {
        Interval { months: (bits >> 96) as i32, days: (bits >> 64) as i32, micros: bits as i64 }
    }
}

impl Value {
    /// Whether the value is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// A text value.
    pub fn text(text: impl AsRef<str>) -> Value {
        Value::Text(SmolStr::new(text))
    }

    /// The bits of the value in one slot; `None` where it is NULL or does not fit one.
    pub fn slot_bits(&self) -> Option<u64> {
        match self {
            Value::Bool(b) => Some(u64::from(*b)),
            Value::Int(i) => Some(*i as u64),
            Value::Float(x) => Some(x.to_bits()),
            _ => None,
        }
    }

    /// The value of a slot's bits, for a type whose [`Type::repr`] is a slot.
    pub fn from_slot(bits: u64, ty: &Type) -> Value {
        match ty {
            Type::Bool => Value::Bool(bits != 0),
            Type::Double | Type::Float32 => Value::Float(f64::from_bits(bits)),
            _ => Value::Int(bits as i64),
        }
    }

    /// Whether the value is NULL or of the form in which the machine keeps values of a type.
    /// Elements and fields are not looked at.
    pub fn fits(&self, ty: &Type) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(_) => *ty == Type::Bool,
            Value::Float(_) => ty.is_float(),
            Value::Int(_) => ty.repr() == Repr::Slot && *ty != Type::Bool && !ty.is_float(),
            Value::Wide(_) => ty.repr() == Repr::Wide,
            Value::Text(_) => matches!(ty, Type::Text | Type::Json),
            Value::Bytes(_) => *ty == Type::Blob,
            Value::Array(_) => matches!(ty, Type::Array(_)),
            Value::Struct(_) => matches!(ty, Type::Struct(_)),
            Value::Map(_) => matches!(ty, Type::Map(_)),
            Value::Exception(_) => matches!(ty, Type::Exception(_)),
            Value::Closure(_) => matches!(ty, Type::Function(_)),
        }
    }

    /// The total order of grouping and sorting between values of one type: NULL equals NULL and
    /// comes last, NaN equals itself and comes after all numbers, −0.0 equals 0.0. Text compares by
    /// bytes.
    pub fn total_cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => total_cmp_f64(*a, *b),
            (Value::Wide(a), Value::Wide(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
            (Value::Array(a), Value::Array(b)) => cmp_all(a, b),
            (Value::Struct(a), Value::Struct(b)) => cmp_all(&a.fields, &b.fields),
            (Value::Exception(a), Value::Exception(b)) => {
                a.ty.name.cmp(&b.ty.name).then_with(|| cmp_all(&a.fields, &b.fields))
            }
            (Value::Map(a), Value::Map(b)) => cmp_maps(a, b),
            (Value::Closure(a), Value::Closure(b)) => {
                a.function.cmp(&b.function).then_with(|| cmp_all(&a.captures, &b.captures))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Bool(_) => 0,
            Value::Int(_) => 1,
            Value::Float(_) => 2,
            Value::Wide(_) => 3,
            Value::Text(_) => 4,
            Value::Bytes(_) => 5,
            Value::Array(_) => 6,
            Value::Struct(_) => 7,
            Value::Map(_) => 8,
            Value::Exception(_) => 9,
            Value::Closure(_) => 10,
            Value::Null => 11,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.total_cmp(other).is_eq()
    }
}

/// The total order of DOUBLE: −0.0 = 0.0, NaN = NaN after all numbers.
pub fn total_cmp_f64(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn cmp_all(a: &[Value], b: &[Value]) -> Ordering {
    let different = a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
    different.unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn cmp_maps(a: &[(Value, Value)], b: &[(Value, Value)]) -> Ordering {
    let pairs = a.iter().zip(b);
    let different = pairs
        .map(|(x, y)| x.0.total_cmp(&y.0).then_with(|| x.1.total_cmp(&y.1)))
        .find(|o| o.is_ne());
    different.unwrap_or_else(|| a.len().cmp(&b.len()))
}
