//! The register machine: scalar interpreter, vectors, query operators.
//!
//! The machine runs verified programs against ports and knows neither the language nor the storage.

pub mod arithmetic;
pub mod batch;
pub mod budget;
pub mod context;
pub mod destination;
pub mod executable;
pub mod instance;
mod interpreter;
pub mod kernels;
pub mod native;
pub mod operators;
mod ops;
pub mod ports;
pub mod progress;
pub mod vector;

pub use context::Context;
pub use destination::Destination;
pub use executable::Executable;
pub use grizzly_bytecode::Fault;
pub use instance::Instance;
