//! The columns of a file of separated values, found by looking at its first rows.

use super::infer::Guess;
use super::sample::Sample;
use crate::format::{Described, Undescribed, column_named};
use grizzly_bytecode::{FileColumn, FileOptions, FileRequest, Type};
use grizzly_vm::ports::Files;
use smol_str::SmolStr;

/// Of so many files of a pattern the first rows are looked at.
const FILES: usize = 10;

/// The columns of a file or of the files of a pattern, and how they are to be read.
///
/// # Errors
/// [`Undescribed`].
pub(crate) fn describe(
    files: &dyn Files,
    paths: &[String],
    request: &FileRequest,
) -> Result<Described, Undescribed> {
    let options = &request.options;
    let mut known: Option<Sample> = None;
    let mut looked_at = options.clone();
    for path in paths.iter().take(FILES) {
        let file = files.open(path).map_err(|error| Undescribed::not_now(path, &error))?;
        let sample = Sample::read(file, &looked_at, None)
            .map_err(|error| Undescribed::not_now(path, &error))?;
        if sample.first.is_empty() {
            continue;
        }
        match &mut known {
            None => {
                set_shape(&mut looked_at, &sample);
                known = Some(sample);
            }
            Some(known) => {
                for (guess, other) in known.guesses.iter_mut().zip(&sample.guesses) {
                    guess.merge(other);
                }
            }
        }
    }
    let Some(sample) = known else {
        let message = format!("`{}` is empty: it has no columns", request.path);
        return Err(Undescribed::Wrong(message));
    };
    let columns = columns(&sample, options)?;
    let mut options = looked_at;
    let types: Vec<Option<Type>> = columns.iter().map(|c| Some(c.ty.clone())).collect();
    options.nulls = Some(sample.nulls(&request.options, &types));
    Ok(Described { request: FileRequest { options, ..request.clone() }, columns })
}

/// Says what was found, so that it is not looked for again.
pub(super) fn set_shape(options: &mut FileOptions, sample: &Sample) {
    options.header = Some(sample.header);
    options.delimiter = Some(sample.shape.delimiter);
    options.quote = Some(sample.shape.quote);
    options.escape = Some(sample.shape.escape);
}

fn columns(sample: &Sample, options: &FileOptions) -> Result<Vec<FileColumn>, Undescribed> {
    let width = sample.first.len();
    if !options.columns.is_empty() {
        if options.columns.len() != width {
            let given = options.columns.len();
            let message =
                format!("the file has {width} columns, and the option `columns` names {given}");
            return Err(Undescribed::Wrong(message));
        }
        let column = |field: &grizzly_bytecode::Field| {
            let (name, ty) = (field.name.clone(), field.ty.clone());
            FileColumn { name, ty, nullable: true, guessed: false }
        };
        return Ok(options.columns.iter().map(column).collect());
    }
    let names = names(sample, options);
    let guesses = sample.guesses.iter().chain(std::iter::repeat(&EMPTY));
    let column = |(name, guess): (SmolStr, &Guess)| {
        let ty = match options.all_text {
            true => Type::Text,
            false => guess.ty().unwrap_or(Type::Text),
        };
        FileColumn { name, ty, nullable: true, guessed: !options.all_text }
    };
    let mut columns: Vec<FileColumn> = names.into_iter().zip(guesses).map(column).collect();
    for given in &options.types {
        let at = column_named(&columns, &given.name)?;
        columns[at].ty = given.ty.clone();
        columns[at].guessed = false;
    }
    Ok(columns)
}

static EMPTY: Guess = Guess::EMPTY;

/// The names of the columns: those given, of the header, or made of their numbers.
fn names(sample: &Sample, options: &FileOptions) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> = Vec::new();
    for (index, field) in sample.first.iter().enumerate() {
        let given = options.names.get(index).map(SmolStr::as_str);
        let header = Some(field.text.trim()).filter(|text| sample.header && !text.is_empty());
        let base = match given.or(header) {
            Some(name) => SmolStr::new(name),
            None => SmolStr::from(format!("column{index}")),
        };
        let taken = |name: &str| names.iter().any(|n: &SmolStr| n.eq_ignore_ascii_case(name));
        let mut name = base.clone();
        let mut number = 0;
        while taken(&name) {
            number += 1;
            name = SmolStr::from(format!("{base}_{number}"));
        }
        names.push(name);
    }
    names
}
