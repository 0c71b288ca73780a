//! JSON: one array of objects a result, or one object a line.

use super::{Format, values};
use grizzly_bytecode::Field;
use grizzly_stdlib::display::{write_json, write_json_string};
use grizzly_vm::batch::Batch;

/// JSON output.
pub(super) struct Json {
    /// Whether a result is one array.
    array: bool,
    rows: u64,
}

impl Json {
    /// One array a result.
    pub(super) fn array() -> Json {
        Json { array: true, rows: 0 }
    }

    /// One object a line.
    pub(super) fn lines() -> Json {
        Json { array: false, rows: 0 }
    }
}

impl Format for Json {
    fn begin(&mut self, out: &mut String, _: &[Field]) {
        self.rows = 0;
        if self.array {
            out.push('[');
        }
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        if self.array {
            out.push_str(if self.rows == 0 { "\n" } else { ",\n" });
        }
        self.rows += 1;
        out.push('{');
        for (index, (value, field)) in values(columns, batch, row).enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_json_string(out, &field.name);
            out.push(':');
            write_json(out, &value, &field.ty);
        }
        out.push('}');
        if !self.array {
            out.push('\n');
        }
    }

    fn end(&mut self, out: &mut String, _: &[Field]) {
        if self.array {
            out.push_str(if self.rows == 0 { "]\n" } else { "\n]\n" });
        }
    }
}
