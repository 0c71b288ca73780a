//! The steps of a pipeline, and how a batch goes through them into the sink.
//!
//! The inputs of a concatenation have steps of their own before they meet: the steps form a tree
//! whose root is the sink. They lie in one list in which every step comes after the step that its
//! batches go to, so that a step can lend its output while the later ones work.

use super::expand::Expand;
use super::filter::Filter;
use super::limit::Limit;
use super::limit_each::LimitEach;
use super::pipeline::{SinkState, no_state, poll};
use super::probe::Probe;
use super::project::Project;
use super::source::Batches;
use super::{Flow, State};
use crate::Fault;
use crate::batch::Batch;
use crate::kernels::Environment;
use grizzly_bytecode::query::{Source, Step};

/// A step at work.
enum StepState<'q> {
    Filter(Filter),
    Project(Project<'q>),
    Probe(Box<Probe<'q>>),
    Limit(Limit),
    LimitEach(Box<LimitEach<'q>>),
    Expand(Box<Expand<'q>>),
}

/// A step and where its batches go: to the step at this index, `None` for the sink.
struct Link<'q> {
    step: StepState<'q>,
    next: Option<usize>,
    /// Whether it wants no more batches.
    done: bool,
}

/// The steps of a pipeline and its sink.
pub(super) struct Chain<'q, 'r, 'd> {
    links: Vec<Link<'q>>,
    sink: SinkState<'q, 'r, 'd>,
    sink_done: bool,
}

/// Batches and the link that they go to first.
enum Feed<'q> {
    One(&'q Source, Option<usize>),
    Concat(Vec<Feed<'q>>, Option<usize>),
}

/// Runs a source's batches through steps into a sink, and gives the sink back.
///
/// # Errors
/// What a row or the sink raises; Cancelled.
pub(super) fn run<'q, 'r, 'd>(
    source: &'q Source,
    steps: &'q [Step],
    sink: SinkState<'q, 'r, 'd>,
    states: &'q [State],
    environment: &mut Environment<'_, '_>,
) -> Result<SinkState<'q, 'r, 'd>, Fault> {
    let mut chain = Chain { links: Vec::new(), sink, sink_done: false };
    let feed = chain.lay(source, steps, None, states, environment)?;
    let mut batch = Batch::default();
    chain.drive(&feed, &mut batch, states, environment)?;
    Ok(chain.sink)
}

impl<'q> Chain<'q, '_, '_> {
    /// Lays the steps of a source, and those of its inputs after them.
    fn lay(
        &mut self,
        source: &'q Source,
        steps: &'q [Step],
        mut next: Option<usize>,
        states: &'q [State],
        environment: &Environment<'_, '_>,
    ) -> Result<Feed<'q>, Fault> {
        for step in steps.iter().rev() {
            let step = make_step(step, states, environment)?;
            self.links.push(Link { step, next, done: false });
            next = Some(self.links.len() - 1);
        }
        let Source::Concat(inputs) = source else { return Ok(Feed::One(source, next)) };
        let mut feeds = Vec::with_capacity(inputs.len());
        for input in inputs {
            feeds.push(self.lay(&input.source, &input.steps, next, states, environment)?);
        }
        Ok(Feed::Concat(feeds, next))
    }

    /// Whether a step on the way from here, or the sink, wants no more.
    fn is_closed(&self, mut at: Option<usize>) -> bool {
        while let Some(index) = at {
            let link = &self.links[index];
            if link.done {
                return true;
            }
            at = link.next;
        }
        self.sink_done
    }

    fn drive(
        &mut self,
        feed: &Feed<'q>,
        batch: &mut Batch,
        states: &'q [State],
        environment: &mut Environment<'_, '_>,
    ) -> Result<(), Fault> {
        match feed {
            Feed::Concat(feeds, next) => {
                for feed in feeds {
                    if self.is_closed(*next) {
                        break;
                    }
                    self.drive(feed, batch, states, environment)?;
                }
                Ok(())
            }
            Feed::One(source, next) => {
                let mut source = Batches::open(source, states, environment)?;
                let mut run = Run { sink: &mut self.sink, sink_done: &mut self.sink_done };
                loop {
                    poll(environment.context)?;
                    if !source.next(batch)?
                        || run.push(&mut self.links, *next, batch, environment)? == Flow::Done
                    {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// The end of a chain.
struct Run<'p, 'q, 'r, 'd> {
    sink: &'p mut SinkState<'q, 'r, 'd>,
    sink_done: &'p mut bool,
}

impl Run<'_, '_, '_, '_> {
    /// Pushes a batch through the steps from a link on into the sink. The batch's columns may be
    /// exchanged for others, whose buffers the source reuses.
    fn push(
        &mut self,
        links: &mut [Link<'_>],
        at: Option<usize>,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<Flow, Fault> {
        if batch.rows().is_empty() {
            return Ok(Flow::More);
        }
        let Some(at) = at else {
            let flow = self.sink.take(batch, environment)?;
            *self.sink_done |= flow == Flow::Done;
            return Ok(flow);
        };
        // Every link's next one lies before it.
        let (rest, here) = links.split_at_mut(at);
        let link = &mut here[0];
        match &mut link.step {
            StepState::Filter(filter) => {
                filter.apply(batch, environment)?;
                self.push(rest, link.next, batch, environment)
            }
            StepState::Project(project) => {
                let out = project.apply(batch, environment)?;
                self.push(rest, link.next, out, environment)
            }
            StepState::Limit(limit) => {
                let flow = limit.apply(batch);
                let after = self.push(rest, link.next, batch, environment)?;
                link.done |= flow == Flow::Done;
                Ok(if flow == Flow::Done { Flow::Done } else { after })
            }
            StepState::LimitEach(limit) => {
                limit.apply(batch, environment)?;
                self.push(rest, link.next, batch, environment)
            }
            StepState::Expand(expand) => {
                expand.start(batch, environment)?;
                while let Some(out) = expand.next_batch(batch)? {
                    if self.push(rest, link.next, out, environment)? == Flow::Done {
                        return Ok(Flow::Done);
                    }
                }
                Ok(Flow::More)
            }
            StepState::Probe(probe) => {
                probe.start(batch, environment)?;
                while let Some(out) = probe.next_batch(batch, environment)? {
                    if self.push(rest, link.next, out, environment)? == Flow::Done {
                        return Ok(Flow::Done);
                    }
                }
                Ok(Flow::More)
            }
        }
    }
}

fn make_step<'q>(
    step: &'q Step,
    states: &'q [State],
    environment: &Environment<'_, '_>,
) -> Result<StepState<'q>, Fault> {
    Ok(match step {
        Step::Filter { code, condition } => StepState::Filter(Filter::new(code, *condition)),
        Step::Project { code, columns } => StepState::Project(Project::new(code, columns)),
        Step::Limit { limit, offset } => {
            StepState::Limit(Limit::new(*limit, *offset, environment.parameters)?)
        }
        Step::LimitEach { .. } => {
            let budget = &environment.context.budget;
            StepState::LimitEach(Box::new(LimitEach::new(step, environment.parameters, budget)?))
        }
        Step::Expand { .. } => StepState::Expand(Box::new(Expand::new(step).ok_or_else(no_state)?)),
        Step::Probe { state, .. } => {
            let Some(State::Table(table)) = states.get(state.index()) else {
                return Err(no_state());
            };
            let budget = &environment.context.budget;
            StepState::Probe(Box::new(Probe::new(table, step, budget)?))
        }
    })
}
