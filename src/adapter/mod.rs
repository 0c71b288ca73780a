//! Storage as the machine's [`grizzly_vm::ports::Tables`].
//!
//! The one place where the two parts' types meet: [`types`] maps types, [`datums`] single values,
//! [`vectors`] columns (without a copy wherever the widths agree) and [`errors`] what goes wrong.

mod damage;
pub mod datums;
pub mod errors;
mod rows;
mod scan;
mod tables;
pub mod types;
mod vectors;

pub use damage::Damage;
pub use tables::{Access, MAX_KEY_COLUMNS, StorageTables, read_only};
