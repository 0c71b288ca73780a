//! Places in source text, and faults: exceptions on their way out of the machine.

use crate::ids::{PlaceId, SourceId};
use crate::types::ExceptionType;
use crate::value::{ExceptionValue, Value};
use smol_str::SmolStr;
use std::sync::Arc;

/// A stretch of a source text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The text.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place of a program with the function that it stands in, and where it was inlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceEntry {
    /// The place.
    pub place: Place,
    /// The function's name, empty for a statement of a script.
    pub function: SmolStr,
    /// Where the function's body was inlined, `None` for code in its own frame.
    pub inlined_at: Option<PlaceId>,
}

/// One line of a stack trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// The function's name, empty for a statement of a script.
    pub function: SmolStr,
    /// Where in it.
    pub place: Place,
}

/// An exception that left the code that raised it.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The exception.
    pub exception: Arc<ExceptionValue>,
    /// Where it was raised, innermost first.
    pub trace: Vec<TraceLine>,
    /// The key of the row at which it was raised, as text, where there is one.
    pub row: Option<String>,
}

impl Fault {
    /// A fault of a built-in exception, without a place yet.
    pub fn new(kind: Builtin, message: impl AsRef<str>) -> Fault {
        Fault {
            exception: Arc::new(ExceptionValue {
                ty: kind.ty(),
                message: SmolStr::new(message),
                fields: Vec::new(),
            }),
            trace: Vec::new(),
            row: None,
        }
    }

    /// A fault of an exception value that RAISE raised.
    pub fn raised(exception: Arc<ExceptionValue>) -> Fault {
        Fault { exception, trace: Vec::new(), row: None }
    }

    /// Whether the exception is of the named type or stands under it.
    pub fn is(&self, name: &str) -> bool {
        exception_is(&self.exception.ty, name)
    }

    /// The fault as the value that a handler binds.
    pub fn value(&self) -> Value {
        Value::Exception(self.exception.clone())
    }
}

/// Whether an exception type has this name or stands under it.
pub fn exception_is(ty: &ExceptionType, name: &str) -> bool {
    let mut current = Some(ty.name.clone());
    while let Some(at) = current {
        if at.eq_ignore_ascii_case(name) {
            return true;
        }
        let parent_of_builtin = || Builtin::named(&at).and_then(Builtin::parent);
        current = if at == ty.name {
            ty.parent.clone().or_else(|| parent_of_builtin().map(|p| SmolStr::new(p.name())))
        } else {
            parent_of_builtin().map(|p| SmolStr::new(p.name()))
        };
    }
    false
}

/// Whether a `_` handler or a bare fallback catches an exception of this type.
pub fn is_catchable(ty: &ExceptionType) -> bool {
    !["Cancelled", "SerializationFailure", "CompileError", "AssertionFailed"]
        .contains(&ty.name.as_str())
}

macro_rules! builtins {
    ($($name:ident $(under $parent:ident)?: $message:literal;)*) => {
        /// The built-in exceptions of language.md §4.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each variant is the exception of that name")]
        pub enum Builtin { $($name,)* }

        impl Builtin {
            /// All of them.
            pub const ALL: &[Builtin] = &[$(Builtin::$name,)*];

            /// The name that handlers use.
            pub fn name(self) -> &'static str {
                match self { $(Builtin::$name => stringify!($name),)* }
            }

            /// The message where nothing better is known.
            pub fn message(self) -> &'static str {
                match self { $(Builtin::$name => $message,)* }
            }

            /// The exception that it stands under.
            pub fn parent(self) -> Option<Builtin> {
                match self { $($(Builtin::$name => Some(Builtin::$parent),)?)* _ => None }
            }
        }
    };
}

builtins! {
    ArithmeticOverflow: "the result is out of range";
    DivisionByZero: "division by zero";
    CastError: "the value cannot be converted";
    TypeError: "the value has another type";
    IndexOutOfRange: "the index is out of range";
    CardinalityViolation: "a single row was expected";
    ConstraintViolation: "a constraint is violated";
    NotNullViolation under ConstraintViolation: "the value must not be NULL";
    UniqueViolation under ConstraintViolation: "the key exists already";
    ForeignKeyViolation under ConstraintViolation: "a foreign key is violated";
    CheckViolation under ConstraintViolation: "a CHECK is violated";
    SerializationFailure: "another transaction changed the same rows first";
    ReadOnly: "the database is read-only";
    IoError: "reading or writing failed";
    HttpError under IoError: "the HTTP request failed";
    AssertionFailed: "an assertion failed";
    CompileError: "the statement does not compile";
    Cancelled: "the statement was cancelled";
    ResourceExhausted: "a limit was reached";
}

impl Builtin {
    /// The exception's type.
    pub fn ty(self) -> Arc<ExceptionType> {
        Arc::new(ExceptionType {
            name: SmolStr::new_static(self.name()),
            parent: self.parent().map(|p| SmolStr::new_static(p.name())),
            message: SmolStr::new_static(self.message()),
            fields: Vec::new(),
        })
    }

    /// The built-in exception of a name, in any case.
    pub fn named(name: &str) -> Option<Builtin> {
        Builtin::ALL.iter().copied().find(|b| b.name().eq_ignore_ascii_case(name))
    }
}
