//! The rules of queries: the columns' kinds flow from the source through the steps into the sink,
//! and through states from pipeline to pipeline.

use super::{Checked, VerifyError, at, ensure, vector};
use crate::ids::*;
use crate::program::Program;
use crate::query::*;
use crate::types::{Type, VectorKind as Kind};

/// What a pipeline left in a state.
enum State {
    /// Rows of these columns.
    Rows(Vec<Kind>),
    /// A hash table: keys and payload.
    Hash(Vec<Kind>, Vec<Kind>),
}

/// Checks a query.
pub(super) fn query(program: &Program, index: usize, query: &Query) -> Result<(), VerifyError> {
    let count = query.parameters.len();
    ensure(count <= super::MOST, || format!("it has {count} parameters"))
        .map_err(at(|| format!("query q{index}")))?;
    let mut check = Check { program, query, states: Vec::new() };
    // A state is a pipeline's, so more states than pipelines cannot be left; nothing is allocated
    // by the number that the query claims.
    for (number, pipeline) in query.pipelines.iter().enumerate() {
        let here = || format!("query q{index}, pipeline {number}");
        check.pipeline(pipeline).map_err(at(here))?;
    }
    let outputs = query.pipelines.iter().filter(|p| matches!(p.sink, Sink::Output)).count();
    let expected = usize::from(!query.output.is_empty());
    ensure(outputs == expected, || format!("{outputs} pipelines end in its result"))
        .map_err(at(|| format!("query q{index}")))
}

struct Check<'p> {
    program: &'p Program,
    query: &'p Query,
    states: Vec<(StateId, State)>,
}

fn kinds<'t>(types: impl IntoIterator<Item = &'t Type>) -> Vec<Kind> {
    types.into_iter().map(Type::vector_kind).collect()
}

fn registers<'r>(
    code: &VectorCode,
    registers: impl IntoIterator<Item = &'r VReg>,
) -> Checked<Vec<Kind>> {
    registers.into_iter().map(|register| vector::register(code, *register)).collect()
}

impl Check<'_> {
    fn pipeline(&mut self, pipeline: &Pipeline) -> Checked {
        let mut columns = self.source(&pipeline.source)?;
        for (number, step) in pipeline.steps.iter().enumerate() {
            columns = self.step(columns, step).map_err(|p| format!("step {number}: {p}"))?;
        }
        self.sink(&columns, &pipeline.sink).map_err(|p| format!("sink: {p}"))
    }

    fn code(&self, columns: &[Kind], code: &VectorCode) -> Checked {
        vector::code(self.program, self.query, columns, code)
    }

    fn source(&self, source: &Source) -> Checked<Vec<Kind>> {
        match source {
            Source::Unit => Ok(Vec::new()),
            Source::Values { types, columns, rows } => {
                ensure(types.len() == columns.len(), || "a column has no type".into())?;
                for (ty, column) in types.iter().zip(columns) {
                    ensure(column.len() == *rows, || format!("a column has not {rows} values"))?;
                    let fits = column.iter().all(|value| value.fits(ty));
                    ensure(fits, || format!("a value is no {ty}"))?;
                }
                Ok(kinds(types))
            }
            Source::Scan(scan) => self.scan(scan),
            Source::File(scan) => {
                let known = scan.source.columns.len();
                let inside = scan.columns.iter().all(|index| *index < known);
                ensure(inside, || format!("it reads a column behind the {known} of the file"))?;
                Ok(kinds(scan.read_columns().map(|column| &column.ty)))
            }
            Source::State { state, types } => match self.state(*state)? {
                State::Rows(left) => {
                    let read = kinds(types);
                    ensure(*left == read, || format!("{state} holds {left:?}, not {read:?}"))?;
                    Ok(read)
                }
                State::Hash(..) => Err(format!("{state} is a hash table")),
            },
        }
    }

    fn scan(&self, scan: &Scan) -> Checked<Vec<Kind>> {
        let value = |value: &PredicateValue| match value {
            PredicateValue::Param(p) => {
                ensure(p.index() < self.query.parameters.len(), || format!("there is no {p}"))
            }
            PredicateValue::Constant(_) => Ok(()),
        };
        for predicate in &scan.predicates {
            match &predicate.test {
                PredicateTest::Compare(_, with) => value(with)?,
                PredicateTest::In(list) => list.iter().try_for_each(value)?,
                PredicateTest::IsNull | PredicateTest::IsNotNull => {}
            }
        }
        let mut columns = kinds(scan.columns.iter().map(|(_, ty)| ty));
        columns.extend(scan.needs_row_key.then_some(Kind::Bytes));
        Ok(columns)
    }

    fn state(&self, id: StateId) -> Checked<&State> {
        let left = self.states.iter().find(|(state, _)| *state == id);
        left.map(|(_, state)| state).ok_or_else(|| format!("{id} is read before it is left"))
    }

    fn leave(&mut self, id: StateId, state: State) -> Checked {
        ensure(id.0 < self.query.states, || format!("{id} of {} states", self.query.states))?;
        let twice = self.states.iter().any(|(left, _)| *left == id);
        ensure(!twice, || format!("{id} is left twice"))?;
        self.states.push((id, state));
        Ok(())
    }

    fn step(&self, columns: Vec<Kind>, step: &Step) -> Checked<Vec<Kind>> {
        match step {
            Step::Filter { code, condition } => {
                self.code(&columns, code)?;
                let kind = vector::register(code, *condition)?;
                ensure(kind == Kind::Bool, || format!("its condition is {kind:?}"))?;
                Ok(columns)
            }
            Step::Project { code, columns: projected } => {
                self.code(&columns, code)?;
                registers(code, projected)
            }
            Step::Limit { .. } => Ok(columns),
            Step::Probe { state, code, keys, kind, payload } => {
                self.code(&columns, code)?;
                let (keys, payload) = (registers(code, keys)?, kinds(payload));
                let State::Hash(built_keys, built) = self.state(*state)? else {
                    return Err(format!("{state} is no hash table"));
                };
                ensure(*built_keys == keys, || format!("keys {keys:?} meet {built_keys:?}"))?;
                ensure(*built == payload, || format!("payload {payload:?} is {built:?}"))?;
                let adds = matches!(kind, JoinKind::Inner | JoinKind::Left);
                Ok(if adds { [columns, payload].concat() } else { columns })
            }
        }
    }

    fn sink(&mut self, columns: &[Kind], sink: &Sink) -> Checked {
        match sink {
            Sink::Output => {
                let output = kinds(self.query.output.iter().map(|field| &field.ty));
                ensure(output == columns, || format!("columns {columns:?} are not {output:?}"))
            }
            Sink::HashBuild { state, code, keys, payload } => {
                self.code(columns, code)?;
                let (keys, payload) = (registers(code, keys)?, registers(code, payload)?);
                ensure(!keys.is_empty(), || "it has no keys".into())?;
                self.leave(*state, State::Hash(keys, payload))
            }
            Sink::Aggregate { state, code, keys, aggregates } => {
                self.code(columns, code)?;
                let mut rows = registers(code, keys)?;
                for aggregate in aggregates {
                    rows.push(self.aggregate(code, aggregate)?);
                }
                self.leave(*state, State::Rows(rows))
            }
            Sink::Sort { state, code, keys, .. } => {
                self.code(columns, code)?;
                registers(code, keys.iter().map(|key| &key.register))?;
                self.leave(*state, State::Rows(columns.to_vec()))
            }
            Sink::Collect { state } => self.leave(*state, State::Rows(columns.to_vec())),
            Sink::Write(write) => self.write(columns, write),
        }
    }

    fn aggregate(&self, code: &VectorCode, aggregate: &Aggregate) -> Checked<Kind> {
        use AggregateFunction as F;
        let result = aggregate.result.vector_kind();
        let filter = registers(code, &aggregate.filter)?;
        ensure(filter.iter().all(|kind| *kind == Kind::Bool), || {
            "a FILTER is no condition".into()
        })?;
        let argument = aggregate.argument.map(|r| vector::register(code, r)).transpose()?;
        let Some(argument) = argument else {
            ensure(aggregate.function == F::Count && result == Kind::I64, || {
                "an aggregate has no argument".into()
            })?;
            return Ok(result);
        };
        let fits = match aggregate.function {
            F::Count => result == Kind::I64,
            F::Sum => match argument {
                Kind::I64 | Kind::I128 => matches!(result, Kind::I64 | Kind::I128),
                other => other == Kind::F64 && result == Kind::F64,
            },
            F::Avg { .. } => {
                matches!(argument, Kind::I64 | Kind::I128 | Kind::F64) && result == Kind::F64
            }
            F::BoolAnd | F::BoolOr => argument == Kind::Bool && result == Kind::Bool,
            F::Min | F::Max | F::First => argument == result,
        };
        let function = aggregate.function;
        ensure(fits, || format!("{function:?} of {argument:?} is no {result:?}"))?;
        Ok(result)
    }

    fn write(&self, columns: &[Kind], write: &Write) -> Checked {
        let mut expected = kinds(write.columns.iter().map(|(_, ty)| ty));
        match write.operation {
            WriteOperation::Insert => {}
            WriteOperation::Update => expected.push(Kind::Bytes),
            WriteOperation::Delete => expected = vec![Kind::Bytes],
        }
        ensure(expected == columns, || format!("it writes {expected:?} from {columns:?}"))
    }
}
