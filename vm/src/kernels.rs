//! The executor of vector code: a frame of vector registers, one kernel per instruction.
//!
//! Only `v.const`, `v.null`, `v.param` and `v.copy` keep what their target has in rows that are not
//! selected; every other instruction leaves those rows undefined, so that it may compute them too
//! where that is faster. NULL travels in validities; a NULL or unselected row never raises.
//!
//! A frame keeps its buffers from batch to batch. Code does not write its input registers: a filter
//! hands the batch's columns on.

mod arithmetic;
mod ask;
mod blend;
mod branches;
mod choose;
mod compare;
mod drive;
mod liveness;
mod logic;
mod run;
mod text;
mod wide;

pub(crate) use blend::{make_fresh, store};
pub use branches::Branches;
pub use run::{Environment, Frame};

pub(crate) use drive::Span;
pub(crate) use logic::select;
