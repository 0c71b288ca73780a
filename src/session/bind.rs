//! Tables of a checked statement at the moment when it is reached.
//!
//! A script is checked before it runs, so a statement may name a table that an earlier statement of
//! the same script makes: its id is known only now. Binding replaces every table of the statement
//! by the one that its name means in the transaction. A file may have changed as well: it is looked
//! at again, unless it is the same as when it was described.

use crate::catalog::{Objects, Sources};
use grizzly_bytecode::{Builtin, Fault, FileOrigin, FileSource};
use grizzly_compiler::catalog::{Index, Table, TableCheck};
use grizzly_compiler::hir::{
    self, Conflict, ConflictTarget, Expr, From, Insert, Query, StatementKind,
};
use std::sync::Arc;

/// The statement with the tables of the catalog version.
///
/// # Errors
/// A CompileError fault where a table is gone or has other columns than when it was checked.
pub fn bind(
    statement: &hir::Statement,
    objects: &Objects,
    sources: &Sources,
) -> Result<hir::Statement, Fault> {
    let scope = Scope { objects, sources };
    bind_in(statement, &scope)
}

/// What names and paths mean now.
struct Scope<'a> {
    objects: &'a Objects,
    sources: &'a Sources,
}

fn bind_in(statement: &hir::Statement, objects: &Scope<'_>) -> Result<hir::Statement, Fault> {
    let mut bound = statement.clone();
    match &mut bound.kind {
        StatementKind::Query(query)
        | StatementKind::CopyTo(query, _)
        | StatementKind::CreateTableAs { query, .. } => bind_query(query, objects)?,
        StatementKind::Insert(insert) => {
            let then = insert.table.clone();
            bind_table(&mut insert.table, objects)?;
            bind_conflict(insert, &then)?;
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
        | StatementKind::Let(_, e)
        | StatementKind::SetVariable(_, e) => bind_expr(e, objects)?,
        StatementKind::Explain(_, inner) => **inner = bind_in(inner, objects)?,
        _ => {}
    }
    Ok(bound)
}

fn bind_query(query: &mut Query, objects: &Scope<'_>) -> Result<(), Fault> {
    let mut outcome = Ok(());
    query.for_each_table_mut(&mut |table| {
        if outcome.is_ok() {
            outcome = bind_table(table, objects);
        }
    });
    outcome
}

fn bind_from(from: Option<&mut From>, objects: &Scope<'_>) -> Result<(), Fault> {
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
    objects: &Scope<'_>,
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

fn bind_expr(expr: &mut Expr, objects: &Scope<'_>) -> Result<(), Fault> {
    let mut outcome = Ok(());
    expr.for_each_table_mut(&mut |table| {
        if outcome.is_ok() {
            outcome = bind_table(table, objects);
        }
    });
    outcome
}

/// Whether the CHECKs that a statement was woven with are those of the table.
fn same_rules(now: &Table, then: &Table) -> bool {
    let check = |(now, then): (&TableCheck, &TableCheck)| now.condition == then.condition;
    now.checks.len() == then.checks.len() && now.checks.iter().zip(&then.checks).all(check)
}

/// The index that ON CONFLICT means, by its columns, in the table as it is now.
fn bind_conflict(insert: &mut Insert, then: &Table) -> Result<(), Fault> {
    let Some(Conflict { target: Some(ConflictTarget::Index(at)), .. }) = &mut insert.conflict
    else {
        return Ok(());
    };
    let meant = then.indexes.get(*at).map(|index| &index.columns);
    let same = |index: &Arc<Index>| index.unique && Some(&index.columns) == meant;
    *at = insert.table.indexes.iter().position(same).ok_or_else(|| {
        let message = format!("the unique index of {} that ON CONFLICT names is gone", then.name);
        Fault::new(Builtin::CompileError, message)
    })?;
    Ok(())
}

fn bind_table(table: &mut Arc<Table>, scope: &Scope<'_>) -> Result<(), Fault> {
    if let Some(file) = &table.file {
        if let Some(current) = bind_file(file, scope.sources)? {
            Arc::make_mut(table).file = Some(current);
        }
        return Ok(());
    }
    let Some(current) = scope.objects.table(&table.name) else {
        let message = format!("the table {} does not exist any more", table.name);
        return Err(Fault::new(Builtin::CompileError, message));
    };
    if !current.has_shape_of(table) || !same_rules(&current, table) {
        let message = format!("the table {} has changed since the script was checked", table.name);
        return Err(Fault::new(Builtin::CompileError, message));
    }
    *table = current;
    Ok(())
}

/// A file as it is now; `None` where nothing was known of it.
fn bind_file(file: &FileSource, sources: &Sources) -> Result<Option<Arc<FileSource>>, Fault> {
    if file.origin == FileOrigin::Target {
        return Ok(None);
    }
    let now = sources.describe_again(file).map_err(|why| Fault::new(Builtin::IoError, why))?;
    let columns = |source: &FileSource| -> Vec<_> {
        source.columns.iter().map(|c| (c.name.clone(), c.ty.clone())).collect()
    };
    if columns(&now) != columns(file) {
        let path = &file.request.path;
        let message = format!("the columns of {path} have changed since the script was checked");
        return Err(Fault::new(Builtin::CompileError, message));
    }
    Ok(Some(now))
}

/// Whether a statement reads files, whose state belongs to no catalog version.
pub(super) fn reads_files(statement: &hir::Statement) -> bool {
    let mut found = false;
    for_each_file(statement, &mut |_| found = true);
    found
}

/// Whether a statement reads a file that has other columns than when it was checked, so that it is
/// to be checked again.
pub(super) fn files_changed(statement: &hir::Statement, sources: &Sources) -> bool {
    let mut changed = false;
    for_each_file(statement, &mut |file| changed |= bind_file(file, sources).is_err());
    changed
}

fn for_each_file(statement: &hir::Statement, visit: &mut dyn FnMut(&FileSource)) {
    let note = &mut |table: &Arc<Table>| {
        if let Some(file) = &table.file {
            visit(file);
        }
    };
    match &statement.kind {
        StatementKind::Query(query)
        | StatementKind::CopyTo(query, _)
        | StatementKind::CreateTableAs { query, .. } => query.for_each_table(note),
        StatementKind::Expression(e, _)
        | StatementKind::Print(e)
        | StatementKind::SetVariable(_, e) => e.for_each_table(note),
        StatementKind::Insert(insert) => {
            insert.query.for_each_table(note);
            insert.for_each_expr(&mut |e| e.for_each_table(note));
        }
        StatementKind::Update(update) => {
            update.from.iter().for_each(|from| from.for_each_table(note));
            update.for_each_expr(&mut |e| e.for_each_table(note));
        }
        StatementKind::Delete(delete) => {
            delete.using.iter().for_each(|from| from.for_each_table(note));
            delete.for_each_expr(&mut |e| e.for_each_table(note));
        }
        _ => {}
    }
}
