//! Scans JSON files.

use super::parse::{Parser, Scalar, Stop, compact};
use crate::convert::convert;
use crate::format::values::{clear, push_value, set_nulls};
use crate::format::window::Window;
use crate::format::{FileList, read_fault};
use grizzly_bytecode::{Builtin, Fault, FileColumn, FileOrigin, FileScan, FileSource, Type, Value};
use grizzly_vm::batch::Batch;
use grizzly_vm::ports::{Morsel, ReadSeek};
use grizzly_vm::vector::Vector;
use smol_str::SmolStr;
use std::io;

/// Rows of a batch: values are larger than those of other formats.
const BATCH_ROWS: usize = 2048;

/// The objects of a file, one after the other.
pub(super) struct Rows {
    path: String,
    window: Window,
    /// How far the window's text was read.
    at: usize,
    state: State,
}

/// Where in a file the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// Among objects that follow each other.
    Objects,
    /// Behind the bracket of an array.
    ArrayStart,
    /// Behind an object of an array.
    AfterElement,
    /// Behind a comma of an array.
    AfterComma,
    /// Behind the array.
    ArrayEnd,
}

/// What comes next in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An object, which was handed out.
    Row,
    /// Nothing.
    End,
}

impl Rows {
    /// The objects of a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(file: Box<dyn ReadSeek>, path: &str) -> io::Result<Rows> {
        let window = Window::new(file)?;
        Ok(Rows { path: path.to_owned(), window, at: 0, state: State::Start })
    }

    /// The line where reading stands.
    pub fn line(&self) -> u64 {
        self.window.line_at(self.at)
    }

    /// Reads the next object and hands its keys and values out; where it must be read again because
    /// the text ended within it, they are handed out again.
    pub fn next(&mut self, visit: &mut dyn FnMut(&str, Scalar<'_>)) -> Result<Found, Fault> {
        loop {
            let mut parser = Parser::new(self.window.text(), self.at);
            let next = parser.peek();
            self.at = parser.position();
            let Some(byte) = next else {
                if !self.window.is_last() {
                    self.more()?;
                    continue;
                }
                return match self.state {
                    State::Start | State::Objects | State::ArrayEnd => Ok(Found::End),
                    _ => Err(self.wrong(self.at, "the array of the file is not closed")),
                };
            };
            let taken = match (self.state, byte) {
                (State::Start, b'[') => State::ArrayStart,
                (State::ArrayStart | State::AfterElement, b']') => State::ArrayEnd,
                (State::AfterElement, b',') => State::AfterComma,
                (State::AfterElement, _) => {
                    return Err(self.wrong(self.at, "`,` or `]` was expected after an object"));
                }
                (State::ArrayEnd, _) => {
                    return Err(self.wrong(self.at, "something follows the array of the file"));
                }
                (State::Start | State::Objects | State::ArrayStart | State::AfterComma, _) => {
                    match parser.object(visit) {
                        Ok(()) => {
                            self.at = parser.position();
                            let alone = matches!(self.state, State::Start | State::Objects);
                            self.state = if alone { State::Objects } else { State::AfterElement };
                            return Ok(Found::Row);
                        }
                        Err(Stop::Incomplete) if !self.window.is_last() => {
                            self.more()?;
                            continue;
                        }
                        Err(Stop::Incomplete) => {
                            let end = self.window.text().len();
                            return Err(self.wrong(end, "the file ends before the value does"));
                        }
                        Err(Stop::Wrong(at, what)) => return Err(self.wrong(at, what)),
                    }
                }
            };
            self.state = taken;
            self.at += 1;
        }
    }

    fn more(&mut self) -> Result<(), Fault> {
        self.window.take(std::mem::take(&mut self.at));
        self.window.more().map_err(|error| read_fault(&self.path, &error))?;
        Ok(())
    }

    fn wrong(&self, at: usize, what: &str) -> Fault {
        let (path, line) = (&self.path, self.window.line_at(at));
        Fault::new(Builtin::CastError, format!("{path}, line {line}: {what}"))
    }
}

/// A scan of files, one after the other.
pub(crate) struct JsonMorsel {
    scan: FileScan,
    files: FileList,
    open: Option<Rows>,
    row: RowValues,
}

/// The values of a row while its object is read.
struct RowValues {
    /// For each column of the source, its place in the batch.
    places: Vec<Option<usize>>,
    /// The values of the batch's columns.
    values: Vec<Value>,
    /// What is wrong with the row: the column and why.
    problem: Option<(SmolStr, Builtin, String)>,
}

impl JsonMorsel {
    pub fn new(scan: FileScan, files: FileList) -> JsonMorsel {
        let place = |index| scan.columns.iter().position(|wanted| *wanted == index);
        let places = (0..scan.source.columns.len()).map(place).collect();
        let values = vec![Value::Null; scan.columns.len()];
        let row = RowValues { places, values, problem: None };
        JsonMorsel { scan, files, open: None, row }
    }
}

impl RowValues {
    fn begin(&mut self) {
        self.values.fill(Value::Null);
        self.problem = None;
    }

    /// Takes a value; `expected` is the column that usually comes next.
    fn take(&mut self, source: &FileSource, expected: &mut usize, key: &str, value: &Scalar<'_>) {
        let usual = source.columns.get(*expected).is_some_and(|column| column.name == key);
        let at = match usual {
            true => Some(*expected),
            false => source.columns.iter().position(|c| c.name.eq_ignore_ascii_case(key)),
        };
        let Some(at) = at else {
            // Columns that were listed are all that is wanted.
            let listed = !source.request.options.columns.is_empty();
            if !listed && self.problem.is_none() {
                let what = match source.origin {
                    FileOrigin::Target => "the table has no such column".to_owned(),
                    FileOrigin::Described => format!(
                        "the first rows had no such key: give `sample_size: -1` to look at all \
                         rows, or name all columns in `columns: {{…, {key}: 'TEXT'}}`"
                    ),
                };
                self.problem = Some((SmolStr::new(key), Builtin::CastError, what));
            }
            return;
        };
        *expected = at + 1;
        let place = self.places.get(at).copied().flatten();
        let (Some(column), Some(place)) = (source.columns.get(at), place) else { return };
        match value_of(value, column) {
            Ok(value) => {
                if let Some(slot) = self.values.get_mut(place) {
                    *slot = value;
                }
            }
            Err(why) => {
                self.problem.get_or_insert((column.name.clone(), Builtin::CastError, why));
            }
        }
    }
}

/// The value of a column.
fn value_of(value: &Scalar<'_>, column: &FileColumn) -> Result<Value, String> {
    let json = |value: &Scalar<'_>| match value {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Number(text) => (*text).to_owned(),
        Scalar::Text(text) => {
            let mut out = String::new();
            crate::display::write_json_string(&mut out, text);
            out
        }
        Scalar::Nested(text) => compact(text),
    };
    let text = match (value, &column.ty) {
        (Scalar::Null, _) => return Ok(Value::Null),
        (_, Type::Json) => return Ok(Value::text(json(value))),
        (Scalar::Bool(value), Type::Bool) => return Ok(Value::Bool(*value)),
        (Scalar::Number(text), Type::Int64) if text.parse::<i64>().is_ok() => {
            return Ok(Value::Int(text.parse().unwrap_or_default()));
        }
        (Scalar::Text(text), _) => text.as_ref().to_owned(),
        (_, _) => json(value),
    };
    let guessed = |why: String| match column.guessed {
        true => format!(
            "{why}; the type was guessed from the first rows: give `types: {{{}: 'JSON'}}`, or \
             `sample_size: -1` to look at all rows",
            column.name
        ),
        false => why,
    };
    let is_text = matches!(value, Scalar::Text(_));
    if column.guessed && is_text && column.ty != Type::Text {
        return Err(guessed(format!("\"{text}\" is a text, not {}", column.ty)));
    }
    if column.guessed && !is_text && column.ty == Type::Text {
        return Err(guessed(format!("{text} is not a text")));
    }
    convert(&Value::text(&text), &Type::Text, &column.ty)
        .map_err(|fault| guessed(fault.exception.message.to_string()))
}

impl Morsel for JsonMorsel {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        loop {
            let Some(mut open) = self.open.take() else {
                let Some(path) = self.files.next_path() else { return Ok(false) };
                let file = self.files.open(&path)?;
                let rows = Rows::new(file, &path).map_err(|error| read_fault(&path, &error))?;
                self.open = Some(rows);
                continue;
            };
            let rows = self.fill(&mut open, batch)?;
            if rows > 0 {
                self.files.advance(rows, 0);
                self.open = Some(open);
                return Ok(true);
            }
        }
    }
}

impl JsonMorsel {
    /// Fills a batch with the next rows of a file; the number of them.
    fn fill(&mut self, open: &mut Rows, batch: &mut Batch) -> Result<usize, Fault> {
        batch.reset(self.scan.columns.len(), 0);
        for (out, column) in batch.columns.iter_mut().zip(self.scan.read_columns()) {
            *out = Vector::of_kind(column.ty.vector_kind());
            clear(out);
        }
        let mut nulls: Vec<Vec<usize>> = vec![Vec::new(); self.scan.columns.len()];
        let source = &self.scan.source;
        let mut rows = 0;
        while rows < BATCH_ROWS {
            let row = &mut self.row;
            let mut expected = 0;
            row.begin();
            let visit = &mut |key: &str, value: Scalar<'_>| {
                row.take(source, &mut expected, key, &value);
            };
            if open.next(visit)? == Found::End {
                break;
            }
            let columns = self.scan.read_columns().zip(&self.row.values).zip(&mut nulls);
            for (index, ((column, value), nulls)) in columns.enumerate() {
                if value.is_null() {
                    nulls.push(rows);
                    if !column.nullable && self.row.problem.is_none() {
                        let what = "the value is missing, but must not be NULL".to_owned();
                        let kind = Builtin::NotNullViolation;
                        self.row.problem = Some((column.name.clone(), kind, what));
                    }
                }
                push_value(&mut batch.columns[index], value);
            }
            if let Some((column, kind, why)) = &self.row.problem {
                let (path, line) = (&open.path, open.line());
                let message = format!("{path}, line {line}, column `{column}`: {why}");
                return Err(Fault::new(*kind, message));
            }
            rows += 1;
        }
        for (out, nulls) in batch.columns.iter_mut().zip(&nulls) {
            set_nulls(out, rows, nulls);
        }
        batch.len = rows;
        Ok(rows)
    }
}
