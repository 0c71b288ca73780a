//! Tables of a checked statement at the moment when it is reached.
//!
//! A script is checked before it runs, so a statement may name a table that an earlier statement of
//! the same script makes: its id is known only now. Binding replaces every table of the statement
//! by the one that its name means in the transaction.

use crate::catalog::Objects;
use grizzly_bytecode::{Builtin, Fault};
use grizzly_compiler::catalog::Table;
use grizzly_compiler::hir::{self, Expr, Query, StatementKind};
use std::sync::Arc;

/// The statement with the tables of the catalog version.
///
/// # Errors
/// A CompileError fault where a table is gone or has other columns than when it was checked.
pub fn bind(statement: &hir::Statement, objects: &Objects) -> Result<hir::Statement, Fault> {
    let mut bound = statement.clone();
    match &mut bound.kind {
        StatementKind::Query(query) => bind_query(query, objects)?,
        StatementKind::Insert(table, query) => {
            bind_table(table, objects)?;
            bind_query(query, objects)?;
        }
        StatementKind::Update { table, filter, assignments, .. } => {
            bind_table(table, objects)?;
            let values = assignments.iter_mut().map(|(_, value)| value);
            filter.iter_mut().chain(values).try_for_each(|e| bind_expr(e, objects))?;
        }
        StatementKind::Delete { table, filter, .. } => {
            bind_table(table, objects)?;
            filter.iter_mut().try_for_each(|e| bind_expr(e, objects))?;
        }
        StatementKind::Expression(e, _)
        | StatementKind::Print(e)
        | StatementKind::Let(_, e)
        | StatementKind::SetVariable(_, e) => bind_expr(e, objects)?,
        StatementKind::Explain(_, inner) => **inner = bind(inner, objects)?,
        _ => {}
    }
    Ok(bound)
}

fn bind_query(query: &mut Query, objects: &Objects) -> Result<(), Fault> {
    let mut outcome = Ok(());
    query.for_each_table_mut(&mut |table| {
        if outcome.is_ok() {
            outcome = bind_table(table, objects);
        }
    });
    outcome
}

fn bind_expr(expr: &mut Expr, objects: &Objects) -> Result<(), Fault> {
    let mut outcome = Ok(());
    expr.for_each_table_mut(&mut |table| {
        if outcome.is_ok() {
            outcome = bind_table(table, objects);
        }
    });
    outcome
}

fn bind_table(table: &mut Arc<Table>, objects: &Objects) -> Result<(), Fault> {
    let Some(current) = objects.table(&table.name) else {
        let message = format!("the table {} does not exist any more", table.name);
        return Err(Fault::new(Builtin::CompileError, message));
    };
    if !current.has_shape_of(table) {
        let message = format!("the table {} has changed since the script was checked", table.name);
        return Err(Fault::new(Builtin::CompileError, message));
    }
    *table = current;
    Ok(())
}
