//! Runs the pipelines of a query, in order or again and again, and keeps what their sinks leave.

use super::Flow;
use super::State;
use super::aggregate::Aggregation;
use super::build::Build;
use super::chain;
use super::collect::Collect;
use super::fixpoint::Round;
use super::output::Results;
use super::sort::Sort;
use super::write::Writer;
use crate::batch::Batch;
use crate::kernels::Environment;
use crate::{Context, Destination, Executable, Fault};
use grizzly_bytecode::query::{Pipeline, Query, Sink};
use grizzly_bytecode::{Builtin, Value};
use std::sync::atomic::Ordering;

/// Runs a query of `executable`'s program with its parameters and hands its batches to
/// `destination`; the rows that it writes are added to [`Context::rows_written`].
///
/// # Errors
/// What a row, a write or the receiver raises; Cancelled; ResourceExhausted.
pub fn run_query(
    executable: &Executable,
    context: &mut Context<'_>,
    query: &Query,
    parameters: &[Value],
    destination: Destination<'_>,
) -> Result<(), Fault> {
    let mut results = Results::new(destination);
    let mut instance = executable.instance();
    let mut states: Vec<State> = Vec::new();
    states.resize_with(query.states as usize, State::default);
    let mut at = 0;
    while let Some(pipeline) = query.pipelines.get(at) {
        let instance = &mut *instance;
        let mut environment = Environment { executable, parameters, context, instance };
        let made = run_pipeline(query, pipeline, &states, &mut environment, &mut results)?;
        if let Some((index, state)) = made
            && let Some(place) = states.get_mut(index)
        {
            let begins = matches!(pipeline.sink, Sink::Round { first: true, .. });
            place.leave(state, begins);
        }
        at = next_pipeline(query, at + 1, &mut states);
    }
    Ok(())
}

/// Where to go on: at the beginning of the innermost stretch that ends here and has new rows, else
/// behind it.
fn next_pipeline(query: &Query, end: usize, states: &mut [State]) -> usize {
    for repeat in query.repeats.iter().filter(|repeat| repeat.end as usize == end) {
        if let Some(State::Rounds(fixpoint)) = states.get_mut(repeat.state.index())
            && fixpoint.goes_on()
        {
            return repeat.first as usize;
        }
    }
    end
}

fn run_pipeline(
    query: &Query,
    pipeline: &Pipeline,
    states: &[State],
    environment: &mut Environment<'_, '_>,
    results: &mut Results<'_>,
) -> Result<Option<(usize, State)>, Fault> {
    let sink = SinkState::new(query, pipeline, states, results, environment)?;
    let sink = chain::run(&pipeline.source, &pipeline.steps, sink, states, environment)?;
    sink.finish(environment)
}

pub(super) fn poll(context: &Context<'_>) -> Result<(), Fault> {
    if context.cancel.load(Ordering::Relaxed) {
        return Err(Fault::new(Builtin::Cancelled, Builtin::Cancelled.message()));
    }
    Ok(())
}

/// The fault of a query whose pipelines are in the wrong order; the verifier keeps them out.
pub(super) fn no_state() -> Fault {
    Fault::new(Builtin::CompileError, "a pipeline reads a state that no earlier one has left")
}

/// Where the batches of a pipeline end.
pub(super) enum SinkState<'q, 'r, 'd> {
    Results(&'r mut Results<'d>, &'q Query),
    Build(Box<Build<'q>>, usize),
    Aggregate(Box<Aggregation<'q>>, usize),
    Sort(Box<Sort<'q>>, usize),
    Collect(Collect, usize),
    Round(Box<Round<'q>>, usize),
    Write(Box<Writer<'q>>),
}

impl<'q, 'r, 'd> SinkState<'q, 'r, 'd> {
    fn new(
        query: &'q Query,
        pipeline: &'q Pipeline,
        states: &[State],
        results: &'r mut Results<'d>,
        environment: &Environment<'_, '_>,
    ) -> Result<SinkState<'q, 'r, 'd>, Fault> {
        let budget = &environment.context.budget;
        Ok(match &pipeline.sink {
            Sink::Output => SinkState::Results(results, query),
            Sink::HashBuild { state, .. } => {
                let build = Build::new(&pipeline.sink, budget).ok_or_else(no_state)?;
                SinkState::Build(Box::new(build), state.index())
            }
            Sink::Aggregate { state, code, keys, aggregates } => {
                let aggregation = Aggregation::new(code, keys, aggregates, budget);
                SinkState::Aggregate(Box::new(aggregation), state.index())
            }
            Sink::Sort { state, code, keys, limit } => {
                let sort = Sort::new(code, keys, *limit, budget);
                SinkState::Sort(Box::new(sort), state.index())
            }
            Sink::Collect { state } => SinkState::Collect(Collect::new(budget), state.index()),
            Sink::Round { state, code, distinct, first } => {
                let before = match states.get(state.index()) {
                    Some(State::Rounds(fixpoint)) if !first => Some(&**fixpoint),
                    _ if *first => None,
                    _ => return Err(no_state()),
                };
                let round = Round::new(code, *distinct, before, budget);
                SinkState::Round(Box::new(round), state.index())
            }
            Sink::Write(write) => {
                let Pipeline { source, steps, .. } = pipeline;
                SinkState::Write(Box::new(Writer::new(write, source, steps, budget)))
            }
        })
    }

    pub(super) fn take(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        match self {
            SinkState::Results(results, query) => results.take(batch, &query.output, environment),
            SinkState::Build(build, _) => build.take(batch, environment),
            SinkState::Aggregate(aggregation, _) => aggregation.take(batch, environment),
            SinkState::Sort(sort, _) => sort.take(batch, environment),
            SinkState::Collect(collect, _) => collect.take(batch),
            SinkState::Round(round, _) => round.take(batch),
            SinkState::Write(writer) => writer.take(batch, environment),
        }
    }

    fn finish(
        self,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Option<(usize, State)>, Fault> {
        Ok(match self {
            SinkState::Results(..) => None,
            SinkState::Build(build, state) => {
                Some((state, State::Table(Box::new(build.finish()?))))
            }
            SinkState::Aggregate(aggregation, state) => {
                Some((state, State::Rows(aggregation.finish()?, None)))
            }
            SinkState::Sort(sort, state) => {
                let (rows, order) = sort.finish()?;
                Some((state, State::Rows(rows, Some(order))))
            }
            SinkState::Collect(collect, state) => {
                Some((state, State::Rows(collect.finish(), None)))
            }
            SinkState::Round(round, state) => {
                Some((state, State::Rounds(Box::new(round.finish()))))
            }
            SinkState::Write(writer) => {
                writer.finish(environment)?;
                None
            }
        })
    }
}
