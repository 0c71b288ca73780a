//! Pipelines: a physical plan cut where an operator must see all its rows before it gives any.

mod common;
mod join;

use super::builder::{Builder, Result};
use super::vector::{Columns, VectorEmitter};
use crate::hir::{self, AggregateCall, ColumnVar, CommonTableId, Expr, ExprKind, OrderKey};
use crate::plan::PlanContext;
use crate::plan::access::{ScanPredicate, ScanTest};
use crate::plan::logical::Count;
use crate::plan::physical::PhysicalPlan;
use common::KeptRows;
use grizzly_bytecode::query::{
    self as bc, Aggregate, Input, Pipeline, Predicate, PredicateTest, PredicateValue, Query, Scan,
    Sink, SortKey, Source, Step,
};
use grizzly_bytecode::{FileScan, FunctionId, ParamId, StateId, Type, Value};
use hashbrown::HashMap;

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
    /// The queries of WITH that have been computed.
    commons: HashMap<CommonTableId, KeptRows>,
}

impl<'b, 'a, 'c> PipelineWriter<'b, 'a, 'c> {
    /// A writer of an empty query.
    pub fn new(builder: &'b mut Builder<'a>, context: &'b PlanContext<'c>) -> Self {
        PipelineWriter { builder, context, query: Query::default(), commons: HashMap::new() }
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
                    let mut code = self.emitter(&open.columns)?;
                    let register = code.emit(condition)?;
                    open.steps.push(Step::Filter { code: code.finish(), condition: register });
                }
                Ok(open)
            }
            PhysicalPlan::Project { input, columns } => {
                let open = self.open(input)?;
                self.project(open, columns)
            }
            PhysicalPlan::Expand { input, function, arguments, column, outer } => {
                let open = self.open(input)?;
                self.expand(open, *function, arguments, column, *outer)
            }
            PhysicalPlan::Join(join) => self.join(join),
            PhysicalPlan::Aggregate { input, keys, aggregates } => {
                let open = self.open(input)?;
                self.aggregate(open, keys, aggregates)
            }
            PhysicalPlan::Sort { input, keys, limit } => {
                let open = self.open(input)?;
                self.sort(open, keys, *limit)
            }
            PhysicalPlan::Limit { input, each, limit, offset } => {
                let open = self.open(input)?;
                self.limit(open, each, *limit, *offset)
            }
            PhysicalPlan::Union { inputs, columns } => {
                let columns: Columns =
                    columns.iter().map(|var| (*var, self.context.column_type(*var))).collect();
                let mut parts = Vec::with_capacity(inputs.len());
                for (input, vars) in inputs {
                    let mut open = self.open(input)?;
                    let named: Vec<(ColumnVar, Expr)> = columns
                        .iter()
                        .zip(vars)
                        .map(|((column, _), var)| (*column, self.column(&open, *var)))
                        .collect();
                    open = self.project(open, &named)?;
                    parts.push(Input { source: open.source, steps: open.steps });
                }
                Ok(Open { source: Source::Concat(parts), steps: Vec::new(), columns })
            }
            PhysicalPlan::With { common, body } => {
                self.compute(common)?;
                self.open(body)
            }
            PhysicalPlan::Common { id, name, columns } => self.read(*id, name, columns),
        }
    }

    /// An emitter of a step's code.
    fn emitter(&mut self, columns: &Columns) -> Result<VectorEmitter<'_, 'a>> {
        VectorEmitter::new(self.builder, self.context, columns)
    }

    /// A column of a pipeline as an expression.
    fn column(&self, open: &Open, var: ColumnVar) -> Expr {
        let known = open.columns.iter().find(|(v, _)| *v == var);
        let ty = known.map_or_else(|| self.context.column_type(var), |(_, ty)| ty.clone());
        Expr { kind: ExprKind::Column(var), ty, place: Default::default() }
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
        let PhysicalPlan::Scan { table, columns, row_key, ordered, predicates, index, limit_hint } =
            plan
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
        if let Some(file) = &table.file {
            let columns = columns.iter().map(|(_, index)| *index).collect();
            let source = Source::File(FileScan { source: file.clone(), columns });
            return Open { source, steps: Vec::new(), columns: out };
        }
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
        let mut code = self.emitter(&open.columns)?;
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
        let mut code = self.emitter(&open.columns)?;
        let d = code.call_rows(f, given)?;
        open.steps.push(Step::Project { code: code.finish(), columns: vec![d] });
        open.columns = Vec::new();
        Ok(open)
    }

    fn expand(
        &mut self,
        mut open: Open,
        function: hir::TableFunction,
        arguments: &[Expr],
        column: &(ColumnVar, Type),
        outer: bool,
    ) -> Result<Open> {
        let mut code = self.emitter(&open.columns)?;
        let mut registers = Vec::with_capacity(arguments.len());
        for argument in arguments {
            registers.push((code.emit(argument)?, argument.ty.clone()));
        }
        let function = match function {
            hir::TableFunction::Series => bc::TableFunction::Series,
            hir::TableFunction::Unnest => bc::TableFunction::Unnest,
        };
        let (code, ty) = (code.finish(), column.1.clone());
        open.steps.push(Step::Expand { function, code, arguments: registers, ty, outer });
        open.columns.push(column.clone());
        Ok(open)
    }

    fn limit(
        &mut self,
        mut open: Open,
        each: &[Expr],
        limit: Option<Count>,
        offset: Count,
    ) -> Result<Open> {
        let count = |count: Count| match count {
            Count::Constant(n) => bc::Count::Constant(n),
            Count::Parameter(index) => bc::Count::Param(ParamId(index)),
        };
        let (limit, offset) = (limit.map(count), count(offset));
        if each.is_empty() {
            open.steps.push(Step::Limit { limit, offset });
            return Ok(open);
        }
        let mut code = self.emitter(&open.columns)?;
        let mut keys = Vec::with_capacity(each.len());
        for key in each {
            keys.push(code.emit(key)?);
        }
        open.steps.push(Step::LimitEach { code: code.finish(), keys, limit, offset });
        Ok(open)
    }

    fn aggregate(
        &mut self,
        open: Open,
        keys: &[(ColumnVar, Expr)],
        calls: &[AggregateCall],
    ) -> Result<Open> {
        let state = self.state();
        let mut code = self.emitter(&open.columns)?;
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
        let mut code = self.emitter(&open.columns)?;
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
        ScanTest::In(values) => PredicateTest::In(values.iter().map(known).collect::<Option<_>>()?),
        ScanTest::IsNull => PredicateTest::IsNull,
    };
    Some(Predicate { column: p.column, test })
}
