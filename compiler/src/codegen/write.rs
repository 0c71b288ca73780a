//! Statements that change rows.
//!
//! A few rows of VALUES are inserted by scalar code in the entry. Everything else is a query whose
//! rows a sink writes. With RETURNING the rows are collected first: one pipeline writes them, one
//! gives the result, so that nothing is returned of a statement that fails. ON CONFLICT is scalar
//! code a row (`conflict`), in the entry or called by a pipeline.

use super::builder::{Result, bug};
use super::pipeline::{PipelineWriter, from_state};
use super::scalar::{Emitter, Operand};
use super::statement::{Planned, StatementWriter};
use crate::catalog::Table;
use crate::hir::{
    self, Assigned, ColumnVar, Delete, Expr, ExprKind, From, Insert, OutputColumn, Query, Update,
};
use crate::plan::PlanContext;
use crate::plan::logical::{self, JoinKind, LogicalPlan, build_from, free_columns, substitute};
use crate::plan::physical::{self, PhysicalPlan};
use grizzly_bytecode as bc;
use grizzly_bytecode::query::{AggregateFunction, Sink, Write, WriteOperation};
use grizzly_bytecode::{
    Access, AccessId, Arbiters, ColumnId, Field, Instr, Object, ObjectWindow, Repr, Type,
};
use smol_str::SmolStr;
use std::sync::Arc;

/// Up to this many rows of VALUES are inserted one by one, without a pipeline.
const ROWS_ONE_BY_ONE: usize = 64;

impl<'a> StatementWriter<'_, '_, 'a> {
    /// INSERT.
    pub(super) fn insert(&mut self, insert: &Insert) -> Result<bc::Function> {
        self.builder.program.output = fields(&insert.returning);
        if let Some(rows) = plain_rows(&insert.query)
            && (rows.len() <= ROWS_ONE_BY_ONE || !all_constant(&rows))
        {
            return self.insert_rows(insert, &rows);
        }
        let (plan, mut context, parameters) = self.insert_plan(insert)?;
        let physical = physical::choose(&plan, &mut context)?;
        if insert.conflict.is_some() {
            return self.insert_by_rows(insert, &physical, &context, &parameters);
        }
        let plan = guarded(physical, &insert.guards);
        let table = &insert.table;
        let write = Write {
            table: table.id,
            operation: WriteOperation::Insert,
            columns: stored_columns(table),
            name: table.name.clone(),
        };
        self.write_rows(Planned { plan, context, parameters }, write, &insert.returning)
    }

    /// The plan of the rows of an INSERT, and the parameters of its query.
    pub(super) fn insert_plan(
        &self,
        insert: &Insert,
    ) -> Result<(LogicalPlan, PlanContext<'a>, Vec<Expr>)> {
        let mut context = self.context();
        let (query, parameters) = self.captured(&insert.query);
        let plan = context.logical(&query)?;
        Ok((plan, context, parameters))
    }

    fn insert_rows(&mut self, insert: &Insert, rows: &[Vec<Expr>]) -> Result<bc::Function> {
        let place = self.statement.place;
        let variables: Vec<ColumnVar> = insert.query.outputs.iter().map(|o| o.variable).collect();
        let mut emitter = self.emitter()?;
        let code = super::conflict::RowInsert::new(insert, &mut emitter);
        for row in rows {
            let mark = emitter.mark();
            let first = emitter.emit_boxed(row)?;
            let place = row.first().map_or(place, |e| e.place);
            code.bind(&mut emitter, &variables, first, place)?;
            code.emit(&mut emitter, first, place)?;
            emitter.release(mark);
        }
        emitter.finish()
    }

    /// ON CONFLICT of rows that a query gives: they are collected, then a function inserts each.
    fn insert_by_rows(
        &mut self,
        insert: &Insert,
        physical: &PhysicalPlan,
        context: &PlanContext<'_>,
        parameters: &[Expr],
    ) -> Result<bc::Function> {
        let place = self.statement.place;
        let (f, leaves) = super::conflict::row_insert_function(self.builder, insert, place)?;
        let mut writer = PipelineWriter::new(self.builder, context);
        let open = writer.open(physical)?;
        let columns = open.columns.clone();
        let state = writer.state();
        writer.close(open, Sink::Collect { state });
        let open = writer.call_rows(from_state(state, columns), f, &leaves)?;
        let state = writer.state();
        writer.close(open, Sink::Collect { state });
        let query = writer.finish();
        // What is returned comes from the function, not from the query.
        self.run_query(query, parameters, Vec::new())
    }

    /// UPDATE.
    pub(super) fn update(&mut self, update: &Update) -> Result<bc::Function> {
        self.builder.program.output = fields(&update.returning);
        let change = self.update_plan(update)?;
        let table = &update.table;
        let mut columns = Vec::new();
        for assigned in &update.assignments {
            columns.push(assigned_column(table, assigned)?);
        }
        let (operation, name) = (WriteOperation::Update, table.name.clone());
        let write = Write { table: table.id, operation, columns, name };
        self.write_change(change, write, &update.guards, &update.returning)
    }

    /// The plan of an UPDATE: the new values, the row keys, then what guards and RETURNING need.
    pub(super) fn update_plan(&self, update: &Update) -> Result<ChangePlan<'a>> {
        let assignments = update.assignments.iter();
        self.change_plan(&Change {
            table: &update.table,
            columns: &update.columns,
            from: update.from.as_ref(),
            filter: update.filter.as_ref(),
            new: assignments.map(|a| (a.variable, a.value.clone())).collect(),
            guards: &update.guards,
            returning: &update.returning,
        })
    }

    /// DELETE.
    pub(super) fn delete(&mut self, delete: &Delete) -> Result<bc::Function> {
        self.builder.program.output = fields(&delete.returning);
        let change = self.delete_plan(delete)?;
        let (operation, name) = (WriteOperation::Delete, delete.table.name.clone());
        let write = Write { table: delete.table.id, operation, columns: Vec::new(), name };
        self.write_change(change, write, &[], &delete.returning)
    }

    /// The plan of a DELETE: the row keys, then what RETURNING needs.
    pub(super) fn delete_plan(&self, delete: &Delete) -> Result<ChangePlan<'a>> {
        self.change_plan(&Change {
            table: &delete.table,
            columns: &delete.columns,
            from: delete.using.as_ref(),
            filter: delete.filter.as_ref(),
            new: Vec::new(),
            guards: &[],
            returning: &delete.returning,
        })
    }

    /// A scan with row keys, joined with other rows, the condition, the new values.
    fn change_plan(&self, change: &Change<'_>) -> Result<ChangePlan<'a>> {
        let mut context = self.context();
        let place = self.statement.place;
        let (table, columns) = (change.table, change.columns);
        let (query, parameters) = self.captured(&change.query());
        let outputs = query.outputs.into_iter();
        let new: Vec<(ColumnVar, Expr)> =
            change.new.iter().zip(outputs).map(|(new, o)| (new.0, o.value)).collect();
        let row_key = context.fresh_column("row key", Type::Blob, false);
        let mut plan = LogicalPlan::Scan {
            table: table.clone(),
            columns: columns.iter().enumerate().map(|(index, var)| (*var, index)).collect(),
            row_key: Some(row_key),
            ordered: false,
        };
        if let Some(From::Join { right, .. }) = &query.from {
            plan = LogicalPlan::Join {
                kind: JoinKind::Inner,
                left: Box::new(plan),
                right: Box::new(build_from(right, &mut context)?),
                conditions: Vec::new(),
            };
        }
        plan = logical::filter(plan, query.filter.into_iter().collect());
        let column =
            |variable: ColumnVar, ty: Type| Expr { kind: ExprKind::Column(variable), ty, place };
        let mut needed: Vec<ColumnVar> = Vec::new();
        let returning = change.returning.iter().map(|output| &output.value);
        let exprs = returning.chain(change.guards);
        for variable in exprs.flat_map(free_columns) {
            let is_new = new.iter().any(|(known, _)| *known == variable);
            if !is_new && !needed.contains(&variable) {
                needed.push(variable);
            }
        }
        let key_out = context.fresh_column("row key", Type::Blob, false);
        let mut outputs = new;
        outputs.push((key_out, column(row_key, Type::Blob)));
        for variable in needed {
            outputs.push((variable, column(variable, context.column_type(variable))));
        }
        plan = match change.from {
            None => LogicalPlan::Project { input: Box::new(plan), columns: outputs },
            Some(_) => first_of_each(plan, outputs, key_out, &mut context),
        };
        // Changes need no order of rows.
        for rule in crate::plan::rules::RULES.iter().filter(|rule| rule.name != "key_order") {
            plan = (rule.apply)(plan, &mut context)?;
        }
        Ok(ChangePlan { plan, context, parameters })
    }

    fn write_change(
        &mut self,
        change: ChangePlan<'_>,
        write: Write,
        guards: &[Expr],
        returning: &[OutputColumn],
    ) -> Result<bc::Function> {
        let ChangePlan { plan, mut context, parameters } = change;
        let plan = guarded(physical::choose(&plan, &mut context)?, guards);
        self.write_rows(Planned { plan, context, parameters }, write, returning)
    }

    /// Writes the first columns of a plan's rows, and gives the result of RETURNING over all.
    fn write_rows(
        &mut self,
        planned: Planned<'_>,
        write: Write,
        returning: &[OutputColumn],
    ) -> Result<bc::Function> {
        let Planned { plan, context, parameters } = planned;
        let insert = write.operation == WriteOperation::Insert;
        let width = write.columns.len() + usize::from(!insert);
        let place = self.statement.place;
        let mut writer = PipelineWriter::new(self.builder, &context);
        let open = writer.open(&plan)?;
        let columns = open.columns.clone();
        if columns.len() == width && returning.is_empty() {
            writer.close(open, Sink::Write(write));
        } else {
            let state = writer.state();
            writer.close(open, Sink::Collect { state });
            let written = columns.iter().take(width).map(|(variable, ty)| {
                let kind = ExprKind::Column(*variable);
                (*variable, Expr { kind, ty: ty.clone(), place })
            });
            let written: Vec<(ColumnVar, Expr)> = written.collect();
            let open = writer.project(from_state(state, columns.clone()), &written)?;
            writer.close(open, Sink::Write(write));
            if !returning.is_empty() {
                let outputs: Vec<(ColumnVar, Expr)> =
                    returning.iter().map(|o| (o.variable, o.value.clone())).collect();
                let open = writer.project(from_state(state, columns), &outputs)?;
                writer.close(open, Sink::Output);
            }
        }
        let query = writer.finish();
        self.run_query(query, &parameters, fields(returning))
    }
}

/// An UPDATE or DELETE as one plan needs it.
struct Change<'c> {
    table: &'c Arc<Table>,
    columns: &'c [ColumnVar],
    from: Option<&'c From>,
    filter: Option<&'c Expr>,
    /// The variables of new values, and these.
    new: Vec<(ColumnVar, Expr)>,
    guards: &'c [Expr],
    returning: &'c [OutputColumn],
}

/// The plan of an UPDATE or DELETE.
pub(super) struct ChangePlan<'a> {
    /// The rows: new values, row keys, then what guards and RETURNING need.
    pub(super) plan: LogicalPlan,
    pub(super) context: PlanContext<'a>,
    parameters: Vec<Expr>,
}

impl Change<'_> {
    /// Its conditions and new values in one query; what is written is no column of it.
    fn query(&self) -> Query {
        let columns = self.columns.to_vec();
        let scan = From::Table { table: self.table.clone(), columns };
        let from = match self.from {
            None => scan,
            Some(from) => From::Join {
                kind: hir::JoinKind::Inner,
                left: Box::new(scan),
                right: Box::new(from.clone()),
                condition: None,
            },
        };
        let unnamed = |value: &Expr| OutputColumn {
            variable: ColumnVar(u32::MAX),
            name: SmolStr::default(),
            value: value.clone(),
        };
        let outputs = self.new.iter().map(|(_, value)| unnamed(value)).collect();
        let filter = self.filter.cloned();
        Query { filter, ..crate::check::plain_query(Some(from), outputs) }
    }
}

/// One row for each row key: the first that has it.
fn first_of_each(
    plan: LogicalPlan,
    outputs: Vec<(ColumnVar, Expr)>,
    key: ColumnVar,
    context: &mut PlanContext<'_>,
) -> LogicalPlan {
    let (mut keys, mut aggregates, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for (variable, value) in outputs {
        let (ty, place) = (value.ty.clone(), value.place);
        let held = if variable == key {
            keys.push((variable, value));
            variable
        } else {
            let held = context.fresh_column("first", ty.clone(), true);
            aggregates.push(crate::hir::AggregateCall {
                variable: held,
                function: AggregateFunction::First,
                argument: Some(value),
                filter: None,
                distinct: false,
                ty: ty.clone(),
            });
            held
        };
        columns.push((variable, Expr { kind: ExprKind::Column(held), ty, place }));
    }
    let input = Box::new(LogicalPlan::Aggregate { input: Box::new(plan), keys, aggregates });
    LogicalPlan::Project { input, columns }
}

/// Rows of which no guard raises.
fn guarded(plan: PhysicalPlan, guards: &[Expr]) -> PhysicalPlan {
    if guards.is_empty() {
        return plan;
    }
    PhysicalPlan::Filter { input: Box::new(plan), conditions: guards.to_vec() }
}

/// The result columns of RETURNING.
fn fields(returning: &[OutputColumn]) -> Vec<Field> {
    let field = |o: &OutputColumn| Field { name: o.name.clone(), ty: o.value.ty.clone() };
    returning.iter().map(field).collect()
}

/// The column that is assigned to, as storage knows it.
pub(super) fn assigned_column(table: &Table, assigned: &Assigned) -> Result<(ColumnId, Type)> {
    let column = table.columns.get(assigned.index);
    let column = column.ok_or_else(|| bug(assigned.value.place, "a column outside the table"))?;
    Ok((column.id, column.ty.clone()))
}

/// The columns of a table as storage knows them.
pub(super) fn stored_columns(table: &Table) -> Vec<(ColumnId, Type)> {
    table.columns.iter().map(|c| (c.id, c.ty.clone())).collect()
}

/// An access to a table by its primary key, or to insert into it.
pub(super) fn access(
    emitter: &mut Emitter<'_, '_>,
    table: &Table,
    columns: Vec<(ColumnId, Type)>,
) -> AccessId {
    let key = table.key.iter().filter_map(|k| table.columns.get(*k)).map(|c| c.ty.clone());
    let key = key.collect();
    let (name, arbiters) = (table.name.clone(), Arbiters::default());
    let access = Access { table: table.id, key, row_key: false, arbiters, columns, name };
    add_access(emitter, access)
}

/// Adds an access to the program.
pub(super) fn add_access(emitter: &mut Emitter<'_, '_>, access: Access) -> AccessId {
    let accesses = &mut emitter.builder.program.accesses;
    accesses.push(access);
    AccessId(accesses.len() as u16 - 1)
}

impl Emitter<'_, '_> {
    /// Makes an object register the home of a column of the current row; its value is unboxed where
    /// `computed` says that it is more than copied.
    pub(super) fn bind_column(
        &mut self,
        variable: ColumnVar,
        ty: &Type,
        reg: Object,
        (nullable, computed): (bool, bool),
        place: bc::Place,
    ) -> Result<()> {
        self.boxed.insert(variable, reg);
        if !computed {
            return Ok(());
        }
        let home = if ty.repr() == Repr::Object {
            Operand::Object { reg, nullable }
        } else {
            let home = self.allocate(ty, nullable)?;
            self.unbox(reg, home, place)?;
            home
        };
        self.columns.insert(variable, home);
        self.flow.columns.insert(variable, nullable);
        Ok(())
    }

    /// Gives a row of RETURNING to the result.
    pub(super) fn return_row(&mut self, outputs: &[Expr], place: bc::Place) -> Result<()> {
        if outputs.is_empty() {
            return Ok(());
        }
        let out = self.emit_boxed(outputs)?;
        self.push_at(place, Instr::EmitRow { o: ObjectWindow(out) });
        Ok(())
    }
}

/// The rows of a query that is nothing but VALUES, or SELECT without FROM.
fn plain_rows(query: &Query) -> Option<Vec<Vec<Expr>>> {
    let bare = query.with.is_empty()
        && query.filter.is_none()
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
        let output = |o: &OutputColumn| {
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
