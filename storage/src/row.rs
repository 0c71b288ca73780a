//! Messages in row form: what is in the write set, the memtable and the WAL.
//!
//! An entry is `operation u8, key length u16, body length u32, key, body`, numbers little-endian.
//! A Put's body is the row image: a validity bitmap, one fixed slot per column, then the bytes of
//! variable columns one after the other (a slot holds where its bytes end). Key columns are left
//! out; the key gives them back. A Patch's body is a count, the positions of the columns it sets in
//! ascending order, then per column a tag and its value. A Delete has no body.

use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::key;
use crate::table::{Kind, Table};

/// Bytes before an entry's key.
pub(crate) const ENTRY_HEADER_BYTES: usize = 7;

/// What a message does to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Operation {
    Put = 1,
    Patch = 2,
    Delete = 3,
}

impl Operation {
    pub(crate) fn from_byte(byte: u8) -> Option<Operation> {
        match byte {
            1 => Some(Operation::Put),
            2 => Some(Operation::Patch),
            3 => Some(Operation::Delete),
            _ => None,
        }
    }
}

/// A message, borrowed from an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) operation: Operation,
    pub(crate) key: &'a [u8],
    pub(crate) body: &'a [u8],
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut taken = [0; N];
    if let Some(slice) = bytes.get(at..at + N) {
        taken.copy_from_slice(slice);
    }
    taken
}

/// Reads the entry at `offset`; `None` if the bytes hold no whole entry there.
pub(crate) fn parse_entry(bytes: &[u8], offset: usize) -> Option<(Message<'_>, usize)> {
    let header = bytes.get(offset..offset + ENTRY_HEADER_BYTES)?;
    let operation = Operation::from_byte(header[0])?;
    let key_start = offset + ENTRY_HEADER_BYTES;
    let body_start = key_start + usize::from(u16::from_le_bytes(array(header, 1)));
    let end = body_start + u32::from_le_bytes(array(header, 3)) as usize;
    let key = bytes.get(key_start..body_start)?;
    let body = bytes.get(body_start..end)?;
    Some((Message { operation, key, body }, end))
}

/// Reads an entry this process wrote.
pub(crate) fn entry_at(bytes: &[u8], offset: usize) -> Message<'_> {
    let header = &bytes[offset..offset + ENTRY_HEADER_BYTES];
    let key_start = offset + ENTRY_HEADER_BYTES;
    let body_start = key_start + usize::from(u16::from_le_bytes([header[1], header[2]]));
    let body_bytes = u32::from_le_bytes([header[3], header[4], header[5], header[6]]) as usize;
    Message {
        operation: Operation::from_byte(header[0]).unwrap_or(Operation::Delete),
        key: &bytes[key_start..body_start],
        body: &bytes[body_start..body_start + body_bytes],
    }
}

/// The key of an entry this process wrote.
pub(crate) fn key_at(bytes: &[u8], offset: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([bytes[offset + 1], bytes[offset + 2]]));
    &bytes[offset + ENTRY_HEADER_BYTES..offset + ENTRY_HEADER_BYTES + length]
}

/// Appends an entry.
pub(crate) fn push_entry(message: &Message<'_>, out: &mut Vec<u8>) {
    out.push(message.operation as u8);
    out.extend_from_slice(&(message.key.len() as u16).to_le_bytes());
    out.extend_from_slice(&(message.body.len() as u32).to_le_bytes());
    out.extend_from_slice(message.key);
    out.extend_from_slice(message.body);
}

/// Encodes the image of a row that gives all columns and was checked, into `out` (cleared first).
pub(crate) fn encode_image(table: &Table, row: &[Datum<'_>], out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    out.resize(table.fixed_bytes, 0);
    for (column, value) in table.columns.iter().zip(row) {
        if column.key_part.is_some() {
            continue;
        }
        if !value.is_null() {
            out[column.bit / 8] |= 1 << (column.bit % 8);
        }
        if column.kind.is_variable() {
            if let Datum::Bytes(bytes) = value {
                out.extend_from_slice(bytes);
            }
            let end = u32::try_from(out.len() - table.fixed_bytes).ok();
            let end = end.filter(|&end| end <= MAX_ROW_BYTES).ok_or_else(row_too_long)?;
            out[column.offset..column.offset + 4].copy_from_slice(&end.to_le_bytes());
        } else {
            let slot = &mut out[column.offset..column.offset + column.kind.fixed_width()];
            write_fixed(column.kind, value, slot);
        }
    }
    Ok(())
}

/// The longest variable part of a row, in bytes.
const MAX_ROW_BYTES: u32 = 1 << 30;

fn row_too_long() -> Error {
    Error::Unsupported("rows with more than 1 GiB of text and bytes".into())
}

pub(crate) fn write_fixed(kind: Kind, value: &Datum<'_>, slot: &mut [u8]) {
    match *value {
        Datum::Null => {}
        Datum::Bool(value) => slot[0] = u8::from(value),
        Datum::Int(value) => slot.copy_from_slice(&value.to_le_bytes()[..slot.len()]),
        Datum::Int128(value) => slot.copy_from_slice(&value.to_le_bytes()),
        Datum::Float(value) if kind == Kind::Float32 => {
            slot.copy_from_slice(&(value as f32).to_le_bytes());
        }
        Datum::Float(value) => slot.copy_from_slice(&value.to_le_bytes()),
        Datum::Bytes(bytes) => slot.copy_from_slice(bytes),
        Datum::Interval { months, days, micros } => {
            slot[..4].copy_from_slice(&months.to_le_bytes());
            slot[4..8].copy_from_slice(&days.to_le_bytes());
            slot[8..].copy_from_slice(&micros.to_le_bytes());
        }
    }
}

pub(crate) fn read_fixed(kind: Kind, bytes: &[u8], at: usize) -> Datum<'_> {
    match kind {
        Kind::Bool => Datum::Bool(array::<1>(bytes, at)[0] == 1),
        Kind::Int8 => Datum::Int(i64::from(i8::from_le_bytes(array(bytes, at)))),
        Kind::Int16 => Datum::Int(i64::from(i16::from_le_bytes(array(bytes, at)))),
        Kind::Int32 | Kind::Date => Datum::Int(i64::from(i32::from_le_bytes(array(bytes, at)))),
        Kind::Float32 => Datum::Float(f64::from(f32::from_le_bytes(array(bytes, at)))),
        Kind::Float64 => Datum::Float(f64::from_le_bytes(array(bytes, at))),
        Kind::Decimal128 { .. } => Datum::Int128(i128::from_le_bytes(array(bytes, at))),
        Kind::Uuid => Datum::Bytes(bytes.get(at..at + 16).unwrap_or_default()),
        Kind::Interval => Datum::Interval {
            months: i32::from_le_bytes(array(bytes, at)),
            days: i32::from_le_bytes(array(bytes, at + 4)),
            micros: i64::from_le_bytes(array(bytes, at + 8)),
        },
        _ => Datum::Int(i64::from_le_bytes(array(bytes, at))),
    }
}

/// Encodes a patch of checked values; `columns` gives positions in ascending order.
pub(crate) fn encode_patch(
    table: &Table,
    columns: &[(usize, Datum<'_>)],
    out: &mut Vec<u8>,
) -> Result<()> {
    out.clear();
    out.extend_from_slice(&(columns.len() as u16).to_le_bytes());
    for (position, _) in columns {
        out.extend_from_slice(&(*position as u16).to_le_bytes());
    }
    for (position, value) in columns {
        let kind = table.columns[*position].kind;
        out.push(u8::from(!value.is_null()));
        match value {
            Datum::Null => {}
            Datum::Bytes(bytes) if kind.is_variable() => {
                let length = u32::try_from(bytes.len()).ok().filter(|&n| n <= MAX_ROW_BYTES);
                out.extend_from_slice(&length.ok_or_else(row_too_long)?.to_le_bytes());
                out.extend_from_slice(bytes);
            }
            value => {
                let start = out.len();
                out.resize(start + kind.fixed_width(), 0);
                write_fixed(kind, value, &mut out[start..]);
            }
        }
    }
    Ok(())
}

/// How many columns a patch sets.
pub(crate) fn patch_count(body: &[u8]) -> usize {
    usize::from(u16::from_le_bytes(array(body, 0)))
}

/// The position of the column a patch sets `index`-th.
pub(crate) fn patch_position(body: &[u8], index: usize) -> usize {
    usize::from(u16::from_le_bytes(array(body, 2 + 2 * index)))
}

/// Calls `visit` for every column a patch sets, in ascending order of positions.
pub(crate) fn visit_patch<'a>(
    table: &Table,
    body: &'a [u8],
    mut visit: impl FnMut(usize, Datum<'a>),
) {
    let count = patch_count(body);
    let mut at = 2 + 2 * count;
    for index in 0..count {
        let position = patch_position(body, index);
        let kind = table.columns[position].kind;
        let valid = body.get(at) == Some(&1);
        at += 1;
        if !valid {
            visit(position, Datum::Null);
        } else if kind.is_variable() {
            let length = u32::from_le_bytes(array(body, at)) as usize;
            at += 4;
            visit(position, Datum::Bytes(body.get(at..at + length).unwrap_or_default()));
            at += length;
        } else {
            visit(position, read_fixed(kind, body, at));
            at += kind.fixed_width();
        }
    }
}

impl<'a> Message<'a> {
    /// The value of a column in this message; `None` if the message does not set it. Key columns
    /// come from the key of a Put; text that needs unescaping goes to `scratch`.
    pub(crate) fn value<'s>(
        &self,
        table: &Table,
        position: usize,
        scratch: &'s mut Vec<u8>,
    ) -> Option<Datum<'s>>
    where
        'a: 's,
    {
        let column = &table.columns[position];
        match self.operation {
            Operation::Delete => None,
            Operation::Put => Some(match column.key_part {
                Some(part) => key::decode_part(&table.key, part, self.key, scratch),
                None => self.image_value(table, position),
            }),
            Operation::Patch => {
                let mut found = None;
                visit_patch(table, self.body, |at, value| {
                    if at == position {
                        found = Some(value);
                    }
                });
                found
            }
        }
    }

    fn image_value(&self, table: &Table, position: usize) -> Datum<'a> {
        let column = &table.columns[position];
        let body = self.body;
        if body.get(column.bit / 8).is_none_or(|byte| byte >> (column.bit % 8) & 1 == 0) {
            return Datum::Null;
        }
        if !column.kind.is_variable() {
            return read_fixed(column.kind, body, column.offset);
        }
        let end = u32::from_le_bytes(array(body, column.offset)) as usize;
        let start = self.variable_start(table, position);
        let range = table.fixed_bytes + start..table.fixed_bytes + end;
        Datum::Bytes(body.get(range).unwrap_or_default())
    }

    /// Where a variable column's bytes start: where those of the one before it end.
    fn variable_start(&self, table: &Table, position: usize) -> usize {
        table.columns[..position]
            .iter()
            .rev()
            .find(|column| column.key_part.is_none() && column.kind.is_variable())
            .map_or(0, |column| u32::from_le_bytes(array(self.body, column.offset)) as usize)
    }
}

/// Folds a newer message over an older one of the same key and layer: what both do together.
/// The folded body goes to `out`; the operation is returned.
pub(crate) fn fold(
    table: &Table,
    older: &Message<'_>,
    newer: &Message<'_>,
    out: &mut Vec<u8>,
) -> Result<Operation> {
    match (older.operation, newer.operation) {
        (_, Operation::Put | Operation::Delete) => {
            out.clear();
            out.extend_from_slice(newer.body);
            Ok(newer.operation)
        }
        // There is no row to patch.
        (Operation::Delete, Operation::Patch) => {
            out.clear();
            Ok(Operation::Delete)
        }
        (Operation::Put, Operation::Patch) => {
            let mut row: Vec<Datum<'_>> = (0..table.columns.len())
                .map(|position| match table.columns[position].key_part {
                    Some(_) => Datum::Null,
                    None => older.image_value(table, position),
                })
                .collect();
            visit_patch(table, newer.body, |position, value| row[position] = value);
            encode_image(table, &row, out)?;
            Ok(Operation::Put)
        }
        (Operation::Patch, Operation::Patch) => {
            let mut columns: Vec<(usize, Datum<'_>)> = Vec::new();
            visit_patch(table, older.body, |position, value| columns.push((position, value)));
            visit_patch(table, newer.body, |position, value| {
                match columns.iter_mut().find(|column| column.0 == position) {
                    Some(column) => column.1 = value,
                    None => columns.push((position, value)),
                }
            });
            columns.sort_by_key(|column| column.0);
            encode_patch(table, &columns, out)?;
            Ok(Operation::Patch)
        }
    }
}

/// Whether a body read from the WAL can be read with this table's shape without going astray.
pub(crate) fn is_well_formed(table: &Table, message: &Message<'_>) -> bool {
    match message.operation {
        Operation::Delete => message.body.is_empty(),
        Operation::Put => {
            let last_end = table
                .columns
                .iter()
                .rev()
                .find(|column| column.key_part.is_none() && column.kind.is_variable())
                .map_or(0, |column| u32::from_le_bytes(array(message.body, column.offset)));
            message.body.len() == table.fixed_bytes + last_end as usize
        }
        Operation::Patch => {
            let body = message.body;
            (0..patch_count(body)).all(|index| patch_position(body, index) < table.columns.len())
        }
    }
}
