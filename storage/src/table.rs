//! A table's shape as the engine works with it: checked, with columns by position.
//!
//! [`Table`] is immutable. Positions are indices into the spec's columns; key parts name the
//! position they come from. A table without a key has one key part of its own, the hidden row id,
//! which is no column of the spec. An index is a table too (see [`crate::index`]): its key parts
//! may be nullable and descending.

use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::key::{self, KeyPart};
use crate::nested::{self, Shape};
use crate::schema::{ColumnId, IndexSpec, StorageType, TableId, TableSpec};
use crate::sync::Arc;
use std::collections::HashSet;

/// A storage type this version stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Decimal64 {
        precision: u8,
        scale: u8,
    },
    Decimal128 {
        precision: u8,
        scale: u8,
    },
    Text,
    Blob,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Json,
    /// A list or struct, as bytes ([`crate::nested`]).
    Nested(&'static Shape),
}

impl Kind {
    /// The kind for a storage type.
    pub(crate) fn of(ty: &StorageType) -> Result<Kind> {
        Ok(match ty {
            StorageType::Bool => Kind::Bool,
            StorageType::Int8 => Kind::Int8,
            StorageType::Int16 => Kind::Int16,
            StorageType::Int32 => Kind::Int32,
            StorageType::Int64 => Kind::Int64,
            StorageType::Float32 => Kind::Float32,
            StorageType::Float64 => Kind::Float64,
            StorageType::Decimal { precision, scale } => {
                let (precision, scale) = (*precision, *scale);
                if precision == 0 || precision > 38 || scale > precision {
                    return Err(Error::InvalidRequest(format!(
                        "DECIMAL({precision}, {scale}) has no storage: precision must be 1 to 38 \
                         and scale at most precision"
                    )));
                }
                if precision <= 18 {
                    Kind::Decimal64 { precision, scale }
                } else {
                    Kind::Decimal128 { precision, scale }
                }
            }
            StorageType::Text => Kind::Text,
            StorageType::Blob => Kind::Blob,
            StorageType::Date => Kind::Date,
            StorageType::Time => Kind::Time,
            StorageType::Timestamp => Kind::Timestamp,
            StorageType::TimestampTz => Kind::TimestampTz,
            StorageType::Interval => Kind::Interval,
            StorageType::Uuid => Kind::Uuid,
            StorageType::Json => Kind::Json,
            StorageType::List(element) => nested::list_kind(element)?,
            StorageType::Struct(fields) => nested::struct_kind(fields)?,
        })
    }

    /// Bytes of the fixed part of a value in a row image.
    pub(crate) fn fixed_width(self) -> usize {
        match self {
            Kind::Bool | Kind::Int8 => 1,
            Kind::Int16 => 2,
            Kind::Int32 | Kind::Float32 | Kind::Date => 4,
            Kind::Text | Kind::Blob | Kind::Json | Kind::Nested(_) => 4,
            Kind::Int64
            | Kind::Float64
            | Kind::Decimal64 { .. }
            | Kind::Time
            | Kind::Timestamp
            | Kind::TimestampTz => 8,
            Kind::Decimal128 { .. } | Kind::Interval | Kind::Uuid => 16,
        }
    }

    /// Whether values have no fixed width.
    pub(crate) fn is_variable(self) -> bool {
        matches!(self, Kind::Text | Kind::Blob | Kind::Json | Kind::Nested(_))
    }

    /// Whether a value of the right Arrow type may still not be of this kind.
    pub(crate) fn needs_value_check(self) -> bool {
        matches!(self, Kind::Decimal64 { .. } | Kind::Decimal128 { .. })
    }

    /// Whether `value`, which is not NULL, is a value of this kind.
    pub(crate) fn admits(self, value: &Datum<'_>) -> bool {
        match (self, value) {
            (Kind::Bool, Datum::Bool(_)) => true,
            // Arrow's interval counts nanoseconds.
            (Kind::Interval, Datum::Interval { micros, .. }) => micros.checked_mul(1000).is_some(),
            (Kind::Int8, Datum::Int(v)) => i8::try_from(*v).is_ok(),
            (Kind::Int16, Datum::Int(v)) => i16::try_from(*v).is_ok(),
            (Kind::Int32 | Kind::Date, Datum::Int(v)) => i32::try_from(*v).is_ok(),
            (Kind::Int64 | Kind::Time | Kind::Timestamp | Kind::TimestampTz, Datum::Int(_)) => true,
            (Kind::Decimal64 { precision, .. }, Datum::Int(v)) => {
                v.unsigned_abs() < 10_u64.pow(u32::from(precision))
            }
            (Kind::Decimal128 { precision, .. }, Datum::Int128(v)) => {
                v.unsigned_abs() < 10_u128.pow(u32::from(precision))
            }
            (Kind::Float32 | Kind::Float64, Datum::Float(_)) | (Kind::Blob, Datum::Bytes(_)) => {
                true
            }
            (Kind::Text | Kind::Json, Datum::Bytes(v)) => std::str::from_utf8(v).is_ok(),
            (Kind::Uuid, Datum::Bytes(v)) => v.len() == 16,
            (Kind::Nested(shape), Datum::Bytes(v)) => nested::is_valid(shape, v),
            _ => false,
        }
    }
}

/// One column, by position.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) id: ColumnId,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    /// Which part of the key it is, if any.
    pub(crate) key_part: Option<usize>,
    /// Byte offset of its fixed part in a row image, after the validity bitmap; not for key parts.
    pub(crate) offset: usize,
    /// Its bit in the validity bitmap; not for key parts.
    pub(crate) bit: usize,
}

/// A table's shape.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) id: TableId,
    pub(crate) spec: Arc<TableSpec>,
    /// What the table is an index of, if it is one.
    pub(crate) index: Option<Arc<IndexSpec>>,
    pub(crate) columns: Vec<Column>,
    /// The parts of the tree key; for a hidden row id one part with no column.
    pub(crate) key: Vec<KeyPart>,
    /// Bytes of the fixed part of a row image, bitmap included.
    pub(crate) fixed_bytes: usize,
}

impl Table {
    /// Checks a spec.
    pub(crate) fn new(id: TableId, spec: TableSpec) -> Result<Table> {
        Table::of(id, spec, None)
    }

    /// Checks the spec of a table, or that of an index's own table.
    pub(crate) fn of(id: TableId, spec: TableSpec, index: Option<Arc<IndexSpec>>) -> Result<Table> {
        check_columns(&spec)?;
        let mut key = Vec::new();
        for (number, column) in spec.key.iter().enumerate() {
            let position = spec.columns.iter().position(|c| c.id == *column);
            let position = position.ok_or(Error::UnknownColumn(id, *column))?;
            let nullable = spec.columns[position].nullable;
            if nullable && index.is_none() {
                return Err(Error::InvalidRequest(format!(
                    "key column {} must be NOT NULL",
                    spec.columns[position].name
                )));
            }
            let kind = Kind::of(&spec.columns[position].ty)?;
            if matches!(kind, Kind::Nested(_)) {
                return Err(Error::Unsupported("keys of a list or struct type".into()));
            }
            let indexed = index.as_ref().and_then(|index| index.columns.get(number));
            let descending = indexed.is_some_and(|column| column.descending);
            key.push(KeyPart { nullable, descending, ..KeyPart::ascending(kind, Some(position)) });
        }
        if key.is_empty() {
            key.push(KeyPart::ascending(Kind::Int64, None));
        }
        let mut columns = Vec::new();
        let (mut offset, mut bit) = (0, 0);
        for (position, column) in spec.columns.iter().enumerate() {
            let kind = Kind::of(&column.ty)?;
            let key_part = key.iter().position(|part| part.column == Some(position));
            columns.push(Column {
                id: column.id,
                kind,
                nullable: column.nullable,
                key_part,
                offset,
                bit,
            });
            if key_part.is_none() {
                offset += kind.fixed_width();
                bit += 1;
            }
        }
        let bitmap_bytes = bit.div_ceil(8);
        for column in &mut columns {
            column.offset += bitmap_bytes;
        }
        let fixed_bytes = bitmap_bytes + offset;
        Ok(Table { id, spec: Arc::new(spec), index, columns, key, fixed_bytes })
    }

    /// Whether the tree key is a hidden row id.
    pub(crate) fn has_hidden_key(&self) -> bool {
        self.spec.key.is_empty()
    }

    /// The position of a column.
    pub(crate) fn position(&self, column: ColumnId) -> Result<usize> {
        // Ids usually equal positions, or follow them by one; try those before searching.
        let guess = column.0 as usize;
        for position in [guess, guess.wrapping_sub(1)] {
            if self.columns.get(position).is_some_and(|c| c.id == column) {
                return Ok(position);
            }
        }
        self.columns
            .iter()
            .position(|c| c.id == column)
            .ok_or(Error::UnknownColumn(self.id, column))
    }

    /// The positions of several columns.
    pub(crate) fn positions(&self, columns: &[ColumnId]) -> Result<Vec<usize>> {
        columns.iter().map(|&column| self.position(column)).collect()
    }

    /// Checks one value against its column.
    pub(crate) fn check_value(&self, position: usize, value: &Datum<'_>) -> Result<()> {
        let column = &self.columns[position];
        if value.is_null() {
            if column.nullable {
                return Ok(());
            }
            return Err(Error::NotNullViolation { table: self.id, column: column.id });
        }
        if column.kind.admits(value) {
            return Ok(());
        }
        Err(Error::TypeMismatch {
            table: self.id,
            column: column.id,
            found: describe(value, column.kind),
        })
    }

    /// Encodes the tree key of a row that gives all columns; not for hidden keys.
    pub(crate) fn encode_row_key(&self, row: &[Datum<'_>], out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        for part in &self.key {
            // Only called for tables with a stated key, whose parts all have a column.
            let position = part.column.unwrap_or_default();
            key::encode_part(part, &row[position], out);
        }
        self.check_key_length(out)
    }

    /// Refuses keys longer than an entry can state.
    pub(crate) fn check_key_length(&self, key: &[u8]) -> Result<()> {
        if key.len() > key::MAX_KEY_BYTES {
            return Err(Error::InvalidRequest(format!(
                "the key takes {} bytes; at most {} are possible",
                key.len(),
                key::MAX_KEY_BYTES
            )));
        }
        Ok(())
    }

    /// The error for a second row with the key `encoded`.
    pub(crate) fn duplicate(&self, encoded: &[u8]) -> Error {
        Error::UniqueViolation {
            table: self.id,
            columns: self.spec.key.clone(),
            key: key::to_text(&self.key, encoded),
            index: None,
        }
    }
}

fn check_columns(spec: &TableSpec) -> Result<()> {
    if spec.columns.is_empty() || spec.columns.len() > usize::from(u16::MAX) {
        return Err(Error::InvalidRequest(format!(
            "a table has 1 to 65535 columns, not {}",
            spec.columns.len()
        )));
    }
    let mut ids = HashSet::new();
    let mut names = HashSet::new();
    for column in &spec.columns {
        if !ids.insert(column.id) {
            return Err(Error::InvalidRequest(format!("two columns have the id {}", column.id.0)));
        }
        if !names.insert(column.name.as_str()) || column.name.starts_with("__") {
            return Err(Error::InvalidRequest(format!(
                "the column name {} is taken or reserved",
                column.name
            )));
        }
    }
    let mut key = HashSet::new();
    if !spec.key.iter().all(|column| key.insert(column)) {
        return Err(Error::InvalidRequest("a column appears twice in the key".into()));
    }
    Ok(())
}

fn describe(value: &Datum<'_>, kind: Kind) -> String {
    match value {
        Datum::Bytes(_) if matches!(kind, Kind::Text | Kind::Json) => {
            "bytes that are not UTF-8".into()
        }
        Datum::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Datum::Int(value) => format!("the integer {value}"),
        Datum::Int128(value) => format!("the integer {value}"),
        Datum::Float(value) => format!("the float {value}"),
        Datum::Bool(value) => format!("the boolean {value}"),
        Datum::Interval { .. } => "an interval".into(),
        Datum::Null => "NULL".into(),
    }
}
