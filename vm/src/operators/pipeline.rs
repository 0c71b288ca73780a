//! Runs the pipelines of a query: makes the operators of one, pushes the source's batches through
//! its steps into its sink, and keeps what the sink leaves.

use super::aggregate::Aggregation;
use super::build::Build;
use super::collect::Collect;
use super::filter::Filter;
use super::limit::Limit;
use super::output::Results;
use super::probe::Probe;
use super::project::Project;
use super::sort::Sort;
use super::source::Batches;
use super::write::Writer;
use super::{Flow, State};
use crate::batch::Batch;
use crate::kernels::Environment;
use crate::{Context, Destination, Executable, Fault};
use grizzly_bytecode::query::{Pipeline, Query, Sink, Step};
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
    for pipeline in &query.pipelines {
        let instance = &mut *instance;
        let mut environment = Environment { executable, parameters, context, instance };
        let made = run_pipeline(query, pipeline, &states, &mut environment, &mut results)?;
        if let Some((index, state)) = made
            && let Some(place) = states.get_mut(index)
        {
            *place = state;
        }
    }
    Ok(())
}

fn run_pipeline(
    query: &Query,
    pipeline: &Pipeline,
    states: &[State],
    environment: &mut Environment<'_, '_>,
    results: &mut Results<'_>,
) -> Result<Option<(usize, State)>, Fault> {
    let mut source = Batches::open(&pipeline.source, states, environment)?;
    let mut steps = pipeline
        .steps
        .iter()
        .map(|step| make_step(step, states))
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut sink = SinkState::new(query, pipeline, results, environment);
    let mut batch = Batch::default();
    loop {
        poll(environment.context)?;
        if !source.next(&mut batch)? {
            break;
        }
        if push(&mut steps, &mut sink, &mut batch, environment)? == Flow::Done {
            break;
        }
    }
    sink.finish(environment)
}

fn poll(context: &Context<'_>) -> Result<(), Fault> {
    if context.cancel.load(Ordering::Relaxed) {
        return Err(Fault::new(Builtin::Cancelled, Builtin::Cancelled.message()));
    }
    Ok(())
}

/// A step at work.
enum StepState<'q> {
    Filter(Filter),
    Project(Project<'q>),
    Probe(Box<Probe<'q>>),
    Limit(Limit),
}

fn make_step<'q>(step: &'q Step, states: &'q [State]) -> Result<StepState<'q>, Fault> {
    Ok(match step {
        Step::Filter { code, condition } => StepState::Filter(Filter::new(code, *condition)),
        Step::Project { code, columns } => StepState::Project(Project::new(code, columns)),
        Step::Limit { limit, offset } => StepState::Limit(Limit::new(*limit, *offset)),
        Step::Probe { state, code, keys, kind, payload } => {
            let Some(State::Table(table)) = states.get(state.index()) else {
                return Err(no_state());
            };
            StepState::Probe(Box::new(Probe::new(table, code, keys, *kind, payload)))
        }
    })
}

/// The fault of a query whose pipelines are in the wrong order; the verifier keeps them out.
pub(super) fn no_state() -> Fault {
    Fault::new(Builtin::CompileError, "a pipeline reads a state that no earlier one has left")
}

/// Where the batches of a pipeline end.
enum SinkState<'q, 'r, 'd> {
    Results(&'r mut Results<'d>, &'q Query),
    Build(Box<Build<'q>>, usize),
    Aggregate(Box<Aggregation<'q>>, usize),
    Sort(Box<Sort<'q>>, usize),
    Collect(Collect, usize),
    Write(Box<Writer<'q>>),
}

impl<'q, 'r, 'd> SinkState<'q, 'r, 'd> {
    fn new(
        query: &'q Query,
        pipeline: &'q Pipeline,
        results: &'r mut Results<'d>,
        environment: &Environment<'_, '_>,
    ) -> SinkState<'q, 'r, 'd> {
        let budget = &environment.context.budget;
        match &pipeline.sink {
            Sink::Output => SinkState::Results(results, query),
            Sink::HashBuild { state, code, keys, payload } => {
                let build = Build::new(code, keys, payload, budget);
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
            Sink::Write(write) => {
                SinkState::Write(Box::new(Writer::new(write, &pipeline.source, budget)))
            }
        }
    }

    fn take(
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
            SinkState::Write(writer) => writer.take(batch, environment),
        }
    }

    fn finish(
        self,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Option<(usize, State)>, Fault> {
        Ok(match self {
            SinkState::Results(..) => None,
            SinkState::Build(build, state) => Some((state, State::Table(Box::new(build.finish())))),
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
            SinkState::Write(writer) => {
                writer.finish(environment)?;
                None
            }
        })
    }
}

/// Pushes a batch through the steps into the sink. The batch's columns may be exchanged for others,
/// whose buffers the source reuses.
fn push(
    steps: &mut [StepState<'_>],
    sink: &mut SinkState<'_, '_, '_>,
    batch: &mut Batch,
    environment: &mut Environment<'_, '_>,
) -> Result<Flow, Fault> {
    if batch.rows().is_empty() {
        return Ok(Flow::More);
    }
    let Some((step, rest)) = steps.split_first_mut() else {
        return sink.take(batch, environment);
    };
    match step {
        StepState::Filter(filter) => {
            filter.apply(batch, environment)?;
            push(rest, sink, batch, environment)
        }
        StepState::Project(project) => {
            let out = project.apply(batch, environment)?;
            push(rest, sink, out, environment)
        }
        StepState::Limit(limit) => {
            let flow = limit.apply(batch);
            let after = push(rest, sink, batch, environment)?;
            Ok(if flow == Flow::Done { Flow::Done } else { after })
        }
        StepState::Probe(probe) => {
            probe.start(batch, environment)?;
            while let Some(out) = probe.next_batch(batch)? {
                if push(rest, sink, out, environment)? == Flow::Done {
                    return Ok(Flow::Done);
                }
            }
            Ok(Flow::More)
        }
    }
}
