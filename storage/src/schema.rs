//! Ids, storage types and table shapes as callers state them.
//!
//! A [`TableSpec`] is plain data: storage interprets column order, storage type, nullability and
//! the key; names and SQL types are carried along for whoever reads the files from outside.

/// Identifies a table for the life of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

/// Identifies a column within its table; never reused after the column is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub u32);

/// The position of a commit in the total order of commits; the first commit has 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitTs(pub u64);

/// How values of a column are stored. FORMAT.md maps SQL types to these and to Arrow types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageType {
    /// True or false.
    Bool,
    /// 8-bit signed integer.
    Int8,
    /// 16-bit signed integer.
    Int16,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit signed integer.
    Int64,
    /// IEEE 754 single precision.
    Float32,
    /// IEEE 754 double precision.
    Float64,
    /// Exact decimal; up to 18 digits unscaled in 64 bits, up to 38 in 128.
    Decimal {
        /// Total digits, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// UTF-8 text.
    Text,
    /// Bytes.
    Blob,
    /// Days since 1970-01-01, 32 bits.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970-01-01T00:00, no zone.
    Timestamp,
    /// Microseconds since 1970-01-01T00:00 UTC.
    TimestampTz,
    /// Months, days and microseconds, kept apart.
    Interval,
    /// 16 bytes.
    Uuid,
    /// JSON text, UTF-8.
    Json,
    /// A list; no key.
    List(Box<StorageType>),
    /// A struct, at least one field; no key.
    Struct(Vec<(String, StorageType)>),
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its id, unique in the table.
    pub id: ColumnId,
    /// Its name, the Arrow field's name in the table's files.
    pub name: String,
    /// How its values are stored.
    pub ty: StorageType,
    /// The SQL type as text; opaque to storage, kept in the Arrow field's metadata.
    pub sql_type: String,
    /// Whether NULL may be stored. Key columns must not be nullable.
    pub nullable: bool,
}

/// The shape of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSpec {
    /// Its name; opaque to storage, which does not require names to be unique.
    pub name: String,
    /// Its columns, in the order rows give them.
    pub columns: Vec<ColumnSpec>,
    /// The columns of the key, in key order. Empty: the tree key is a hidden row id that grows
    /// with every insert.
    pub key: Vec<ColumnId>,
}

/// A column of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexColumn {
    /// The table's column.
    pub column: ColumnId,
    /// Whether greater values come first.
    pub descending: bool,
}

/// The shape of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSpec {
    /// Its name; opaque to storage.
    pub name: String,
    /// The table whose rows it finds.
    pub table: TableId,
    /// The columns, most important first.
    pub columns: Vec<IndexColumn>,
    /// Whether no two rows may have the same values; NULL equals nothing here.
    pub unique: bool,
}
