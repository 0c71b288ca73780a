//! Code generation: from the typed form and physical plans to a [`grizzly_bytecode::Program`].

pub mod builder;
mod fingerprint;
mod nulls;
mod numbers;
mod scalar;
mod vector;
