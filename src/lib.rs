//! PL-Grizzly: the library facade.

pub mod adapter;
pub mod catalog;
pub mod cli;
mod database;
mod error;
mod frontend;
pub mod output;
pub mod render;
mod session;
pub mod source;
pub mod world;

pub use database::{Database, Options};
pub use error::{Error, Result};
pub use frontend::Checked;
pub use session::{Session, SessionVariable, Stage, Variables};
