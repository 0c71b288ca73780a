//! The scalar machine: programs in assembly, run against tables in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod scalar {
    pub mod faults;
    pub mod instructions;
    pub mod limits;
    pub mod rows;
    pub mod support;
}
