//! Native code for hot functions, by Cranelift.
