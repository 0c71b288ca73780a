//! Separated values: RFC 4180 and its relatives.
//!
//! [`sniff`] finds the delimiter, quotes and line ends, [`infer`] the types, both from a
//! [`sample`]; [`describe`] makes columns of that. [`read`] moves a [`window`](super::window) over
//! a file, cuts it into rows and fields with [`split`], and reads each wanted column into a vector
//! with [`columns`]: what a statement does not read is cut, but not parsed. [`write`] writes.
//!
//! A type that was guessed is right or raises: a value after the sample that does not fit is an
//! error with its line, never something else.

mod columns;
mod describe;
mod infer;
mod read;
mod sample;
mod sniff;
mod split;
mod write;

pub(crate) use describe::describe;
pub(crate) use read::CsvMorsel;
pub use write::CsvWriter;
