//! What a program was compiled against: the tables of a statement with a hash of their shapes. A
//! program whose hashes do not match the catalog any more is planned again.

use crate::catalog::Table;
use crate::hir::{Statement, StatementKind};
use smol_str::SmolStr;

/// The tables that a statement uses, with the hashes of their shapes, each once.
pub fn dependencies(statement: &Statement) -> Vec<(SmolStr, u64)> {
    let mut found: Vec<(SmolStr, u64)> = Vec::new();
    let mut add = |table: &Table| {
        // A file is looked at again whenever the statement runs.
        if table.file.is_none() && !found.iter().any(|(name, _)| *name == table.name) {
            found.push((table.name.clone(), shape_hash(table)));
        }
    };
    match &statement.kind {
        StatementKind::Query(query) | StatementKind::CopyTo(query, _) => {
            query.for_each_table(&mut |table| add(table));
        }
        StatementKind::Insert(table, query) => {
            add(table);
            query.for_each_table(&mut |table| add(table));
        }
        StatementKind::Update { table, filter, assignments, .. } => {
            add(table);
            let values = assignments.iter().map(|(_, value)| value);
            filter.iter().chain(values).for_each(|e| e.for_each_table(&mut |table| add(table)));
        }
        StatementKind::Delete { table, filter, .. } => {
            add(table);
            filter.iter().for_each(|e| e.for_each_table(&mut |table| add(table)));
        }
        _ => {}
    }
    found
}

/// A hash of what code relies on: the table's id, its columns' ids, types and nullability, and its
/// key. FNV-1a, so that it is the same in every process.
pub fn shape_hash(table: &Table) -> u64 {
    let mut text = format!("{} {:?}", table.id, table.key);
    for column in &table.columns {
        text += &format!(" {} {} {}", column.id, column.ty, column.nullable);
    }
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
