//! The command line, seen from outside: scripts in Markdown with what they print, and what it does
//! with bad input.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

mod bad_input;
mod cases;
mod files;
mod fmt;
mod process;
mod upkeep;
