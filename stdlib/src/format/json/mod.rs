//! JSON files: one array of objects, or objects one after the other (usually one a line). An object
//! is a row, its keys are columns, and a missing key is NULL.
//!
//! [`parse`] reads one object of a text that may go on, [`read`] scans files, [`describe`] finds
//! columns and types from the first rows, [`write`] writes. Nested values are columns of type JSON.

mod describe;
mod parse;
mod read;
mod write;

pub(crate) use describe::describe;
pub(crate) use read::JsonMorsel;
pub use write::JsonWriter;
