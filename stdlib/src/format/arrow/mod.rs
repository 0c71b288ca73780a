//! Arrow arrays on the borders of the machine: blocks of the storage, and Feather files.
//!
//! [`Column`] lends an array to vectors, without a copy where the widths agree; [`ColumnBuilder`]
//! makes an array of vectors; [`schema`] says which Arrow type stands for which type.

mod build;
mod columns;
mod nested;
pub(crate) mod schema;

pub use build::{ColumnBuilder, EnumForm};
pub use columns::Column;
pub use nested::is_nested;
