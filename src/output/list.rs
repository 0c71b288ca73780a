//! The values of a row with `|` in between, as they are: for other programs' simplest readers.

use super::{Format, values};
use grizzly_bytecode::Field;
use grizzly_stdlib::display::write_value;
use grizzly_vm::batch::Batch;

/// List output.
pub(super) struct List;

impl Format for List {
    fn begin(&mut self, out: &mut String, columns: &[Field]) {
        for (index, field) in columns.iter().enumerate() {
            separate(out, index);
            out.push_str(&field.name);
        }
        out.push('\n');
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        for (index, (value, field)) in values(columns, batch, row).enumerate() {
            separate(out, index);
            if !value.is_null() {
                write_value(out, &value, &field.ty);
            }
        }
        out.push('\n');
    }

    fn end(&mut self, _: &mut String, _: &[Field]) {}
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push('|');
    }
}
