//! Storage errors as exceptions of the language, with the names that people gave their tables.

use grizzly_bytecode::{Builtin, Fault};
use grizzly_storage::{ColumnId, Error, TableId, TableSpec};
use std::sync::Arc;

/// Finds the shape of a table for a message.
pub type SpecOf<'a> = &'a dyn Fn(TableId) -> Option<Arc<TableSpec>>;

/// The exception of an error.
pub fn fault(error: &Error, spec_of: SpecOf<'_>) -> Fault {
    let table_name = |table: TableId| {
        spec_of(table).map_or_else(|| format!("table {}", table.0), |spec| spec.name.clone())
    };
    let column_name = |table: TableId, column: ColumnId| {
        let spec = spec_of(table);
        let found = spec.as_ref().and_then(|s| s.columns.iter().find(|c| c.id == column));
        found.map_or_else(|| format!("column {}", column.0), |column| column.name.clone())
    };
    let (kind, message) = match error {
        Error::UniqueViolation { table, columns, key, index } => {
            let names: Vec<String> = columns.iter().map(|c| column_name(*table, *c)).collect();
            let (name, names) = (table_name(*table), names.join(", "));
            let rule = match index {
                Some(index) => format!(", which the unique index {index} forbids"),
                None => String::new(),
            };
            let message = format!("{name} already has a row with ({names}) = ({key}){rule}");
            (Builtin::UniqueViolation, message)
        }
        Error::NotNullViolation { table, column } => {
            let (table, column) = (table_name(*table), column_name(*table, *column));
            (Builtin::NotNullViolation, format!("{table}.{column} must not be NULL"))
        }
        Error::TypeMismatch { table, column, found } => {
            let (table, column) = (table_name(*table), column_name(*table, *column));
            (Builtin::TypeError, format!("{table}.{column} cannot hold {found}"))
        }
        Error::SerializationFailure { table } => {
            let message = format!(
                "another transaction changed {} first; run the transaction again",
                table_name(*table)
            );
            (Builtin::SerializationFailure, message)
        }
        Error::Unsupported(_) => (Builtin::ResourceExhausted, error.to_string()),
        // Names are bound to the transaction's catalog version, so only a DROP that was committed
        // between that and the snapshot leads here.
        Error::UnknownTable(_) => {
            (Builtin::CompileError, "a table of the statement does not exist any more".to_owned())
        }
        Error::UnknownColumn(..)
        | Error::TableExists(_)
        | Error::InvalidRequest(_)
        | Error::Bug(_) => (Builtin::IoError, format!("internal error: {error}")),
        Error::Full { .. } => (Builtin::ResourceExhausted, error.to_string()),
        Error::Locked { .. }
        | Error::Corrupt { .. }
        | Error::FormatVersion { .. }
        | Error::Io { .. }
        | Error::Poisoned { .. } => (Builtin::IoError, error.to_string()),
    };
    Fault::new(kind, message)
}
