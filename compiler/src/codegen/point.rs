//! Point reads: a query for the row with one primary key runs as scalar code, without a pipeline.

use super::builder::Result;
use super::scalar::{Emitter, LATER, Operand};
use crate::catalog::Table;
use crate::hir::{ColumnVar, Expr, ExprKind, From, Query, Statement};
use crate::plan::rules::{columns_of, conjuncts};
use grizzly_bytecode::{Access, AccessId, Cmp, Instr, Object, ObjectWindow, Repr};
use std::sync::Arc;

/// A point read.
pub struct PointGet {
    table: Arc<Table>,
    /// The key's values, in the order of the key.
    key: Vec<Expr>,
    /// The columns that are read: variable and index in the table.
    columns: Vec<(ColumnVar, usize)>,
    /// What else the row must fulfil.
    residual: Vec<Expr>,
    outputs: Vec<Expr>,
    place: grizzly_bytecode::Place,
}

/// The point read that a query is, if it is one: a single table, an equality for every column of its
/// primary key, no groups.
pub fn recognise(query: &Query, statement: &Statement) -> Option<PointGet> {
    let Some(From::Table { table, columns }) = &query.from else { return None };
    let plain = query.aggregation.is_none()
        && query.having.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && !table.key.is_empty();
    if !plain {
        return None;
    }
    let mut residual = Vec::new();
    conjuncts(query.filter.clone()?, &mut residual);
    let mut key = Vec::new();
    for index in &table.key {
        let var = *columns.get(*index)?;
        let at = residual.iter().position(|c| key_value(c, var).is_some())?;
        let condition = residual.remove(at);
        key.push(key_value(&condition, var)?.clone());
    }
    let outputs: Vec<Expr> = query.outputs.iter().map(|o| o.value.clone()).collect();
    let read: Vec<ColumnVar> = outputs.iter().chain(&residual).flat_map(columns_of).collect();
    let used = columns.iter().enumerate().filter(|(_, var)| read.contains(var));
    let columns = used.map(|(index, var)| (*var, index)).collect();
    let table = table.clone();
    Some(PointGet { table, key, columns, residual, outputs, place: statement.place })
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
    let fits = columns_of(value).is_empty() && left.ty == right.ty;
    fits.then_some(value)
}

impl PointGet {
    /// Writes the entry.
    pub fn emit(&self, emitter: &mut Emitter<'_, '_>) -> Result<()> {
        let column = |index: &usize| self.table.columns.get(*index);
        let key_types = self.table.key.iter().filter_map(column).map(|c| c.ty.clone()).collect();
        let read = self.columns.iter().filter_map(|(_, index)| column(index));
        emitter.builder.program.accesses.push(Access {
            table: self.table.id,
            key: key_types,
            columns: read.map(|c| (c.id, c.ty.clone())).collect(),
            name: self.table.name.clone(),
        });
        let end = emitter.label();
        let width = self.key.len().max(self.columns.len()) as u16;
        let first = emitter.take_objects(width)?;
        for (index, value) in self.key.iter().enumerate() {
            let d = Object(first + index as u16);
            emitter.emit_boxed_to(value, d)?;
            emitter.jump(end, Instr::JumpNull { a: d, t: LATER });
        }
        let id = emitter.builder.place(self.place, &Default::default(), None);
        emitter.note_place(id)?;
        let o = ObjectWindow(first);
        emitter.jump(end, Instr::GetRow { x: AccessId(0), o, t: LATER });
        for (offset, (var, index)) in self.columns.iter().enumerate() {
            let Some(stored) = column(index) else { continue };
            let reg = Object(first + offset as u16);
            let home = if stored.ty.repr() == Repr::Object {
                Operand::Object { reg, nullable: stored.nullable }
            } else {
                let home = emitter.allocate(&stored.ty, stored.nullable)?;
                emitter.unbox(reg, home, self.place)?;
                home
            };
            emitter.columns.insert(*var, home);
            emitter.flow.columns.insert(*var, stored.nullable);
        }
        for condition in &self.residual {
            emitter.branch(condition, false, end)?;
        }
        let out = emitter.emit_boxed(&self.outputs)?;
        emitter.push_at(self.place, Instr::EmitRow { o: ObjectWindow(out) });
        emitter.bind(end);
        Ok(())
    }

    /// The plan as text.
    pub fn explain(&self) -> String {
        let name = |index: &usize| {
            self.table.columns.get(*index).map_or("", |c| c.name.as_str()).to_string()
        };
        let keys: Vec<String> = self.table.key.iter().map(name).collect();
        let read: Vec<String> = self.columns.iter().map(|(_, index)| name(index)).collect();
        format!("KeyGet {} by ({}) [{}]\n", self.table.name, keys.join(", "), read.join(", "))
    }
}
