//! Pipelines: a physical plan cut where an operator must see all its rows before it gives any.

use super::builder::{Builder, Result};
use super::vector::{Columns, VectorEmitter};
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind, OrderKey};
use crate::plan::PlanContext;
use crate::plan::access::{ScanPredicate, ScanTest};
use crate::plan::physical::PhysicalPlan;
use grizzly_bytecode::query::{
    Aggregate, JoinKind, Pipeline, Predicate, PredicateTest, PredicateValue, Query, Scan, Sink,
    SortKey, Source, Step,
};
use grizzly_bytecode::{FunctionId, ParamId, Place, StateId, Type, Value};

/// A pipeline that has no sink yet, and the columns that its batches have.
pub struct Open {
    source: Source,
    steps: Vec<Step>,
    /// The columns.
    pub columns: Columns,
}

/// Writes the pipelines of one query.
pub struct PipelineWriter<'b, 'a, 'c> {
    builder: &'b mut Builder<'a>,
    context: &'b PlanContext<'c>,
    query: Query,
}

impl<'b, 'a, 'c> PipelineWriter<'b, 'a, 'c> {
    /// A writer of an empty query.
    pub fn new(builder: &'b mut Builder<'a>, context: &'b PlanContext<'c>) -> Self {
        PipelineWriter { builder, context, query: Query::default() }
    }

    /// Writes all that must run before the plan's own last pipeline, and hands that one over open.
    pub fn open(&mut self, plan: &PhysicalPlan) -> Result<Open> {
        match plan {
            PhysicalPlan::Unit => {
                Ok(Open { source: Source::Unit, steps: Vec::new(), columns: Vec::new() })
            }
            PhysicalPlan::Values { rows, columns } => Ok(self.values(rows, columns)),
            PhysicalPlan::Scan { .. } => Ok(self.scan(plan)),
            PhysicalPlan::Filter { input, conditions } => {
                let mut open = self.open(input)?;
                for condition in conditions {
                    let mut code = VectorEmitter::new(self.builder, &open.columns)?;
                    let register = code.emit(condition)?;
                    open.steps.push(Step::Filter { code: code.finish(), condition: register });
                }
                Ok(open)
            }
            PhysicalPlan::Project { input, columns } => {
                let open = self.open(input)?;
                self.project(open, columns)
            }
            PhysicalPlan::HashJoin { kind, probe, build, keys } => {
                self.join(*kind, probe, build, keys)
            }
            PhysicalPlan::Aggregate { input, keys, aggregates } => {
                let open = self.open(input)?;
                self.aggregate(open, keys, aggregates)
            }
            PhysicalPlan::Sort { input, keys, limit } => {
                let open = self.open(input)?;
                self.sort(open, keys, *limit)
            }
            PhysicalPlan::Limit { input, limit, offset } => {
                let mut open = self.open(input)?;
                open.steps.push(Step::Limit { limit: *limit, offset: *offset });
                Ok(open)
            }
        }
    }

    /// Ends a pipeline.
    pub fn close(&mut self, open: Open, sink: Sink) {
        self.query.pipelines.push(Pipeline { source: open.source, steps: open.steps, sink });
    }

    /// The query.
    pub fn finish(self) -> Query {
        self.query
    }

    /// A new state.
    pub fn state(&mut self) -> StateId {
        self.query.states += 1;
        StateId(self.query.states - 1)
    }

    fn values(&self, rows: &[Vec<Value>], columns: &[ColumnVar]) -> Open {
        let types: Vec<Type> = columns.iter().map(|v| self.context.column_type(*v)).collect();
        let column = |index: usize| -> Vec<Value> {
            let ty = types.get(index);
            let value = |row: &Vec<Value>| row.get(index).cloned().unwrap_or_default();
            rows.iter().map(|row| as_register(value(row), ty)).collect()
        };
        let source = Source::Values {
            columns: (0..columns.len()).map(column).collect(),
            types: types.clone(),
            rows: rows.len(),
        };
        Open { source, steps: Vec::new(), columns: columns.iter().copied().zip(types).collect() }
    }

    fn scan(&self, plan: &PhysicalPlan) -> Open {
        let PhysicalPlan::Scan {
            table,
            columns,
            row_key,
            ordered,
            predicates,
            index,
            limit_hint,
        } = plan
        else {
            return Open { source: Source::Unit, steps: Vec::new(), columns: Vec::new() };
        };
        let stored = |(_, index): &(ColumnVar, usize)| {
            table.columns.get(*index).map(|c| (c.id, c.ty.clone()))
        };
        let typed = |(var, index): &(ColumnVar, usize)| {
            table.columns.get(*index).map(|c| (*var, c.ty.clone()))
        };
        let mut out: Columns = columns.iter().filter_map(typed).collect();
        out.extend(row_key.map(|var| (var, Type::Blob)));
        let scan = Scan {
            table: table.id,
            columns: columns.iter().filter_map(stored).collect(),
            predicates: predicates.iter().filter_map(scan_predicate).collect(),
            index: index.as_ref().map(|index| (index.id, index.name.clone())),
            needs_row_key: row_key.is_some(),
            ordered: *ordered,
            limit_hint: *limit_hint,
            name: table.name.clone(),
        };
        Open { source: Source::Scan(scan), steps: Vec::new(), columns: out }
    }

    /// Adds a projection.
    pub fn project(&mut self, mut open: Open, columns: &[(ColumnVar, Expr)]) -> Result<Open> {
        let mut code = VectorEmitter::new(self.builder, &open.columns)?;
        let mut registers = Vec::with_capacity(columns.len());
        for (_, e) in columns {
            registers.push(code.emit(e)?);
        }
        open.steps.push(Step::Project { code: code.finish(), columns: registers });
        open.columns = columns.iter().map(|(var, e)| (*var, e.ty.clone())).collect();
        Ok(open)
    }

    /// Adds a call of a function for every row; its BOOLEAN results are the columns.
    pub fn call_rows(&mut self, mut open: Open, f: FunctionId, given: &[Expr]) -> Result<Open> {
        let mut code = VectorEmitter::new(self.builder, &open.columns)?;
        let d = code.call_rows(f, given)?;
        open.steps.push(Step::Project { code: code.finish(), columns: vec![d] });
        open.columns = Vec::new();
        Ok(open)
    }

    fn join(
        &mut self,
        kind: JoinKind,
        probe: &PhysicalPlan,
        build: &PhysicalPlan,
        keys: &[(Expr, Expr)],
    ) -> Result<Open> {
        // Without keys all pairs match: both sides get the same constant for one.
        let all_pairs;
        let keys = if keys.is_empty() {
            let kind = ExprKind::Constant(Value::Int(0));
            let zero = Expr { kind, ty: Type::Int64, place: Place::default() };
            all_pairs = [(zero.clone(), zero)];
            &all_pairs
        } else {
            keys
        };
        let state = self.state();
        let built = self.open(build)?;
        let mut code = VectorEmitter::new(self.builder, &built.columns)?;
        let mut build_keys = Vec::new();
        for (_, key) in keys {
            build_keys.push(code.emit(key)?);
        }
        let with_payload = matches!(kind, JoinKind::Inner | JoinKind::Left);
        let payload_columns: Columns =
            if with_payload { built.columns.clone() } else { Vec::new() };
        let payload = payload_columns.iter().filter_map(|(var, _)| code.column(*var)).collect();
        let sink = Sink::HashBuild { state, code: code.finish(), keys: build_keys, payload };
        self.close(built, sink);
        let mut open = self.open(probe)?;
        let mut code = VectorEmitter::new(self.builder, &open.columns)?;
        let mut probe_keys = Vec::new();
        for (key, _) in keys {
            probe_keys.push(code.emit(key)?);
        }
        open.steps.push(Step::Probe {
            state,
            code: code.finish(),
            keys: probe_keys,
            kind,
            payload: payload_columns.iter().map(|(_, ty)| ty.clone()).collect(),
        });
        open.columns.extend(payload_columns);
        Ok(open)
    }

    fn aggregate(
        &mut self,
        open: Open,
        keys: &[(ColumnVar, Expr)],
        calls: &[AggregateCall],
    ) -> Result<Open> {
        let state = self.state();
        let mut code = VectorEmitter::new(self.builder, &open.columns)?;
        let mut registers = Vec::new();
        for (_, key) in keys {
            registers.push(code.emit(key)?);
        }
        let mut aggregates = Vec::new();
        for call in calls {
            let argument = call.argument.as_ref().map(|a| code.emit(a)).transpose()?;
            let filter = call.filter.as_ref().map(|f| code.emit(f)).transpose()?;
            aggregates.push(Aggregate {
                function: call.function,
                argument,
                filter,
                distinct: call.distinct,
                result: call.ty.clone(),
            });
        }
        let sink = Sink::Aggregate { state, code: code.finish(), keys: registers, aggregates };
        self.close(open, sink);
        let keys = keys.iter().map(|(var, e)| (*var, e.ty.clone()));
        let columns: Columns =
            keys.chain(calls.iter().map(|c| (c.variable, c.ty.clone()))).collect();
        Ok(from_state(state, columns))
    }

    fn sort(&mut self, open: Open, keys: &[OrderKey], limit: Option<u64>) -> Result<Open> {
        let state = self.state();
        let mut code = VectorEmitter::new(self.builder, &open.columns)?;
        let mut sort_keys = Vec::new();
        for key in keys {
            let register = code.emit(&key.value)?;
            sort_keys.push(SortKey {
                register,
                descending: key.descending,
                nulls_first: key.nulls_first,
            });
        }
        let columns = open.columns.clone();
        let sink = Sink::Sort { state, code: code.finish(), keys: sort_keys, limit };
        self.close(open, sink);
        Ok(from_state(state, columns))
    }
}

/// A pipeline that reads what an earlier one left.
pub fn from_state(state: StateId, columns: Columns) -> Open {
    let types = columns.iter().map(|(_, ty)| ty.clone()).collect();
    Open { source: Source::State { state, types }, steps: Vec::new(), columns }
}

/// A constant as the registers of its type hold it.
pub fn as_register(value: Value, ty: Option<&Type>) -> Value {
    match (value, ty.map(Type::repr)) {
        (Value::Int(i), Some(grizzly_bytecode::Repr::Wide)) => Value::Wide(i128::from(i)),
        (value, _) => value,
    }
}

fn scan_predicate(p: &ScanPredicate) -> Option<Predicate> {
    let known = |value: &Expr| match &value.kind {
        ExprKind::Constant(constant) => {
            Some(PredicateValue::Constant(as_register(constant.clone(), Some(&value.ty))))
        }
        ExprKind::Parameter(index) => Some(PredicateValue::Param(ParamId(*index))),
        _ => None,
    };
    let test = match &p.test {
        ScanTest::Compare(op, value) => PredicateTest::Compare(*op, known(value)?),
        ScanTest::In(values) => {
            PredicateTest::In(values.iter().map(known).collect::<Option<_>>()?)
        }
        ScanTest::IsNull => PredicateTest::IsNull,
    };
    Some(Predicate { column: p.column, test })
}
