//! Blocks: Feather files of rows or messages sorted by tree key.

mod column;

pub(crate) use column::{ColumnBuilder, ColumnReader};
