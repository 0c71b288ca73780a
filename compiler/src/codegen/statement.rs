//! Statements: the entry function of each kind, and the programs that fold constants.

use super::builder::{Builder, Result, bug, index_u16, unsupported};
use super::dependencies::dependencies;
use super::nulls::NullFlow;
use super::pipeline::PipelineWriter;
use super::point;
use super::scalar::{Emitter, generate};
use super::write::ChangePlan;
use crate::catalog::{Catalog, Evaluate};
use crate::hir::{Expr, Local, Query, Statement, StatementKind};
use crate::plan::PlanContext;
use crate::plan::capture::{Scope, capture, statement_parameters};
use crate::plan::physical::{self, PhysicalPlan};
use grizzly_bytecode as bc;
use grizzly_bytecode::query::Sink;
use grizzly_bytecode::{
    Field, FunctionId, Instr, Layout, ObjectWindow, Place, Program, QueryId, Type,
};
use smol_str::SmolStr;

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
    let mut writer = StatementWriter::new(statement, catalog, evaluate, &mut builder);
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
    let mut writer = StatementWriter::new(statement, catalog, evaluate, &mut builder);
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
    let mut writer = StatementWriter::new(statement, catalog, evaluate, &mut builder);
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

/// Writes the entry of a statement.
pub(super) struct StatementWriter<'s, 'b, 'a> {
    pub(super) statement: &'s Statement,
    pub(super) catalog: &'a dyn Catalog,
    pub(super) evaluate: &'a dyn Evaluate,
    pub(super) builder: &'b mut Builder<'a>,
    /// The locals of the function around, which the entry takes as parameters.
    given: &'s [Expr],
    /// The function around, for stack traces.
    name: SmolStr,
}

/// The code of a statement that changes rows inside a function; `given` are the locals that it
/// names, in the order of its parameters.
///
/// # Errors
/// As for [`compile`].
pub fn change_function(
    builder: &mut Builder<'_>,
    kind: &StatementKind,
    place: Place,
    name: SmolStr,
    given: &[Expr],
) -> Result<FunctionId> {
    let evaluate = builder.evaluate.ok_or_else(|| bug(place, "a change in a constant"))?;
    let id = builder.reserve()?;
    let mut locals = builder.scope.locals.clone();
    locals.iter_mut().for_each(|local| local.nullable = true);
    let statement = Statement {
        kind: kind.clone(),
        place,
        parameters: Vec::new(),
        columns: builder.scope.columns.clone(),
        locals,
    };
    let output = std::mem::take(&mut builder.program.output);
    let catalog = builder.catalog;
    let mut writer =
        StatementWriter { statement: &statement, catalog, evaluate, builder, given, name };
    let function = writer.write()?;
    builder.program.output = output;
    builder.define(id, function);
    Ok(id)
}

impl<'s, 'b, 'a> StatementWriter<'s, 'b, 'a> {
    fn new(
        statement: &'s Statement,
        catalog: &'a dyn Catalog,
        evaluate: &'a dyn Evaluate,
        builder: &'b mut Builder<'a>,
    ) -> Self {
        let name = SmolStr::default();
        StatementWriter { statement, catalog, evaluate, builder, given: &[], name }
    }
}

impl<'a> StatementWriter<'_, '_, 'a> {
    fn write(&mut self) -> Result<bc::Function> {
        let statement = self.statement;
        if let Some(point) = point::recognise(statement) {
            self.builder.program.output = point.output(statement);
            let mut emitter = self.emitter()?;
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
                let mut emitter = self.emitter()?;
                emitter.steps(&[crate::hir::Step::Print(e.clone())])?;
                emitter.finish()
            }
            StatementKind::SetVariable(_, e) | StatementKind::Let(_, e) => {
                value_entry(self.builder, e, &statement.locals)
            }
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Update(update) => self.update(update),
            StatementKind::Delete(delete) => self.delete(delete),
            _ => Err(bug(statement.place, "a statement that has no program")),
        }
    }

    /// The emitter of the entry.
    pub(super) fn emitter(&mut self) -> Result<Emitter<'_, 'a>> {
        let flow = local_flow(&self.statement.locals);
        let mut emitter = Emitter::new(self.builder, self.name.clone(), flow, None);
        emitter.take_given(self.given)?;
        Ok(emitter)
    }

    /// The context of the statement's plans.
    pub(super) fn context(&self) -> PlanContext<'a> {
        let scope = (self.statement.columns.clone(), self.statement.locals.clone());
        PlanContext::new(scope, self.catalog, self.evaluate)
    }

    /// A query whose computed counts are parameters, beside those of the statement.
    pub(super) fn captured(&self, query: &Query) -> (Query, Vec<Expr>) {
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

    /// An entry that runs a plan.
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
        let query = writer.finish();
        self.run_query(query, &parameters, output)
    }

    /// An entry that runs one query.
    pub(super) fn run_query(
        &mut self,
        mut query: bc::query::Query,
        parameters: &[Expr],
        output: Vec<Field>,
    ) -> Result<bc::Function> {
        query.parameters = parameters.iter().map(|p| p.ty.clone()).collect();
        query.output = output;
        let q = QueryId(index_u16(self.builder.program.queries.len(), "queries")?);
        self.builder.program.queries.push(query);
        let place = self.statement.place;
        let mut emitter = self.emitter()?;
        let first = emitter.emit_boxed(parameters)?;
        emitter.push_at(place, Instr::RunQuery { q, o: ObjectWindow(first) });
        emitter.finish()
    }

    fn expression(&mut self, e: &Expr, name: &SmolStr) -> Result<bc::Function> {
        if e.ty == Type::Unit {
            let mut emitter = self.emitter()?;
            emitter.emit_to_nowhere(e)?;
            return emitter.finish();
        }
        self.builder.program.output = vec![Field { name: name.clone(), ty: e.ty.clone() }];
        let mut emitter = self.emitter()?;
        let first = emitter.emit_boxed(std::slice::from_ref(e))?;
        emitter.push_at(e.place, Instr::EmitRow { o: ObjectWindow(first) });
        emitter.finish()
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
            StatementKind::Insert(insert) => {
                let (plan, context, _) = self.insert_plan(insert)?;
                (format!("Insert into {}\n", insert.table.name), plan, context)
            }
            StatementKind::Update(update) => {
                let ChangePlan { plan, context, .. } = self.update_plan(update)?;
                (format!("Update {}\n", update.table.name), plan, context)
            }
            StatementKind::Delete(delete) => {
                let ChangePlan { plan, context, .. } = self.delete_plan(delete)?;
                (format!("Delete from {}\n", delete.table.name), plan, context)
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
pub(super) struct Planned<'a> {
    pub(super) plan: PhysicalPlan,
    pub(super) context: PlanContext<'a>,
    /// The expressions whose values are the query's parameters.
    pub(super) parameters: Vec<Expr>,
}

/// The columns of a query's result.
pub fn fields(query: &Query) -> Vec<Field> {
    let field =
        |o: &crate::hir::OutputColumn| Field { name: o.name.clone(), ty: o.value.ty.clone() };
    query.outputs.iter().map(field).collect()
}
