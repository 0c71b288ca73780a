//! Rows that lie in memory as a scan, for the tables of the schema `system`.

use grizzly_bytecode::{Fault, Type, Value};
use grizzly_vm::batch::{Batch, CAPACITY};
use grizzly_vm::ports::{Morsel, TableScan};

/// Rows, and which of their values a scan gives.
pub(super) struct RowScan {
    pub rows: Vec<Vec<Value>>,
    /// The index of each column in a row, and its type.
    pub columns: Vec<(usize, Type)>,
    /// The number of predicates of the request; none of them is looked at.
    pub predicates: usize,
}

impl TableScan for RowScan {
    fn exact(&self) -> Vec<bool> {
        vec![false; self.predicates]
    }

    fn split(self: Box<Self>, _: usize) -> Vec<Box<dyn Morsel>> {
        vec![Box::new(RowMorsel { scan: *self, at: 0 })]
    }
}

struct RowMorsel {
    scan: RowScan,
    /// The first row that was not given yet.
    at: usize,
}

impl Morsel for RowMorsel {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        let rest = self.scan.rows.get(self.at..).unwrap_or(&[]);
        let rows = rest.get(..rest.len().min(CAPACITY)).unwrap_or(rest);
        if rows.is_empty() {
            return Ok(false);
        }
        self.at += rows.len();
        batch.reset(self.scan.columns.len(), rows.len());
        for ((index, ty), vector) in self.scan.columns.iter().zip(&mut batch.columns) {
            let values = || rows.iter().map(|row| row.get(*index).unwrap_or(&Value::Null));
            match ty {
                Type::Int64 => {
                    let owned = vector.owned_i64();
                    owned.clear();
                    owned.extend(values().map(|value| match value {
                        Value::Int(number) => *number,
                        _ => 0,
                    }));
                }
                Type::Bool => {
                    let owned = vector.owned_bool();
                    owned.clear();
                    let bit = |value: &Value| u8::from(matches!(value, Value::Bool(true)));
                    owned.extend(values().map(bit));
                }
                _ => {
                    let (offsets, data) = vector.bytes_mut().owned_offsets();
                    for value in values() {
                        if let Value::Text(text) = value {
                            data.extend_from_slice(text.as_bytes());
                        }
                        // A batch of names and statements is far below 2 GiB.
                        offsets.push(data.len() as i32);
                    }
                }
            }
            for (row, value) in values().enumerate() {
                if value.is_null() {
                    vector.validity_mut().set(row, false, rows.len());
                }
            }
        }
        Ok(true)
    }
}
