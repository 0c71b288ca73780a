//! Files that are written read back the same, and no bytes stop a reader.

use super::{describe, scan, writer};
use grizzly_bytecode::{
    Field, FileFormat, FileOptions, FileOrigin, FileRequest, FileScan, FileSource, Type, Value,
};
use grizzly_vm::batch::Batch;
use grizzly_vm::native::FileScanRequest;
use grizzly_vm::ports::{FileStat, Files, NewFile, ReadSeek};
use grizzly_vm::progress::Progress;
use parking_lot::Mutex;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::sync::Arc;

/// Files in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

struct Unfinished {
    memory: Memory,
    path: String,
    bytes: Vec<u8>,
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.path.starts_with("full/") && self.bytes.len() + bytes.len() > 100 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for Unfinished {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.memory.0.lock().insert(self.path, self.bytes);
        Ok(())
    }
}

fn not_found() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no such file")
}

impl Files for Memory {
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>> {
        let bytes = self.0.lock().get(path).cloned().ok_or_else(not_found)?;
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn NewFile>> {
        let (memory, path) = (self.clone(), path.to_owned());
        Ok(Box::new(Unfinished { memory, path, bytes: Vec::new() }))
    }

    fn stat(&self, path: &str) -> io::Result<FileStat> {
        let bytes = self.0.lock().get(path).map(Vec::len).ok_or_else(not_found)? as u64;
        Ok(FileStat { bytes, modified_nanos: 0 })
    }

    fn find(&self, pattern: &str) -> io::Result<Vec<String>> {
        Ok(vec![pattern.to_owned()])
    }

    fn handle(&self) -> Arc<dyn Files> {
        Arc::new(self.clone())
    }
}

fn request(path: &str, format: FileFormat, options: FileOptions) -> FileRequest {
    FileRequest { path: path.into(), format, options }
}

/// All rows of a file.
fn read(files: &Memory, source: FileSource) -> Result<Vec<Vec<Value>>, String> {
    let types: Vec<Type> = source.columns.iter().map(|c| c.ty.clone()).collect();
    let columns = (0..types.len()).collect();
    let scan_of = FileScan { source: Arc::new(source), columns };
    let progress = Arc::new(Progress::default());
    let request = FileScanRequest { scan: &scan_of, files, progress: &progress };
    let said = |fault: grizzly_bytecode::Fault| fault.exception.message.to_string();
    let mut rows = Vec::new();
    for mut morsel in scan(&request).map_err(said)?.split(1) {
        let mut batch = Batch::default();
        while morsel.next(&mut batch).map_err(said)? {
            for row in batch.rows().iter() {
                let value = |(at, ty): (usize, &Type)| batch.value(row, at, ty);
                rows.push(types.iter().enumerate().map(value).collect());
            }
        }
    }
    assert_eq!(progress.counts().rows, rows.len() as u64);
    Ok(rows)
}

/// The rows of a file whose columns are found by looking.
fn look(files: &Memory, request: &FileRequest) -> Result<Vec<Vec<Value>>, String> {
    let described = describe(files, request).map_err(|why| format!("{why:?}"))?;
    let origin = FileOrigin::Described;
    read(files, FileSource { request: described.request, columns: described.columns, origin })
}

fn columns() -> Vec<Field> {
    let decimal = Type::Decimal { precision: 12, scale: 2 };
    let types = [Type::Int64, Type::Text, Type::Double, Type::Date, Type::Bool, decimal];
    let field = |(at, ty): (usize, Type)| Field { name: format!("c{at}").into(), ty };
    types.into_iter().enumerate().map(field).collect()
}

fn value(ty: &Type) -> BoxedStrategy<Value> {
    let some = match ty {
        Type::Int64 => any::<i64>().prop_map(Value::Int).boxed(),
        Type::Double => any::<f64>()
            .prop_filter("NaN differs from itself", |x| x.is_finite())
            .prop_map(Value::Float)
            .boxed(),
        Type::Date => (-700_000_i64..2_900_000).prop_map(Value::Int).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Decimal { .. } => {
            (-999_999_999_999_i64..=999_999_999_999).prop_map(Value::Int).boxed()
        }
        _ => "[a-z\"',;\\\\\n\r\té€ NA]{0,12}".prop_map(Value::text).boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 5 => some].boxed()
}

fn table() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let row: Vec<BoxedStrategy<Value>> = columns().iter().map(|c| value(&c.ty)).collect();
    proptest::collection::vec(row, 0..40)
}

/// Writes rows and gives the path.
fn write(
    files: &Memory,
    request: &FileRequest,
    columns: &[Field],
    rows: &[Vec<Value>],
) -> Result<(), String> {
    let said = |fault: grizzly_bytecode::Fault| fault.exception.message.to_string();
    let mut out = writer(files, request, columns).map_err(said)?;
    let mut batch = Batch::default();
    batch.reset(columns.len(), rows.len());
    for (at, field) in columns.iter().enumerate() {
        let vector = &mut batch.columns[at];
        *vector = grizzly_vm::vector::Vector::of_kind(field.ty.vector_kind());
        super::values::clear(vector);
        let mut nulls = Vec::new();
        for (row, values) in rows.iter().enumerate() {
            super::values::push_value(vector, &values[at]);
            nulls.extend(values[at].is_null().then_some(row));
        }
        super::values::set_nulls(vector, rows.len(), &nulls);
    }
    out.batch(columns, &batch).map_err(said)?;
    out.finish(columns).map_err(said)
}

/// Options with which a file is read by known columns.
fn typed(options: FileOptions) -> FileOptions {
    FileOptions { columns: columns(), ..options }
}

proptest! {
    #[test]
    fn separated_values_read_back_the_same(rows in table(), header: bool, bar: bool) {
        let files = Memory::default();
        let delimiter = Some(if bar { b'|' } else { b',' });
        let options = FileOptions {
            header: Some(header),
            delimiter,
            quote: Some(Some(b'"')),
            nulls: Some(vec!["".into()]),
            ..FileOptions::default()
        };
        let wanted = request("x.csv", FileFormat::Csv, options);
        prop_assert_eq!(write(&files, &wanted, &columns(), &rows), Ok(()));
        if !rows.is_empty() || header {
            let request = FileRequest { options: typed(wanted.options), ..wanted };
            prop_assert_eq!(look(&files, &request), Ok(rows));
        }
    }

    #[test]
    fn json_and_feather_read_back_the_same(rows in table(), lines: bool) {
        let files = Memory::default();
        let options = FileOptions { lines: Some(lines), ..FileOptions::default() };
        let json = request("x.json", FileFormat::Json, options);
        prop_assert_eq!(write(&files, &json, &columns(), &rows), Ok(()));
        let request_json = FileRequest { options: typed(json.options), ..json };
        prop_assert_eq!(look(&files, &request_json), Ok(rows.clone()));
        let feather = request("x.feather", FileFormat::Feather, FileOptions::default());
        prop_assert_eq!(write(&files, &feather, &columns(), &rows), Ok(()));
        prop_assert_eq!(look(&files, &feather), Ok(rows));
    }

    #[test]
    fn no_bytes_stop_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let files = Memory::default();
        files.0.lock().insert("x".into(), bytes);
        for format in [FileFormat::Csv, FileFormat::Json] {
            let _ = look(&files, &request("x", format, FileOptions::default()));
        }
    }

    #[test]
    fn no_text_stops_a_reader(text in "[a,;\"'\\\\{}\\[\\]:0-9.\n\r\tntf-]{0,200}") {
        let files = Memory::default();
        files.0.lock().insert("x".into(), text.into_bytes());
        for format in [FileFormat::Csv, FileFormat::Json] {
            let _ = look(&files, &request("x", format, FileOptions::default()));
        }
    }
}

#[test]
fn a_damaged_feather_file_is_an_error() {
    let files = Memory::default();
    let rows: Vec<Vec<Value>> = (0..50)
        .map(|n| {
            let values = [Value::Int(n), Value::text("some text"), Value::Float(0.5)];
            values.into_iter().chain([Value::Int(1), Value::Bool(true), Value::Int(5)]).collect()
        })
        .collect();
    let good = request("x.feather", FileFormat::Feather, FileOptions::default());
    write(&files, &good, &columns(), &rows).unwrap();
    let bytes = files.0.lock().get("x.feather").cloned().unwrap();
    let mut refused = 0;
    for at in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        files.0.lock().insert("x.feather".into(), damaged);
        refused += usize::from(look(&files, &good).is_err());
    }
    assert!(refused > 30, "only {refused} damaged files were refused");
    for end in (0..bytes.len()).step_by(7) {
        files.0.lock().insert("x.feather".into(), bytes[..end].to_vec());
        assert!(look(&files, &good).is_err(), "cut at {end}");
    }
}

#[test]
fn a_bad_number_is_found_on_its_line() {
    let files = Memory::default();
    let mut text = String::from("id,\"a\nb\"\n");
    for line in 3..20_000 {
        let value = if line == 12_345 { "12x".to_owned() } else { line.to_string() };
        text.push_str(&format!("{line},{value}\n"));
    }
    files.0.lock().insert("x.csv".into(), text.into_bytes());
    let types = vec![Field { name: "a\nb".into(), ty: Type::Int64 }];
    let options = FileOptions { types, ..FileOptions::default() };
    let outcome = look(&files, &request("x.csv", FileFormat::Csv, options));
    assert_eq!(outcome.unwrap_err(), "x.csv, line 12345, column `a\nb`: `12x` is not an INT64");
}

#[test]
fn a_full_disk_is_an_error() {
    let files = Memory::default();
    let rows: Vec<Vec<Value>> = (0..2000)
        .map(|n| std::iter::once(Value::Int(n)).chain((0..5).map(|_| Value::Null)).collect())
        .collect();
    for (path, format) in [("full/a.csv", FileFormat::Csv), ("full/a.arrow", FileFormat::Feather)] {
        let wanted = request(path, format, FileOptions::default());
        let said = write(&files, &wanted, &columns(), &rows).unwrap_err();
        assert!(said.contains("cannot be written: no space left on device"), "{said}");
        assert!(!files.0.lock().contains_key(path));
    }
}
