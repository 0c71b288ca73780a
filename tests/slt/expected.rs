//! Results as sqllogictest writes them: one value a line, rendered by the expected type letter,
//! sorted as the record says, hashed where there are many.

use grizzly_bytecode::{Field, Type, Value};
use grizzly_stdlib::display::write_value;
use md5::{Digest, Md5};
use sqllogictest::{ColumnType, DefaultColumnType, SortMode};

/// The rows of a result, rendered and sorted.
pub fn render(
    fields: &[Field],
    rows: &[Vec<Value>],
    letters: &[DefaultColumnType],
    sort: Option<SortMode>,
) -> Vec<String> {
    let cell = |(index, value): (usize, &Value)| {
        let ty = fields.get(index).map_or(&Type::Null, |field| &field.ty);
        cell(value, ty, letters.get(index).map_or('T', ColumnType::to_char))
    };
    let mut rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect();
    if sort == Some(SortMode::RowSort) {
        rows.sort();
    }
    let mut values: Vec<String> = rows.into_iter().flatten().collect();
    if sort == Some(SortMode::ValueSort) {
        values.sort();
    }
    values
}

fn cell(value: &Value, ty: &Type, letter: char) -> String {
    if value.is_null() {
        return "NULL".into();
    }
    let number = || -> Option<f64> {
        match (value, ty) {
            (Value::Bool(b), _) => Some(f64::from(u8::from(*b))),
            (Value::Float(x), _) => Some(*x),
            _ => text(value, ty).parse().ok(),
        }
    };
    match (letter, value) {
        ('I', Value::Int(i)) if ty.is_integer() => i.to_string(),
        // C's %d of a number; a text that is none counts as 0, as SQLite has it.
        ('I', _) => format!("{}", number().unwrap_or(0.0) as i64),
        ('R', _) => format!("{:.3}", number().unwrap_or(0.0)),
        _ => printable(&text(value, ty)),
    }
}

fn text(value: &Value, ty: &Type) -> String {
    let mut text = String::new();
    write_value(&mut text, value, ty);
    text
}

fn printable(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".into();
    }
    text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '@' }).collect()
}

/// Whether rendered values are what a record expects: the values, or how many and their hash.
pub fn matches(values: &[String], expected: &[String]) -> bool {
    let hashed = match expected {
        [line] => line.split_once(" values hashing to "),
        _ => None,
    };
    let Some((count, hash)) = hashed else { return values == expected };
    let mut digest = Md5::new();
    for value in values {
        digest.update(value.as_bytes());
        digest.update(b"\n");
    }
    let found: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    count.parse() == Ok(values.len()) && hash == found
}
