//! Queries whose rows go to code: the one value, whether there is a row, all values as an array,
//! all rows for a loop.

use super::key_index::{KeyTable, NO_ID};
use super::keys::{EncodedKeys, encode_values};
use super::pipeline::run_query;
use super::rows::{FrozenRows, RowSet};
use crate::batch::Batch;
use crate::budget::{Budget, Reservation};
use crate::destination::Destination;
use crate::instance::MAX_NESTING;
use crate::vector::Vector;
use crate::{Context, Executable, Fault};
use grizzly_bytecode::query::Query;
use grizzly_bytecode::{Builtin, Field, Value};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a query is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Its one value, NULL without a row.
    Scalar,
    /// Whether it has a row.
    Exists,
    /// The values of its column.
    Array,
}

/// The answer of a query.
///
/// # Errors
/// What its rows raise; CardinalityViolation.
pub(crate) fn answer(
    executable: &Executable,
    context: &mut Context<'_>,
    query: &Query,
    parameters: &[Value],
    question: Question,
) -> Result<Value, Fault> {
    let column = query.output.first().map(|field| &field.ty);
    let column = column.ok_or_else(|| Fault::new(Builtin::TypeError, "a query without columns"))?;
    let mut memory = Reservation::none(&context.budget);
    let mut found: Vec<Value> = Vec::new();
    let mut receive = |batch: &Batch| {
        let rows = batch.rows();
        match question {
            Question::Exists => found.push(Value::Null),
            Question::Array => {
                memory.make_room(&mut found, rows.count())?;
                found.extend(rows.iter().map(|row| batch.value(row, 0, column)));
            }
            Question::Scalar => {
                if found.len() + rows.count() > 1 {
                    let kind = Builtin::CardinalityViolation;
                    return Err(Fault::new(kind, "the query gives more than one row"));
                }
                found.extend(rows.iter().map(|row| batch.value(row, 0, column)));
            }
        }
        let enough = question == Question::Exists && !found.is_empty();
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    run(executable, context, query, parameters, Destination::Each(&mut receive))?;
    Ok(match question {
        Question::Exists => Value::Bool(!found.is_empty()),
        Question::Array => Value::Array(Arc::new(found)),
        Question::Scalar => found.pop().unwrap_or(Value::Null),
    })
}

/// Runs a query inside of another, or of code.
fn run(
    executable: &Executable,
    context: &mut Context<'_>,
    query: &Query,
    parameters: &[Value],
    destination: Destination<'_>,
) -> Result<(), Fault> {
    if context.nesting >= MAX_NESTING {
        return Err(Fault::new(Builtin::ResourceExhausted, "queries nest too deep"));
    }
    context.nesting += 1;
    let ran = run_query(executable, context, query, parameters, destination);
    context.nesting -= 1;
    ran
}

/// Answers that are kept by the parameters that they were given for.
#[derive(Debug)]
pub(crate) struct Answers {
    keys: KeyTable,
    values: Vec<Value>,
    key: EncodedKeys,
    memory: Reservation,
}

/// How many answers are kept at most.
const MOST_ANSWERS: usize = 1 << 16;

impl Answers {
    /// None yet.
    pub(crate) fn new(budget: &Budget) -> Answers {
        Answers {
            keys: KeyTable::default(),
            values: Vec::new(),
            key: EncodedKeys::default(),
            memory: Reservation::none(budget),
        }
    }

    /// The answer that was kept for these parameters.
    pub(crate) fn find(&mut self, parameters: &[Value]) -> Option<&Value> {
        self.key.clear();
        encode_values(parameters, &mut self.key.bytes);
        self.key.ends.push(self.key.bytes.len());
        let id = self.keys.find(&self.key.bytes);
        if id == NO_ID { None } else { self.values.get(id as usize) }
    }

    /// Keeps the answer for the parameters that were just looked for.
    ///
    /// # Errors
    /// ResourceExhausted.
    pub(crate) fn keep(&mut self, value: &Value) -> Result<(), Fault> {
        if self.values.len() == MOST_ANSWERS {
            return Ok(());
        }
        self.keys.make_room(&self.key, &mut self.memory)?;
        self.memory.make_room(&mut self.values, 1)?;
        self.keys.insert(&self.key.bytes);
        self.values.push(value.clone());
        Ok(())
    }
}

/// All rows of a query, to be read one by one.
#[derive(Debug)]
pub(crate) struct Cursor {
    rows: FrozenRows,
    next: usize,
    vectors: Vec<Vector>,
}

impl Cursor {
    /// Runs a query and keeps its rows.
    ///
    /// # Errors
    /// What its rows raise; ResourceExhausted.
    pub(crate) fn open(
        executable: &Executable,
        context: &mut Context<'_>,
        query: &Query,
        parameters: &[Value],
    ) -> Result<Cursor, Fault> {
        let mut rows = RowSet::new(&context.budget);
        let mut receive = |batch: &Batch| {
            rows.append(batch.columns.iter(), batch.rows())?;
            Ok(ControlFlow::Continue(()))
        };
        run(executable, context, query, parameters, Destination::Each(&mut receive))?;
        Ok(Cursor { rows: rows.freeze(), next: 0, vectors: Vec::new() })
    }

    /// Writes the next row into `out`; says whether there was one.
    pub(crate) fn next(&mut self, columns: &[Field], out: &mut [Value]) -> bool {
        if self.next == self.rows.len {
            return false;
        }
        let (start, row) = (self.next, self.next % crate::batch::CAPACITY);
        if row == 0 {
            let count = (self.rows.len - start).min(crate::batch::CAPACITY);
            self.vectors.resize_with(self.rows.columns.len(), Vector::default);
            for (column, vector) in self.rows.columns.iter().zip(&mut self.vectors) {
                column.borrow_into(start, count, vector);
            }
        }
        for ((vector, field), out) in self.vectors.iter().zip(columns).zip(out) {
            *out = vector.value(row, &field.ty);
        }
        self.next += 1;
        true
    }
}
