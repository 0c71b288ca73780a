//! The built-in functions: declarations and native bodies.
