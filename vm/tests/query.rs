//! Tests of the query executor: kernels and operators against naive models that go row by row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up must fail")]

#[path = "query/support.rs"]
mod support;

#[path = "query/branches.rs"]
mod branches;
#[path = "query/calls.rs"]
mod calls;
#[path = "query/joins.rs"]
mod joins;
#[path = "query/kernels.rs"]
mod kernels;
#[path = "query/limits.rs"]
mod limits;
#[path = "query/operators.rs"]
mod operators;
#[path = "query/values.rs"]
mod values;
