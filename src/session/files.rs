//! CREATE TABLE … AS and COPY … TO.

use super::{Session, definitions};
use crate::error::Result;
use crate::output::Output;
use grizzly_bytecode::{Builtin, Fault, Field, Type, Value};
use grizzly_compiler::catalog::Table;
use grizzly_compiler::hir::{self, StatementKind};
use grizzly_stdlib::format::{RowWriter, writer};
use grizzly_vm::batch::Batch;
use grizzly_vm::ports;
use std::fmt::Write;

impl Session {
    /// Makes the table and inserts the query's rows. The query was bound before: where it reads a
    /// table that is replaced, it reads the old one, which goes when the rows are there.
    pub(super) fn create_table_as(
        &mut self,
        bound: &hir::Statement,
        parameters: &[Value],
    ) -> Result<u64> {
        let StatementKind::CreateTableAs { table, query, replace } = &bound.kind else {
            return Ok(0);
        };
        let shared = self.database.shared.clone();
        let no_table = || Fault::new(Builtin::TypeError, "internal error: there is no table");
        let open = self.transaction.as_mut().ok_or_else(no_table)?;
        let replaced = open.objects.table(&table.name).filter(|_| *replace);
        definitions::create_table(open, &shared, table, definition_of(table))?;
        let made = open.objects.table(&table.name).ok_or_else(no_table)?;
        // A table made of a query has no CHECKs.
        let kind = StatementKind::Insert(Box::new(hir::Insert {
            table: made,
            query: query.clone(),
            guards: Vec::new(),
            conflict: None,
            returning: Vec::new(),
        }));
        let insert = hir::Statement { kind, ..bound.clone() };
        let (_, _, rows) = self.run_bound(&insert, parameters, &mut NoResult)?;
        if let (Some(old), Some(open)) = (replaced, &mut self.transaction) {
            let dropped = open.transaction.drop_table(grizzly_storage::TableId(old.id.0));
            dropped.map_err(|error| shared.fault(&error, &open.transaction))?;
            super::indexes::forget(open, &old)?;
        }
        Ok(rows)
    }

    /// Runs the query and writes its rows to the file.
    pub(super) fn copy_to(&mut self, bound: &hir::Statement, parameters: &[Value]) -> Result<u64> {
        let StatementKind::CopyTo(query, request) = &bound.kind else { return Ok(0) };
        let shared = self.database.shared.clone();
        let columns: Vec<Field> = query
            .outputs
            .iter()
            .map(|output| Field { name: output.name.clone(), ty: output.value.ty.clone() })
            .collect();
        let file = writer(&*shared.world.files, request, &columns)?;
        let mut output = FileOutput { file, rows: 0 };
        let kind = StatementKind::Query(query.clone());
        let query = hir::Statement { kind, ..bound.clone() };
        self.run_bound(&query, parameters, &mut output)?;
        output.file.finish(&columns)?;
        Ok(output.rows)
    }
}

/// The statement that makes a table of this shape, for the stored catalog.
fn definition_of(table: &Table) -> String {
    let mut text = format!("CREATE TABLE {} (", quoted(&table.name));
    for (index, column) in table.columns.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let not_null = if column.nullable { "" } else { " NOT NULL" };
        let ty = match &column.ty {
            Type::Enum(shape) => quoted(&shape.name),
            ty => ty.to_string(),
        };
        // Writing to a String never fails.
        let _ = write!(text, "{comma}{} {ty}{not_null}", quoted(&column.name));
    }
    text.push(')');
    text
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Writes the rows of a query to a file.
struct FileOutput {
    file: Box<dyn RowWriter>,
    rows: u64,
}

impl ports::Output for FileOutput {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> std::result::Result<(), Fault> {
        self.rows += batch.rows().count() as u64;
        self.file.batch(columns, batch)
    }

    fn print(&mut self, _: &Value, _: &Type) -> std::result::Result<(), Fault> {
        Ok(())
    }
}

impl Output for FileOutput {
    fn finish(&mut self, _: &[Field]) -> std::result::Result<(), Fault> {
        Ok(())
    }

    fn abort(&mut self) {}
}

/// The output of an INSERT, which has none.
struct NoResult;

impl ports::Output for NoResult {
    fn batch(&mut self, _: &[Field], _: &Batch) -> std::result::Result<(), Fault> {
        Ok(())
    }

    fn print(&mut self, _: &Value, _: &Type) -> std::result::Result<(), Fault> {
        Ok(())
    }
}

impl Output for NoResult {
    fn finish(&mut self, _: &[Field]) -> std::result::Result<(), Fault> {
        Ok(())
    }

    fn abort(&mut self) {}
}
