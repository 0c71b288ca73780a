//! Writes JSON: an array of objects, or an object a line.

use crate::display::{write_json, write_json_string};
use crate::format::TextRows;
use grizzly_bytecode::Field;
use grizzly_vm::batch::Batch;

/// Writes rows as JSON objects.
pub struct JsonWriter {
    lines: bool,
    rows: u64,
}

impl JsonWriter {
    /// A writer of one object a line, or of one array.
    pub fn new(lines: bool) -> JsonWriter {
        JsonWriter { lines, rows: 0 }
    }
}

impl TextRows for JsonWriter {
    fn begin(&mut self, out: &mut String, _: &[Field]) {
        self.rows = 0;
        if !self.lines {
            out.push('[');
        }
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        if !self.lines {
            out.push_str(if self.rows == 0 { "\n" } else { ",\n" });
        }
        self.rows += 1;
        out.push('{');
        for (index, field) in columns.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_json_string(out, &field.name);
            out.push(':');
            write_json(out, &batch.value(row, index, &field.ty), &field.ty);
        }
        out.push('}');
        if self.lines {
            out.push('\n');
        }
    }

    fn end(&mut self, out: &mut String, _: &[Field]) {
        if !self.lines {
            out.push_str(if self.rows == 0 { "]\n" } else { "\n]\n" });
        }
    }
}
