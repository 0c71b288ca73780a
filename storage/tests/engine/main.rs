//! Tests of the storage engine through its public interface.

// The helpers of tests fail a test by panicking, as tests themselves do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod basics;
mod blocks;
mod crash;
mod damage;
mod index;
mod model;
mod nested;
mod support;
mod transactions;
