//! The compiler's catalog over a database and a session.
//!
//! [`Objects`] are the tables, types and functions of one catalog version; they never change, a
//! statement that defines something makes the next version. [`SessionCatalog`] lays a script's own
//! definitions and the session's variables over them and asks the transaction for statistics.

mod builtins;
mod objects;
mod sources;
pub mod system;
pub mod virtual_tables;

pub use builtins::Builtins;
pub use objects::{Change, Objects, function_name};
pub use sources::Sources;

use crate::adapter::{datums, types::storage_type};
use crate::session::Variables;
use grizzly_bytecode::{FileRequest, Parameter, Type, Value};
use grizzly_compiler::catalog::{
    Catalog, ColumnStatistics, FunctionKey, Index, Native, ObjectKind, SourceDescription, Table,
    TableStatistics, Variable, View,
};
use grizzly_compiler::hir::Function;
use grizzly_storage as storage;
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::sync::Arc;

/// What names mean to a statement of a session.
pub struct SessionCatalog<'a> {
    /// The built-in functions.
    pub builtins: &'a Builtins,
    /// The types and functions of the script that runs; they hide the database's.
    pub script: &'a Objects,
    /// The objects of the transaction.
    pub objects: &'a Objects,
    /// The session's variables.
    pub variables: &'a Variables,
    /// The parameters of the session's prepared statements.
    pub prepared: HashMap<SmolStr, Vec<Parameter>>,
    /// The files.
    pub sources: &'a Sources,
    /// The transaction, for statistics; `None` where none is open.
    pub transaction: Option<&'a storage::Transaction>,
}

impl Catalog for SessionCatalog<'_> {
    fn table(&self, name: &str) -> Option<Arc<Table>> {
        self.objects.table(name)
    }

    fn view(&self, name: &str) -> Option<Arc<View>> {
        self.objects.view(name)
    }

    fn ty(&self, name: &str) -> Option<Type> {
        self.script.ty(name).or_else(|| self.objects.ty(name))
    }

    fn function(&self, key: &FunctionKey) -> Option<Arc<Function>> {
        let found = self.script.function(key).or_else(|| self.objects.function(key))?;
        Some(self.objects.bind_function(found))
    }

    fn natives(&self, name: &str) -> Vec<Arc<Native>> {
        self.builtins.forms(name)
    }

    fn index(&self, name: &str) -> Option<(Arc<Table>, Arc<Index>)> {
        self.objects.index(name)
    }

    fn variable(&self, name: &str) -> Option<Variable> {
        let found = self.variables.get(name)?;
        Some(Variable { ty: found.ty.clone(), value: Some(found.value.clone()) })
    }

    fn prepared(&self, name: &str) -> Option<Vec<Parameter>> {
        self.prepared.get(name).cloned()
    }

    fn names(&self, kind: ObjectKind) -> Vec<SmolStr> {
        match kind {
            ObjectKind::Native => self.builtins.names(),
            ObjectKind::Variable => self.variables.names(),
            kind => {
                let mut names = self.objects.names(kind);
                names.extend(self.script.names(kind));
                names.sort();
                names.dedup();
                names
            }
        }
    }

    fn describe_source(&self, request: &FileRequest) -> SourceDescription {
        self.sources.describe(request)
    }

    fn statistics(&self, table: &Table) -> TableStatistics {
        if let Some(file) = &table.file {
            let rows = self.sources.rows_of(file);
            return TableStatistics { rows, ..TableStatistics::default() };
        }
        let id = storage::TableId(table.id.0);
        let known = self.transaction.and_then(|transaction| statistics_of(transaction, id));
        let Some(known) = known else { return TableStatistics::default() };
        let columns = table.columns.iter().zip(&known.columns);
        let columns = columns.map(|(column, known)| column_statistics(&column.ty, known));
        TableStatistics { rows: Some(known.rows), columns: columns.collect() }
    }
}

fn statistics_of(
    transaction: &storage::Transaction,
    table: storage::TableId,
) -> Option<Arc<storage::TableStatistics>> {
    transaction.estimates(table).ok()
}

fn column_statistics(ty: &Type, known: &storage::ColumnStatistics) -> ColumnStatistics {
    let value = |bound: &Option<storage::OwnedDatum>| -> Option<Value> {
        bound.as_ref().map(|bound| datums::value_of(bound.borrow(), ty))
    };
    ColumnStatistics {
        min: value(&known.min),
        max: value(&known.max),
        nulls: known.null_count,
        distinct: known.distinct_estimate,
    }
}

/// The first column of a new table whose type cannot be stored yet.
pub fn unstorable_column(table: &Table) -> Option<&grizzly_compiler::catalog::TableColumn> {
    table.columns.iter().find(|column| storage_type(&column.ty).is_none())
}
