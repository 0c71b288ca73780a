//! The pipelines of queries of WITH that are computed once: their rows are kept in a state. Those
//! of a recursive one are kept round by round: the pipelines of its step repeat, but for those that
//! do not depend on the rounds.

use super::{Columns, Open, PipelineWriter};
use crate::codegen::builder::{Result, bug};
use crate::hir::{ColumnVar, CommonTableId, Expr};
use crate::plan::physical::{PhysicalCommon, PhysicalPlan};
use grizzly_bytecode::query::{Pipeline, Repeat, Sink, Source, Step, VectorCode};
use grizzly_bytecode::{StateId, Type};

/// Where the rows of a query of WITH are.
#[derive(Clone)]
pub(super) struct KeptRows {
    state: StateId,
    types: Vec<Type>,
    /// Whether its step is being written, which reads the round before.
    in_step: bool,
}

impl PipelineWriter<'_, '_, '_> {
    /// Writes the pipelines that compute a query of WITH.
    pub(super) fn compute(&mut self, common: &PhysicalCommon) -> Result<()> {
        let state = self.state();
        let open = self.outputs(&common.input, &common.outputs)?;
        let types: Vec<Type> = open.columns.iter().map(|(_, ty)| ty.clone()).collect();
        let Some((step, vars)) = &common.step else {
            self.close(open, Sink::Collect { state });
            self.commons.insert(common.id, KeptRows { state, types, in_step: false });
            return Ok(());
        };
        let code = VectorCode {
            registers: types.iter().map(Type::vector_kind).collect(),
            inputs: types.len() as u16,
            ..VectorCode::default()
        };
        let distinct = common.distinct;
        self.close(open, Sink::Round { state, code: code.clone(), distinct, first: true });
        let first = self.query.pipelines.len();
        let rows = KeptRows { state, types, in_step: true };
        self.commons.insert(common.id, rows.clone());
        self.builder.rounds.push(common.id);
        let open = self.outputs(step, vars)?;
        self.close(open, Sink::Round { state, code, distinct, first: false });
        self.builder.rounds.pop();
        let first = hoist(&mut self.query.pipelines, first, &self.query.repeats, state);
        let end = self.query.pipelines.len() as u32;
        self.query.repeats.push(Repeat { first: first as u32, end, state });
        self.commons.insert(common.id, KeptRows { in_step: false, ..rows });
        Ok(())
    }

    /// A plan with exactly these columns, in order.
    fn outputs(&mut self, plan: &PhysicalPlan, vars: &[ColumnVar]) -> Result<Open> {
        let open = self.open(plan)?;
        let named: Vec<(ColumnVar, Expr)> =
            vars.iter().map(|var| (*var, self.column(&open, *var))).collect();
        self.project(open, &named)
    }

    /// Reads the rows of a query of WITH.
    pub(super) fn read(
        &mut self,
        id: CommonTableId,
        name: &str,
        columns: &[(ColumnVar, usize)],
    ) -> Result<Open> {
        let found = self.commons.get(&id).cloned();
        let place = grizzly_bytecode::Place::default();
        let KeptRows { state, types, in_step } =
            found.ok_or_else(|| bug(place, format!("WITH {name} has not been computed")))?;
        // Outputs that this use does not read get variables that nothing else has.
        let var = |at: usize| {
            let read = columns.iter().find(|(_, index)| *index == at);
            read.map_or(ColumnVar(u32::MAX - at as u32), |(var, _)| *var)
        };
        let all: Columns = types.iter().enumerate().map(|(at, ty)| (var(at), ty.clone())).collect();
        let source = match in_step {
            true => Source::Round { state, types },
            false => Source::State { state, types },
        };
        let open = Open { source, steps: Vec::new(), columns: all };
        let vars: Vec<ColumnVar> = columns.iter().map(|(var, _)| *var).collect();
        if vars.iter().eq(open.columns.iter().map(|(var, _)| var)) {
            return Ok(open);
        }
        let named: Vec<(ColumnVar, Expr)> = columns
            .iter()
            .map(|(named, index)| (*named, self.column(&open, var(*index))))
            .collect();
        self.project(open, &named)
    }
}

/// Moves the pipelines of a step that do not depend on its rounds before those that do; says where
/// these begin.
fn hoist(
    pipelines: &mut Vec<Pipeline>,
    first: usize,
    repeats: &[Repeat],
    rounds: StateId,
) -> usize {
    if repeats.iter().any(|repeat| repeat.first as usize >= first) {
        // Inner repeats name pipelines by their numbers.
        return first;
    }
    let mut depends = vec![rounds];
    let (mut before, mut repeated) = (Vec::new(), Vec::new());
    for pipeline in pipelines.drain(first..) {
        let reads = reads_any(&pipeline.source, &pipeline.steps, &depends);
        if reads {
            depends.extend(left_by(&pipeline.sink));
            repeated.push(pipeline);
        } else {
            before.push(pipeline);
        }
    }
    let start = first + before.len();
    // A table that a repeated pipeline notes matches in is built for every round anew.
    let noted: Vec<StateId> = repeated.iter().flat_map(noted_by).collect();
    if before.iter().any(|pipeline| left_by(&pipeline.sink).is_some_and(|s| noted.contains(&s))) {
        pipelines.extend(before);
        pipelines.extend(repeated);
        return first;
    }
    pipelines.extend(before);
    pipelines.extend(repeated);
    start
}

fn left_by(sink: &Sink) -> Option<StateId> {
    match sink {
        Sink::HashBuild { state, .. }
        | Sink::Aggregate { state, .. }
        | Sink::Sort { state, .. }
        | Sink::Collect { state }
        | Sink::Round { state, .. } => Some(*state),
        Sink::Output | Sink::Write(_) => None,
    }
}

fn reads_any(source: &Source, steps: &[Step], states: &[StateId]) -> bool {
    let in_source = match source {
        Source::State { state, .. } | Source::Round { state, .. } | Source::Built { state, .. } => {
            states.contains(state)
        }
        Source::Concat(inputs) => {
            inputs.iter().any(|input| reads_any(&input.source, &input.steps, states))
        }
        Source::Unit | Source::Values { .. } | Source::Scan(_) | Source::File(_) => false,
    };
    let in_step = |step: &Step| matches!(step, Step::Probe { state, .. } if states.contains(state));
    in_source || steps.iter().any(in_step)
}

fn noted_by(pipeline: &Pipeline) -> Vec<StateId> {
    let mut noted = Vec::new();
    note(&pipeline.source, &pipeline.steps, &mut noted);
    noted
}

fn note(source: &Source, steps: &[Step], noted: &mut Vec<StateId>) {
    if let Source::Concat(inputs) = source {
        inputs.iter().for_each(|input| note(&input.source, &input.steps, noted));
    }
    for step in steps {
        if let Step::Probe { state, notes: true, .. } = step {
            noted.push(*state);
        }
    }
}
