//! PL-Grizzly: the library facade, and the only place where the parts meet.
//!
//! # The stages
//!
//! | # | stage | from → to | lives in |
//! |---|---|---|---|
//! | 1 | lex | `&str` → `Vec<Token>` | `grammar/src/lexer.rs` |
//! | 2 | split, filter | tokens → statement slices | `grammar/src/{split,filter}.rs` |
//! | 3 | parse | slice → `Parse<ast::Script>` | `grammar/src/grizzly.lalrpop`, `parser.rs` |
//! | 4 | check | `ast` + `&dyn Catalog` → `hir` | `compiler/src/check` |
//! | 5 | plan, optimise | `hir::Query` → `LogicalPlan` | `compiler/src/plan` |
//! | 6 | physical | `LogicalPlan` → `PhysicalPlan` | `compiler/src/plan/physical.rs` |
//! | 7 | codegen | `hir`, `PhysicalPlan` → `Program` | `compiler/src/codegen` |
//! | 8 | verify | `Program` → `VerifiedProgram` | `vm/bytecode/src/verify.rs` |
//! | 9 | execute | `VerifiedProgram` × ports → `Batch`es, or a `Fault` | `vm` |
//! | 10 | store | scans, gets and writes → commit timestamp | `storage` |
//!
//! Stages 1 to 4 see the whole script at once; 5 to 9 run per statement, when it is reached.
//! `grizzlyc build --emit=tokens|ast|hir|plan|physical|bytecode` prints what each one makes.
//!
//! # One statement, from text to rows
//!
//! `FROM orders SELECT customer WHERE total >= 50.0;` arrives as a [`source::Source`], whose id
//! stands in every place from here on. [`Session::check`] calls `frontend::check`: `parse_script`
//! gives an `ast::Script`, in which the statement is an `ast::Query` with its clauses in canonical
//! order; `check_script` asks the [`catalog::SessionCatalog`] for `orders` and gives a
//! `hir::Statement` whose query has a `From::Table`, a filter that is a BOOLEAN, and one output
//! column. Had a name been wrong, a `Diagnostic` would go to [`render::Renderer`] instead, and
//! nothing would run.
//!
//! [`Session::execute`] reaches the statement. `session::run` opens a storage `Transaction` (unless
//! BEGIN did), and `session::bind` replaces the table by the one of that transaction's catalog
//! version. `grizzly_compiler::compile` builds the `LogicalPlan`, folds constants with the machine
//! itself (`Folding` is the compiler's `Evaluate`), pushes the filter into the scan, chooses a
//! `PhysicalPlan` and writes a `Program`: an entry function that says `run_query`, and one
//! pipeline: scan, filter, project, output. `verify` makes it a `VerifiedProgram`,
//! `Executable::link` finds its native bodies in the standard library.
//!
//! `Executable::execute` runs the pipeline. Its scan goes through [`adapter::StorageTables`] to the
//! storage, which answers with Arrow arrays of mapped blocks; the adapter lends them as `Vector`s
//! without a copy. The filter makes a selection, the projection picks a column, and the `Batch`
//! arrives at [`output::Printer`], which writes the header and the rows as csv. The transaction
//! commits.

pub mod adapter;
mod append;
pub mod catalog;
pub mod cli;
mod database;
mod error;
mod frontend;
pub mod output;
pub mod render;
pub mod repl;
mod session;
mod size;
pub mod source;
mod upkeep;
pub mod world;

pub use database::{Database, Options};
pub use error::{Error, Result};
pub use frontend::Checked;
pub use session::{Prepared, Session, SessionVariable, Stage, Variables};
pub use upkeep::{TableSummary, Verified};
