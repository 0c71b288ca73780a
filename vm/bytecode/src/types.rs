//! The types of the language as the compiler, the machine and the output formats share them.
//!
//! A type says nothing of nullability: that is tracked beside it. [`Type::repr`] is the one place
//! that decides how values of a type sit in registers, and [`Type::vector_kind`] how they sit in
//! vectors.

use smol_str::SmolStr;
use std::fmt;
use std::sync::Arc;

/// A type of the language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Stands where the compiler has reported an error; compatible with everything.
    Error,
    /// The type of a NULL that no context has typed yet.
    Null,
    /// No value: a function without RETURNS, a statement.
    Unit,
    /// BOOLEAN.
    Bool,
    /// INT8.
    Int8,
    /// INT16.
    Int16,
    /// INT32.
    Int32,
    /// INT64.
    Int64,
    /// FLOAT32.
    Float32,
    /// DOUBLE.
    Double,
    /// DECIMAL(precision, scale).
    Decimal {
        /// Total digits, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// TEXT.
    Text,
    /// BLOB.
    Blob,
    /// DATE: days since 1970-01-01.
    Date,
    /// TIME: microseconds since midnight.
    Time,
    /// TIMESTAMP: microseconds since 1970-01-01, no zone.
    Timestamp,
    /// TIMESTAMPTZ: microseconds since 1970-01-01 UTC.
    TimestampTz,
    /// INTERVAL: months, days, microseconds.
    Interval,
    /// UUID.
    Uuid,
    /// JSON, the dynamic type.
    Json,
    /// ARRAY of an element type.
    Array(Arc<Type>),
    /// MAP from a key to a value type.
    Map(Arc<(Type, Type)>),
    /// STRUCT, named or not; a table's row type is one.
    Struct(Arc<StructType>),
    /// ENUM.
    Enum(Arc<EnumType>),
    /// An exception value.
    Exception(Arc<ExceptionType>),
    /// A function value.
    Function(Arc<FunctionType>),
    /// A running asynchronous call.
    Task(Arc<Type>),
}

/// A STRUCT's shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StructType {
    /// The name of CREATE TYPE or of the table, `None` for a literal's type.
    pub name: Option<SmolStr>,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a struct or an exception, or an output column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name as it was written.
    pub name: SmolStr,
    /// The type.
    pub ty: Type,
}

/// An ENUM's values, in the order of their declaration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// The name of CREATE TYPE.
    pub name: SmolStr,
    /// The values; a register holds the index.
    pub values: Vec<SmolStr>,
}

/// An exception's type, built in or made by CREATE TYPE … AS EXCEPTION.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExceptionType {
    /// The name that handlers use.
    pub name: SmolStr,
    /// The exception that it stands under (`UniqueViolation` under `ConstraintViolation`).
    pub parent: Option<SmolStr>,
    /// The message where RAISE gives none.
    pub message: SmolStr,
    /// The exception's own fields.
    pub fields: Vec<Field>,
}

/// A function value's type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionType {
    /// The parameters' types.
    pub parameters: Vec<Type>,
    /// The result's type.
    pub result: Type,
    /// The names of the exceptions that a call may raise.
    pub raises: Vec<SmolStr>,
}

/// How a value sits in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repr {
    /// No register (`Unit`).
    Nothing,
    /// One 64-bit slot. NULL needs a validity slot beside it.
    Slot,
    /// Two slots: DECIMAL above 18 digits, UUID, INTERVAL. NULL needs a validity slot beside them.
    Wide,
    /// One object register; NULL is [`crate::Value::Null`] in it.
    Object,
}

/// How a column of values sits in a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorKind {
    /// One byte a value, 0 or 1.
    Bool,
    /// 64-bit integers: all integers, dates, times, DECIMAL up to 18 digits, ENUM indices.
    I64,
    /// DOUBLE and FLOAT32.
    F64,
    /// 128-bit: DECIMAL above 18 digits, UUID, INTERVAL.
    I128,
    /// TEXT and BLOB: offsets and bytes, a dictionary, or 16-byte references.
    Bytes,
    /// Everything else, one [`crate::Value`] a row.
    Object,
}

impl Type {
    /// How values of the type sit in registers.
    pub fn repr(&self) -> Repr {
        match self {
            Type::Unit => Repr::Nothing,
            Type::Bool
            | Type::Int8
            | Type::Int16
            | Type::Int32
            | Type::Int64
            | Type::Float32
            | Type::Double
            | Type::Date
            | Type::Time
            | Type::Timestamp
            | Type::TimestampTz
            | Type::Enum(_) => Repr::Slot,
            Type::Decimal { precision, .. } if *precision <= 18 => Repr::Slot,
            Type::Decimal { .. } | Type::Interval | Type::Uuid => Repr::Wide,
            _ => Repr::Object,
        }
    }

    /// How columns of the type sit in vectors.
    pub fn vector_kind(&self) -> VectorKind {
        match self {
            Type::Bool => VectorKind::Bool,
            Type::Float32 | Type::Double => VectorKind::F64,
            Type::Text | Type::Blob => VectorKind::Bytes,
            _ => match self.repr() {
                Repr::Slot => VectorKind::I64,
                Repr::Wide => VectorKind::I128,
                Repr::Nothing | Repr::Object => VectorKind::Object,
            },
        }
    }

    /// Whether the type is one of the integer types.
    pub fn is_integer(&self) -> bool {
        matches!(self, Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64)
    }

    /// Whether the type is FLOAT32 or DOUBLE.
    pub fn is_float(&self) -> bool {
        matches!(self, Type::Float32 | Type::Double)
    }

    /// Whether the type is a number.
    pub fn is_number(&self) -> bool {
        self.is_integer() || self.is_float() || matches!(self, Type::Decimal { .. })
    }

    /// Whether the type is [`Type::Error`].
    pub fn is_error(&self) -> bool {
        matches!(self, Type::Error)
    }

    /// Digits after the point: the scale of a DECIMAL, else 0.
    pub fn scale(&self) -> u8 {
        match self {
            Type::Decimal { scale, .. } => *scale,
            _ => 0,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self {
            Type::Error => "<error>",
            Type::Null => "NULL",
            Type::Unit => "no value",
            Type::Bool => "BOOLEAN",
            Type::Int8 => "INT8",
            Type::Int16 => "INT16",
            Type::Int32 => "INT32",
            Type::Int64 => "INT64",
            Type::Float32 => "FLOAT32",
            Type::Double => "DOUBLE",
            Type::Decimal { precision, scale } => {
                return write!(f, "DECIMAL({precision},{scale})");
            }
            Type::Text => "TEXT",
            Type::Blob => "BLOB",
            Type::Date => "DATE",
            Type::Time => "TIME",
            Type::Timestamp => "TIMESTAMP",
            Type::TimestampTz => "TIMESTAMPTZ",
            Type::Interval => "INTERVAL",
            Type::Uuid => "UUID",
            Type::Json => "JSON",
            Type::Array(element) => return write!(f, "ARRAY<{element}>"),
            Type::Map(pair) => return write!(f, "MAP<{}, {}>", pair.0, pair.1),
            Type::Struct(shape) => return fmt_struct(shape, f),
            Type::Enum(e) => return f.write_str(&e.name),
            Type::Exception(e) => return f.write_str(&e.name),
            Type::Function(signature) => return fmt_function(signature, f),
            Type::Task(result) => return write!(f, "TASK<{result}>"),
        };
        f.write_str(plain)
    }
}

fn fmt_struct(shape: &StructType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(name) = &shape.name {
        return f.write_str(name);
    }
    f.write_str("STRUCT(")?;
    for (i, field) in shape.fields.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{}: {}", field.name, field.ty)?;
    }
    f.write_str(")")
}

fn fmt_function(signature: &FunctionType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (i, parameter) in signature.parameters.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{parameter}")?;
    }
    write!(f, ") -> {}", signature.result)?;
    if !signature.raises.is_empty() {
        write!(f, " RAISES {}", signature.raises.join(", "))?;
    }
    Ok(())
}
