//! One `column = value` a line, an empty line between rows.

use super::{Format, values};
use grizzly_bytecode::Field;
use grizzly_stdlib::display::write_value;
use grizzly_vm::batch::Batch;
use std::fmt::Write;

/// Line output.
#[derive(Default)]
pub(super) struct Line {
    rows: u64,
}

impl Format for Line {
    fn begin(&mut self, _: &mut String, _: &[Field]) {
        self.rows = 0;
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        if self.rows > 0 {
            out.push('\n');
        }
        self.rows += 1;
        let width = columns.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
        for (value, field) in values(columns, batch, row) {
            // Writing to a String never fails.
            let _ = write!(out, "{:>width$} = ", field.name);
            write_value(out, &value, &field.ty);
            out.push('\n');
        }
    }

    fn end(&mut self, _: &mut String, _: &[Field]) {}
}
