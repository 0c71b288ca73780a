//! RETURNING: the outputs over the row as it is stored.

use super::Checker;
use super::scope::{Aggregating, AliasMode, ScopeColumn};
use crate::catalog::Table;
use crate::hir::{ColumnVar, OutputColumn};
use grizzly_grammar::{Span, ast};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The outputs of RETURNING over the variables of a written row; empty without it.
    pub(crate) fn returning(
        &mut self,
        table: &Arc<Table>,
        (name, alias): (&'a ast::Name, Option<&'a ast::Ident>),
        row: &[ColumnVar],
        items: Option<&'a [ast::SelectItem]>,
    ) -> Option<Vec<OutputColumn>> {
        let Some(items) = items else { return Some(Vec::new()) };
        self.apart(|this| {
            this.enter_row(table, (name, alias), row)?;
            this.returning_items(items)
        })
    }

    /// The outputs of RETURNING in the scope that there is.
    pub(crate) fn returning_items(
        &mut self,
        items: &'a [ast::SelectItem],
    ) -> Option<Vec<OutputColumn>> {
        if self.function.is_some() {
            let at = items.first().map_or_else(Default::default, ast::SelectItem::span);
            self.later(at, "RETURNING in a function");
            return None;
        }
        let outputs = self.in_clause("RETURNING", AliasMode::Hidden, Aggregating::No, |this| {
            let collecting = std::mem::take(&mut this.scope.aggregates);
            let outputs = this.outputs(Some(items), Span::default(), None);
            let found = std::mem::replace(&mut this.scope.aggregates, collecting);
            if let Some(call) = found.first() {
                let place = call.argument.as_ref().map(|argument| argument.place);
                let at = items.first().map_or_else(Default::default, ast::SelectItem::span);
                let at = place.map_or(at, |p| Span::new(p.start, p.end));
                let name = format!("{:?}", call.function).to_lowercase();
                let name = name.split(' ').next().unwrap_or_default();
                this.report(crate::diagnostics::misplaced_aggregate(at, name, "RETURNING"));
                return None;
            }
            outputs
        })?;
        for output in &outputs {
            self.forbid_writes(&output.value, "RETURNING");
        }
        Some(outputs)
    }

    /// Puts a row of a table into the scope under the table's name or alias.
    pub(crate) fn enter_row(
        &mut self,
        table: &Arc<Table>,
        (name, alias): (&'a ast::Name, Option<&'a ast::Ident>),
        row: &[ColumnVar],
    ) -> Option<()> {
        let shown = alias.map_or(table.name.clone(), |alias| alias.name.clone());
        let at = alias.map_or(name.span, |alias| alias.span);
        let column = |(column, variable): (&crate::catalog::TableColumn, &ColumnVar)| {
            ScopeColumn::new(column.name.clone(), *variable)
        };
        let columns = table.columns.iter().zip(row).map(column).collect();
        self.enter_table(shown, at, columns, Arc::new(table.row_type()), None)
    }
}
