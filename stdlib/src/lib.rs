//! The built-in functions: declarations and native bodies.
//!
//! - A *declaration* is PL-Grizzly text in `prelude/*.gz`: documentation, signature, and tags in
//!   the documentation (`@body name`, `@null handles`, `@effect READS|VOLATILE`, `@nullable`,
//!   `@variadic`). The compiler reads it; one name may have several forms.
//! - A *body* is a Rust function from values to a value, registered here by the name that `@body`
//!   gives (or the function's own name). Bodies learn the static types of a call from their
//!   [`grizzly_vm::native::NativeContext`], so that one body may serve several forms.
//! - [`INTERNAL`] lists the bodies that have no declaration because the compiler calls them for
//!   casts. A test holds declarations and bodies together.
//!
//! Values as text — what a cast to TEXT, PRINT and the output formats write — are [`display`]'s.
//!
//! Deliberately absent: aggregates, which are the machine's, and everything that needs a table.

mod arguments;
mod array;
mod collection;
pub mod convert;
pub mod display;
pub mod format;
mod json;
mod map;
mod math;
mod misc;
mod number;
mod registry;
mod temporal;
mod text;

pub use registry::{INTERNAL, StandardLibrary, natives};

/// The prelude: the name and the text of each source of declarations.
pub const PRELUDE: &[(&str, &str)] = &[
    ("operators.gz", include_str!("../prelude/operators.gz")),
    ("text.gz", include_str!("../prelude/text.gz")),
    ("pattern.gz", include_str!("../prelude/pattern.gz")),
    ("math.gz", include_str!("../prelude/math.gz")),
    ("datetime.gz", include_str!("../prelude/datetime.gz")),
    ("collection.gz", include_str!("../prelude/collection.gz")),
    ("array.gz", include_str!("../prelude/array.gz")),
    ("json.gz", include_str!("../prelude/json.gz")),
    ("bits.gz", include_str!("../prelude/bits.gz")),
    ("distance.gz", include_str!("../prelude/distance.gz")),
    ("encoding.gz", include_str!("../prelude/encoding.gz")),
    ("map.gz", include_str!("../prelude/map.gz")),
    ("aggregate.gz", include_str!("../prelude/aggregate.gz")),
    ("misc.gz", include_str!("../prelude/misc.gz")),
];
