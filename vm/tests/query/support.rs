//! An in-memory `Tables` whose columns lie in shared buffers as a mapped block's do, and a runner
//! that links a program around one query.
#![allow(dead_code, reason = "the tests and the benchmark each use a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up must fail")]

use grizzly_bytecode::query::{Query, Scan, Source, VectorCode, WriteOperation};
use grizzly_bytecode::verify::verify;
use grizzly_bytecode::{
    ColumnId, Constant, Fault, Field, Function, Instr, Program, TableId, Type, Value, VectorInstr,
    VectorKind,
};
use grizzly_vm::batch::{Batch, CAPACITY};
use grizzly_vm::budget::Budget;
use grizzly_vm::native::Natives;
use grizzly_vm::operators::run_query;
use grizzly_vm::ports::{
    DiskFiles, GetRequest, Morsel, NoNatives, NoSecrets, OsEntropy, Output, ScanRequest,
    SystemClock, TableScan, Tables, ThreadTasks, WriteRequest,
};
use grizzly_vm::vector::{Buffer, Codes, Dictionary, Shared, Vector};
use grizzly_vm::{Context, Destination, Executable};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A column of a table.
#[derive(Clone)]
pub enum Column {
    Bool(Arc<Vec<u8>>),
    I64(Arc<Vec<i64>>),
    F64(Arc<Vec<f64>>),
    I128(Arc<Vec<i128>>),
    Text(Arc<Vec<i32>>, Arc<Vec<u8>>),
    Dictionary(Arc<Vec<u16>>, Vec<Arc<Dictionary>>),
}

/// How many rows share a dictionary.
const BLOCK: usize = 1 << 17;

/// A table: columns with an optional bitmap each.
#[derive(Clone, Default)]
pub struct Table {
    pub columns: Vec<(Column, Option<Arc<Vec<u8>>>)>,
    pub rows: usize,
}

pub fn text_column<'a>(values: impl Iterator<Item = &'a str>) -> Column {
    let (mut offsets, mut data) = (vec![0], Vec::new());
    for value in values {
        data.extend_from_slice(value.as_bytes());
        offsets.push(data.len() as i32);
    }
    Column::Text(Arc::new(offsets), Arc::new(data))
}

pub fn dictionary_of(values: &[&str]) -> Arc<Dictionary> {
    let Column::Text(offsets, data) = text_column(values.iter().copied()) else { panic!() };
    let (offsets, data) = ((*offsets).clone(), (*data).clone());
    Arc::new(Dictionary { offsets: Buffer::from(offsets), data: Buffer::from(data) })
}

/// A dictionary column with a dictionary of its own per block.
pub fn dictionary_column(codes: Vec<u16>, values: &[&str]) -> Column {
    let blocks = codes.len().div_ceil(BLOCK).max(1);
    Column::Dictionary(Arc::new(codes), (0..blocks).map(|_| dictionary_of(values)).collect())
}

/// A column of values of a type; NULLs make a bitmap.
pub fn column_of(values: &[Value], ty: &Type) -> (Column, Option<Arc<Vec<u8>>>) {
    let mut bits = vec![0_u8; values.len().div_ceil(8)];
    for (row, value) in values.iter().enumerate() {
        bits[row / 8] |= u8::from(!value.is_null()) << (row % 8);
    }
    let any_null = values.iter().any(Value::is_null);
    let int = |v: &Value| if let Value::Int(i) = v { *i } else { 7 };
    let column = match ty.vector_kind() {
        VectorKind::Bool => Column::Bool(Arc::new(
            values.iter().map(|v| u8::from(*v == Value::Bool(true))).collect(),
        )),
        VectorKind::I64 => Column::I64(Arc::new(values.iter().map(int).collect())),
        VectorKind::F64 => {
            let float = |v: &Value| if let Value::Float(x) = v { *x } else { 0.0 };
            Column::F64(Arc::new(values.iter().map(float).collect()))
        }
        VectorKind::I128 => {
            let wide = |v: &Value| if let Value::Wide(x) = v { *x } else { 0 };
            Column::I128(Arc::new(values.iter().map(wide).collect()))
        }
        VectorKind::Bytes => text_column(values.iter().map(|v| match v {
            Value::Text(text) => text.as_str(),
            _ => "",
        })),
        VectorKind::Object => panic!("no such columns here"),
    };
    (column, any_null.then(|| Arc::new(bits)))
}

impl Table {
    pub fn new(columns: Vec<Column>, rows: usize) -> Table {
        Table { columns: columns.into_iter().map(|column| (column, None)).collect(), rows }
    }

    pub fn of_rows(rows: &[Vec<Value>], types: &[Type]) -> Table {
        let columns = types.iter().enumerate().map(|(index, ty)| {
            let values: Vec<Value> = rows.iter().map(|row| row[index].clone()).collect();
            column_of(&values, ty)
        });
        Table { columns: columns.collect(), rows: rows.len() }
    }

    fn fill(&self, start: usize, len: usize, batch: &mut Batch, batch_rows: &mut usize) {
        batch.reset(self.columns.len(), len);
        *batch_rows = len;
        for ((column, validity), out) in self.columns.iter().zip(&mut batch.columns) {
            fill(column, start, len, out);
            if let Some(bits) = validity {
                let shared = Shared::new(bits.clone(), 0, bits.len());
                out.validity_mut().set_shared(shared, start);
            }
        }
    }
}

fn fill(column: &Column, start: usize, len: usize, out: &mut Vector) {
    match column {
        Column::Bool(v) => out.set_bool_shared(Shared::new(v.clone(), start, len)),
        Column::I64(v) => out.set_i64_shared(Shared::new(v.clone(), start, len)),
        Column::F64(v) => out.set_f64_shared(Shared::new(v.clone(), start, len)),
        Column::I128(v) => out.set_i128_shared(Shared::new(v.clone(), start, len)),
        Column::Text(offsets, data) => {
            let offsets = Shared::new(offsets.clone(), start, len + 1);
            out.set_offsets_shared(offsets, Shared::new(data.clone(), 0, data.len()));
        }
        Column::Dictionary(codes, dictionaries) => {
            let codes = Codes::U16(Buffer::from(Shared::new(codes.clone(), start, len)));
            out.set_dictionary(codes, dictionaries[start / BLOCK].clone());
        }
    }
}

/// Tables in memory; writes are only noted.
#[derive(Default)]
pub struct MemoryTables {
    pub tables: Vec<Table>,
    pub written: Vec<(WriteOperation, Vec<Vec<Value>>)>,
    pub scans: usize,
    /// Rows per batch, to make small tables give several.
    pub batch_rows: Option<usize>,
}

struct MemoryScan {
    table: Table,
    next: usize,
    batch_rows: usize,
}

impl TableScan for MemoryScan {
    fn exact(&self) -> Vec<bool> {
        Vec::new()
    }
    fn split(self: Box<Self>, _: usize) -> Vec<Box<dyn Morsel>> {
        vec![self]
    }
}

impl Morsel for MemoryScan {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        let in_block = BLOCK - self.next % BLOCK;
        let len = (self.table.rows - self.next).min(self.batch_rows).min(in_block);
        let mut filled = 0;
        if len > 0 {
            self.table.fill(self.next, len, batch, &mut filled);
        }
        self.next += filled;
        Ok(filled > 0)
    }
}

impl Tables for MemoryTables {
    fn scan(&mut self, request: &ScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        self.scans += 1;
        let all = &self.tables[request.table.index()];
        let columns = request.columns.iter().map(|(id, _)| all.columns[id.index()].clone());
        let table = Table { columns: columns.collect(), rows: all.rows };
        let batch_rows = self.batch_rows.unwrap_or(CAPACITY);
        Ok(Box::new(MemoryScan { table, next: 0, batch_rows }))
    }
    fn get(&mut self, _: GetRequest<'_>, _: &mut Vec<Value>) -> Result<bool, Fault> {
        Ok(false)
    }
    fn write_row(&mut self, _: &WriteRequest<'_>, _: &[Value]) -> Result<u64, Fault> {
        Ok(1)
    }
    fn insert_unless(
        &mut self,
        request: &WriteRequest<'_>,
        row: &[Value],
        _: &grizzly_bytecode::Arbiters,
    ) -> Result<Option<Value>, Fault> {
        self.written.push((request.operation, vec![row.to_vec()]));
        Ok(None)
    }
    fn write(&mut self, request: &WriteRequest<'_>, batch: &Batch) -> Result<u64, Fault> {
        let row = |row| {
            let cell = |(at, (_, ty)): (usize, &(ColumnId, Type))| batch.value(row, at, ty);
            request.columns.iter().enumerate().map(cell).collect::<Vec<Value>>()
        };
        let rows: Vec<_> = batch.rows().iter().map(row).collect();
        let count = rows.len() as u64;
        self.written.push((request.operation, rows));
        Ok(count)
    }
    fn savepoint(&mut self) -> u64 {
        0
    }
    fn rollback_to(&mut self, _: u64) -> Result<(), Fault> {
        Ok(())
    }
}

/// Takes the rows of a result.
#[derive(Default)]
pub struct Rows(pub Vec<Vec<Value>>);

impl Output for Rows {
    fn batch(&mut self, columns: &[Field], batch: &Batch) -> Result<(), Fault> {
        for row in batch.rows().iter() {
            let cells = columns.iter().enumerate();
            self.0.push(cells.map(|(at, field)| batch.value(row, at, &field.ty)).collect());
        }
        Ok(())
    }
    fn print(&mut self, _: &Value, _: &Type) -> Result<(), Fault> {
        Ok(())
    }
}

/// Links a program that holds a query and some constants.
pub fn link(program: Program) -> Executable {
    link_with(program, &NoNatives)
}

/// As [`link`], with native functions. The entry is put in front of the functions.
pub fn link_with(program: Program, natives: &dyn Natives) -> Executable {
    let entry = Function { code: vec![Instr::Return {}], ..Function::default() };
    let mut program = program;
    program.functions.insert(0, entry);
    Executable::link(verify(program).unwrap(), natives).unwrap()
}

/// Runs a query and returns its rows.
pub fn run_with(
    executable: &Executable,
    tables: &mut MemoryTables,
    parameters: &[Value],
    budget: Budget,
    cancel: &AtomicBool,
) -> Result<Vec<Vec<Value>>, Fault> {
    let mut rows = Rows::default();
    let entropy = OsEntropy::seeded(1);
    let mut context = Context {
        tables,
        output: &mut rows,
        clock: &SystemClock::default(),
        entropy: &entropy,
        files: &DiskFiles,
        secrets: &NoSecrets,
        tasks: &ThreadTasks::new(1),
        natives: &NoNatives,
        budget,
        parameters: &[],
        cancel,
        transaction_micros: 0,
        progress: &Arc::default(),
        rows_written: 0,
        nesting: 0,
    };
    let query = &executable.program().queries[0];
    run_query(executable, &mut context, query, parameters, Destination::Statement)?;
    Ok(rows.0)
}

/// Runs a query over tables without a limit.
pub fn run(query: Query, constants: Vec<Constant>, tables: Vec<Table>) -> Vec<Vec<Value>> {
    try_run(query, constants, tables, Budget::unlimited()).unwrap()
}

pub fn try_run(
    query: Query,
    constants: Vec<Constant>,
    tables: Vec<Table>,
    budget: Budget,
) -> Result<Vec<Vec<Value>>, Fault> {
    let executable = link(Program { queries: vec![query], constants, ..Program::default() });
    let mut tables = MemoryTables { tables, batch_rows: Some(100), ..MemoryTables::default() };
    run_with(&executable, &mut tables, &[], budget, &AtomicBool::new(false))
}

/// Vector code.
pub fn code(inputs: u16, registers: &[VectorKind], code: Vec<VectorInstr>) -> VectorCode {
    VectorCode { registers: registers.to_vec(), inputs, code, places: Vec::new() }
}

/// A scan of all columns of a table.
pub fn scan(table: u32, types: &[Type]) -> Source {
    let columns = types.iter().enumerate().map(|(at, ty)| (ColumnId(at as u32), ty.clone()));
    Source::Scan(Scan {
        table: TableId(table),
        columns: columns.collect(),
        predicates: Vec::new(),
        index: None,
        needs_row_key: false,
        ordered: false,
        limit_hint: None,
        name: "t".into(),
    })
}

/// Output columns of these types.
pub fn fields(types: &[Type]) -> Vec<Field> {
    types.iter().map(|ty| Field { name: "c".into(), ty: ty.clone() }).collect()
}

/// A constant.
pub fn constant(value: Value, ty: Type) -> Constant {
    Constant::Value(value, ty)
}

/// Numbers that look random and are the same at every run.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }
}
