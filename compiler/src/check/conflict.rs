//! ON CONFLICT: the rule that is meant, and what DO UPDATE does to the row that is there.

use super::Checker;
use super::scope::ScopeColumn;
use crate::catalog::Table;
use crate::diagnostics as say;
use crate::hir::{Assigned, ColumnVar, Conflict, ConflictTarget, ConflictUpdate};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `ON CONFLICT …` of an INSERT whose rows have these variables.
    pub(crate) fn on_conflict(
        &mut self,
        conflict: &'a ast::OnConflict,
        insert: &'a ast::Insert,
        table: &Arc<Table>,
        row: &[ColumnVar],
    ) -> Option<Conflict> {
        let target = match conflict.columns.as_slice() {
            [] => None,
            columns => Some(self.conflict_target(columns, table)?),
        };
        let Some(update) = &conflict.update else {
            return Some(Conflict { target, update: None });
        };
        let name = (&insert.table, insert.alias.as_ref());
        let update = self.apart(|this| {
            let existing: Vec<ColumnVar> = table
                .columns
                .iter()
                .map(|c| this.new_column(c.name.clone(), c.ty.clone(), c.nullable))
                .collect();
            this.enter_row(table, name, &existing)?;
            this.enter_excluded(table, conflict.span, row)?;
            let assignments = this.assignments(table, &update.assignments, conflict.span)?;
            let filter = this.write_filter(update.filter.as_ref());
            let after = after(&existing, &assignments);
            let guards = this.guards(table, &after, insert.table.span);
            Some((existing, filter, assignments, guards, after))
        });
        let (existing, filter, assignments, guards, after) = update?;
        let returning = self.returning(table, name, &after, insert.returning.as_deref())?;
        let returning = returning.into_iter().map(|output| output.value).collect();
        let update = ConflictUpdate { existing, filter, assignments, guards, returning };
        Some(Conflict { target, update: Some(update) })
    }

    /// The new row under the name `excluded`; its columns need that name.
    fn enter_excluded(&mut self, table: &Arc<Table>, span: Span, row: &[ColumnVar]) -> Option<()> {
        // A merged column is found by its table's name only.
        let column = |(column, variable): (&crate::catalog::TableColumn, &ColumnVar)| ScopeColumn {
            merged: true,
            ..ScopeColumn::new(column.name.clone(), *variable)
        };
        let columns = table.columns.iter().zip(row).map(column).collect();
        let name = SmolStr::new_static("excluded");
        self.enter_table(name, Span::at(span.start), columns, Arc::new(table.row_type()), None)
    }

    /// The key or the unique index over exactly these columns.
    fn conflict_target(
        &mut self,
        names: &'a [ast::Ident],
        table: &Arc<Table>,
    ) -> Option<ConflictTarget> {
        let mut wanted = Vec::new();
        for name in names {
            wanted.push(self.table_column(table, &name.name, name.span)?);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let is_it = |columns: &[usize]| {
            let mut columns = columns.to_vec();
            columns.sort_unstable();
            columns == wanted
        };
        if !table.key.is_empty() && is_it(&table.key) {
            return Some(ConflictTarget::Key);
        }
        let unique = |index: &crate::catalog::Index| {
            let columns: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
            index.unique && is_it(&columns)
        };
        if let Some(found) = table.indexes.iter().position(|index| unique(index)) {
            return Some(ConflictTarget::Index(found));
        }
        let listed = |columns: &mut dyn Iterator<Item = usize>| {
            let names = columns.filter_map(|at| table.columns.get(at)).map(|c| c.name.as_str());
            format!("`({})`", names.collect::<Vec<_>>().join(", "))
        };
        let mut known = Vec::new();
        if !table.key.is_empty() {
            known.push(listed(&mut table.key.iter().copied()));
        }
        for index in table.indexes.iter().filter(|index| index.unique) {
            known.push(listed(&mut index.columns.iter().map(|(column, _)| *column)));
        }
        let (first, last) = (names.first()?, names.last()?);
        let span = Span::new(first.span.start, last.span.end);
        self.report(say::no_arbiter(span, &table.name, &known));
        None
    }
}

/// The variables of a row after SET.
pub(crate) fn after(before: &[ColumnVar], assignments: &[Assigned]) -> Vec<ColumnVar> {
    let mut after = before.to_vec();
    for assigned in assignments {
        if let Some(variable) = after.get_mut(assigned.index) {
            *variable = assigned.variable;
        }
    }
    after
}
