//! CREATE INDEX and the names of constraints.

use super::Checker;
use crate::catalog::{Index, TableColumn};
use crate::diagnostics as say;
use crate::hir::StatementKind;
use grizzly_bytecode::TableId;
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// CREATE INDEX.
    pub(crate) fn create_index(&mut self, create: &'a ast::CreateIndex) -> Option<StatementKind> {
        let at = create.name.as_ref().map_or(create.table.span, |name| name.span);
        if create.or_replace {
            self.later(at, "OR REPLACE of an index");
            return None;
        }
        if let Some(filter) = &create.filter {
            self.later(filter.span, "an index of some rows");
            return None;
        }
        let table = self.target_table(&create.table)?;
        let mut columns: Vec<(usize, Span)> = Vec::new();
        let mut descending = Vec::new();
        for key in &create.keys {
            let ast::ExprKind::Name(name) = &key.value.kind else {
                self.later(key.value.span, "an index of an expression");
                return None;
            };
            if key.direction.nulls_first.is_some() {
                self.later(key.value.span, "NULLS FIRST and NULLS LAST of an index");
                return None;
            }
            columns.push((self.table_column(&table, &name.name, name.span)?, name.span));
            descending.push(key.direction.descending == Some(true));
        }
        let indexed = self.index_columns(&columns, &table.columns, "an index")?;
        let name = match &create.name {
            Some(name) => name.name.clone(),
            None => {
                let made = made_name(&table.name, &indexed, &table.columns, "idx");
                self.free_index_name(made, &[])
            }
        };
        if self.catalog.index(&ast::fold(&name)).is_some() {
            if create.if_not_exists {
                return Some(StatementKind::Nothing);
            }
            let help = "write `CREATE INDEX IF NOT EXISTS`, or choose another name";
            self.report(say::already_exists(at, "index", &name, None, help));
            return None;
        }
        let columns = indexed.into_iter().zip(descending).collect();
        let (id, unique) = (TableId(0), create.unique);
        let index = Arc::new(Index { id, name, columns, unique, constraint: false });
        Some(StatementKind::CreateIndex { table: table.name.clone(), index })
    }

    /// A name like `made` that no index has.
    pub(crate) fn free_index_name(&self, made: SmolStr, own: &[Arc<Index>]) -> SmolStr {
        let taken = |name: &SmolStr| {
            self.catalog.index(&ast::fold(name)).is_some()
                || own.iter().any(|index| index.name.eq_ignore_ascii_case(name))
        };
        let mut name = made.clone();
        let mut number = 1;
        while taken(&name) {
            name = SmolStr::from(format!("{made}{number}"));
            number += 1;
        }
        name
    }
}

/// `table_column_suffix`, as PostgreSQL names what has no name.
pub(crate) fn made_name(
    table: &str,
    columns: &[usize],
    all: &[TableColumn],
    suffix: &str,
) -> SmolStr {
    let mut name = table.to_owned();
    for column in columns.iter().filter_map(|index| all.get(*index)) {
        name.push('_');
        name.push_str(&column.name);
    }
    SmolStr::from(format!("{name}_{suffix}"))
}
