//! The shape of indexes: a secondary index is a table of its own, kept by the same trees, logs and
//! snapshots as any other, whose rows are its entries.
//!
//! The columns of an index's table are the indexed ones, then `row`: the encoded tree key of the
//! row that the entry finds. In a plain index `row` is the key's last part, so equal values lie
//! side by side and every entry has a key of its own. In a unique one `row` is a value outside the
//! key, and the key ends in `tie`: NULL where no indexed column is NULL, else the tree key, because
//! NULL equals nothing. Two rows with the same values thus have the same key, and what keeps a
//! table's own keys unique (a look at the statement, the check of written keys at COMMIT) does it
//! here too.

use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::key::{self, encode_part};
use crate::row;
use crate::schema::{ColumnId, ColumnSpec, IndexSpec, StorageType, TableId, TableSpec};
use crate::sync::Arc;
use crate::table::Table;

/// The table of a new index of `parent`.
pub(crate) fn table(id: TableId, index: IndexSpec, parent: &Table) -> Result<Table> {
    if index.columns.is_empty() {
        return Err(Error::InvalidRequest("an index has at least one column".into()));
    }
    let mut columns: Vec<ColumnSpec> = Vec::new();
    for (number, indexed) in index.columns.iter().enumerate() {
        let source = &parent.spec.columns[parent.position(indexed.column)?];
        if matches!(source.ty, StorageType::Json | StorageType::List(_) | StorageType::Struct(_)) {
            return Err(Error::Unsupported("indexes of JSON columns".into()));
        }
        if index.columns[..number].iter().any(|other| other.column == indexed.column) {
            return Err(Error::InvalidRequest("a column appears twice in the index".into()));
        }
        columns.push(ColumnSpec { id: ColumnId(number as u32 + 1), ..source.clone() });
    }
    let row = push_bytes(&mut columns, "row", false);
    let last = if index.unique { push_bytes(&mut columns, "tie", true) } else { row };
    let indexed = (1..=index.columns.len() as u32).map(ColumnId);
    let key = indexed.chain([last]).collect();
    let spec = TableSpec { name: index.name.clone(), columns, key };
    Table::of(id, spec, Some(Arc::new(index)))
}

/// Adds a column of bytes under a name that is free; its id.
fn push_bytes(columns: &mut Vec<ColumnSpec>, name: &str, nullable: bool) -> ColumnId {
    let mut name = name.to_owned();
    while columns.iter().any(|column| column.name == name) {
        name.push('_');
    }
    let id = ColumnId(columns.len() as u32 + 1);
    let (ty, sql_type) = (StorageType::Blob, "BLOB".to_owned());
    columns.push(ColumnSpec { id, name, ty, sql_type, nullable });
    id
}

/// How many columns an index's table indexes; the position of `row` follows them.
pub(crate) fn width(index: &Table) -> usize {
    index.index.as_ref().map_or(0, |spec| spec.columns.len())
}

/// The column `row` of an index's table.
pub(crate) fn row_column(index: &Table) -> ColumnId {
    index.columns[width(index)].id
}

/// Encodes the key of the entry for a row with these values of the indexed columns and this tree
/// key; whether one of the values is NULL.
pub(crate) fn encode_key<'v>(
    index: &Table,
    values: impl Iterator<Item = Datum<'v>>,
    tree_key: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool> {
    out.clear();
    let width = width(index);
    let mut null = false;
    for (part, value) in index.key.iter().zip(values).take(width) {
        null |= value.is_null();
        encode_part(part, &value, out);
    }
    if let Some(last) = index.key.get(width) {
        let tied = !last.nullable || null;
        encode_part(last, &if tied { Datum::Bytes(tree_key) } else { Datum::Null }, out);
    }
    index.check_key_length(out)?;
    Ok(null)
}

/// Encodes the body of an entry.
pub(crate) fn encode_body(index: &Table, tree_key: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut values = vec![Datum::Null; index.columns.len()];
    values[width(index)] = Datum::Bytes(tree_key);
    row::encode_image(index, &values, out)
}

/// The error of a second row with the values of the entry `encoded`.
pub(crate) fn duplicate(index: &Table, encoded: &[u8]) -> Error {
    let parts = &index.key[..width(index)];
    let spec = index.index.as_deref();
    Error::UniqueViolation {
        table: spec.map_or(index.id, |spec| spec.table),
        columns: spec.map_or_else(Vec::new, |s| s.columns.iter().map(|c| c.column).collect()),
        key: key::to_text(parts, encoded),
        index: Some(index.spec.name.clone()),
    }
}
