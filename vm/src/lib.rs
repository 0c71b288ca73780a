//! The register machine: scalar interpreter, vectors, query operators.
