//! CSV as RFC 4180 with `\n` line ends, and tab-separated values.
//!
//! NULL is an empty field and the empty text `""`; a row whose only field is NULL is `NULL`,
//! because an empty line would be no row at all.

use super::Format;
use grizzly_bytecode::{Field, Type, Value, VectorKind};
use grizzly_stdlib::display::write_value;
use grizzly_vm::batch::Batch;

/// Comma-separated values.
pub(super) struct Csv;

impl Format for Csv {
    fn begin(&mut self, out: &mut String, columns: &[Field]) {
        for (index, field) in columns.iter().enumerate() {
            separate(out, index, ',');
            let start = out.len();
            out.push_str(&field.name);
            quote_from(out, start);
        }
        out.push('\n');
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        for (index, field) in columns.iter().enumerate() {
            separate(out, index, ',');
            if batch.columns[index].is_null(row) {
                if columns.len() == 1 {
                    out.push_str("NULL");
                }
                continue;
            }
            let start = out.len();
            write_cell(out, batch, row, index, &field.ty);
            quote_from(out, start);
        }
        out.push('\n');
    }

    fn end(&mut self, _: &mut String, _: &[Field]) {}
}

/// Appends the text of a value that is not NULL; TEXT without a value in between.
fn write_cell(out: &mut String, batch: &Batch, row: usize, column: usize, ty: &Type) {
    let column_bytes = batch.columns[column].kind() == VectorKind::Bytes;
    if matches!(ty, Type::Text)
        && column_bytes
        && let Ok(text) = std::str::from_utf8(batch.columns[column].bytes(row))
    {
        out.push_str(text);
        return;
    }
    // An object column may hold NULL without saying so in its validity.
    match batch.value(row, column, ty) {
        Value::Null => {}
        value => write_value(out, &value, ty),
    }
}

/// Quotes the field that begins at `start`, where it needs that.
fn quote_from(out: &mut String, start: usize) {
    let field = &out.as_bytes()[start..];
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if field.is_empty() {
        out.push_str("\"\"");
    } else if field.iter().any(special) {
        let quoted = out[start..].replace('"', "\"\"");
        out.truncate(start);
        out.push('"');
        out.push_str(&quoted);
        out.push('"');
    }
}

fn separate(out: &mut String, index: usize, separator: char) {
    if index > 0 {
        out.push(separator);
    }
}

/// Tab-separated values: tabs, line ends and backslashes are escaped, NULL is `\N`.
pub(super) struct Tsv;

impl Format for Tsv {
    fn begin(&mut self, out: &mut String, columns: &[Field]) {
        for (index, field) in columns.iter().enumerate() {
            separate(out, index, '\t');
            escape_from(out, field.name.clone().as_str());
        }
        out.push('\n');
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        for (index, (value, field)) in super::values(columns, batch, row).enumerate() {
            separate(out, index, '\t');
            if value.is_null() {
                out.push_str("\\N");
            } else {
                escape_from(out, &grizzly_stdlib::display::text_of(&value, &field.ty));
            }
        }
        out.push('\n');
    }

    fn end(&mut self, _: &mut String, _: &[Field]) {}
}

fn escape_from(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
}
