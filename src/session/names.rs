//! What a session knows, for those who look at it: completion, and the stored statements.

use super::Session;
use super::transaction::Open;
use crate::catalog::system;
use crate::catalog::virtual_tables;
use crate::error::Result;
use crate::repl::Names;
use grizzly_compiler::catalog::{Catalog, ObjectKind, Table};
use grizzly_storage::Isolation;

impl Session {
    /// The names that may stand in a statement now.
    pub fn completion_names(&self) -> Names {
        let objects = self.objects();
        let catalog = self.catalog(&objects);
        let columns = |table: &Table| {
            let column =
                |c: &grizzly_compiler::catalog::TableColumn| (c.name.to_string(), c.ty.to_string());
            (table.name.to_string(), table.columns.iter().map(column).collect())
        };
        let mut tables: Vec<(String, Vec<(String, String)>)> =
            objects.tables().map(|table| columns(table)).collect();
        let views = catalog.names(ObjectKind::View);
        tables.extend(views.into_iter().map(|name| (name.to_string(), Vec::new())));
        tables.sort();
        tables.extend(virtual_tables::all().iter().map(|table| columns(table)));
        let named = |kind: ObjectKind| {
            let mut names: Vec<String> =
                catalog.names(kind).iter().map(ToString::to_string).collect();
            names.sort();
            names
        };
        let mut functions: Vec<String> = named(ObjectKind::Function);
        // A receiver's function is written after its dot, without the type.
        functions.iter_mut().for_each(|name| {
            if let Some((_, function)) = name.rsplit_once('.') {
                *name = function.to_owned();
            }
        });
        functions.extend(named(ObjectKind::Native));
        let (types, variables) = (named(ObjectKind::Type), named(ObjectKind::Variable));
        Names { tables, types, functions, variables }
    }

    /// The names of the stored objects with the statements that made them, in their order.
    ///
    /// # Errors
    /// [`Error::Raised`] or [`Error::Damaged`] where they cannot be read.
    pub fn stored_sources(&self) -> Result<Vec<(String, String)>> {
        let shared = &self.database.shared;
        let own;
        let open = match &self.transaction {
            Some(open) => open,
            None => {
                own = Open::new(shared, Isolation::Snapshot);
                &own
            }
        };
        let stored = system::read(&open.transaction).map_err(|error| {
            let fault = crate::adapter::errors::fault(&error, &|_| None);
            super::run::classified(fault, &error)
        })?;
        Ok(stored.into_iter().map(|object| (object.name, object.source)).collect())
    }
}
