//! The register machine: scalar interpreter, vectors, query operators.
//!
//! The machine runs verified programs against ports and knows neither the language nor the storage.

pub mod batch;
pub mod budget;
pub mod context;
pub mod kernels;
pub mod native;
pub mod operators;
pub mod ports;
pub mod vector;

pub use context::Context;
pub use grizzly_bytecode::Fault;
