//! The command line, seen from outside: scripts in Markdown with what they print, and what it does with
//! bad input.

mod bad_input;
mod cases;
mod process;
