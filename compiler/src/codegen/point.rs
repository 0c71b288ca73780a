//! Point statements: a query, an UPDATE or a DELETE of the row with one primary key runs as scalar
//! code, without a pipeline.

use super::builder::Result;
use super::scalar::{Emitter, LATER, Label};
use super::write::access;
use crate::catalog::Table;
use crate::hir::{
    ColumnVar, Delete, Expr, ExprKind, From, OutputColumn, Statement, StatementKind, Update,
};
use crate::plan::logical::free_columns;
use crate::plan::rules::conjuncts;
use grizzly_bytecode::{Cmp, ColumnId, Field, Instr, Object, ObjectWindow, Place, Type};
use std::sync::Arc;

/// The row with one primary key.
struct KeyedRow {
    table: Arc<Table>,
    /// The key's values, in the order of the key.
    key: Vec<Expr>,
    /// The columns that are read: variable and index in the table.
    columns: Vec<(ColumnVar, usize)>,
    /// Those of them that are more than copied.
    computed: Vec<ColumnVar>,
    /// What else the row must fulfil.
    residual: Vec<Expr>,
    place: Place,
}

/// A statement about the row with one primary key.
pub struct PointStatement {
    row: KeyedRow,
    action: Action,
}

/// What happens to the row.
enum Action {
    /// Its outputs are the result.
    Read(Vec<Expr>),
    /// Columns get new values.
    Update(Box<Update>),
    /// It is deleted; RETURNING.
    Delete(Vec<Expr>),
}

/// The point statement that a statement is, if it is one: a single table, an equality for every
/// column of its primary key, no groups, and a key that stays as it is.
pub fn recognise(statement: &Statement) -> Option<PointStatement> {
    let place = statement.place;
    match &statement.kind {
        StatementKind::Query(query) => {
            let Some(From::Table { table, columns }) = &query.from else { return None };
            let plain = query.aggregation.is_none()
                && query.having.is_none()
                && query.limit.is_none()
                && query.offset.is_none();
            let outputs: Vec<Expr> = query.outputs.iter().map(|o| o.value.clone()).collect();
            let filter = query.filter.as_ref().filter(|_| plain)?;
            let row = keyed_row(table, columns, filter, &outputs, place)?;
            Some(PointStatement { row, action: Action::Read(outputs) })
        }
        StatementKind::Update(update) => {
            let Update { table, columns, from, filter, assignments, guards, returning } = &**update;
            let changes_key = assignments.iter().any(|a| table.key.contains(&a.index));
            let mut values: Vec<Expr> = assignments.iter().map(|a| a.value.clone()).collect();
            values.extend(guards.iter().cloned());
            values.extend(returning.iter().map(|output| output.value.clone()));
            let filter = filter.as_ref().filter(|_| !changes_key && from.is_none())?;
            let row = keyed_row(table, columns, filter, &values, place)?;
            Some(PointStatement { row, action: Action::Update(update.clone()) })
        }
        StatementKind::Delete(delete) => {
            let Delete { table, columns, using, filter, returning } = &**delete;
            let outputs: Vec<Expr> = returning.iter().map(|o| o.value.clone()).collect();
            let filter = filter.as_ref().filter(|_| using.is_none())?;
            let row = keyed_row(table, columns, filter, &outputs, place)?;
            Some(PointStatement { row, action: Action::Delete(outputs) })
        }
        _ => None,
    }
}

fn keyed_row(
    table: &Arc<Table>,
    columns: &[ColumnVar],
    filter: &Expr,
    values: &[Expr],
    place: Place,
) -> Option<KeyedRow> {
    if table.key.is_empty() {
        return None;
    }
    let mut residual = Vec::new();
    conjuncts(filter.clone(), &mut residual);
    let mut key = Vec::new();
    for index in &table.key {
        let var = *columns.get(*index)?;
        let at = residual.iter().position(|c| key_value(c, var).is_some())?;
        let condition = residual.remove(at);
        key.push(key_value(&condition, var)?.clone());
    }
    // What stands for new values is not among the table's columns.
    let read: Vec<ColumnVar> = values.iter().chain(&residual).flat_map(free_columns).collect();
    let used = columns.iter().enumerate().filter(|(_, var)| read.contains(var));
    let columns = used.map(|(index, var)| (*var, index)).collect();
    let beyond_copies = values.iter().filter(|v| !matches!(v.kind, ExprKind::Column(_)));
    let computed = beyond_copies.chain(&residual).flat_map(free_columns).collect();
    Some(KeyedRow { table: table.clone(), key, columns, computed, residual, place })
}

/// The value that a condition demands of a column.
fn key_value(condition: &Expr, var: ColumnVar) -> Option<&Expr> {
    let ExprKind::Compare { op: Cmp::Eq, left, right } = &condition.kind else { return None };
    let is_column = |e: &Expr| matches!(&e.kind, ExprKind::Column(v) if *v == var);
    let value = match (is_column(left), is_column(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    let fits = free_columns(value).is_empty() && left.ty == right.ty;
    fits.then_some(value)
}

impl KeyedRow {
    fn column_types(&self, indices: impl Iterator<Item = usize>) -> Vec<(ColumnId, Type)> {
        let column = |index: usize| self.table.columns.get(index).map(|c| (c.id, c.ty.clone()));
        indices.filter_map(column).collect()
    }

    /// Writes the key's values to a window; a NULL among them finds no row.
    fn emit_key(&self, emitter: &mut Emitter<'_, '_>, first: u16, end: Label) -> Result<()> {
        for (index, value) in self.key.iter().enumerate() {
            let d = Object(first + index as u16);
            emitter.emit_boxed_to(value, d)?;
            emitter.jump(end, Instr::JumpNull { a: d, t: LATER });
        }
        Ok(())
    }

    /// Reads the row whose key lies in the window at `first`, which then holds its columns.
    fn emit_get(&self, emitter: &mut Emitter<'_, '_>, first: u16, end: Label) -> Result<()> {
        let read = self.column_types(self.columns.iter().map(|(_, index)| *index));
        let x = access(emitter, &self.table, read);
        let id = emitter.builder.place(self.place, &Default::default(), None);
        emitter.note_place(id)?;
        emitter.jump(end, Instr::GetRow { x, o: ObjectWindow(first), t: LATER });
        for (offset, (var, index)) in self.columns.iter().enumerate() {
            let Some(stored) = self.table.columns.get(*index) else { continue };
            let reg = Object(first + offset as u16);
            let computed = self.computed.contains(var);
            emitter.bind_column(*var, &stored.ty, reg, (stored.nullable, computed), self.place)?;
        }
        for condition in &self.residual {
            emitter.branch(condition, false, end)?;
        }
        Ok(())
    }
}

impl PointStatement {
    /// The columns of the result.
    pub fn output(&self, statement: &Statement) -> Vec<Field> {
        let outputs = match &statement.kind {
            StatementKind::Query(query) => &query.outputs,
            StatementKind::Update(update) => &update.returning,
            StatementKind::Delete(delete) => &delete.returning,
            _ => return Vec::new(),
        };
        let field = |o: &OutputColumn| Field { name: o.name.clone(), ty: o.value.ty.clone() };
        outputs.iter().map(field).collect()
    }

    /// Writes the entry.
    pub fn emit(&self, emitter: &mut Emitter<'_, '_>) -> Result<()> {
        let row = &self.row;
        let end = emitter.label();
        let keys = row.key.len() as u16;
        match &self.action {
            Action::Read(outputs) => {
                let first = emitter.take_objects(keys.max(row.columns.len() as u16))?;
                row.emit_key(emitter, first, end)?;
                row.emit_get(emitter, first, end)?;
                let out = emitter.emit_boxed(outputs)?;
                emitter.push_at(row.place, Instr::EmitRow { o: ObjectWindow(out) });
            }
            Action::Update(update) => {
                let assignments = &update.assignments;
                // The key, then the new values: what update_row takes.
                let first = emitter.take_objects(keys + assignments.len() as u16)?;
                row.emit_key(emitter, first, end)?;
                self.find(emitter, first, end)?;
                let value_at = |index: usize| Object(first + keys + index as u16);
                for (index, assigned) in assignments.iter().enumerate() {
                    emitter.emit_boxed_to(&assigned.value, value_at(index))?;
                }
                if !update.guards.is_empty() || !update.returning.is_empty() {
                    for (index, assigned) in assignments.iter().enumerate() {
                        let (variable, ty) = (assigned.variable, &assigned.value.ty);
                        let reg = value_at(index);
                        emitter.bind_column(variable, ty, reg, (true, true), row.place)?;
                    }
                }
                for guard in &update.guards {
                    emitter.emit_to_nowhere(guard)?;
                }
                let set = row.column_types(assignments.iter().map(|a| a.index));
                let x = access(emitter, &row.table, set);
                emitter.push_at(row.place, Instr::UpdateRow { x, o: ObjectWindow(first) });
                let outputs: Vec<Expr> = update.returning.iter().map(|o| o.value.clone()).collect();
                emitter.return_row(&outputs, row.place)?;
            }
            Action::Delete(returning) => {
                let first = emitter.take_objects(keys)?;
                row.emit_key(emitter, first, end)?;
                self.find(emitter, first, end)?;
                let x = access(emitter, &row.table, Vec::new());
                emitter.push_at(row.place, Instr::DeleteRow { x, o: ObjectWindow(first) });
                emitter.return_row(returning, row.place)?;
            }
        }
        emitter.bind(end);
        Ok(())
    }

    /// Reads what conditions and new values need of the row, from a copy of the key.
    fn find(&self, emitter: &mut Emitter<'_, '_>, key: u16, end: Label) -> Result<()> {
        let row = &self.row;
        if row.columns.is_empty() && row.residual.is_empty() {
            return Ok(());
        }
        let keys = row.key.len() as u16;
        let copy = emitter.take_objects(keys.max(row.columns.len() as u16))?;
        for index in 0..keys {
            let (d, a) = (Object(copy + index), Object(key + index));
            emitter.push(Instr::MoveObject { d, a });
        }
        row.emit_get(emitter, copy, end)
    }

    /// The plan as text.
    pub fn explain(&self) -> String {
        let table = &self.row.table;
        let name =
            |index: &usize| table.columns.get(*index).map_or("", |c| c.name.as_str()).to_string();
        let keys: Vec<String> = table.key.iter().map(name).collect();
        let verb = match self.action {
            Action::Read(_) => "KeyGet",
            Action::Update(_) => "KeyUpdate",
            Action::Delete(_) => "KeyDelete",
        };
        let read: Vec<String> = self.row.columns.iter().map(|(_, index)| name(index)).collect();
        format!("{verb} {} by ({}) [{}]\n", table.name, keys.join(", "), read.join(", "))
    }
}
