//! Statements: the entry function of each kind, and the programs that fold constants.

use super::builder::{Builder, Result, bug, index_u16, unsupported};
use super::dependencies::dependencies;
use super::nulls::NullFlow;
use super::pipeline::PipelineWriter;
use super::point;
use super::scalar::{Emitter, generate};
use crate::catalog::{Catalog, Evaluate, Table};
use crate::hir::{
    ColumnVar, Expr, ExprKind, From, Local, OutputColumn, Query, Statement, StatementKind,
};
use crate::plan::PlanContext;
use crate::plan::capture::{Scope, capture, statement_parameters};
use crate::plan::logical::{LogicalPlan, filter as filtered, substitute};
use crate::plan::physical::{self, PhysicalPlan};
use grizzly_bytecode as bc;
use grizzly_bytecode::query::{Sink, Write, WriteOperation};
use grizzly_bytecode::{
    Access, ColumnId, Field, FunctionId, Instr, Layout, ObjectWindow, Program, QueryId, Type,
};
use smol_str::SmolStr;
use std::sync::Arc;

/// Up to this many rows of VALUES are inserted one by one, without a pipeline.
const ROWS_ONE_BY_ONE: usize = 64;

/// The program of a statement.
///
/// # Errors
/// A part of the statement that this version cannot run, or a limit of the program format.
pub fn compile(
    statement: &Statement,
    catalog: &dyn Catalog,
    evaluate: &dyn Evaluate,
) -> Result<Program> {
    let mut builder = statement_builder(statement, catalog, evaluate);
    builder.program.parameters = statement.parameters.clone();
    builder.program.dependencies = dependencies(statement);
    // The entry is the first function.
    builder.program.functions.push(bc::Function::default());
    let mut writer = StatementWriter { statement, catalog, evaluate, builder: &mut builder };
    let entry = writer.write()?;
    finish(builder, entry)
}

/// A program that gives the value of an expression without leaves but constants.
///
/// # Errors
/// As for [`compile`].
pub fn constant_program(e: &Expr, catalog: &dyn Catalog) -> Result<Program> {
    let mut builder = Builder::new(catalog);
    builder.program.functions.push(bc::Function::default());
    let entry = value_entry(&mut builder, e, &[])?;
    finish(builder, entry)
}

/// The physical plan of a statement as text, for EXPLAIN and `--emit=physical`.
///
/// # Errors
/// As for [`compile`].
pub fn explain(
    statement: &Statement,
    catalog: &dyn Catalog,
    evaluate: &dyn Evaluate,
) -> Result<String> {
    let mut builder = statement_builder(statement, catalog, evaluate);
    let mut writer = StatementWriter { statement, catalog, evaluate, builder: &mut builder };
    writer.explain(true)
}

/// The logical plan of a statement as text, for `--emit=plan`.
///
/// # Errors
/// As for [`compile`].
pub fn explain_logical(
    statement: &Statement,
    catalog: &dyn Catalog,
    evaluate: &dyn Evaluate,
) -> Result<String> {
    let mut builder = statement_builder(statement, catalog, evaluate);
    let mut writer = StatementWriter { statement, catalog, evaluate, builder: &mut builder };
    writer.explain(false)
}

fn statement_builder<'a>(
    statement: &Statement,
    catalog: &'a dyn Catalog,
    evaluate: &'a dyn Evaluate,
) -> Builder<'a> {
    let mut builder = Builder::new(catalog);
    builder.evaluate = Some(evaluate);
    let (columns, locals) = (statement.columns.clone(), statement.locals.clone());
    builder.scope = Scope { columns, locals };
    builder
}

fn finish(mut builder: Builder<'_>, entry: bc::Function) -> Result<Program> {
    builder.define(FunctionId(0), entry);
    while let Some((function, kind, id)) = builder.pending.pop() {
        let body = generate(&mut builder, &function, kind)?;
        builder.define(id, body);
    }
    Ok(builder.program)
}

fn local_flow(locals: &[Local]) -> NullFlow {
    NullFlow { locals: locals.iter().map(|l| l.nullable).collect(), ..NullFlow::default() }
}

/// An entry that returns the value of an expression.
fn value_entry(builder: &mut Builder<'_>, e: &Expr, locals: &[Local]) -> Result<bc::Function> {
    let layout = Layout { ty: e.ty.clone(), nullable: true };
    let result = (e.ty != Type::Unit).then_some(layout);
    let mut emitter = Emitter::new(builder, SmolStr::default(), local_flow(locals), result);
    emitter.return_value(Some(e))?;
    emitter.finish()
}

struct StatementWriter<'s, 'b, 'a> {
    statement: &'s Statement,
    catalog: &'a dyn Catalog,
    evaluate: &'a dyn Evaluate,
    builder: &'b mut Builder<'a>,
}

impl<'a> StatementWriter<'_, '_, 'a> {
    fn write(&mut self) -> Result<bc::Function> {
        let statement = self.statement;
        if let Some(point) = point::recognise(statement) {
            if let StatementKind::Query(query) = &statement.kind {
                self.builder.program.output = fields(query);
            }
            let mut emitter = self.emitter();
            point.emit(&mut emitter)?;
            return emitter.finish();
        }
        match &statement.kind {
            StatementKind::Query(query) => {
                self.builder.program.output = fields(query);
                let planned = self.physical(query)?;
                self.run(planned, fields(query), Sink::Output)
            }
            StatementKind::Expression(e, name) => self.expression(e, name),
            StatementKind::Print(e) => {
                let mut emitter = self.emitter();
                emitter.steps(&[crate::hir::Step::Print(e.clone())])?;
                emitter.finish()
            }
            StatementKind::SetVariable(_, e) => value_entry(self.builder, e, &statement.locals),
            StatementKind::Insert(table, query) => self.insert(table, query),
            StatementKind::Update { .. } | StatementKind::Delete { .. } => self.change(),
            _ => Err(bug(statement.place, "a statement that has no program")),
        }
    }

    fn emitter(&mut self) -> Emitter<'_, 'a> {
        let flow = local_flow(&self.statement.locals);
        Emitter::new(self.builder, SmolStr::default(), flow, None)
    }

    fn context(&self) -> PlanContext<'a> {
        let scope = (self.statement.columns.clone(), self.statement.locals.clone());
        PlanContext::new(scope, self.catalog, self.evaluate)
    }

    /// A query whose computed counts are parameters, beside those of the statement.
    fn captured(&self, query: &Query) -> (Query, Vec<Expr>) {
        let mut query = query.clone();
        let known = statement_parameters(&self.statement.parameters);
        let parameters = capture(&mut query, known);
        (query, parameters)
    }

    fn physical(&self, query: &Query) -> Result<Planned<'a>> {
        let mut context = self.context();
        let (query, parameters) = self.captured(query);
        let logical = context.logical(&query)?;
        let plan = physical::choose(&logical, &mut context)?;
        Ok(Planned { plan, context, parameters })
    }

    /// An entry that runs one query.
    fn run(
        &mut self,
        planned: Planned<'_>,
        output: Vec<Field>,
        sink: Sink,
    ) -> Result<bc::Function> {
        let Planned { plan, context, parameters } = planned;
        let mut writer = PipelineWriter::new(self.builder, &context);
        let open = writer.open(&plan)?;
        writer.close(open, sink);
        let mut query = writer.finish();
        query.parameters = parameters.iter().map(|p| p.ty.clone()).collect();
        query.output = output;
        let q = QueryId(index_u16(self.builder.program.queries.len(), "queries")?);
        self.builder.program.queries.push(query);
        let place = self.statement.place;
        let mut emitter = self.emitter();
        let first = emitter.emit_boxed(&parameters)?;
        emitter.push_at(place, Instr::RunQuery { q, o: ObjectWindow(first) });
        emitter.finish()
    }

    fn expression(&mut self, e: &Expr, name: &SmolStr) -> Result<bc::Function> {
        if e.ty == Type::Unit {
            let mut emitter = self.emitter();
            emitter.emit_to_nowhere(e)?;
            return emitter.finish();
        }
        self.builder.program.output = vec![Field { name: name.clone(), ty: e.ty.clone() }];
        let mut emitter = self.emitter();
        let first = emitter.emit_boxed(std::slice::from_ref(e))?;
        emitter.push_at(e.place, Instr::EmitRow { o: ObjectWindow(first) });
        emitter.finish()
    }

    fn insert(&mut self, table: &Table, query: &Query) -> Result<bc::Function> {
        if let Some(rows) = plain_rows(query)
            && (rows.len() <= ROWS_ONE_BY_ONE || !all_constant(&rows))
        {
            return self.insert_rows(table, &rows);
        }
        let planned = self.physical(query)?;
        let sink = Sink::Write(Write {
            table: table.id,
            operation: WriteOperation::Insert,
            columns: stored_columns(table),
            name: table.name.clone(),
        });
        self.run(planned, Vec::new(), sink)
    }

    fn insert_rows(&mut self, table: &Table, rows: &[Vec<Expr>]) -> Result<bc::Function> {
        let key = table.key.iter().filter_map(|k| table.columns.get(*k)).map(|c| c.ty.clone());
        let access = Access {
            table: table.id,
            key: key.collect(),
            columns: stored_columns(table),
            name: table.name.clone(),
        };
        self.builder.program.accesses.push(access);
        let place = self.statement.place;
        let mut emitter = self.emitter();
        for row in rows {
            let mark = emitter.mark();
            let first = emitter.emit_boxed(row)?;
            let place = row.first().map_or(place, |e| e.place);
            let x = bc::AccessId(0);
            emitter.push_at(place, Instr::InsertRow { x, o: ObjectWindow(first) });
            emitter.release(mark);
        }
        emitter.finish()
    }

    /// UPDATE and DELETE: a scan with row keys, the condition, the new values, a write.
    fn change(&mut self) -> Result<bc::Function> {
        let (plan, mut context, sink, parameters) = self.change_plan()?;
        let plan = physical::choose(&plan, &mut context)?;
        self.run(Planned { plan, context, parameters }, Vec::new(), sink)
    }

    fn change_plan(&self) -> Result<(LogicalPlan, PlanContext<'a>, Sink, Vec<Expr>)> {
        let (table, columns, filter, assignments) = match &self.statement.kind {
            StatementKind::Update { table, columns, filter, assignments } => {
                (table, columns, filter, assignments.as_slice())
            }
            StatementKind::Delete { table, columns, filter } => (table, columns, filter, &[][..]),
            _ => return Err(bug(self.statement.place, "neither UPDATE nor DELETE")),
        };
        let mut context = self.context();
        let (values, parameters) =
            self.captured(&values_query(table, columns, filter, assignments));
        let row_key = context.fresh_column("row key", Type::Blob, false);
        let mut plan = LogicalPlan::Scan {
            table: table.clone(),
            columns: columns.iter().enumerate().map(|(index, var)| (*var, index)).collect(),
            row_key: Some(row_key),
            ordered: false,
        };
        plan = filtered(plan, values.filter.into_iter().collect());
        let mut outputs: Vec<(ColumnVar, Expr)> = Vec::new();
        let mut written: Vec<(ColumnId, Type)> = Vec::new();
        for ((index, _), output) in assignments.iter().zip(values.outputs) {
            let column = table.columns.get(*index);
            let place = output.value.place;
            let column = column.ok_or_else(|| bug(place, "a column outside the table"))?;
            let var = context.fresh_column(&column.name, column.ty.clone(), true);
            outputs.push((var, output.value));
            written.push((column.id, column.ty.clone()));
        }
        let key =
            Expr { kind: ExprKind::Column(row_key), ty: Type::Blob, place: self.statement.place };
        let key_out = context.fresh_column("row key", Type::Blob, false);
        outputs.push((key_out, key));
        plan = LogicalPlan::Project { input: Box::new(plan), columns: outputs };
        // Changes need no order of rows.
        for rule in crate::plan::rules::RULES.iter().filter(|rule| rule.name != "key_order") {
            plan = (rule.apply)(plan, &mut context)?;
        }
        let operation =
            if written.is_empty() { WriteOperation::Delete } else { WriteOperation::Update };
        let name = table.name.clone();
        let sink = Sink::Write(Write { table: table.id, operation, columns: written, name });
        Ok((plan, context, sink, parameters))
    }

    fn explain(&mut self, physical: bool) -> Result<String> {
        if physical && let Some(point) = point::recognise(self.statement) {
            return Ok(point.explain());
        }
        let (head, plan, mut context) = match &self.statement.kind {
            StatementKind::Query(query) => {
                let mut context = self.context();
                let plan = context.logical(&self.captured(query).0)?;
                (String::new(), plan, context)
            }
            StatementKind::Insert(table, query) => {
                let mut context = self.context();
                let plan = context.logical(&self.captured(query).0)?;
                (format!("Insert into {}\n", table.name), plan, context)
            }
            StatementKind::Update { table, .. } => {
                let (plan, context, ..) = self.change_plan()?;
                (format!("Update {}\n", table.name), plan, context)
            }
            StatementKind::Delete { table, .. } => {
                let (plan, context, ..) = self.change_plan()?;
                (format!("Delete from {}\n", table.name), plan, context)
            }
            StatementKind::Expression(e, _)
            | StatementKind::Print(e)
            | StatementKind::SetVariable(_, e) => {
                let context = self.context();
                return Ok(crate::plan::print::evaluation(e, &context));
            }
            _ => return Err(unsupported(self.statement.place, "EXPLAIN of this statement")),
        };
        let tree = if physical {
            let chosen = physical::choose(&plan, &mut context)?;
            crate::plan::print::physical(&chosen, &context)
        } else {
            crate::plan::print::logical(&plan, &context)
        };
        let indent = if head.is_empty() { "" } else { "  " };
        let lines: Vec<String> = tree.lines().map(|l| format!("{indent}{l}\n")).collect();
        Ok(head + &lines.concat())
    }
}

/// A plan and what its code needs beside it.
struct Planned<'a> {
    plan: PhysicalPlan,
    context: PlanContext<'a>,
    /// The expressions whose values are the query's parameters.
    parameters: Vec<Expr>,
}

/// The filter and the new values of a change as a query over its table.
fn values_query(
    table: &Arc<Table>,
    columns: &[ColumnVar],
    filter: &Option<Expr>,
    assignments: &[(usize, Expr)],
) -> Query {
    let output = |(_, value): &(usize, Expr)| OutputColumn {
        variable: ColumnVar(u32::MAX),
        name: SmolStr::default(),
        value: value.clone(),
    };
    Query {
        with: Vec::new(),
        from: Some(From::Table { table: table.clone(), columns: columns.to_vec() }),
        filter: filter.clone(),
        aggregation: None,
        having: None,
        outputs: assignments.iter().map(output).collect(),
        distinct: false,
        order: Vec::new(),
        limit: None,
        offset: None,
    }
}

/// The columns of a query's result.
pub fn fields(query: &Query) -> Vec<Field> {
    let field =
        |o: &crate::hir::OutputColumn| Field { name: o.name.clone(), ty: o.value.ty.clone() };
    query.outputs.iter().map(field).collect()
}

fn stored_columns(table: &Table) -> Vec<(ColumnId, Type)> {
    table.columns.iter().map(|c| (c.id, c.ty.clone())).collect()
}

/// The rows of a query that is nothing but VALUES, or SELECT without FROM.
fn plain_rows(query: &Query) -> Option<Vec<Vec<Expr>>> {
    let bare = query.filter.is_none()
        && query.aggregation.is_none()
        && query.having.is_none()
        && query.order.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && !query.distinct;
    if !bare {
        return None;
    }
    let outputs = |values: &[(ColumnVar, &Expr)]| {
        let output = |o: &crate::hir::OutputColumn| {
            let mut value = o.value.clone();
            substitute(&mut value, values);
            value
        };
        query.outputs.iter().map(output).collect::<Vec<Expr>>()
    };
    match &query.from {
        None => Some(vec![outputs(&[])]),
        Some(From::Values { rows, columns }) => {
            let row = |row: &Vec<Expr>| {
                outputs(&columns.iter().copied().zip(row.iter()).collect::<Vec<_>>())
            };
            Some(rows.iter().map(row).collect())
        }
        Some(From::Query(inner)) => {
            let rows = plain_rows(inner)?;
            let row = |row: &Vec<Expr>| {
                let vars = inner.outputs.iter().map(|o| o.variable);
                outputs(&vars.zip(row.iter()).collect::<Vec<_>>())
            };
            Some(rows.iter().map(row).collect())
        }
        Some(_) => None,
    }
}

fn all_constant(rows: &[Vec<Expr>]) -> bool {
    let constant = |e: &Expr| match &e.kind {
        ExprKind::Constant(_) => true,
        ExprKind::Convert { operand, .. } => matches!(operand.kind, ExprKind::Constant(_)),
        _ => false,
    };
    rows.iter().flatten().all(constant)
}
