//! Memory budgets: a tree in which whatever grows reserves first.

/// A node of the tree.
#[derive(Clone, Debug, Default)]
pub struct Budget {}
