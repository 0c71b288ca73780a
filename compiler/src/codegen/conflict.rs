//! The code that inserts one row: guards, the insert, what ON CONFLICT does to the row in its way,
//! RETURNING.

use super::builder::{Builder, Result};
use super::scalar::{Emitter, LATER, row_code};
use super::write::{access, add_access, assigned_column, stored_columns};
use crate::catalog::Table;
use crate::hir::{ColumnVar, ConflictTarget, ConflictUpdate, Expr, ExprKind, Insert};
use crate::plan::logical::free_columns;
use grizzly_bytecode::{
    Access, AccessId, Arbiters, FunctionId, Instr, Object, ObjectWindow, Place, Type, Value,
};

/// The code of an INSERT's rows.
pub struct RowInsert<'i> {
    insert: &'i Insert,
    access: AccessId,
    update: Option<UpdateCode<'i>>,
    /// RETURNING of a new row.
    returning: Vec<Expr>,
    /// The variables of the row that are computed with, and those that are copied.
    computed: Vec<ColumnVar>,
    copied: Vec<ColumnVar>,
}

/// DO UPDATE.
struct UpdateCode<'i> {
    update: &'i ConflictUpdate,
    /// The columns of the row that is there which are read: variable and index.
    read: Vec<(ColumnVar, usize)>,
    get: AccessId,
    set: AccessId,
}

impl<'i> RowInsert<'i> {
    /// Makes the accesses.
    pub fn new(insert: &'i Insert, emitter: &mut Emitter<'_, '_>) -> RowInsert<'i> {
        let table = &insert.table;
        let conflict = insert.conflict.as_ref();
        let mut exprs: Vec<&Expr> = insert.guards.iter().collect();
        exprs.extend(insert.returning.iter().map(|output| &output.value));
        let update = conflict.and_then(|conflict| conflict.update.as_ref());
        if let Some(update) = update {
            exprs.extend(update.exprs());
        }
        let beyond_copies = exprs.iter().filter(|e| !matches!(e.kind, ExprKind::Column(_)));
        let computed = beyond_copies.flat_map(|e| free_columns(e)).collect();
        let copied = exprs.iter().flat_map(|e| free_columns(e)).collect();
        let x = access(emitter, table, stored_columns(table));
        if let Some(conflict) = conflict
            && let Some(known) = emitter.builder.program.accesses.get_mut(usize::from(x.0))
        {
            let rule = |target: ConflictTarget| match target {
                ConflictTarget::Key => Some(table.id),
                ConflictTarget::Index(at) => table.indexes.get(at).map(|index| index.id),
            };
            let rules = conflict.target.and_then(rule).into_iter().collect();
            known.arbiters = Arbiters { rules, once: conflict.update.is_some() };
        }
        let update = update.map(|update| UpdateCode::new(update, table, emitter));
        let returning = insert.returning.iter().map(|output| output.value.clone()).collect();
        RowInsert { insert, access: x, update, returning, computed, copied }
    }

    /// Makes the values of the row in the window at `first` known under their variables.
    pub fn bind(
        &self,
        emitter: &mut Emitter<'_, '_>,
        variables: &[ColumnVar],
        first: u16,
        place: Place,
    ) -> Result<()> {
        for (index, (variable, column)) in
            variables.iter().zip(&self.insert.table.columns).enumerate()
        {
            if self.copied.contains(variable) {
                let reg = Object(first + index as u16);
                let computed = self.computed.contains(variable);
                emitter.bind_column(*variable, &column.ty, reg, (true, computed), place)?;
            }
        }
        Ok(())
    }

    /// Inserts the row in the window at `first`.
    pub fn emit(&self, emitter: &mut Emitter<'_, '_>, first: u16, place: Place) -> Result<()> {
        for guard in &self.insert.guards {
            emitter.emit_to_nowhere(guard)?;
        }
        let x = self.access;
        if self.insert.conflict.is_none() {
            emitter.push_at(place, Instr::InsertRow { x, o: ObjectWindow(first) });
            return emitter.return_row(&self.returning, place);
        }
        let mark = emitter.mark();
        let end = emitter.label();
        let conflict = emitter.label();
        // The row's window grows by the key of the row in the way.
        let width = self.insert.table.columns.len() as u16;
        let window = emitter.take_objects(width + 1)?;
        for index in 0..width {
            let (d, a) = (Object(window + index), Object(first + index));
            emitter.push(Instr::MoveObject { d, a });
        }
        let id = emitter.builder.place(place, &Default::default(), None);
        emitter.note_place(id)?;
        emitter.jump(conflict, Instr::InsertOrFind { x, o: ObjectWindow(window), t: LATER });
        emitter.return_row(&self.returning, place)?;
        emitter.jump(end, Instr::Jump { t: LATER });
        emitter.bind(conflict);
        if let Some(update) = &self.update {
            update.emit(emitter, Object(window + width), place)?;
        }
        emitter.bind(end);
        emitter.release(mark);
        Ok(())
    }
}

impl ConflictUpdate {
    /// All its expressions.
    fn exprs(&self) -> Vec<&Expr> {
        let values = self.assignments.iter().map(|assigned| &assigned.value);
        let all = self.filter.iter().chain(values);
        all.chain(&self.guards).chain(&self.returning).collect()
    }
}

impl<'i> UpdateCode<'i> {
    fn new(
        update: &'i ConflictUpdate,
        table: &Table,
        emitter: &mut Emitter<'_, '_>,
    ) -> UpdateCode<'i> {
        let used: Vec<ColumnVar> = update.exprs().into_iter().flat_map(free_columns).collect();
        let existing = update.existing.iter().enumerate();
        let read = existing.filter(|(_, variable)| used.contains(variable));
        let read: Vec<(ColumnVar, usize)> =
            read.map(|(index, variable)| (*variable, index)).collect();
        let column = |index: &usize| table.columns.get(*index).map(|c| (c.id, c.ty.clone()));
        let by_row_key = |columns| Access {
            table: table.id,
            key: vec![Type::Blob],
            row_key: true,
            arbiters: Arbiters::default(),
            columns,
            name: table.name.clone(),
        };
        let columns = read.iter().filter_map(|(_, index)| column(index)).collect();
        let get = add_access(emitter, by_row_key(columns));
        let assigned = update.assignments.iter().map(|assigned| assigned_column(table, assigned));
        let set = add_access(emitter, by_row_key(assigned.filter_map(Result::ok).collect()));
        UpdateCode { update, read, get, set }
    }

    /// Updates the row whose key lies in `key`.
    fn emit(&self, emitter: &mut Emitter<'_, '_>, key: Object, place: Place) -> Result<()> {
        let end = emitter.label();
        let update = self.update;
        let first = emitter.take_objects(1.max(self.read.len() as u16))?;
        if !self.read.is_empty() {
            emitter.push(Instr::MoveObject { d: Object(first), a: key });
            let id = emitter.builder.place(place, &Default::default(), None);
            emitter.note_place(id)?;
            let (x, o) = (self.get, ObjectWindow(first));
            emitter.jump(end, Instr::GetRow { x, o, t: LATER });
        }
        let types: Vec<Type> = self.types(emitter);
        for (offset, ((variable, _), ty)) in self.read.iter().zip(&types).enumerate() {
            let reg = Object(first + offset as u16);
            emitter.bind_column(*variable, ty, reg, (true, true), place)?;
        }
        if let Some(filter) = &update.filter {
            emitter.branch(filter, false, end)?;
        }
        let window = emitter.take_objects(1 + update.assignments.len() as u16)?;
        emitter.push(Instr::MoveObject { d: Object(window), a: key });
        for (index, assigned) in update.assignments.iter().enumerate() {
            emitter.emit_boxed_to(&assigned.value, Object(window + 1 + index as u16))?;
        }
        for (index, assigned) in update.assignments.iter().enumerate() {
            let reg = Object(window + 1 + index as u16);
            let ty = &assigned.value.ty;
            emitter.bind_column(assigned.variable, ty, reg, (true, true), place)?;
        }
        for guard in &update.guards {
            emitter.emit_to_nowhere(guard)?;
        }
        let (x, o) = (self.set, ObjectWindow(window));
        emitter.push_at(place, Instr::UpdateRow { x, o });
        emitter.return_row(&update.returning, place)?;
        emitter.bind(end);
        Ok(())
    }

    fn types(&self, emitter: &Emitter<'_, '_>) -> Vec<Type> {
        let access = emitter.builder.program.accesses.get(usize::from(self.get.0));
        access.map_or_else(Vec::new, |access| access.columns.iter().map(|c| c.1.clone()).collect())
    }
}

/// A function that inserts one row, and what it is given: the row, and the parameters it uses.
///
/// # Errors
/// As for code generation.
pub fn row_insert_function(
    builder: &mut Builder<'_>,
    insert: &Insert,
    place: Place,
) -> Result<(FunctionId, Vec<Expr>)> {
    let outputs = insert.query.outputs.iter();
    let mut leaves: Vec<Expr> = outputs
        .map(|o| Expr { kind: ExprKind::Column(o.variable), ty: o.value.ty.clone(), place })
        .collect();
    let row = leaves.clone();
    insert.for_each_expr(&mut |e| {
        e.walk(&mut |e| {
            let parameter = matches!(e.kind, ExprKind::Parameter(_));
            if parameter && !leaves.iter().any(|leaf| leaf.kind == e.kind) {
                leaves.push(e.clone());
            }
        });
    });
    let f = row_code(builder, &leaves, |emitter| {
        let code = RowInsert::new(insert, emitter);
        let first = emitter.emit_boxed(&row)?;
        code.emit(emitter, first, place)?;
        let done = Expr { kind: ExprKind::Constant(Value::Bool(true)), ty: Type::Bool, place };
        emitter.return_value(Some(&done))
    })?;
    Ok((f, leaves))
}
