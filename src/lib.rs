//! PL-Grizzly: the library facade.
pub mod adapter;
pub mod source;
pub mod world;
