//! Vectors: columns of a batch, typed, in one of a few forms.
//!
//! A vector does not know its length: the batch does, and a flat vector has at least as many
//! values. A value is *flat* (one per row), *constant* (one for all rows) or, for text, in a
//! *dictionary*. Whether rows are NULL is said by a [`Validity`] beside the data; the data under a
//! NULL is arbitrary but readable. Data is borrowed from a pinned buffer ([`Shared`]) or lies in a
//! buffer of the vector's own that is kept and reused when the vector is refilled, so that a steady
//! stream of batches allocates nothing.
//!
//! A vector of kind I128 may hold 64-bit data while all of its values fit ("narrow"): inside the
//! executor DECIMAL arithmetic stays in 64 bits until it overflows them. At the ports (scans,
//! writes, results) an I128 column always holds 128-bit data.

mod buffer;
mod bytes;
mod validity;

pub use buffer::{AsSlice, Buffer, Shared};
pub use bytes::{BytesData, BytesForm, BytesView, Codes, CodesView, Dictionary, TextRef};
pub use validity::{Bits, Validity, ValidityView, set_bit};

use grizzly_bytecode::{Type, Value, VectorKind};
use smol_str::SmolStr;
use std::sync::Arc;

/// A column of values.
#[derive(Debug)]
pub struct Vector {
    data: Data,
    validity: Validity,
}

/// The values of a vector, by kind.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a query has few vectors, and each kernel reads through them"
)]
pub enum Data {
    /// One byte a value, 0 or 1.
    Bool(Values<u8>),
    /// 64-bit integers.
    I64(Values<i64>),
    /// DOUBLE.
    F64(Values<f64>),
    /// 128-bit integers.
    I128(Values<i128>),
    /// TEXT and BLOB.
    Bytes(BytesData),
    /// Anything, a value a row.
    Object(Values<Value>),
}

/// Fixed-width values: flat, or one constant for all rows.
#[derive(Debug)]
pub struct Values<T: 'static> {
    constant: Option<T>,
    buffer: Buffer<T>,
}

/// Fixed-width values as kernels read them.
#[derive(Debug)]
pub enum Operand<'a, T> {
    /// One value a row.
    Flat(&'a [T]),
    /// One value for all rows.
    Constant(&'a T),
}

impl<T> Clone for Operand<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Operand<'_, T> {}

impl<'a, T> Operand<'a, T> {
    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &'a T {
        match self {
            Operand::Flat(values) => &values[row],
            Operand::Constant(value) => value,
        }
    }
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Values { constant: None, buffer: Buffer::default() }
    }
}

impl<T> Values<T> {
    /// The values for reading.
    pub fn operand(&self) -> Operand<'_, T> {
        match &self.constant {
            Some(value) => Operand::Constant(value),
            None => Operand::Flat(self.buffer.as_slice()),
        }
    }

    /// The flat values to overwrite; see [`Vector::make_owned`].
    pub fn slice_mut(&mut self) -> &mut [T] {
        self.owned()
    }

    fn set_constant(&mut self, value: T) {
        self.buffer.release();
        self.constant = Some(value);
    }

    fn set_shared(&mut self, shared: Shared<T>) {
        self.constant = None;
        self.buffer.share(shared);
    }

    fn owned(&mut self) -> &mut Vec<T> {
        self.constant = None;
        self.buffer.owned()
    }
}

impl<T: Clone> Values<T> {
    /// Makes the values flat and owned, of at least `len` rows, keeping what they are.
    fn make_owned(&mut self, len: usize, filler: T) -> &mut [T] {
        if let Some(value) = self.constant.take() {
            let owned = self.buffer.owned();
            owned.clear();
            owned.resize(len, value);
            return owned;
        }
        let owned = self.buffer.make_owned();
        if owned.len() < len {
            owned.resize(len, filler);
        }
        owned
    }

    fn gather_from_values(&mut self, other: &Values<T>, rows: &[u16]) {
        match other.operand() {
            Operand::Constant(value) => self.set_constant(value.clone()),
            Operand::Flat(values) => bytes::gather(self.owned(), values, rows),
        }
    }

    fn clone_from_values(&mut self, other: &Values<T>, len: usize) {
        match &other.constant {
            Some(value) => self.set_constant(value.clone()),
            None => {
                self.constant = None;
                self.buffer.clone_from_buffer(&other.buffer, len);
            }
        }
    }
}

impl Default for Vector {
    fn default() -> Self {
        Vector::of_kind(VectorKind::I64)
    }
}

macro_rules! fixed_width {
    ($($variant:ident, $ty:ty, $set_shared:ident, $owned:ident, $set_constant:ident;)*) => {$(
        /// Borrows the values from a pinned buffer; no row is NULL.
        pub fn $set_shared(&mut self, shared: Shared<$ty>) {
            self.validity.set_all_valid();
            if let Data::$variant(values) = &mut self.data {
                values.set_shared(shared);
            } else {
                let mut values = Values::default();
                values.set_shared(shared);
                self.data = Data::$variant(values);
            }
        }

        /// The vector's own buffer to fill with a value per row: it is flat afterwards, and no row
        /// is NULL. The buffer still holds what the vector's last owned use left.
        pub fn $owned(&mut self) -> &mut Vec<$ty> {
            self.validity.set_all_valid();
            if !matches!(self.data, Data::$variant(_)) {
                self.data = Data::$variant(Values::default());
            }
            match &mut self.data {
                Data::$variant(values) => values.owned(),
                // The variant was set on the line above.
                _ => unreachable!("the vector has just got this kind"),
            }
        }

        /// Makes all rows one value.
        pub fn $set_constant(&mut self, value: $ty) {
            self.validity.set_all_valid();
            if let Data::$variant(values) = &mut self.data {
                values.set_constant(value);
            } else {
                let mut values = Values::default();
                values.set_constant(value);
                self.data = Data::$variant(values);
            }
        }
    )*};
}

impl Vector {
    /// An empty vector of a kind.
    pub fn of_kind(kind: VectorKind) -> Vector {
        let data = match kind {
            VectorKind::Bool => Data::Bool(Values::default()),
            VectorKind::I64 => Data::I64(Values::default()),
            VectorKind::F64 => Data::F64(Values::default()),
            VectorKind::I128 => Data::I128(Values::default()),
            VectorKind::Bytes => Data::Bytes(BytesData::default()),
            VectorKind::Object => Data::Object(Values::default()),
        };
        Vector { data, validity: Validity::default() }
    }

    /// The values.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The values, to overwrite some after [`Vector::make_owned`].
    pub fn data_mut(&mut self) -> &mut Data {
        &mut self.data
    }

    /// Which rows are NULL.
    pub fn validity(&self) -> ValidityView<'_> {
        self.validity.view()
    }

    /// The validity, to change it.
    pub fn validity_mut(&mut self) -> &mut Validity {
        &mut self.validity
    }

    /// The kind of the data as it is held (a narrow I128 vector says I64).
    pub fn kind(&self) -> VectorKind {
        match &self.data {
            Data::Bool(_) => VectorKind::Bool,
            Data::I64(_) => VectorKind::I64,
            Data::F64(_) => VectorKind::F64,
            Data::I128(_) => VectorKind::I128,
            Data::Bytes(_) => VectorKind::Bytes,
            Data::Object(_) => VectorKind::Object,
        }
    }

    /// Whether all rows hold one value (or all are NULL).
    pub fn is_constant(&self) -> bool {
        let constant = match &self.data {
            Data::Bool(v) => v.constant.is_some(),
            Data::I64(v) => v.constant.is_some(),
            Data::F64(v) => v.constant.is_some(),
            Data::I128(v) => v.constant.is_some(),
            Data::Bytes(v) => v.is_constant(),
            Data::Object(v) => v.constant.is_some(),
        };
        constant && !matches!(self.validity.view(), ValidityView::Bits(_))
    }

    fixed_width! {
        Bool, u8, set_bool_shared, owned_bool, set_bool_constant;
        I64, i64, set_i64_shared, owned_i64, set_i64_constant;
        F64, f64, set_f64_shared, owned_f64, set_f64_constant;
        I128, i128, set_i128_shared, owned_i128, set_i128_constant;
        Object, Value, set_object_shared, owned_object, set_object_constant;
    }

    /// Fills the vector with widened integers (INT8, INT16, INT32, DATE as days), in its own
    /// buffer.
    pub fn widen_i64<S: Copy + Into<i64>>(&mut self, source: &[S]) {
        let owned = self.owned_i64();
        owned.clear();
        owned.extend(source.iter().map(|&value| value.into()));
    }

    /// Fills the vector with widened FLOAT32 values, in its own buffer.
    pub fn widen_f64(&mut self, source: &[f32]) {
        let owned = self.owned_f64();
        owned.clear();
        owned.extend(source.iter().map(|&value| f64::from(value)));
    }

    /// Fills the vector with booleans from a bitmap (least significant bit first), in its own
    /// buffer.
    pub fn expand_bool(&mut self, bits: Bits<'_>, len: usize) {
        let owned = self.owned_bool();
        owned.clear();
        owned.extend((0..len).map(|row| u8::from(bits.get(row))));
    }

    /// The vector's text data to fill; no row is NULL.
    pub fn bytes_mut(&mut self) -> &mut BytesData {
        self.validity.set_all_valid();
        if !matches!(self.data, Data::Bytes(_)) {
            self.data = Data::Bytes(BytesData::default());
        }
        match &mut self.data {
            Data::Bytes(bytes) => bytes,
            // The variant was set on the line above.
            _ => unreachable!("the vector has just got this kind"),
        }
    }

    /// Borrows text from pinned offsets (one more than rows) and bytes; no row is NULL.
    pub fn set_offsets_shared(&mut self, offsets: Shared<i32>, data: Shared<u8>) {
        self.bytes_mut().set_offsets_shared(offsets, data);
    }

    /// Makes the vector the values of a dictionary, chosen by codes; no row is NULL.
    pub fn set_dictionary(&mut self, codes: Codes, dictionary: Arc<Dictionary>) {
        self.bytes_mut().set_dictionary(codes, dictionary);
    }

    /// Makes all rows NULL, in the kind that the vector has.
    pub fn set_null(&mut self) {
        match &mut self.data {
            Data::Bool(v) => v.set_constant(0),
            Data::I64(v) => v.set_constant(0),
            Data::F64(v) => v.set_constant(0.0),
            Data::I128(v) => v.set_constant(0),
            Data::Bytes(v) => v.set_constant(&[]),
            Data::Object(v) => v.set_constant(Value::Null),
        }
        self.validity.set_all_null();
    }

    /// Makes all rows one value of the kind; NULL where it is NULL. A 128-bit value that fits 64
    /// bits is held in 64 bits.
    pub fn set_constant(&mut self, value: &Value, kind: VectorKind) {
        if self.kind() != kind {
            *self = Vector::of_kind(kind);
        }
        match (kind, value) {
            (VectorKind::Object, value) => {
                self.set_object_constant(value.clone());
                if value.is_null() {
                    self.validity.set_all_null();
                }
            }
            (VectorKind::I128, Value::Wide(wide)) => match i64::try_from(*wide) {
                Ok(narrow) => self.set_i64_constant(narrow),
                Err(_) => self.set_i128_constant(*wide),
            },
            (VectorKind::I128, Value::Int(narrow)) => self.set_i64_constant(*narrow),
            (VectorKind::Bool, Value::Bool(b)) => self.set_bool_constant(u8::from(*b)),
            (VectorKind::I64, Value::Int(i)) => self.set_i64_constant(*i),
            (VectorKind::F64, Value::Float(x)) => self.set_f64_constant(*x),
            (VectorKind::Bytes, Value::Text(t)) => self.bytes_mut().set_constant(t.as_bytes()),
            (VectorKind::Bytes, Value::Bytes(b)) => self.bytes_mut().set_constant(b),
            // What is left is NULL; the verifier keeps constants of other kinds out.
            _ => self.set_null(),
        }
    }

    /// Makes this vector equal to another, of `len` rows: borrowed data stays borrowed, owned data
    /// is copied into this vector's own buffer.
    pub fn clone_from_vector(&mut self, other: &Vector, len: usize) {
        if self.kind() != other.kind() {
            *self = Vector::of_kind(other.kind());
        }
        match (&mut self.data, &other.data) {
            (Data::Bool(to), Data::Bool(from)) => to.clone_from_values(from, len),
            (Data::I64(to), Data::I64(from)) => to.clone_from_values(from, len),
            (Data::F64(to), Data::F64(from)) => to.clone_from_values(from, len),
            (Data::I128(to), Data::I128(from)) => to.clone_from_values(from, len),
            (Data::Bytes(to), Data::Bytes(from)) => to.clone_from_bytes(from, len),
            (Data::Object(to), Data::Object(from)) => to.clone_from_values(from, len),
            // The kinds were made equal above.
            _ => unreachable!("both vectors have one kind"),
        }
        self.validity.clone_from_view(other.validity.view(), len);
    }

    /// Becomes chosen rows of another vector, in the order of `rows`.
    pub fn gather_from(&mut self, other: &Vector, rows: &[u16]) {
        if self.kind() != other.kind() {
            *self = Vector::of_kind(other.kind());
        }
        match (&mut self.data, &other.data) {
            (Data::Bool(to), Data::Bool(from)) => to.gather_from_values(from, rows),
            (Data::I64(to), Data::I64(from)) => to.gather_from_values(from, rows),
            (Data::F64(to), Data::F64(from)) => to.gather_from_values(from, rows),
            (Data::I128(to), Data::I128(from)) => to.gather_from_values(from, rows),
            (Data::Bytes(to), Data::Bytes(from)) => to.gather_from(from, rows),
            (Data::Object(to), Data::Object(from)) => to.gather_from_values(from, rows),
            // The kinds were made equal above.
            _ => unreachable!("both vectors have one kind"),
        }
        match other.validity.view() {
            ValidityView::AllValid => self.validity.set_all_valid(),
            ValidityView::AllNull => self.validity.set_all_null(),
            ValidityView::Bits(from) => {
                let bits = self.validity.owned_bits(rows.len());
                for (at, row) in rows.iter().enumerate() {
                    set_bit(bits, at, from.get(usize::from(*row)));
                }
            }
        }
    }

    /// Makes the data flat, owned and of at least `len` rows, keeping the values, so that single
    /// rows can be overwritten. NULLs stay as they are.
    pub fn make_owned(&mut self, len: usize) {
        match &mut self.data {
            Data::Bool(v) => _ = v.make_owned(len, 0),
            Data::I64(v) => _ = v.make_owned(len, 0),
            Data::F64(v) => _ = v.make_owned(len, 0.0),
            Data::I128(v) => _ = v.make_owned(len, 0),
            Data::Bytes(v) => v.make_references(len),
            Data::Object(v) => _ = v.make_owned(len, Value::Null),
        }
    }

    /// Turns narrow data into 128 bits.
    pub fn widen_to_i128(&mut self, len: usize) {
        let Data::I64(narrow) = &self.data else { return };
        let mut wide = Values::default();
        match narrow.operand() {
            Operand::Constant(value) => wide.set_constant(i128::from(*value)),
            Operand::Flat(values) => {
                wide.owned().extend(values.iter().take(len).map(|&v| i128::from(v)));
            }
        }
        self.data = Data::I128(wide);
    }

    /// Whether a row is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        !self.validity.view().get(row)
    }

    /// The bytes of a row of a text vector; empty for other kinds.
    pub fn bytes(&self, row: usize) -> &[u8] {
        match &self.data {
            Data::Bytes(bytes) => bytes.view().get(row),
            _ => &[],
        }
    }

    /// The value of a row, of the type that the column has.
    pub fn value(&self, row: usize, ty: &Type) -> Value {
        if self.is_null(row) {
            return Value::Null;
        }
        match &self.data {
            Data::Bool(v) => Value::Bool(*v.operand().get(row) != 0),
            Data::I64(v) if ty.vector_kind() == VectorKind::I128 => {
                Value::Wide(i128::from(*v.operand().get(row)))
            }
            Data::I64(v) => Value::Int(*v.operand().get(row)),
            Data::F64(v) => Value::Float(*v.operand().get(row)),
            Data::I128(v) => Value::Wide(*v.operand().get(row)),
            Data::Bytes(v) => bytes_value(v.view().get(row), ty),
            Data::Object(v) => v.operand().get(row).clone(),
        }
    }
}

fn bytes_value(bytes: &[u8], ty: &Type) -> Value {
    if matches!(ty, Type::Blob) {
        return Value::Bytes(Arc::from(bytes));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(SmolStr::new(text)),
        // A row key, which is bytes, may be asked for as text by a trace.
        Err(_) => Value::Text(SmolStr::new(String::from_utf8_lossy(bytes))),
    }
}
