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
    /// A hash table: keys, payload, whether all rows are kept.
    Hash(Vec<Kind>, Vec<Kind>, bool),
    /// The rounds of a fixpoint of these columns.
    Rounds(Vec<Kind>),
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
    for repeat in &query.repeats {
        check.repeat(repeat).map_err(at(|| format!("query q{index}, a repeat")))?;
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

fn same_rows(state: StateId, left: &[Kind], types: &[Type]) -> Checked<Vec<Kind>> {
    let read = kinds(types);
    ensure(left == read, || format!("{state} holds {left:?}, not {read:?}"))?;
    Ok(read)
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
        columns = self.steps(columns, &pipeline.steps)?;
        self.sink(&columns, &pipeline.sink).map_err(|p| format!("sink: {p}"))
    }

    fn steps(&self, mut columns: Vec<Kind>, steps: &[Step]) -> Checked<Vec<Kind>> {
        for (number, step) in steps.iter().enumerate() {
            columns = self.step(columns, step).map_err(|p| format!("step {number}: {p}"))?;
        }
        Ok(columns)
    }

    /// The state that a repeat asks is left before its end, and its stretch exists and nests.
    fn repeat(&self, repeat: &Repeat) -> Checked {
        let Repeat { first, end, state } = *repeat;
        let exists = first < end && end as usize <= self.query.pipelines.len();
        ensure(exists, || format!("pipelines {first}..{end} do not exist"))?;
        let crosses = |other: &Repeat| {
            let inside = |a: &Repeat, b: &Repeat| b.first <= a.first && a.end <= b.end;
            let apart = other.end <= first || end <= other.first;
            !apart && !inside(other, repeat) && !inside(repeat, other)
        };
        ensure(!self.query.repeats.iter().any(crosses), || "it crosses another one".into())?;
        ensure(matches!(self.state(state)?, State::Rounds(_)), || {
            format!("{state} has no rounds")
        })?;
        let goes_on = |pipeline: &Pipeline| match &pipeline.sink {
            Sink::Round { state: left, first, .. } => *left == state && !first,
            _ => false,
        };
        let mut stretch = self.query.pipelines.iter().take(end as usize).skip(first as usize);
        ensure(stretch.any(goes_on), || format!("nothing in it goes on with {state}"))
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
                State::Rows(left) | State::Rounds(left) => same_rows(*state, left, types),
                State::Hash(..) => Err(format!("{state} is a hash table")),
            },
            Source::Round { state, types } => match self.state(*state)? {
                State::Rounds(left) => same_rows(*state, left, types),
                _ => Err(format!("{state} has no rounds")),
            },
            Source::Built { state, types, .. } => match self.state(*state)? {
                State::Hash(_, payload, true) => same_rows(*state, payload, types),
                _ => Err(format!("{state} is no hash table that keeps all rows")),
            },
            Source::Concat(inputs) => {
                let mut columns: Option<Vec<Kind>> = None;
                for input in inputs {
                    let made = self.steps(self.source(&input.source)?, &input.steps)?;
                    let same = columns.as_ref().is_none_or(|c| *c == made);
                    ensure(same, || format!("an input has the columns {made:?}"))?;
                    columns = Some(made);
                }
                columns.ok_or_else(|| "a concatenation without inputs".into())
            }
        }
    }

    /// A parameter of the query.
    fn parameter(&self, p: ParamId) -> Checked<&Type> {
        self.query.parameters.get(p.index()).ok_or_else(|| format!("there is no {p}"))
    }

    fn count(&self, count: &Count) -> Checked {
        let Count::Param(p) = count else { return Ok(()) };
        let ty = self.parameter(*p)?;
        ensure(*ty == Type::Int64, || format!("{p} counts rows and is {ty}"))
    }

    fn scan(&self, scan: &Scan) -> Checked<Vec<Kind>> {
        let value = |value: &PredicateValue| match value {
            PredicateValue::Param(p) => self.parameter(*p).map(|_| ()),
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
            Step::Limit { limit, offset } => {
                limit.iter().chain([offset]).try_for_each(|count| self.count(count))?;
                Ok(columns)
            }
            Step::LimitEach { code, keys, limit, offset } => {
                self.code(&columns, code)?;
                registers(code, keys)?;
                limit.iter().chain([offset]).try_for_each(|count| self.count(count))?;
                Ok(columns)
            }
            Step::Expand { code, arguments, ty, .. } => {
                self.code(&columns, code)?;
                for (register, ty) in arguments {
                    let kind = vector::register(code, *register)?;
                    ensure(kind == ty.vector_kind(), || format!("{register} is no {ty}"))?;
                }
                Ok([columns, vec![ty.vector_kind()]].concat())
            }
            Step::Probe { .. } => self.probe(columns, step),
        }
    }

    fn probe(&self, mut columns: Vec<Kind>, step: &Step) -> Checked<Vec<Kind>> {
        let Step::Probe { state, code, keys, kind, payload, residual, notes } = step else {
            return Ok(columns);
        };
        self.code(&columns, code)?;
        let (keys, payload) = (registers(code, keys)?, kinds(payload));
        let State::Hash(built_keys, built, keeps_all) = self.state(*state)? else {
            return Err(format!("{state} is no hash table"));
        };
        ensure(*built_keys == keys, || format!("keys {keys:?} meet {built_keys:?}"))?;
        ensure(*built == payload, || format!("payload {payload:?} is {built:?}"))?;
        ensure(*keeps_all || !notes, || format!("{state} does not keep all rows"))?;
        if let Some(Residual { code, condition }) = residual {
            use JoinKind as J;
            let takes = !matches!(kind, J::MarkAny | J::IntersectAll | J::ExceptAll);
            ensure(takes, || format!("{kind:?} takes no residual"))?;
            self.code(&[columns.as_slice(), &payload].concat(), code)?;
            let kind = vector::register(code, *condition)?;
            ensure(kind == Kind::Bool, || format!("its residual is {kind:?}"))?;
        }
        if kind.adds_payload() {
            columns.extend(payload);
        }
        columns.extend(kind.adds_mark().then_some(Kind::Bool));
        Ok(columns)
    }

    fn sink(&mut self, columns: &[Kind], sink: &Sink) -> Checked {
        match sink {
            Sink::Output => {
                let output = kinds(self.query.output.iter().map(|field| &field.ty));
                ensure(output == columns, || format!("columns {columns:?} are not {output:?}"))
            }
            Sink::HashBuild { state, code, keys, null_keys, payload, keep_all } => {
                self.code(columns, code)?;
                let (keys, payload) = (registers(code, keys)?, registers(code, payload)?);
                ensure(keys.len() == null_keys.len(), || "a key says nothing of NULLs".into())?;
                self.leave(*state, State::Hash(keys, payload, *keep_all))
            }
            Sink::Round { state, code, first, .. } => {
                self.code(columns, code)?;
                if *first {
                    return self.leave(*state, State::Rounds(columns.to_vec()));
                }
                match self.state(*state)? {
                    State::Rounds(left) if left == columns => Ok(()),
                    _ => Err(format!("{state} has no rounds of {columns:?}")),
                }
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
            F::Collect => match &aggregate.result {
                Type::Array(element) => element.vector_kind() == argument,
                _ => false,
            },
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
