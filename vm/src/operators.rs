//! The query executor. A query's pipelines run one after the other; in each, batches are pushed
//! from a source through steps into a sink. What a sink leaves for later pipelines is a [`State`].
//!
//! One operator per file. Operators reserve memory before they grow, poll for cancellation per
//! batch, and keep their buffers, so that a pipeline in its steady state allocates nothing.

mod aggregate;
mod answer;
mod build;
mod chain;
mod collect;
mod expand;
mod filter;
mod fixpoint;
mod join_table;
mod key_index;
mod keys;
mod limit;
mod limit_each;
mod output;
mod pairs;
mod pipeline;
mod probe;
mod project;
mod rows;
mod sort;
mod source;
mod write;

pub(crate) use answer::{Answers, Cursor, Question, answer};
pub use pipeline::run_query;

use rows::FrozenRows;

/// What a pipeline left.
#[derive(Debug, Default)]
enum State {
    /// Nothing yet.
    #[default]
    Empty,
    /// A hash table to probe.
    Table(Box<join_table::JoinTable>),
    /// Rows, in their order or in the order of ids.
    Rows(FrozenRows, Option<Vec<u32>>),
    /// The rounds of a fixpoint.
    Rounds(Box<fixpoint::Fixpoint>),
}

impl State {
    /// Takes what a pipeline left; a round goes to those before it, unless it begins.
    fn leave(&mut self, made: State, begins: bool) {
        match (&mut *self, made) {
            (State::Rounds(before), State::Rounds(round)) if !begins => before.append(*round),
            (place, made) => *place = made,
        }
    }
}

/// Whether an operator wants more batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// It does.
    More,
    /// It has all that it needs: the pipeline ends.
    Done,
}
