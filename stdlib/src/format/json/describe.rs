//! The columns of a JSON file, found by looking at its first rows.

use super::parse::Scalar;
use super::read::{Found, Rows};
use crate::format::{Described, Undescribed, column_named};
use grizzly_bytecode::{FileColumn, FileRequest, Type};
use grizzly_vm::ports::Files;
use smol_str::SmolStr;

/// Rows that are looked at where nothing else is said.
const SAMPLE_ROWS: u64 = 20_480;
/// Of so many files of a pattern the first rows are looked at.
const FILES: usize = 10;

mod class {
    pub(super) const BOOL: u8 = 1;
    pub(super) const INT: u8 = 2;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const TEXT: u8 = 8;
    pub(super) const NESTED: u8 = 16;
}

fn classify(value: &Scalar<'_>) -> u8 {
    match value {
        Scalar::Null => 0,
        Scalar::Bool(_) => class::BOOL,
        Scalar::Number(text) if text.parse::<i64>().is_ok() => class::INT,
        Scalar::Number(_) => class::DOUBLE,
        Scalar::Text(_) => class::TEXT,
        Scalar::Nested(_) => class::NESTED,
    }
}

/// The type of values of some classes. Values that have no type in common are JSON.
fn type_of(classes: u8) -> Type {
    match classes {
        0 | class::TEXT => Type::Text,
        class::BOOL => Type::Bool,
        class::INT => Type::Int64,
        classes if classes & !(class::INT | class::DOUBLE) == 0 => Type::Double,
        _ => Type::Json,
    }
}

/// The columns of a file or of the files of a pattern.
///
/// # Errors
/// [`Undescribed`].
pub(crate) fn describe(
    files: &dyn Files,
    paths: &[String],
    request: &FileRequest,
) -> Result<Described, Undescribed> {
    let options = &request.options;
    if !options.columns.is_empty() {
        let column = |field: &grizzly_bytecode::Field| {
            let (name, ty) = (field.name.clone(), field.ty.clone());
            FileColumn { name, ty, nullable: true, guessed: false }
        };
        let columns = options.columns.iter().map(column).collect();
        return Ok(Described { request: request.clone(), columns });
    }
    let mut found: Vec<(SmolStr, u8)> = Vec::new();
    let mut left = options.sample_rows.unwrap_or(SAMPLE_ROWS);
    for path in paths.iter().take(FILES) {
        let file = files.open(path).map_err(|error| Undescribed::not_now(path, &error))?;
        let mut rows = Rows::new(file, path).map_err(|error| Undescribed::not_now(path, &error))?;
        while left > 0 {
            let mut expected = 0;
            let next = rows.next(&mut |key, value| {
                let class = classify(&value);
                // Rows usually have the same keys in the same order.
                let usual = found.get(expected).is_some_and(|(name, _)| name == key);
                let at = match usual {
                    true => Some(expected),
                    false => found.iter().position(|(name, _)| name.eq_ignore_ascii_case(key)),
                };
                match at.and_then(|at| found.get_mut(at)) {
                    Some((_, classes)) => *classes |= class,
                    None => found.push((SmolStr::new(key), class)),
                }
                expected = at.unwrap_or(found.len() - 1) + 1;
            });
            match next {
                Ok(Found::Row) => left -= 1,
                Ok(Found::End) => break,
                Err(fault) => return Err(Undescribed::Wrong(fault.exception.message.to_string())),
            }
        }
    }
    if found.is_empty() {
        let message = format!("`{}` has no rows, so that its columns are not known", request.path);
        return Err(Undescribed::Wrong(message));
    }
    let column = |(name, classes): (SmolStr, u8)| {
        let ty = if options.all_text { Type::Text } else { type_of(classes) };
        FileColumn { name, ty, nullable: true, guessed: !options.all_text }
    };
    let mut columns: Vec<FileColumn> = found.into_iter().map(column).collect();
    for given in &options.types {
        let at = column_named(&columns, &given.name)?;
        columns[at].ty = given.ty.clone();
        columns[at].guessed = false;
    }
    Ok(Described { request: request.clone(), columns })
}
