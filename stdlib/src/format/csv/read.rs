//! Scans files of separated values.

use super::columns::{self, BadField, Fields, Problem};
use super::describe::set_shape;
use super::sample::{self, Expected, Sample, newline_of, places, skip};
use super::split::{Mistake, RowEnd, Shape, Span, Splitter};
use crate::format::window::Window;
use crate::format::{FileList, read_fault};
use grizzly_bytecode::{Builtin, Fault, FileOptions, FileOrigin, FileScan, Type};
use grizzly_vm::batch::{Batch, CAPACITY};
use grizzly_vm::ports::Morsel;
use std::io;

/// A scan of files, one after the other.
pub(crate) struct CsvMorsel {
    scan: FileScan,
    files: FileList,
    open: Option<OpenFile>,
    /// The fields of the rows that are being read, row by row.
    spans: Vec<Span>,
}

/// A file that is being read.
struct OpenFile {
    path: String,
    window: Window,
    shape: Shape,
    nulls: Vec<Box<[u8]>>,
    /// The number of fields of a row.
    width: usize,
    /// For each column of the source, its place in a row.
    places: Vec<usize>,
    /// The bytes of the window that the last batch was made of.
    used: usize,
}

impl CsvMorsel {
    pub fn new(scan: FileScan, files: FileList) -> CsvMorsel {
        CsvMorsel { scan, files, open: None, spans: Vec::new() }
    }

    /// Opens the next file; `false` where there is none left.
    fn open_next(&mut self) -> Result<bool, Fault> {
        let Some(path) = self.files.next_path() else { return Ok(false) };
        self.open = self.open_file(&path)?;
        Ok(true)
    }

    /// A file at its first row; `None` for an empty one.
    fn open_file(&self, path: &str) -> Result<Option<OpenFile>, Fault> {
        let source = &self.scan.source;
        let unreadable = |error: io::Error| read_fault(path, &error);
        let names: Vec<&str> = source.columns.iter().map(|c| c.name.as_str()).collect();
        let options = match source.origin {
            FileOrigin::Described => source.request.options.clone(),
            FileOrigin::Target => {
                let types: Vec<Type> = source.columns.iter().map(|c| c.ty.clone()).collect();
                let expected = Expected { names: &names, types: &types };
                let options = &source.request.options;
                let sample = Sample::read(self.files.open(path)?, options, Some(expected));
                complete(options, &sample.map_err(unreadable)?, &types)
            }
        };
        let file = self.files.open(path)?;
        let mut window = Window::new(file).map_err(unreadable)?;
        let newline = newline_of(window.text());
        window.set_newline(newline);
        skip(&mut window, options.skip).map_err(unreadable)?;
        let shape = shape_of(&options, newline);
        let nulls = options.nulls.iter().flatten();
        let mut open = OpenFile {
            path: path.to_owned(),
            window,
            shape,
            nulls: nulls.map(|null| null.as_bytes().into()).collect(),
            width: names.len(),
            places: (0..names.len()).collect(),
            used: 0,
        };
        if options.header == Some(true) {
            let many = self.files.many && source.request.options.names.is_empty();
            if !open.take_header(&names, source.origin, many)? {
                return Ok(None);
            }
        }
        Ok(Some(open))
    }

    fn bad_field(&self, open: &OpenFile, column: usize, bad: &BadField) -> Fault {
        let source = &self.scan.source;
        let known = source.columns.get(column);
        let name = known.map_or("", |column| column.name.as_str());
        let place = open.places.get(column).copied().unwrap_or(0);
        let span = self.spans.get(bad.row * open.width + place).copied().unwrap_or_default();
        let line = open.window.line_at(span.start());
        let at = format!("{}, line {line}, column `{name}`", open.path);
        match &bad.problem {
            Problem::Missing => {
                let message = format!("{at}: the value is missing, but must not be NULL");
                Fault::new(Builtin::NotNullViolation, message)
            }
            Problem::Unreadable(why) => {
                let help = match known.is_some_and(|column| column.guessed) {
                    true => format!(
                        "; the type was guessed from the first rows: give \
                         `types: {{{name}: 'TEXT'}}`, or `sample_size: -1` to look at all rows"
                    ),
                    false => String::new(),
                };
                Fault::new(Builtin::CastError, format!("{at}: {why}{help}"))
            }
        }
    }
}

/// What was found in a file for known columns, as options.
fn complete(options: &FileOptions, sample: &Sample, types: &[Type]) -> FileOptions {
    let fixed: Vec<Option<Type>> = types.iter().cloned().map(Some).collect();
    let mut complete = options.clone();
    set_shape(&mut complete, sample);
    complete.nulls = Some(sample.nulls(options, &fixed));
    complete
}

fn shape_of(options: &FileOptions, newline: u8) -> Shape {
    let default = Shape::default();
    let quote = options.quote.unwrap_or(default.quote);
    Shape {
        delimiter: options.delimiter.unwrap_or(default.delimiter),
        quote,
        escape: options.escape.or(quote).unwrap_or(default.escape),
        newline,
    }
}

impl OpenFile {
    /// Takes the header, whose names say where the columns stand if they are the expected ones in
    /// another order; whether there is one.
    fn take_header(
        &mut self,
        names: &[&str],
        origin: FileOrigin,
        many: bool,
    ) -> Result<bool, Fault> {
        let mut spans = Vec::new();
        loop {
            if !self.cut(&mut spans, 1, None)? {
                return Ok(false);
            }
            let text = self.window.text();
            let blank = matches!(spans[..], [span] if span.raw(text).is_empty());
            if !blank || names.len() == 1 {
                break;
            }
            self.window.take(std::mem::take(&mut self.used));
        }
        let text = self.window.text();
        let mut scratch = Vec::new();
        let field = |span: &Span| {
            let value = span.value(text, self.shape, &mut scratch);
            let text = String::from_utf8_lossy(value).into_owned();
            sample::Field { text, quoted: span.is_quoted() }
        };
        let header: Vec<sample::Field> = spans.iter().map(field).collect();
        if header.len() != names.len() {
            return Err(self.ragged(spans[0].start(), header.len()));
        }
        match (places(&header, names), origin) {
            (Some(places), _) => self.places = places,
            // The columns of a table are filled in order, whatever the header calls them.
            (None, FileOrigin::Target) => {}
            (None, FileOrigin::Described) if !many || self.renamed(&header, names) => {}
            (None, FileOrigin::Described) => {
                let found: Vec<&str> = header.iter().map(|field| field.text.as_str()).collect();
                let message = format!(
                    "{}: its columns are {}, not {}",
                    self.path,
                    found.join(", "),
                    names.join(", ")
                );
                return Err(Fault::new(Builtin::CastError, message));
            }
        }
        self.window.take(std::mem::take(&mut self.used));
        Ok(true)
    }

    /// Whether each name of the header is the column's or is one that was given another name.
    fn renamed(&self, header: &[sample::Field], names: &[&str]) -> bool {
        // An empty or a repeated name was replaced; names given by option replace any.
        let same = |(field, name): (&sample::Field, &&str)| {
            let text = field.text.trim();
            text.eq_ignore_ascii_case(name)
                || text.is_empty()
                || name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
        };
        header.iter().zip(names).all(same)
    }

    /// Cuts rows of the window into fields, up to `most`, of `width` fields each where that is
    /// given; `false` at the end of the file.
    fn cut(
        &mut self,
        spans: &mut Vec<Span>,
        most: usize,
        width: Option<usize>,
    ) -> Result<bool, Fault> {
        loop {
            spans.clear();
            let last = self.window.is_last();
            let text = self.window.text();
            let mut splitter = Splitter::new(text, self.shape, last);
            let mut rows = 0;
            while rows < most {
                let (before, start) = (spans.len(), splitter.position());
                match splitter.row(spans) {
                    None | Some(RowEnd::Incomplete) => break,
                    Some(RowEnd::Malformed(at, mistake)) => return Err(self.malformed(at, mistake)),
                    Some(RowEnd::Next(_)) => {}
                }
                let found = spans.len() - before;
                if width.is_none_or(|width| width == found) {
                    rows += 1;
                } else if matches!(spans[before..], [span] if span.raw(text).is_empty()) {
                    spans.truncate(before);
                } else {
                    return Err(self.ragged(start, found));
                }
            }
            let used = splitter.position();
            if rows > 0 {
                self.used = used;
                return Ok(true);
            }
            self.window.take(used);
            if last {
                return Ok(false);
            }
            self.window.more().map_err(|error| read_fault(&self.path, &error))?;
        }
    }

    fn malformed(&self, at: usize, mistake: Mistake) -> Fault {
        let line = self.window.line_at(at);
        let what = match mistake {
            Mistake::AfterQuote => "something stands between a closing quote and the delimiter",
            Mistake::OpenQuote => "a quote is opened here and never closed",
        };
        let path = &self.path;
        Fault::new(Builtin::CastError, format!("{path}, line {line}: {what}"))
    }

    fn ragged(&self, at: usize, found: usize) -> Fault {
        let (path, width, line) = (&self.path, self.width, self.window.line_at(at));
        let fields = if found == 1 { "field" } else { "fields" };
        let columns = if width == 1 { "column" } else { "columns" };
        let message =
            format!("{path}, line {line}: the row has {found} {fields} for {width} {columns}");
        Fault::new(Builtin::CastError, message)
    }
}

impl Morsel for CsvMorsel {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        loop {
            let Some(mut open) = self.open.take() else {
                if !self.open_next()? {
                    return Ok(false);
                }
                continue;
            };
            open.window.take(std::mem::take(&mut open.used));
            let width = open.width;
            if !open.cut(&mut self.spans, CAPACITY, Some(width))? {
                continue;
            }
            let rows = self.spans.len() / width.max(1);
            batch.reset(self.scan.columns.len(), rows);
            for (column, out) in self.scan.columns.iter().zip(&mut batch.columns) {
                let Some(known) = self.scan.source.columns.get(*column) else { continue };
                let fields = Fields {
                    text: open.window.text(),
                    spans: &self.spans,
                    width,
                    index: open.places.get(*column).copied().unwrap_or(*column),
                    shape: open.shape,
                    nulls: &open.nulls,
                };
                if let Err(bad) = columns::read(&fields, known, out) {
                    return Err(self.bad_field(&open, *column, &bad));
                }
            }
            self.files.advance(rows, open.used);
            self.open = Some(open);
            return Ok(true);
        }
    }
}
