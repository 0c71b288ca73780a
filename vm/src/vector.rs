//! Vectors: columns of a batch.

/// A column of values.
#[derive(Debug, Default)]
pub struct Vector {}
