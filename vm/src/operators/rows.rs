//! Rows that outlive their batch: what joins build on, what sorts and collects keep, what groups
//! end as.
//!
//! Rows are kept by column, in memory that is reserved before it grows. Text is copied into one
//! heap per column. When all rows are in, [`RowSet::freeze`] makes the columns shareable, and
//! batches borrow them or gather from them.

use crate::Fault;
use crate::batch::Rows;
use crate::budget::{Budget, Reservation};
use crate::kernels::make_fresh;
use crate::vector::{Data, Shared, TextRef, ValidityView, Vector, set_bit};
use grizzly_bytecode::{Value, VectorKind};
use std::sync::Arc;

/// Rows under construction.
#[derive(Debug)]
pub struct RowSet {
    columns: Vec<Column>,
    len: usize,
    memory: Reservation,
}

/// A column of kept rows.
#[derive(Debug)]
pub struct Column {
    store: Store,
    /// A bit per row, 1 for valid; empty while no row is NULL.
    validity: Vec<u8>,
}

#[derive(Debug)]
enum Store {
    Bool(Vec<u8>),
    I64(Vec<i64>),
    F64(Vec<f64>),
    I128(Vec<i128>),
    Bytes(Vec<TextRef>, Vec<u8>),
    Object(Vec<Value>),
}

impl Store {
    fn new(kind: VectorKind) -> Store {
        match kind {
            VectorKind::Bool => Store::Bool(Vec::new()),
            VectorKind::I64 => Store::I64(Vec::new()),
            VectorKind::F64 => Store::F64(Vec::new()),
            VectorKind::I128 => Store::I128(Vec::new()),
            VectorKind::Bytes => Store::Bytes(Vec::new(), Vec::new()),
            VectorKind::Object => Store::Object(Vec::new()),
        }
    }

    /// Makes 64-bit data 128-bit, where a 128-bit value is to come.
    fn widen(&mut self, memory: &mut Reservation) -> Result<(), Fault> {
        if let Store::I64(narrow) = self {
            let mut wide = Vec::new();
            memory.make_room(&mut wide, narrow.len())?;
            wide.extend(narrow.iter().map(|&value| i128::from(value)));
            memory.shrink((narrow.capacity() * size_of::<i64>()) as u64);
            *self = Store::I128(wide);
        }
        Ok(())
    }

    fn append(
        &mut self,
        vector: &Vector,
        rows: Rows<'_>,
        memory: &mut Reservation,
    ) -> Result<(), Fault> {
        if vector.kind() == VectorKind::I128 {
            self.widen(memory)?;
        }
        let count = rows.count();
        match (self, vector.data()) {
            (Store::Bool(to), Data::Bool(from)) => {
                memory.make_room(to, count)?;
                let from = from.operand();
                rows.each(|row| to.push(*from.get(row)));
            }
            (Store::I64(to), Data::I64(from)) => {
                memory.make_room(to, count)?;
                let from = from.operand();
                rows.each(|row| to.push(*from.get(row)));
            }
            (Store::F64(to), Data::F64(from)) => {
                memory.make_room(to, count)?;
                let from = from.operand();
                rows.each(|row| to.push(*from.get(row)));
            }
            (Store::I128(to), Data::I128(from)) => {
                memory.make_room(to, count)?;
                let from = from.operand();
                rows.each(|row| to.push(*from.get(row)));
            }
            (Store::I128(to), Data::I64(from)) => {
                memory.make_room(to, count)?;
                let from = from.operand();
                rows.each(|row| to.push(i128::from(*from.get(row))));
            }
            (Store::Bytes(to, heap), Data::Bytes(from)) => {
                let (from, validity) = (from.view(), vector.validity());
                memory.make_room(to, count)?;
                let long: usize = rows.iter().map(|row| from.get(row).len()).sum();
                memory.make_room(heap, long)?;
                rows.each(|row| {
                    let bytes = if validity.get(row) { from.get(row) } else { &[] };
                    to.push(TextRef::store(bytes, heap));
                });
            }
            (Store::Object(to), Data::Object(from)) => {
                let from = from.operand();
                let outside: usize = rows.iter().map(|row| outside_bytes(from.get(row))).sum();
                memory.make_room(to, count)?;
                memory.grow(outside as u64)?;
                rows.each(|row| to.push(from.get(row).clone()));
            }
            // All batches of a pipeline have columns of the same kinds.
            (store, data) => unreachable!("{data:?} does not go into {store:?}"),
        }
        Ok(())
    }
}

/// An estimate of what a value holds outside of itself, for the budget.
pub(super) fn outside_bytes(value: &Value) -> usize {
    let all = |values: &[Value]| values.iter().map(|v| size_of::<Value>() + outside_bytes(v)).sum();
    match value {
        Value::Text(text) if text.is_heap_allocated() => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(values) => all(values),
        Value::Struct(s) => all(&s.fields),
        Value::Exception(e) => e.message.len() + all(&e.fields),
        Value::Closure(closure) => all(&closure.captures),
        Value::Map(pairs) => {
            let pair = |(k, v): &(Value, Value)| outside_bytes(k) + outside_bytes(v);
            pairs.iter().map(|p| 2 * size_of::<Value>() + pair(p)).sum()
        }
        _ => 0,
    }
}

impl Column {
    /// An empty column.
    pub fn new(kind: VectorKind) -> Column {
        Column { store: Store::new(kind), validity: Vec::new() }
    }

    /// A finished column of integers; `validity` is empty or has a bit per row.
    pub fn of_i64(values: Vec<i64>, validity: Vec<u8>) -> Column {
        Column { store: Store::I64(values), validity }
    }

    /// A finished column of 128-bit integers; `validity` is empty or has a bit per row.
    pub fn of_i128(values: Vec<i128>, validity: Vec<u8>) -> Column {
        Column { store: Store::I128(values), validity }
    }

    /// A finished column of DOUBLE; `validity` is empty or has a bit per row.
    pub fn of_f64(values: Vec<f64>, validity: Vec<u8>) -> Column {
        Column { store: Store::F64(values), validity }
    }

    /// A finished column of BOOLEAN; `validity` is empty or has a bit per row.
    pub fn of_bool(values: Vec<u8>, validity: Vec<u8>) -> Column {
        Column { store: Store::Bool(values), validity }
    }

    /// Adds rows of a vector behind the `len` that are there.
    ///
    /// # Errors
    /// ResourceExhausted.
    pub fn append(
        &mut self,
        vector: &Vector,
        rows: Rows<'_>,
        len: usize,
        memory: &mut Reservation,
    ) -> Result<(), Fault> {
        self.store.append(vector, rows, memory)?;
        let validity = vector.validity();
        if validity.is_all_valid() && self.validity.is_empty() {
            return Ok(());
        }
        let bytes = (len + rows.count()).div_ceil(8);
        let more = bytes - self.validity.len().min(bytes);
        memory.make_room(&mut self.validity, more)?;
        self.validity.resize(bytes, 0xff);
        // Bits behind the last row were set as filler.
        for (row, at) in rows.iter().zip(len..) {
            set_bit(&mut self.validity, at, validity.get(row));
        }
        Ok(())
    }

    /// Makes the column shareable.
    pub fn freeze(self) -> FrozenColumn {
        let data = match self.store {
            Store::Bool(v) => Frozen::Bool(Arc::new(v)),
            Store::I64(v) => Frozen::I64(Arc::new(v)),
            Store::F64(v) => Frozen::F64(Arc::new(v)),
            Store::I128(v) => Frozen::I128(Arc::new(v)),
            Store::Bytes(v, heap) => Frozen::Bytes(Arc::new(v), Arc::new(heap)),
            Store::Object(v) => Frozen::Object(Arc::new(v)),
        };
        let validity = (!self.validity.is_empty()).then(|| Arc::new(self.validity));
        FrozenColumn { data, validity }
    }
}

impl RowSet {
    /// No rows.
    pub fn new(budget: &Budget) -> RowSet {
        RowSet { columns: Vec::new(), len: 0, memory: Reservation::none(budget) }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Adds rows of some columns. The first call says of what kinds the columns are.
    ///
    /// # Errors
    /// ResourceExhausted; the rows must not be used afterwards.
    pub fn append<'v>(
        &mut self,
        vectors: impl Iterator<Item = &'v Vector>,
        rows: Rows<'_>,
    ) -> Result<(), Fault> {
        for (index, vector) in vectors.enumerate() {
            if index == self.columns.len() {
                self.columns.push(Column::new(vector.kind()));
            }
            self.columns[index].append(vector, rows, self.len, &mut self.memory)?;
        }
        self.len += rows.count();
        Ok(())
    }

    /// Makes the rows shareable.
    pub fn freeze(self) -> FrozenRows {
        let len = self.len;
        let columns = self.columns.into_iter().map(Column::freeze).collect();
        FrozenRows { columns, len, memory: vec![self.memory] }
    }
}

/// Rows that are complete.
#[derive(Debug)]
pub struct FrozenRows {
    /// The columns; none at all where no row came.
    pub columns: Vec<FrozenColumn>,
    /// The number of rows.
    pub len: usize,
    /// What the columns take.
    pub memory: Vec<Reservation>,
}

/// A column that is complete.
#[derive(Debug)]
pub struct FrozenColumn {
    data: Frozen,
    validity: Option<Arc<Vec<u8>>>,
}

#[derive(Debug)]
enum Frozen {
    Bool(Arc<Vec<u8>>),
    I64(Arc<Vec<i64>>),
    F64(Arc<Vec<f64>>),
    I128(Arc<Vec<i128>>),
    Bytes(Arc<Vec<TextRef>>, Arc<Vec<u8>>),
    Object(Arc<Vec<Value>>),
}

impl FrozenColumn {
    /// Whether a row is valid.
    fn valid(&self) -> ValidityView<'_> {
        match &self.validity {
            None => ValidityView::AllValid,
            Some(bits) => ValidityView::Bits(crate::vector::Bits::new(bits, 0)),
        }
    }

    /// Borrows `count` rows from `start` on into a vector.
    pub fn borrow_into(&self, start: usize, count: usize, out: &mut Vector) {
        match &self.data {
            Frozen::Bool(v) => out.set_bool_shared(Shared::new(v.clone(), start, count)),
            Frozen::I64(v) => out.set_i64_shared(Shared::new(v.clone(), start, count)),
            Frozen::F64(v) => out.set_f64_shared(Shared::new(v.clone(), start, count)),
            Frozen::I128(v) => out.set_i128_shared(Shared::new(v.clone(), start, count)),
            Frozen::Object(v) => out.set_object_shared(Shared::new(v.clone(), start, count)),
            Frozen::Bytes(v, heap) => {
                let references = out.bytes_mut().references_into(heap.clone());
                references.extend_from_slice(&v[start..start + count]);
            }
        }
        if let Some(bits) = &self.validity {
            let len = bits.as_slice().len();
            out.validity_mut().set_shared(Shared::new(bits.clone(), 0, len), start);
        }
    }

    /// Fills a vector of `len` rows: the row of each `(at, id)` becomes the column's row `id`, NULL
    /// where `id` is [`NO_ROW`]; the other rows are arbitrary.
    pub fn scatter_into(
        &self,
        pairs: impl Iterator<Item = (usize, u32)> + Clone,
        len: usize,
        out: &mut Vector,
    ) {
        match &self.data {
            Frozen::Bytes(v, heap) => {
                let references = out.bytes_mut().references_into(heap.clone());
                references.resize(len, TextRef::default());
                scatter(v, pairs.clone(), references);
            }
            data => {
                make_fresh(out, data.kind(), len);
                match (data, out.data_mut()) {
                    (Frozen::Bool(v), Data::Bool(to)) => scatter(v, pairs.clone(), to.slice_mut()),
                    (Frozen::I64(v), Data::I64(to)) => scatter(v, pairs.clone(), to.slice_mut()),
                    (Frozen::F64(v), Data::F64(to)) => scatter(v, pairs.clone(), to.slice_mut()),
                    (Frozen::I128(v), Data::I128(to)) => scatter(v, pairs.clone(), to.slice_mut()),
                    (Frozen::Object(v), Data::Object(to)) => {
                        scatter(v, pairs.clone(), to.slice_mut());
                    }
                    // The vector was made of this kind above.
                    _ => unreachable!("the vector has the column's kind"),
                }
            }
        }
        let missing = pairs.clone().any(|(_, id)| id == NO_ROW);
        if missing || self.validity.is_some() {
            let valid = self.valid();
            let bits = out.validity_mut().owned_bits(len);
            for (at, id) in pairs {
                set_bit(bits, at, id != NO_ROW && valid.get(id as usize));
            }
        }
    }
}

/// Stands for a row that is not there: the payload of an outer join's row without a match.
pub const NO_ROW: u32 = u32::MAX;

fn scatter<T: Clone>(from: &[T], pairs: impl Iterator<Item = (usize, u32)>, to: &mut [T]) {
    for (at, id) in pairs {
        if let Some(value) = from.get(id as usize) {
            to[at] = value.clone();
        }
    }
}

impl Frozen {
    fn kind(&self) -> VectorKind {
        match self {
            Frozen::Bool(_) => VectorKind::Bool,
            Frozen::I64(_) => VectorKind::I64,
            Frozen::F64(_) => VectorKind::F64,
            Frozen::I128(_) => VectorKind::I128,
            Frozen::Bytes(..) => VectorKind::Bytes,
            Frozen::Object(_) => VectorKind::Object,
        }
    }
}
