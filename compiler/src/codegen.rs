//! Code generation: from the typed form and physical plans to a [`grizzly_bytecode::Program`].

pub mod builder;
mod conflict;
pub mod dependencies;
pub mod fingerprint;
mod nulls;
mod numbers;
mod pipeline;
mod point;
mod scalar;
pub mod statement;
mod subquery;
mod vector;
mod write;

pub use subquery::quantified;
pub use vector::{fault_prone, may_raise as vector_may_raise};
