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
        StatementKind::Insert(insert) => {
            add(&insert.table);
            insert.query.for_each_table(&mut |table| add(table));
            insert.for_each_expr(&mut |e| e.for_each_table(&mut |table| add(table)));
        }
        StatementKind::Update(update) => {
            add(&update.table);
            update.from.iter().for_each(|from| from.for_each_table(&mut |table| add(table)));
            update.for_each_expr(&mut |e| e.for_each_table(&mut |table| add(table)));
        }
        StatementKind::Delete(delete) => {
            add(&delete.table);
            delete.using.iter().for_each(|from| from.for_each_table(&mut |table| add(table)));
            delete.for_each_expr(&mut |e| e.for_each_table(&mut |table| add(table)));
        }
        _ => {}
    }
    found
}

/// A hash of what code relies on: the table's id, its columns' ids, types and nullability, its key,
/// its indexes and its CHECKs. FNV-1a, so that it is the same in every process.
pub fn shape_hash(table: &Table) -> u64 {
    let mut text = format!("{} {:?}", table.id, table.key);
    for index in &table.indexes {
        text += &format!(" {} {:?} {}", index.id, index.columns, index.unique);
    }
    for check in &table.checks {
        text += &format!(" {:?}", check.condition.kind);
    }
    for column in &table.columns {
        text += &format!(" {} {} {}", column.id, column.ty, column.nullable);
    }
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
