//! Lists and structs: as bytes in rows, as Arrow arrays in blocks.
//!
//! Outside blocks a value of a list or struct is bytes, in a [`Datum::Bytes`]. An *element* is a
//! byte, 0 for NULL and 1 otherwise, then the value's *content*: of a fixed width type, its bytes
//! little-endian (a FLOAT in 4 bytes, an INTERVAL as in a row image); of TEXT, BLOB and JSON, a
//! `u32` length and the bytes; of a list, a `u32` count and the elements; of a struct, the elements
//! of its fields. A column's value is a content, without the byte in front, since NULL is said
//! beside it. Blocks hold `List` and `Struct` arrays, which are read back into these bytes.

use crate::block::{ColumnBuilder, ColumnReader, arrow};
use crate::datum::Datum;
use crate::error::{Error, Result};
use crate::row::{read_fixed, write_fixed};
use crate::schema::StorageType;
use crate::sync::Arc;
use crate::table::Kind;
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields};
use std::collections::HashSet;
use std::sync::Mutex;

/// What a nested kind is made of.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// Any number of elements of one kind.
    List(Kind),
    /// One element a field.
    Struct(Vec<(String, Kind)>),
}

/// The shapes in use. One stays for as long as the process: there are no more of them than
/// different column types, and a kind stays a word to copy.
static SHAPES: Mutex<Option<HashSet<&'static Shape>>> = Mutex::new(None);

fn intern(shape: Shape) -> &'static Shape {
    let mut shapes = SHAPES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let shapes = shapes.get_or_insert_default();
    if let Some(known) = shapes.get(&shape) {
        return known;
    }
    let shape: &'static Shape = Box::leak(Box::new(shape));
    shapes.insert(shape);
    shape
}

/// The kind of lists of a type.
pub(crate) fn list_kind(element: &StorageType) -> Result<Kind> {
    Ok(Kind::Nested(intern(Shape::List(Kind::of(element)?))))
}

/// The kind of structs with these fields.
pub(crate) fn struct_kind(fields: &[(String, StorageType)]) -> Result<Kind> {
    if fields.is_empty() {
        return Err(Error::InvalidRequest("a struct column needs a field".into()));
    }
    let fields: Result<Vec<_>> =
        fields.iter().map(|(name, ty)| Ok((name.clone(), Kind::of(ty)?))).collect();
    Ok(Kind::Nested(intern(Shape::Struct(fields?))))
}

fn field(name: &str, kind: Kind) -> Field {
    Field::new(name, crate::block::arrow_type(kind), true)
}

/// The Arrow type of a shape.
pub(crate) fn arrow_type(shape: &Shape) -> DataType {
    match shape {
        Shape::List(element) => DataType::List(Arc::new(field("item", *element))),
        Shape::Struct(fields) => DataType::Struct(struct_fields(fields)),
    }
}

fn struct_fields(fields: &[(String, Kind)]) -> Fields {
    fields.iter().map(|(name, kind)| field(name, *kind)).collect()
}

/// Appends an element: `value` must be of the kind.
fn put_element(out: &mut Vec<u8>, kind: Kind, value: &Datum<'_>) {
    out.push(u8::from(!value.is_null()));
    match value {
        Datum::Null => {}
        Datum::Bytes(bytes) if matches!(kind, Kind::Nested(_)) => out.extend_from_slice(bytes),
        Datum::Bytes(bytes) if kind.is_variable() => {
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(bytes);
        }
        value => {
            let start = out.len();
            out.resize(start + kind.fixed_width(), 0);
            write_fixed(kind, value, &mut out[start..]);
        }
    }
}

/// Elements one after the other; `None` where the bytes hold no whole one.
struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Elements<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }

    /// The next element. Of nested kinds it is the content.
    fn next(&mut self, kind: Kind) -> Option<Datum<'a>> {
        match self.take(1)? {
            [0] => return Some(Datum::Null),
            [1] => {}
            _ => return None,
        }
        Some(match kind {
            Kind::Nested(shape) => {
                let start = self.at;
                self.skip(shape)?;
                Datum::Bytes(self.bytes.get(start..self.at)?)
            }
            kind if kind.is_variable() => {
                let count = self.count()?;
                Datum::Bytes(self.take(count)?)
            }
            kind => read_fixed(kind, self.take(kind.fixed_width())?, 0),
        })
    }

    /// Passes a content, whose values must be of their kinds.
    fn skip(&mut self, shape: &Shape) -> Option<()> {
        match shape {
            Shape::Struct(fields) => fields.iter().try_for_each(|(_, kind)| self.pass(*kind)),
            Shape::List(kind) => {
                let count = self.count()?;
                (0..count).try_for_each(|_| self.pass(*kind))
            }
        }
    }

    /// Passes an element, which must be of its kind.
    fn pass(&mut self, kind: Kind) -> Option<()> {
        let value = self.next(kind)?;
        let fits = match kind {
            // Its elements were looked at on the way.
            Kind::Nested(_) => true,
            kind => value.is_null() || kind.admits(&value),
        };
        fits.then_some(())
    }
}

/// Whether bytes are a content of a shape, all of them.
pub(crate) fn is_valid(shape: &Shape, bytes: &[u8]) -> bool {
    let mut elements = Elements { bytes, at: 0 };
    elements.skip(shape).is_some() && elements.at == bytes.len()
}

/// The Arrow array of contents, one a row.
pub(crate) fn to_arrow(
    shape: &Shape,
    offsets: &[i32],
    data: &[u8],
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let rows = offsets.windows(2).enumerate().map(|(row, ends)| {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let bytes = &data[ends[0] as usize..ends[1] as usize];
        valid.then_some(Elements { bytes, at: 0 })
    });
    let broken = || Error::Bug("a nested value has lost its form".into());
    match shape {
        Shape::Struct(fields) => {
            let count = offsets.len() - 1;
            let mut builders: Vec<_> =
                fields.iter().map(|(_, kind)| ColumnBuilder::new(*kind, count)).collect();
            for mut row in rows {
                for ((_, kind), builder) in fields.iter().zip(&mut builders) {
                    builder.push(match &mut row {
                        Some(row) => row.next(*kind).ok_or_else(broken)?,
                        None => Datum::Null,
                    });
                }
            }
            let children: Result<Vec<_>> =
                builders.into_iter().map(|builder| builder.finish(false)).collect();
            let array = StructArray::try_new(struct_fields(fields), children?, nulls.clone());
            Ok(Arc::new(array.map_err(arrow)?))
        }
        Shape::List(kind) => {
            let mut builder = ColumnBuilder::new(*kind, offsets.len());
            let (mut ends, mut end) = (vec![0_i32], 0_usize);
            for row in rows {
                if let Some(mut row) = row {
                    let count = row.count().ok_or_else(broken)?;
                    for _ in 0..count {
                        builder.push(row.next(*kind).ok_or_else(broken)?);
                    }
                    end += count;
                }
                ends.push(i32::try_from(end).map_err(|_| too_long())?);
            }
            let offsets = OffsetBuffer::new(ends.into());
            let item = Arc::new(field("item", *kind));
            let array = ListArray::try_new(item, offsets, builder.finish(false)?, nulls.clone());
            Ok(Arc::new(array.map_err(arrow)?))
        }
    }
}

fn too_long() -> Error {
    Error::Unsupported("2 GiB of lists and structs in one block".into())
}

/// The contents of an array's rows, as offsets and bytes; those of NULLs are empty.
pub(crate) fn from_arrow(shape: &Shape, array: &ArrayRef) -> Result<(OffsetBuffer<i32>, Buffer)> {
    let mut out = Vec::new();
    let mut offsets = Vec::with_capacity(array.len() + 1);
    offsets.push(0_i32);
    let broken = || Error::InvalidRequest("an array is not of its column's type".into());
    match shape {
        Shape::Struct(fields) => {
            let array = array.as_any().downcast_ref::<StructArray>().ok_or_else(broken)?;
            let readers: Result<Vec<_>> = fields
                .iter()
                .zip(array.columns())
                .map(|((_, kind), column)| Ok((*kind, ColumnReader::new(*kind, column)?)))
                .collect();
            let readers = readers?;
            for row in 0..array.len() {
                if array.is_valid(row) {
                    for (kind, reader) in &readers {
                        put_element(&mut out, *kind, &reader.value(row));
                    }
                }
                offsets.push(i32::try_from(out.len()).map_err(|_| too_long())?);
            }
        }
        Shape::List(kind) => {
            let array = array.as_any().downcast_ref::<ListArray>().ok_or_else(broken)?;
            let reader = ColumnReader::new(*kind, array.values())?;
            for row in 0..array.len() {
                if array.is_valid(row) {
                    let ends = array.value_offsets();
                    let elements = ends[row] as usize..ends[row + 1] as usize;
                    out.extend_from_slice(&(elements.len() as u32).to_le_bytes());
                    elements.for_each(|at| put_element(&mut out, *kind, &reader.value(at)));
                }
                offsets.push(i32::try_from(out.len()).map_err(|_| too_long())?);
            }
        }
    }
    Ok((OffsetBuffer::new(offsets.into()), Buffer::from_vec(out)))
}

/// Writes the bytes of a list or struct, part after part.
#[derive(Debug)]
pub struct NestedWriter<'a>(pub &'a mut Vec<u8>);

impl NestedWriter<'_> {
    /// NULL, of any type.
    pub fn null(&mut self) {
        self.0.push(0);
    }

    /// A value, not NULL, of a type that is no list or struct.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a value that is not of the type.
    pub fn scalar(&mut self, ty: &StorageType, value: &Datum<'_>) -> Result<()> {
        let kind = Kind::of(ty)?;
        if !kind.admits(value) {
            return Err(Error::InvalidRequest("a part of a value is not of its type".into()));
        }
        put_element(self.0, kind, value);
        Ok(())
    }

    /// A struct inside a value: its fields follow.
    pub fn structure(&mut self) {
        self.0.push(1);
    }

    /// A list inside a value: its elements follow.
    pub fn list(&mut self, count: usize) {
        self.0.push(1);
        self.count(count);
    }

    /// The number of elements, with which a column's value begins where it is a list.
    pub fn count(&mut self, count: usize) {
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }
}

/// Reads what a [`NestedWriter`] wrote.
#[derive(Debug)]
pub struct NestedReader<'a>(Elements<'a>);

impl std::fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} bytes", self.at, self.bytes.len())
    }
}

impl<'a> NestedReader<'a> {
    /// A reader from the start of a column's value.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> NestedReader<'a> {
        NestedReader(Elements { bytes, at: 0 })
    }

    /// A value or NULL of a type that is no list or struct; NULL past the end.
    pub fn scalar(&mut self, ty: &StorageType) -> Datum<'a> {
        Kind::of(ty).ok().and_then(|kind| self.0.next(kind)).unwrap_or(Datum::Null)
    }

    /// Whether a list or struct follows, not NULL.
    pub fn present(&mut self) -> bool {
        self.0.take(1) == Some(&[1])
    }

    /// The number of elements that follow.
    pub fn count(&mut self) -> usize {
        self.0.count().unwrap_or(0)
    }
}
