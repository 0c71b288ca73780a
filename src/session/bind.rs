//! Tables of a checked statement at the moment when it is reached.
//!
//! A script is checked before it runs, so a statement may name a table that an earlier statement of
//! the same script makes: its id is known only now. Binding replaces every table of the statement
//! by the one that its name means in the transaction.

use crate::catalog::Objects;
use grizzly_bytecode::{Builtin, Fault};
use grizzly_compiler::catalog::{Table, TableCheck};
use grizzly_compiler::hir::{self, Expr, From, Query, StatementKind};
use std::sync::Arc;

/// The statement with the tables of the catalog version.
///
/// # Errors
/// A CompileError fault where a table is gone or has other columns than when it was checked.
pub fn bind(statement: &hir::Statement, objects: &Objects) -> Result<hir::Statement, Fault> {
    let mut bound = statement.clone();
    match &mut bound.kind {
        StatementKind::Query(query) => bind_query(query, objects)?,
        StatementKind::Insert(insert) => {
            bind_table(&mut insert.table, objects)?;
            bind_query(&mut insert.query, objects)?;
            bind_each(objects, |visit| insert.for_each_expr_mut(visit))?;
        }
        StatementKind::Update(update) => {
            bind_table(&mut update.table, objects)?;
            bind_from(update.from.as_mut(), objects)?;
            bind_each(objects, |visit| update.for_each_expr_mut(visit))?;
        }
        StatementKind::Delete(delete) => {
            bind_table(&mut delete.table, objects)?;
            bind_from(delete.using.as_mut(), objects)?;
            bind_each(objects, |visit| delete.for_each_expr_mut(visit))?;
        }
        StatementKind::Expression(e, _)
        | StatementKind::Print(e)
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

fn bind_from(from: Option<&mut From>, objects: &Objects) -> Result<(), Fault> {
    let mut outcome = Ok(());
    if let Some(from) = from {
        from.for_each_table_mut(&mut |table| {
            if outcome.is_ok() {
                outcome = bind_table(table, objects);
            }
        });
    }
    outcome
}

/// Binds all expressions that `each` visits.
fn bind_each(
    objects: &Objects,
    each: impl FnOnce(&mut dyn FnMut(&mut Expr)),
) -> Result<(), Fault> {
    let mut outcome = Ok(());
    each(&mut |e| {
        if outcome.is_ok() {
            outcome = bind_expr(e, objects);
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

/// Whether the rules that a statement was woven with are those of the table.
fn same_rules(now: &Table, then: &Table) -> bool {
    let check = |(now, then): (&TableCheck, &TableCheck)| now.condition == then.condition;
    let unique = |table: &Table| {
        let unique = table.indexes.iter().filter(|index| index.unique);
        unique.map(|index| index.columns.clone()).collect::<Vec<_>>()
    };
    now.checks.len() == then.checks.len()
        && now.checks.iter().zip(&then.checks).all(check)
        && unique(now) == unique(then)
}

fn bind_table(table: &mut Arc<Table>, objects: &Objects) -> Result<(), Fault> {
    let Some(current) = objects.table(&table.name) else {
        let message = format!("the table {} does not exist any more", table.name);
        return Err(Fault::new(Builtin::CompileError, message));
    };
    let same = current.columns.len() == table.columns.len()
        && current.columns.iter().zip(&table.columns).all(|(now, then)| {
            now.name.eq_ignore_ascii_case(&then.name)
                && now.ty == then.ty
                && now.nullable == then.nullable
        })
        && same_rules(&current, table);
    if !same {
        let message = format!("the table {} has changed since the script was checked", table.name);
        return Err(Fault::new(Builtin::CompileError, message));
    }
    *table = current;
    Ok(())
}
