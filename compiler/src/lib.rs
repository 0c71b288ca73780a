//! From syntax trees to bytecode: names, types, plans, code.
//!
//! `check` turns syntax into [`hir`] against a [`catalog::Catalog`]; `plan` turns a query into pipelines;
//! `codegen` writes the [`grizzly_bytecode::Program`]. The crate knows neither the machine nor the
//! storage.

#![deny(clippy::indexing_slicing)]

pub mod catalog;
mod codegen;
mod diagnostics_plan;
pub mod hir;
pub mod plan;

pub use codegen::statement::{compile, constant_program, explain, explain_logical};
pub use diagnostics_plan::PAGES as PLAN_PAGES;
