//! Feather: Arrow IPC files.

use super::arrow::schema::language_type;
use super::arrow::{Column, ColumnBuilder, EnumForm};
use super::values::convert_vector;
use super::{Described, FileList, RowWriter, Target, Undescribed, places_by_name, write_fault};
use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema};
use grizzly_bytecode::{Builtin, Fault, Field, FileColumn, FileRequest, FileScan, Type};
use grizzly_vm::batch::{Batch, CAPACITY};
use grizzly_vm::ports::{Files, Morsel, ReadSeek};
use grizzly_vm::vector::Vector;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use widths::usual;

mod widths;

type Reader = FileReader<Box<dyn ReadSeek>>;

/// Rows of a batch of a file that is written.
const BATCH_ROWS: usize = 1 << 16;
/// Bytes of a batch of a file that is written.
const BATCH_BYTES: usize = 64 << 20;

/// Calls into the reader of Arrow, which may stop at bytes that it did not expect; a damaged file
/// is an error like any other.
fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| match error.to_string() {
            text if text.contains("requires the zstd feature") => {
                "it is compressed with zstd, which is not supported yet".into()
            }
            text => text,
        }),
        Err(_) => Err("the file is damaged".into()),
    }
}

fn open(file: Box<dyn ReadSeek>, projection: Option<Vec<usize>>) -> Result<Reader, String> {
    guarded(|| FileReader::try_new(file, projection))
}

/// The columns of a file.
///
/// # Errors
/// [`Undescribed`].
pub(super) fn describe(
    files: &dyn Files,
    paths: &[String],
    request: &FileRequest,
) -> Result<Described, Undescribed> {
    let path = paths.first().map_or("", String::as_str);
    let file = files.open(path).map_err(|error| Undescribed::not_now(path, &error))?;
    let wrong = |why: String| {
        Undescribed::Wrong(format!("`{path}` cannot be read as a Feather file: {why}"))
    };
    let reader = open(file, None).map_err(wrong)?;
    let mut columns = Vec::new();
    for field in reader.schema().fields() {
        let name = field.name();
        let ty = language_type(field.data_type()).ok_or_else(|| {
            let ty = field.data_type();
            Undescribed::Wrong(format!("the column `{name}` is {ty}, which is not supported yet"))
        })?;
        let nullable = field.is_nullable();
        columns.push(FileColumn { name: name.into(), ty, nullable, guessed: false });
    }
    Ok(Described { request: request.clone(), columns })
}

/// A scan of files, one after the other.
pub(super) struct FeatherMorsel {
    scan: FileScan,
    files: FileList,
    open: Option<OpenFile>,
}

/// A file that is being read.
struct OpenFile {
    path: String,
    reader: Reader,
    /// For each wanted column, its place in the batches and the type it has there.
    places: Vec<Option<(usize, Type)>>,
    /// The batch that is being lent out.
    lent: Option<Lent>,
    /// The rows before it.
    rows: u64,
}

struct Lent {
    columns: Vec<Option<Column>>,
    len: usize,
    at: usize,
}

fn damaged(path: &str, why: &str) -> Fault {
    Fault::new(Builtin::IoError, format!("{path} cannot be read as a Feather file: {why}"))
}

impl FeatherMorsel {
    pub fn new(scan: FileScan, files: FileList) -> FeatherMorsel {
        FeatherMorsel { scan, files, open: None }
    }

    fn open_file(&self, path: String) -> Result<OpenFile, Fault> {
        let whole = open(self.files.open(&path)?, None).map_err(|why| damaged(&path, &why))?;
        let schema = whole.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let all = places_by_name(&self.scan.source, &path, &names)?;
        let wanted: Vec<Option<usize>> =
            self.scan.columns.iter().map(|c| all.get(*c).copied().flatten()).collect();
        let mut projection: Vec<usize> = wanted.iter().flatten().copied().collect();
        projection.sort_unstable();
        projection.dedup();
        let mut places = Vec::new();
        for place in wanted {
            let Some(place) = place else {
                places.push(None);
                continue;
            };
            let ty = language_type(schema.field(place).data_type()).ok_or_else(|| {
                let (name, ty) = (names[place], schema.field(place).data_type());
                damaged(&path, &format!("the column `{name}` is {ty}, which is not supported"))
            })?;
            places.push(projection.binary_search(&place).ok().map(|at| (at, ty)));
        }
        let file = self.files.open(&path)?;
        let reader = open(file, Some(projection)).map_err(|why| damaged(&path, &why))?;
        Ok(OpenFile { path, reader, places, lent: None, rows: 0 })
    }
}

impl OpenFile {
    /// Takes the next batch of the file; `false` at its end.
    fn next_batch(&mut self) -> Result<bool, Fault> {
        let fault = |why: String| damaged(&self.path, &why);
        let next = guarded(|| self.reader.next().transpose()).map_err(fault)?;
        let Some(batch) = next else { return Ok(false) };
        let mut columns = Vec::new();
        for place in &self.places {
            let Some((at, ty)) = place else {
                columns.push(None);
                continue;
            };
            let array = guarded(|| usual(batch.column(*at), ty)).map_err(fault)?;
            columns.push(Some(Column::new(&array, ty)?));
        }
        self.lent = Some(Lent { columns, len: batch.num_rows(), at: 0 });
        Ok(true)
    }

    /// Fills a batch with the next rows; the number of them, 0 where the file's batch is used up.
    fn fill(&mut self, scan: &FileScan, batch: &mut Batch) -> Result<usize, Fault> {
        let Some(lent) = &mut self.lent else { return Ok(0) };
        let (start, len) = (lent.at, (lent.len - lent.at).min(CAPACITY));
        if len == 0 {
            return Ok(0);
        }
        batch.reset(scan.columns.len(), len);
        for (index, wanted) in scan.read_columns().enumerate() {
            let (Some(out), Some(column)) = (batch.columns.get_mut(index), lent.columns.get(index))
            else {
                continue;
            };
            let Some(column) = column else {
                *out = Vector::of_kind(wanted.ty.vector_kind());
                out.set_null();
                continue;
            };
            column.lend(start, len, out);
            let bad = |row: usize, why: String| {
                let row = self.rows + (start + row) as u64 + 1;
                let (path, name) = (&self.path, &wanted.name);
                format!("{path}, row {row}, column `{name}`: {why}")
            };
            let ty = self.places.get(index).and_then(Option::as_ref).map(|(_, ty)| ty);
            if let Some(ty) = ty.filter(|ty| **ty != wanted.ty) {
                convert_vector(out, len, ty, &wanted.ty)
                    .map_err(|(row, why)| Fault::new(Builtin::CastError, bad(row, why)))?;
            }
            let missing = (0..len).find(|row| out.is_null(*row)).filter(|_| !wanted.nullable);
            if let Some(row) = missing {
                let why = "the value is missing, but must not be NULL";
                return Err(Fault::new(Builtin::NotNullViolation, bad(row, why.into())));
            }
        }
        lent.at += len;
        if lent.at == lent.len {
            self.rows += lent.len as u64;
            self.lent = None;
        }
        Ok(len)
    }
}

impl Morsel for FeatherMorsel {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        loop {
            let Some(mut open) = self.open.take() else {
                let Some(path) = self.files.next_path() else { return Ok(false) };
                self.open = Some(self.open_file(path)?);
                continue;
            };
            let rows = open.fill(&self.scan, batch)?;
            if rows > 0 {
                self.open = Some(open);
                self.files.advance(rows, 0);
                return Ok(true);
            }
            if open.next_batch()? {
                self.open = Some(open);
            }
        }
    }
}

/// Writes a Feather file.
pub(super) struct FeatherWriter {
    writer: FileWriter<Target>,
    path: String,
    builders: Vec<ColumnBuilder>,
    rows: usize,
    schema: Arc<Schema>,
}

impl FeatherWriter {
    /// A writer of a file of some columns.
    ///
    /// # Errors
    /// An IoError fault where the file cannot be written.
    pub fn new(out: Target, columns: &[Field]) -> Result<FeatherWriter, Fault> {
        let builder = |field: &Field| ColumnBuilder::new(&field.ty, EnumForm::Text);
        let builders: Vec<ColumnBuilder> = columns.iter().map(builder).collect();
        let field = |(column, builder): (&Field, &ColumnBuilder)| {
            arrow_schema::Field::new(column.name.as_str(), builder.data_type().clone(), true)
        };
        let fields: Vec<arrow_schema::Field> = columns.iter().zip(&builders).map(field).collect();
        let (schema, path) = (Arc::new(Schema::new(fields)), out.path.clone());
        let writer = FileWriter::try_new(out, &schema).map_err(|error| refused(&path, error))?;
        Ok(FeatherWriter { writer, path, builders, rows: 0, schema })
    }

    fn write_batch(&mut self) -> Result<(), Fault> {
        let refused = |error| refused(&self.path, error);
        let arrays: Result<Vec<_>, ArrowError> =
            self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(self.rows));
        let arrays = arrays.map_err(refused)?;
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        self.rows = 0;
        self.writer.write(&batch.map_err(refused)?).map_err(refused)
    }
}

/// The exception of a file that Arrow could not write.
fn refused(path: &str, error: ArrowError) -> Fault {
    match error {
        ArrowError::IoError(_, error) => write_fault(path, &error),
        error => write_fault(path, &io::Error::other(error.to_string())),
    }
}

impl RowWriter for FeatherWriter {
    fn batch(&mut self, _: &[Field], batch: &Batch) -> Result<(), Fault> {
        for (builder, vector) in self.builders.iter_mut().zip(&batch.columns) {
            builder.append(vector, batch.rows());
        }
        self.rows += batch.rows().count();
        let bytes: usize = self.builders.iter().map(ColumnBuilder::bytes).sum();
        if self.rows >= BATCH_ROWS || bytes >= BATCH_BYTES {
            self.write_batch()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &[Field]) -> Result<(), Fault> {
        if self.rows > 0 {
            self.write_batch()?;
        }
        let path = self.path;
        let out = self.writer.into_inner().map_err(|error| refused(&path, error))?;
        out.finish()
    }
}

impl io::Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
