//! Tests of the storage engine through its public interface.

mod basics;
mod model;
mod support;
