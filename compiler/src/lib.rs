//! From syntax trees to bytecode: names, types, plans, code.
//!
//! `check` turns syntax into [`hir`] against a [`catalog::Catalog`]; `plan` turns a query into
//! pipelines;
//! `codegen` writes the [`grizzly_bytecode::Program`]. The crate knows neither the machine nor the
//! storage.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod catalog;
pub mod check;
mod codegen;
pub mod constant;
pub mod diagnostics;
mod diagnostics_plan;
pub mod hir;
pub mod hir_print;
pub mod nullability;
pub mod overlay;
pub mod plan;
pub mod prelude;
pub mod settings;
pub mod suggest;

pub use codegen::statement::{compile, constant_program, explain, explain_logical};
pub use diagnostics_plan::PAGES as PLAN_PAGES;
