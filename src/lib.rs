//! PL-Grizzly: the library facade.

pub mod adapter;
pub mod output;
pub mod source;
pub mod world;
