//! CREATE and DROP: the objects change in the transaction, and the stored catalog with them.

use super::transaction::Open;
use super::{Session, indexes};
use crate::adapter::MAX_KEY_COLUMNS;
use crate::adapter::types::storage_type;
use crate::catalog::system::{self, StoredKind};
use crate::catalog::{Change, unstorable_column};
use crate::database::{Shared, not_supported, stored};
use crate::error::Result as SessionResult;
use crate::frontend::Checked;
use grizzly_bytecode::{ColumnId, Fault, TableId};
use grizzly_compiler::catalog::{ObjectKind, Table, TableColumn};
use grizzly_compiler::hir::{self, StatementKind};
use grizzly_grammar::ast::fold;
use grizzly_storage::{ColumnSpec, StorageType, TableSpec};
use std::sync::Arc;

/// Runs a statement that defines or drops something; `false` where it is no such statement.
pub(super) fn define(
    open: &mut Open,
    shared: &Shared,
    statement: &hir::Statement,
) -> Result<bool, Fault> {
    if shared.read_only && defines(&statement.kind) {
        return Err(crate::adapter::read_only());
    }
    let source = || source_text(shared, statement);
    match &statement.kind {
        StatementKind::CreateTable(table) => create_table(open, shared, table, source())?,
        StatementKind::CreateIndex { table, index } => {
            indexes::create_index(open, shared, table, index, source())?;
        }
        StatementKind::CreateType(name, ty) => {
            let ordinal = shared.next_ordinal();
            let row = stored(StoredKind::Type, &fold(name), 0, ordinal, source());
            system::write(&mut open.transaction, &row)?;
            open.define(Change::Type(name.clone(), ty.clone()));
        }
        StatementKind::CreateFunction(function) => {
            let name = crate::catalog::function_name(&function.key);
            let row = stored(StoredKind::Function, &name, 0, shared.next_ordinal(), source());
            system::write(&mut open.transaction, &row)?;
            open.define(Change::Function(function.clone()));
        }
        StatementKind::CreateView(view, _) => {
            let name = fold(&view.name);
            let row = stored(StoredKind::View, &name, 0, shared.next_ordinal(), source());
            system::write(&mut open.transaction, &row)?;
            open.define(Change::View(view.clone()));
        }
        StatementKind::Drop(objects) => {
            for (kind, name) in objects {
                drop_object(open, shared, *kind, name)?;
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn defines(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::CreateTable(_)
            | StatementKind::CreateType(..)
            | StatementKind::CreateFunction(_)
            | StatementKind::CreateView(..)
            | StatementKind::CreateIndex { .. }
            | StatementKind::CreateTableAs { .. }
            | StatementKind::Drop(_)
    )
}

/// The text of a statement, which the stored catalog keeps.
fn source_text(shared: &Shared, statement: &hir::Statement) -> String {
    let place = statement.place;
    let source = shared.sources.get(place.source);
    let Some(source) = source else { return String::new() };
    let start = documentation_start(&source.text, place.start as usize);
    source.text.get(start..place.end as usize).unwrap_or("").to_owned()
}

/// Where the documentation comment right before a statement begins; the statement's own beginning
/// where it has none.
fn documentation_start(text: &str, statement: usize) -> usize {
    let mut start = statement;
    let before = text.get(..statement).unwrap_or("");
    for line in before.split_inclusive('\n').rev() {
        if !(line.trim_start().starts_with("---") && line.ends_with('\n')) {
            break;
        }
        start -= line.len();
    }
    start
}

/// The storage's shape of a table.
pub(super) fn spec(table: &Arc<Table>) -> Arc<TableSpec> {
    let column = |column: &TableColumn| ColumnSpec {
        id: grizzly_storage::ColumnId(column.id.0),
        name: column.name.to_string(),
        // Columns without a storage type were refused when the table was made.
        ty: storage_type(&column.ty).unwrap_or(StorageType::Json),
        sql_type: column.ty.to_string(),
        nullable: column.nullable,
    };
    let key = table.key.iter().filter_map(|index| table.columns.get(*index));
    Arc::new(TableSpec {
        name: table.name.to_string(),
        columns: table.columns.iter().map(column).collect(),
        key: key.map(|column| grizzly_storage::ColumnId(column.id.0)).collect(),
    })
}

/// The table with the ids that the storage knows its columns by.
pub(crate) fn with_ids(table: &Table, id: TableId) -> Arc<Table> {
    let mut table = table.clone();
    table.id = id;
    for (index, column) in table.columns.iter_mut().enumerate() {
        // A table has far fewer columns than an id has values.
        column.id = ColumnId(index as u32 + 1);
    }
    Arc::new(table)
}

pub(super) fn create_table(
    open: &mut Open,
    shared: &Shared,
    table: &Table,
    source: String,
) -> Result<(), Fault> {
    if let Some(column) = unstorable_column(table) {
        let what = format!("{}.{}: a column of type {}", table.name, column.name, column.ty);
        return Err(not_supported(&what));
    }
    if table.key.len() > MAX_KEY_COLUMNS {
        let what = format!("{}: a key of more than {MAX_KEY_COLUMNS} columns", table.name);
        return Err(not_supported(&what));
    }
    let unplaced = with_ids(table, TableId::default());
    let created = open.transaction.create_table(TableSpec::clone(&spec(&unplaced)));
    let id = created.map_err(|error| shared.fault(&error, &open.transaction))?;
    let table = with_ids(table, TableId(id.0));
    let table = indexes::create_constraints(open, shared, &table)?;
    let row = stored(StoredKind::Table, &fold(&table.name), id.0, shared.next_ordinal(), source);
    system::write(&mut open.transaction, &row)?;
    open.define(Change::Table(table));
    Ok(())
}

fn drop_object(
    open: &mut Open,
    shared: &Shared,
    kind: ObjectKind,
    name: &str,
) -> Result<(), Fault> {
    let folded = fold(name);
    match kind {
        ObjectKind::Table => {
            let Some(table) = open.objects.table(name) else { return Ok(()) };
            let dropped = open.transaction.drop_table(grizzly_storage::TableId(table.id.0));
            dropped.map_err(|error| shared.fault(&error, &open.transaction))?;
            system::remove(&mut open.transaction, StoredKind::Table, &folded)?;
            indexes::forget(open, &table)?;
            open.define(Change::DropTable(folded));
        }
        ObjectKind::View => {
            system::remove(&mut open.transaction, StoredKind::View, &folded)?;
            open.define(Change::DropView(folded));
        }
        ObjectKind::Type => {
            system::remove(&mut open.transaction, StoredKind::Type, &folded)?;
            open.define(Change::DropType(folded));
        }
        ObjectKind::Function => {
            for key in open.objects.functions_named(&folded) {
                let stored_name = crate::catalog::function_name(&key);
                system::remove(&mut open.transaction, StoredKind::Function, &stored_name)?;
                open.define(Change::DropFunction(key));
            }
        }
        ObjectKind::Index => indexes::drop_index(open, shared, &folded)?,
        ObjectKind::Native | ObjectKind::Variable => {
            return Err(not_supported("DROP of this kind of object"));
        }
    }
    Ok(())
}

/// For showing stages: a script's definitions alone, in a transaction that is rolled back.
impl Session {
    pub(crate) fn begin_definitions(&mut self, checked: &Checked) -> SessionResult<()> {
        self.script = checked.definitions.clone();
        self.begin(false)
    }

    /// Carries out a statement if it defines something; whether it did.
    pub(crate) fn define_only(&mut self, statement: &hir::Statement) -> SessionResult<bool> {
        let shared = self.database.shared.clone();
        match &mut self.transaction {
            Some(open) => Ok(define(open, &shared, statement)?),
            None => Ok(false),
        }
    }

    pub(crate) fn end_definitions(&mut self) {
        self.roll_back();
        self.script = crate::catalog::Objects::default();
    }

    /// The first line of a statement's text.
    pub(crate) fn first_line(&self, statement: &hir::Statement) -> String {
        let text = source_text(&self.database.shared, statement);
        text.lines().next().unwrap_or("").to_owned()
    }
}
