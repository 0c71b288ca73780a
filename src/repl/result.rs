//! The last result, kept beside its printing for `_` and `.last`.

use crate::output::Output;
use grizzly_bytecode::{Fault, Field, Type, Value};
use grizzly_vm::batch::{Batch, CAPACITY};
use grizzly_vm::ports;

/// The rows of a result that are kept.
const KEPT_ROWS: usize = 10_000;

/// A result.
#[derive(Clone, Debug, Default)]
pub struct LastResult {
    columns: Vec<Field>,
    rows: Vec<Vec<Value>>,
    /// All rows, kept or not.
    total: u64,
}

impl LastResult {
    /// The value of a result of one row and one column.
    pub fn single(&self) -> Option<(Type, Value)> {
        let ([column], [row]) = (self.columns.as_slice(), self.rows.as_slice()) else {
            return None;
        };
        (self.total == 1).then_some(())?;
        Some((column.ty.clone(), row.first()?.clone()))
    }

    /// The rows that are no longer there.
    pub fn dropped(&self) -> u64 {
        self.total - self.rows.len() as u64
    }

    /// Prints the rows that were kept.
    ///
    /// # Errors
    /// What the output raises.
    pub fn print(&self, output: &mut dyn Output) -> Result<(), Fault> {
        for chunk in self.rows.chunks(CAPACITY) {
            let mut batch = Batch::default();
            batch.reset(self.columns.len(), chunk.len());
            for (index, vector) in batch.columns.iter_mut().enumerate() {
                let column = || chunk.iter().map(|row| row.get(index).cloned());
                let own = vector.owned_object();
                own.clear();
                own.extend(column().map(|value| value.unwrap_or(Value::Null)));
                for (row, value) in column().enumerate() {
                    let valid = value.is_some_and(|value| !value.is_null());
                    vector.validity_mut().set(row, valid, chunk.len());
                }
            }
            output.batch(&self.columns, &batch)?;
        }
        output.finish(&self.columns)
    }
}

/// An output that keeps the last result and counts its rows.
pub struct Recorder<'a> {
    inner: &'a mut dyn Output,
    current: LastResult,
    /// The last result that was finished.
    pub last: Option<LastResult>,
    /// The rows of the statement that runs.
    pub rows: u64,
}

impl<'a> Recorder<'a> {
    /// Records what goes to `inner`.
    pub fn new(inner: &'a mut dyn Output) -> Recorder<'a> {
        Recorder { inner, current: LastResult::default(), last: None, rows: 0 }
    }
}

impl ports::Output for Recorder<'_> {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        let rows = batch.rows();
        self.current.total += rows.count() as u64;
        self.rows += rows.count() as u64;
        let room = KEPT_ROWS - self.current.rows.len().min(KEPT_ROWS);
        for row in rows.iter().take(room) {
            let value = |(index, field): (usize, &Field)| batch.value(row, index, &field.ty);
            self.current.rows.push(columns.iter().enumerate().map(value).collect());
        }
        self.inner.batch(columns, batch)
    }

    fn print(&mut self, value: &Value, ty: &Type) -> Result<(), Fault> {
        self.inner.print(value, ty)
    }
}

impl Output for Recorder<'_> {
    fn finish(&mut self, columns: &[Field]) -> Result<(), Fault> {
        if !columns.is_empty() {
            self.current.columns = columns.to_vec();
            self.last = Some(std::mem::take(&mut self.current));
        }
        self.inner.finish(columns)
    }

    fn abort(&mut self) {
        self.current = LastResult::default();
        self.inner.abort();
    }
}
