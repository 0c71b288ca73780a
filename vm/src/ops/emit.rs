//! Rows that code emits one by one, on their way into batches of the statement's result.

use crate::batch::{Batch, CAPACITY};
use crate::context::Context;
use crate::vector::Vector;
use grizzly_bytecode::{Fault, Field, Value, VectorKind};

/// Emitted rows that no batch has taken yet. All memory is reused.
#[derive(Default)]
pub(crate) struct RowBuffer {
    /// The values, row after row.
    values: Vec<Value>,
    rows: usize,
    batch: Batch,
}

impl RowBuffer {
    /// Takes a row.
    ///
    /// # Errors
    /// What the output says to a batch that was full.
    pub(crate) fn push(
        &mut self,
        context: &mut Context<'_>,
        columns: &[Field],
        row: &[Value],
    ) -> Result<(), Fault> {
        if self.rows == CAPACITY {
            self.flush(context, columns)?;
        }
        self.values.extend_from_slice(row);
        self.rows += 1;
        Ok(())
    }

    /// Hands the rows to the output.
    ///
    /// # Errors
    /// What the output says.
    pub(crate) fn flush(
        &mut self,
        context: &mut Context<'_>,
        columns: &[Field],
    ) -> Result<(), Fault> {
        if self.rows == 0 {
            return Ok(());
        }
        self.batch.reset(columns.len(), self.rows);
        for (index, (vector, column)) in self.batch.columns.iter_mut().zip(columns).enumerate() {
            let values = self.values.iter().skip(index).step_by(columns.len());
            fill(vector, column.ty.vector_kind(), self.rows, values);
        }
        self.clear();
        context.output.batch(columns, &self.batch)
    }

    /// Forgets the rows.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.rows = 0;
    }
}

/// Makes a vector hold `len` values. A value of another kind than the vector's reads as NULL.
fn fill<'v>(
    vector: &mut Vector,
    kind: VectorKind,
    len: usize,
    values: impl Iterator<Item = &'v Value> + Clone,
) {
    if let (1, Some(value)) = (len, values.clone().next()) {
        return vector.set_constant(value, kind);
    }
    fn flat<T>(buffer: &mut Vec<T>, values: impl Iterator<Item = T>) {
        buffer.clear();
        buffer.extend(values);
    }
    let all = values.clone();
    match kind {
        VectorKind::Bool => {
            flat(vector.owned_bool(), all.map(|v| u8::from(matches!(v, Value::Bool(true)))));
        }
        VectorKind::I64 => {
            flat(vector.owned_i64(), all.map(|v| if let Value::Int(int) = v { *int } else { 0 }))
        }
        VectorKind::F64 => flat(
            vector.owned_f64(),
            all.map(|v| if let Value::Float(float) = v { *float } else { 0.0 }),
        ),
        VectorKind::I128 => flat(
            vector.owned_i128(),
            all.map(|v| if let Value::Wide(wide) = v { *wide } else { 0 }),
        ),
        VectorKind::Object => flat(vector.owned_object(), all.cloned()),
        VectorKind::Bytes => {
            if vector.kind() != VectorKind::Bytes {
                *vector = Vector::of_kind(VectorKind::Bytes);
            }
            let (references, heap) = vector.bytes_mut().owned_references();
            references.extend(all.map(|v| match v {
                Value::Text(text) => crate::vector::TextRef::store(text.as_bytes(), heap),
                Value::Bytes(bytes) => crate::vector::TextRef::store(bytes, heap),
                _ => crate::vector::TextRef::default(),
            }));
            vector.validity_mut().set_all_valid();
        }
    }
    for (row, value) in values.enumerate() {
        if value.is_null() {
            vector.validity_mut().set(row, false, len);
        }
    }
}
