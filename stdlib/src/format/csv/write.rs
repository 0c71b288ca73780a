//! Writes separated values.

use crate::display::write_value;
use crate::format::TextRows;
use grizzly_bytecode::{Field, FileOptions, Type, Value, VectorKind};
use grizzly_vm::batch::Batch;
use smol_str::SmolStr;

/// Writes rows as separated values: RFC 4180 with `\n` line ends. NULL is the null text (an empty
/// field where nothing else is said); a text that would read as NULL stands in quotes.
pub struct CsvWriter {
    delimiter: u8,
    quote: Option<u8>,
    escape: u8,
    header: bool,
    null: SmolStr,
}

impl CsvWriter {
    /// A writer as the options say.
    pub fn new(options: &FileOptions) -> CsvWriter {
        let quote = options.quote.unwrap_or(Some(b'"'));
        CsvWriter {
            delimiter: options.delimiter.unwrap_or(b','),
            quote,
            escape: options.escape.or(quote).unwrap_or(b'"'),
            header: options.header.unwrap_or(true),
            null: options.nulls.iter().flatten().next().cloned().unwrap_or_default(),
        }
    }

    /// Puts the field that begins at `start` into quotes, where it needs them.
    fn quote_from(&self, out: &mut String, start: usize) {
        let Some(quote) = self.quote else { return };
        let field = &out.as_bytes()[start..];
        let special =
            |byte: &u8| *byte == self.delimiter || *byte == quote || matches!(byte, b'\n' | b'\r');
        let is_null = field == self.null.as_bytes();
        if !(field.is_empty() || is_null || field.iter().any(special)) {
            return;
        }
        let text = out.split_off(start);
        out.push(char::from(quote));
        for character in text.chars() {
            let escaped = character == char::from(quote) || character == char::from(self.escape);
            if escaped {
                out.push(char::from(self.escape));
            }
            out.push(character);
        }
        out.push(char::from(quote));
    }

    fn separate(&self, out: &mut String, index: usize) {
        if index > 0 {
            out.push(char::from(self.delimiter));
        }
    }
}

impl TextRows for CsvWriter {
    fn begin(&mut self, out: &mut String, columns: &[Field]) {
        if !self.header {
            return;
        }
        for (index, field) in columns.iter().enumerate() {
            self.separate(out, index);
            let start = out.len();
            out.push_str(&field.name);
            self.quote_from(out, start);
        }
        out.push('\n');
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        for (index, field) in columns.iter().enumerate() {
            self.separate(out, index);
            let start = out.len();
            if write_cell(out, batch, row, index, &field.ty) {
                self.quote_from(out, start);
            } else {
                out.push_str(&self.null);
            }
        }
        out.push('\n');
    }

    fn end(&mut self, _: &mut String, _: &[Field]) {}
}

/// Appends the text of a value; `false` for NULL. TEXT goes without a value in between.
fn write_cell(out: &mut String, batch: &Batch, row: usize, column: usize, ty: &Type) -> bool {
    let vector = &batch.columns[column];
    if vector.is_null(row) {
        return false;
    }
    if matches!(ty, Type::Text)
        && vector.kind() == VectorKind::Bytes
        && let Ok(text) = std::str::from_utf8(vector.bytes(row))
    {
        out.push_str(text);
        return true;
    }
    // An object column may hold NULL without saying so in its validity.
    match batch.value(row, column, ty) {
        Value::Null => false,
        value => {
            write_value(out, &value, ty);
            true
        }
    }
}
