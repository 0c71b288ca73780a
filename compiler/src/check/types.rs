//! Which types convert to which, and the least type of several.
//!
//! The rules are those of language.md §2: implicit conversions, those of assignment, and casts.
//! Nothing here reports; callers say what was asked for.

use crate::constant::{MAX_PRECISION, Number};
use grizzly_bytecode::{Field, FunctionType, StructType, Type};
use smol_str::SmolStr;
use std::sync::Arc;

/// How far a conversion is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Conversion {
    /// The types are the same.
    Same,
    /// Happens wherever it is needed.
    Implicit,
    /// Happens in INSERT, UPDATE, DEFAULT and typed LET; checked at run time.
    Assignment,
    /// Only by `::`.
    Cast,
    /// Never.
    None,
}

/// The decimal digits that an integer type may have.
pub(crate) fn integer_digits(ty: &Type) -> Option<u8> {
    Some(match ty {
        Type::Int8 => 3,
        Type::Int16 => 5,
        Type::Int32 => 10,
        Type::Int64 => 19,
        _ => return None,
    })
}

/// The DECIMAL with these integer digits and this scale, cut at 38 digits.
pub(crate) fn decimal(integer_digits: u32, scale: u32) -> Type {
    let scale = scale.min(MAX_PRECISION);
    let precision = (integer_digits + scale).clamp(1, MAX_PRECISION);
    Type::Decimal { precision: precision as u8, scale: scale.min(precision) as u8 }
}

/// Precision and scale of a DECIMAL, or of the DECIMAL that holds an integer type.
pub(crate) fn decimal_shape(ty: &Type) -> Option<(u32, u32)> {
    match ty {
        Type::Decimal { precision, scale } => Some((u32::from(*precision), u32::from(*scale))),
        _ => integer_digits(ty).map(|digits| (u32::from(digits), 0)),
    }
}

/// How `from` converts to `to`.
pub(crate) fn conversion(from: &Type, to: &Type) -> Conversion {
    if from == to || from.is_error() || to.is_error() {
        return Conversion::Same;
    }
    between_types(from, to)
}

/// How a type converts to a different one. Kept apart from the comparison above: rustc 1.95 at
/// opt-level 3 loses that comparison where both are one function.
#[inline(never)]
fn between_types(from: &Type, to: &Type) -> Conversion {
    use Conversion::{Assignment, Cast, Implicit, None};
    match (from, to) {
        (Type::Null, _) => Implicit,
        (Type::Unit, _) | (_, Type::Unit) => None,
        (Type::Text, Type::Json) => Cast,
        (Type::Exception(_), _) | (_, Type::Exception(_)) => None,
        (_, Type::Json) => Implicit,
        (Type::Json, _) => Cast,
        (Type::Text, Type::Enum(_)) => Assignment,
        (Type::Text, _) | (_, Type::Text) => Cast,
        (a, b) if a.is_number() && b.is_number() => number_conversion(a, b),
        (Type::Bool, b) | (b, Type::Bool) if b.is_integer() => Cast,
        (Type::Date, Type::Timestamp | Type::TimestampTz)
        | (Type::Timestamp, Type::TimestampTz) => Implicit,
        (Type::Timestamp | Type::TimestampTz, Type::Date)
        | (Type::TimestampTz, Type::Timestamp) => Assignment,
        (Type::Timestamp | Type::TimestampTz, Type::Time) => Cast,
        (Type::Struct(a), Type::Struct(b)) if same_fields(a, b) => Implicit,
        (Type::Array(a), Type::Array(b)) => conversion(a, b).max(Implicit),
        (Type::Function(a), Type::Function(b)) if same_call(a, b) => Implicit,
        _ => None,
    }
}

fn number_conversion(from: &Type, to: &Type) -> Conversion {
    use Conversion::{Assignment, Cast, Implicit};
    match (from, to) {
        (a, b) if a.is_integer() && b.is_integer() => {
            if integer_digits(a) < integer_digits(b) {
                Implicit
            } else {
                Assignment
            }
        }
        (_, Type::Double) => Implicit,
        (_, Type::Float32) => Assignment,
        (Type::Double | Type::Float32, Type::Decimal { .. }) => Assignment,
        (a, b @ Type::Decimal { .. }) => match (decimal_shape(a), decimal_shape(b)) {
            (Some((p, s)), Some((q, t))) if t >= s && q - t >= p - s => Implicit,
            _ => Assignment,
        },
        _ => Cast,
    }
}

/// Whether a struct of one shape becomes the other by name, with every field converting implicitly.
/// One of the two must be a literal's type.
fn same_fields(from: &StructType, to: &StructType) -> bool {
    (from.name.is_none() || to.name.is_none())
        && from.fields.len() == to.fields.len()
        && from.fields.iter().all(|field| {
            to.fields.iter().any(|other| {
                other.name.eq_ignore_ascii_case(&field.name)
                    && conversion(&field.ty, &other.ty) <= Conversion::Implicit
            })
        })
}

/// Whether one function value stands for the other: it takes and gives the same, and raises nothing
/// that the other does not list.
fn same_call(from: &FunctionType, to: &FunctionType) -> bool {
    let listed = |name| to.raises.iter().any(|other: &SmolStr| other.eq_ignore_ascii_case(name));
    from.parameters == to.parameters
        && from.result == to.result
        && from.raises.iter().all(|name| listed(name))
}

/// The least type that both convert to implicitly.
pub(crate) fn join(a: &Type, b: &Type) -> Option<Type> {
    if a.is_error() || b.is_error() {
        return Some(Type::Error);
    }
    if let (Some((p, s)), Some((q, t))) = (decimal_shape(a), decimal_shape(b))
        && !(a.is_integer() && b.is_integer())
    {
        return Some(decimal((p - s).max(q - t), s.max(t)));
    }
    if conversion(a, b) <= Conversion::Implicit {
        return Some(b.clone());
    }
    if conversion(b, a) <= Conversion::Implicit {
        return Some(a.clone());
    }
    // FLOAT32 beside an exact number: both become DOUBLE.
    if a.is_number() && b.is_number() {
        return Some(Type::Double);
    }
    match (a, b) {
        (Type::Array(x), Type::Array(y)) => join(x, y).map(|ty| Type::Array(Arc::new(ty))),
        (Type::Struct(x), Type::Struct(y)) => join_fields(x, y),
        _ => None,
    }
}

/// The struct that two literals' types with the same fields become.
fn join_fields(a: &StructType, b: &StructType) -> Option<Type> {
    if a.name.is_some() || b.name.is_some() || a.fields.len() != b.fields.len() {
        return None;
    }
    let field = |field: &Field| {
        let other = b.fields.iter().find(|other| other.name.eq_ignore_ascii_case(&field.name))?;
        Some(Field { name: field.name.clone(), ty: join(&field.ty, &other.ty)? })
    };
    let fields = a.fields.iter().map(field).collect::<Option<_>>()?;
    Some(Type::Struct(Arc::new(StructType { name: None, fields })))
}

/// The type that both a value of type `ty` and the constant take beside each other; `None` where
/// the constant is no partner of that type.
pub(crate) fn join_number(number: Number, ty: &Type) -> Option<Type> {
    match ty {
        Type::Error => Some(Type::Error),
        Type::Null => Some(number.own_type()),
        Type::Double | Type::Float32 => Some(ty.clone()),
        Type::Decimal { .. } => match number.decimal_shape() {
            Some((precision, scale)) => join(ty, &Type::Decimal { precision, scale }),
            None => Some(Type::Double),
        },
        _ if ty.is_integer() => {
            if number.point {
                return Some(Type::Double);
            }
            let fits = number.value(ty, false).is_some();
            if fits { Some(ty.clone()) } else { join(ty, &number.own_type()) }
        }
        Type::Json => Some(Type::Json),
        _ => None,
    }
}

/// The type of a constant as an operand of arithmetic beside a value of type `ty`: like
/// [`join_number`], but beside DECIMAL it stays the smallest DECIMAL that holds it.
pub(crate) fn number_beside(number: Number, ty: &Type) -> Option<Type> {
    if let (Type::Decimal { .. }, Some((precision, scale))) = (ty, number.decimal_shape()) {
        return Some(Type::Decimal { precision, scale });
    }
    join_number(number, ty)
}

/// Whether values of a type are functions or hold some: they end with their statement.
pub(crate) fn holds_function(ty: &Type) -> bool {
    match ty {
        Type::Function(_) => true,
        Type::Array(element) => holds_function(element),
        Type::Map(pair) => holds_function(&pair.0) || holds_function(&pair.1),
        Type::Struct(shape) => shape.fields.iter().any(|field| holds_function(&field.ty)),
        _ => false,
    }
}

/// Whether values of a type can be compared, grouped and sorted.
pub(crate) fn is_comparable(ty: &Type) -> bool {
    match ty {
        Type::Unit | Type::Function(_) | Type::Task(_) | Type::Exception(_) | Type::Json => false,
        Type::Array(element) => is_comparable(element),
        Type::Struct(shape) => shape.fields.iter().all(|field| is_comparable(&field.ty)),
        _ => true,
    }
}
