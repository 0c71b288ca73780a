//! Storage as the machine's [`grizzly_vm::ports::Tables`].
//!
//! The one place where the two parts' types meet: [`types`] maps types, [`datums`] single values,
//! and [`errors`] what goes wrong. Columns are lent by the standard library's
//! [`grizzly_stdlib::format::arrow`], without a copy wherever the widths agree.

mod damage;
pub mod datums;
pub mod errors;
mod load;
mod nested;
mod rows;
mod scan;
mod tables;
pub mod types;

pub use damage::Damage;
pub use tables::{Access, MAX_KEY_COLUMNS, StorageTables, read_only};
