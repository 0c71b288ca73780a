//! Statements that change rows, and indexes, as text.

use super::{Printer, join};
use crate::catalog::{Index, Table};
use crate::hir::{Assigned, Delete, Expr, Insert, OutputColumn, Update};
use smol_str::SmolStr;

impl Printer<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) {
        let table = &insert.table;
        self.query(&format!("insert into {}", table.name), &insert.query);
        self.deeper(|this| {
            this.guards(&insert.guards);
            if let Some(conflict) = &insert.conflict {
                let target = match conflict.target {
                    None => String::new(),
                    Some(crate::hir::ConflictTarget::Key) => " key".into(),
                    Some(crate::hir::ConflictTarget::Index(at)) => {
                        format!(" {}", table.indexes.get(at).map_or("?", |i| i.name.as_str()))
                    }
                };
                let Some(update) = &conflict.update else {
                    this.line(format!("on conflict{target} nothing"));
                    return;
                };
                this.line(format!("on conflict{target} update"));
                this.deeper(|this| {
                    this.clause("where", update.filter.as_ref());
                    this.assignments(table, &update.assignments);
                    this.guards(&update.guards);
                });
            }
            this.returning(&insert.returning);
        });
    }

    pub(super) fn update(&mut self, update: &Update) {
        self.line(format!("update {}", update.table.name));
        self.deeper(|this| {
            update.from.iter().for_each(|from| this.from(from));
            this.assignments(&update.table, &update.assignments);
            this.clause("where", update.filter.as_ref());
            this.guards(&update.guards);
            this.returning(&update.returning);
        });
    }

    pub(super) fn delete(&mut self, delete: &Delete) {
        self.line(format!("delete from {}", delete.table.name));
        self.deeper(|this| {
            delete.using.iter().for_each(|using| this.from(using));
            this.clause("where", delete.filter.as_ref());
            this.returning(&delete.returning);
        });
    }

    fn assignments(&mut self, table: &Table, assignments: &[Assigned]) {
        for assigned in assignments {
            let name = table.columns.get(assigned.index).map_or("?", |c| c.name.as_str());
            let value = self.expr(&assigned.value);
            self.line(format!("set {name} = {value}"));
        }
    }

    fn guards(&mut self, guards: &[Expr]) {
        for guard in guards {
            let guard = self.expr(guard);
            self.line(format!("guard {guard}"));
        }
    }

    fn returning(&mut self, outputs: &[OutputColumn]) {
        for output in outputs {
            let value = self.expr(&output.value);
            self.line(format!("returning {}: {} = {value}", output.name, output.value.ty));
        }
    }

    pub(super) fn rules(&mut self, table: &Table) {
        for check in &table.checks {
            let condition = self.expr(&check.condition);
            self.line(format!("check {} {condition}", check.name));
        }
        for index in &table.indexes {
            let kind = if index.unique { "unique" } else { "index" };
            let name = |(at, _): &(usize, bool)| table.columns.get(*at).map(|c| c.name.clone());
            let columns: Vec<SmolStr> = index.columns.iter().filter_map(name).collect();
            self.line(format!("{kind} {} ({})", index.name, join(&columns)));
        }
    }

    pub(super) fn index(&mut self, table: &str, index: &Index) {
        let unique = if index.unique { "unique " } else { "" };
        let column = |(at, descending): &(usize, bool)| {
            SmolStr::from(format!("{at}{}", if *descending { " desc" } else { "" }))
        };
        let columns: Vec<SmolStr> = index.columns.iter().map(column).collect();
        let columns = join(&columns);
        self.line(format!("create {unique}index {} on {table} ({columns})", index.name));
    }
}
