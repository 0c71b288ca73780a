//! The storage engine: WAL, fractal tree, Feather leaves, transactions.
