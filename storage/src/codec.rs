//! Bytes of the engine's own small structures: table specs, manifest edits, node files.
//!
//! Numbers are little-endian; strings and byte strings are preceded by a 32-bit length. Reading
//! never trusts a length further than the bytes reach.

use crate::datum::OwnedDatum;
use crate::schema::{
    ColumnId, ColumnSpec, IndexColumn, IndexSpec, StorageType, TableId, TableSpec,
};
use crate::sync::Arc;

/// Appends a 32-bit number.
pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a 64-bit number.
pub(crate) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a byte string with its length.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, bytes.len() as u32);
    out.extend_from_slice(bytes);
}

/// Reads from the front of a byte slice; every method answers `None` at an early end.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some(taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub(crate) fn string(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}

/// Appends the shape of a table or an index.
pub(crate) fn put_table(out: &mut Vec<u8>, spec: &TableSpec, index: Option<&IndexSpec>) {
    put_spec(out, spec);
    let Some(index) = index else { return };
    put_bytes(out, index.name.as_bytes());
    put_u32(out, index.table.0);
    out.push(u8::from(index.unique));
    put_u32(out, index.columns.len() as u32);
    for column in &index.columns {
        put_u32(out, column.column.0);
        out.push(u8::from(column.descending));
    }
}

/// Reads the shape of a table or an index, to the end of the bytes.
pub(crate) fn read_table(reader: &mut Reader<'_>) -> Option<(TableSpec, Option<Arc<IndexSpec>>)> {
    let spec = read_spec(reader)?;
    if reader.0.is_empty() {
        return Some((spec, None));
    }
    let (name, table, unique) = (reader.string()?, TableId(reader.u32()?), reader.u8()? == 1);
    let mut columns = Vec::new();
    for _ in 0..reader.u32()? {
        let column = ColumnId(reader.u32()?);
        columns.push(IndexColumn { column, descending: reader.u8()? == 1 });
    }
    Some((spec, Some(Arc::new(IndexSpec { name, table, columns, unique }))))
}

/// Appends a table's columns and key.
fn put_spec(out: &mut Vec<u8>, spec: &TableSpec) {
    put_bytes(out, spec.name.as_bytes());
    put_u32(out, spec.columns.len() as u32);
    for column in &spec.columns {
        put_u32(out, column.id.0);
        put_bytes(out, column.name.as_bytes());
        put_type(out, &column.ty);
        put_bytes(out, column.sql_type.as_bytes());
        out.push(u8::from(column.nullable));
    }
    put_u32(out, spec.key.len() as u32);
    spec.key.iter().for_each(|column| put_u32(out, column.0));
}

/// Reads a table's columns and key.
fn read_spec(reader: &mut Reader<'_>) -> Option<TableSpec> {
    let name = reader.string()?;
    let count = reader.u32()?;
    let mut columns = Vec::new();
    for _ in 0..count {
        columns.push(ColumnSpec {
            id: ColumnId(reader.u32()?),
            name: reader.string()?,
            ty: read_type(reader, 0)?,
            sql_type: reader.string()?,
            nullable: reader.u8()? == 1,
        });
    }
    let count = reader.u32()?;
    let mut key = Vec::new();
    for _ in 0..count {
        key.push(ColumnId(reader.u32()?));
    }
    Some(TableSpec { name, columns, key })
}

fn put_type(out: &mut Vec<u8>, ty: &StorageType) {
    let tag = match ty {
        StorageType::Bool => 1,
        StorageType::Int8 => 2,
        StorageType::Int16 => 3,
        StorageType::Int32 => 4,
        StorageType::Int64 => 5,
        StorageType::Float32 => 6,
        StorageType::Float64 => 7,
        StorageType::Decimal { .. } => 8,
        StorageType::Text => 9,
        StorageType::Blob => 10,
        StorageType::Date => 11,
        StorageType::Time => 12,
        StorageType::Timestamp => 13,
        StorageType::TimestampTz => 14,
        StorageType::Interval => 15,
        StorageType::Uuid => 16,
        StorageType::Json => 17,
        StorageType::List(_) => 18,
        StorageType::Struct(_) => 19,
    };
    out.push(tag);
    match ty {
        StorageType::Decimal { precision, scale } => out.extend_from_slice(&[*precision, *scale]),
        StorageType::List(element) => put_type(out, element),
        StorageType::Struct(fields) => {
            put_u32(out, fields.len() as u32);
            for (name, ty) in fields {
                put_bytes(out, name.as_bytes());
                put_type(out, ty);
            }
        }
        _ => {}
    }
}

/// Deeper types are taken for damage.
const MAX_TYPE_DEPTH: usize = 100;

fn read_type(reader: &mut Reader<'_>, depth: usize) -> Option<StorageType> {
    Some(match reader.u8()? {
        1 => StorageType::Bool,
        2 => StorageType::Int8,
        3 => StorageType::Int16,
        4 => StorageType::Int32,
        5 => StorageType::Int64,
        6 => StorageType::Float32,
        7 => StorageType::Float64,
        8 => StorageType::Decimal { precision: reader.u8()?, scale: reader.u8()? },
        9 => StorageType::Text,
        10 => StorageType::Blob,
        11 => StorageType::Date,
        12 => StorageType::Time,
        13 => StorageType::Timestamp,
        14 => StorageType::TimestampTz,
        15 => StorageType::Interval,
        16 => StorageType::Uuid,
        17 => StorageType::Json,
        18 if depth < MAX_TYPE_DEPTH => StorageType::List(Box::new(read_type(reader, depth + 1)?)),
        19 if depth < MAX_TYPE_DEPTH => {
            let count = reader.u32()?;
            let mut fields = Vec::new();
            for _ in 0..count {
                fields.push((reader.string()?, read_type(reader, depth + 1)?));
            }
            StorageType::Struct(fields)
        }
        _ => return None,
    })
}

/// Appends a value, or nothing known.
pub(crate) fn put_datum(out: &mut Vec<u8>, value: Option<&OwnedDatum>) {
    match value {
        None | Some(OwnedDatum::Null) => out.push(0),
        Some(OwnedDatum::Bool(value)) => out.extend_from_slice(&[1, u8::from(*value)]),
        Some(OwnedDatum::Int(value)) => {
            out.push(2);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Some(OwnedDatum::Int128(value)) => {
            out.push(3);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Some(OwnedDatum::Float(value)) => {
            out.push(4);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Some(OwnedDatum::Bytes(bytes)) => {
            out.push(5);
            put_bytes(out, bytes);
        }
        Some(OwnedDatum::Interval { months, days, micros }) => {
            out.push(6);
            out.extend_from_slice(&months.to_le_bytes());
            out.extend_from_slice(&days.to_le_bytes());
            out.extend_from_slice(&micros.to_le_bytes());
        }
    }
}

/// Reads a value; the outer `None` is an early end, the inner one nothing known.
pub(crate) fn read_datum(reader: &mut Reader<'_>) -> Option<Option<OwnedDatum>> {
    Some(Some(match reader.u8()? {
        0 => return Some(None),
        1 => OwnedDatum::Bool(reader.u8()? == 1),
        2 => OwnedDatum::Int(reader.u64()? as i64),
        3 => OwnedDatum::Int128(i128::from_le_bytes(reader.take(16)?.try_into().ok()?)),
        4 => OwnedDatum::Float(f64::from_bits(reader.u64()?)),
        5 => OwnedDatum::Bytes(reader.bytes()?.to_vec()),
        6 => OwnedDatum::Interval {
            months: reader.u32()? as i32,
            days: reader.u32()? as i32,
            micros: reader.u64()? as i64,
        },
        _ => return None,
    }))
}
