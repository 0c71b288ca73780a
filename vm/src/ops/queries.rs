//! Queries that code asks: the statement's result, answers, and rows for loops.

use super::{Machine, Next, Raised, Step};
use crate::destination::Destination;
use crate::operators::{self, Cursor, Question, answer};
use grizzly_bytecode::query::Query;
use grizzly_bytecode::{Instr, ObjectWindow, QueryId, Value};

/// A query whose rows a loop reads.
pub(crate) struct OpenRows {
    /// The number of frames below the loop's.
    pub(crate) depth: usize,
    query: QueryId,
    cursor: Cursor,
}

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    m.poll()?;
    match instr {
        Instr::RunQuery { q, o } => run_query(m, q, o)?,
        Instr::ScalarQuery { d, q, o } => {
            let value = ask(m, q, o, Question::Scalar)?;
            m.set_object(d, value);
        }
        Instr::ArrayQuery { d, q, o } => {
            let value = ask(m, q, o, Question::Array)?;
            m.set_object(d, value);
        }
        Instr::ExistsQuery { d, q, o } => {
            let found = ask(m, q, o, Question::Exists)?;
            m.set_slot(d, u64::from(matches!(found, Value::Bool(true))));
        }
        Instr::OpenQuery { q, o } => open_query(m, q, o)?,
        Instr::NextRow { q, o, t } => {
            let (query, depth) = (query(m, q), m.depth);
            let objects = &mut m.objects[o.index()..o.index() + query.output.len()];
            let open = m.side.open_rows.iter_mut().find(|open| open.is(depth, q));
            if !open.is_some_and(|open| open.cursor.next(&query.output, objects)) {
                return Ok(Next::Goto(t));
            }
        }
        Instr::CloseQuery { q } => {
            let depth = m.depth;
            m.side.open_rows.retain(|open| !open.is(depth, q));
        }
        // Every instruction is the loop's, another family's, or above; the tests run them all.
        other => unreachable!("{other} has no body"),
    }
    Ok(Next::On)
}

impl OpenRows {
    fn is(&self, depth: usize, query: QueryId) -> bool {
        self.depth == depth && self.query == query
    }
}

fn query<'e>(m: &Machine<'e, '_>, q: QueryId) -> &'e Query {
    // The verifier proved that the query exists and has an output column where one is read.
    &m.executable.program().queries[q.index()]
}

fn run_query(m: &mut Machine<'_, '_>, q: QueryId, o: ObjectWindow) -> Result<(), Raised> {
    // Rows that were emitted before come first.
    m.side.rows.flush(m.context, &m.executable.program().output)?;
    let query = query(m, q);
    let parameters = &m.objects[o.index()..o.index() + query.parameters.len()];
    let to = Destination::Statement;
    Ok(operators::run_query(m.executable, m.context, query, parameters, to)?)
}

fn ask(
    m: &mut Machine<'_, '_>,
    q: QueryId,
    o: ObjectWindow,
    question: Question,
) -> Result<Value, Raised> {
    let query = query(m, q);
    let parameters = &m.objects[o.index()..o.index() + query.parameters.len()];
    Ok(answer(m.executable, m.context, query, parameters, question)?)
}

fn open_query(m: &mut Machine<'_, '_>, q: QueryId, o: ObjectWindow) -> Result<(), Raised> {
    let query = query(m, q);
    let parameters = &m.objects[o.index()..o.index() + query.parameters.len()];
    let cursor = Cursor::open(m.executable, m.context, query, parameters)?;
    let depth = m.depth;
    // Rows of frames that have returned, and of a loop of this frame that was left by an exception.
    m.side.open_rows.retain(|open| open.depth <= depth && !open.is(depth, q));
    m.side.open_rows.push(OpenRows { depth, query: q, cursor });
    Ok(())
}
