//! The world: savepoints, output, rows by key.

use super::side::Savepoint;
use super::{Machine, Next, Raised, Step};
use crate::ports::{GetRequest, WriteKind, WriteRequest};
use grizzly_bytecode::query::WriteOperation;
use grizzly_bytecode::{Access, AccessId, Instr, ObjectWindow};

pub(super) fn step(m: &mut Machine<'_, '_>, instr: Instr) -> Step {
    m.poll()?;
    match instr {
        Instr::Savepoint {} => return savepoint(m),
        Instr::Print { a, k } => {
            let ty = m.constant_type(k)?;
            m.context.output.print(&m.objects[a.index()], ty)?;
        }
        Instr::GetRow { x, o, t } => {
            if !get_row(m, x, o)? {
                return Ok(Next::Goto(t));
            }
        }
        Instr::InsertRow { x, o } => write_row(m, x, o, WriteOperation::Insert)?,
        Instr::InsertOrFind { x, o, t } => {
            if !insert_or_find(m, x, o)? {
                return Ok(Next::Goto(t));
            }
        }
        Instr::UpdateRow { x, o } => write_row(m, x, o, WriteOperation::Update)?,
        Instr::DeleteRow { x, o } => write_row(m, x, o, WriteOperation::Delete)?,
        Instr::EmitRow { o } => {
            let columns = &m.executable.program().output;
            let row = &m.objects[o.index()..o.index() + columns.len()];
            m.side.rows.push(m.context, columns, row)?;
        }
        _ => return super::values::step(m, instr),
    }
    Ok(Next::On)
}

/// Marks the state that the undoing handlers of the range that starts here roll back to.
fn savepoint(m: &mut Machine<'_, '_>) -> Result<Next, Raised> {
    // Code is at most 2^16 instructions long.
    let pc = m.pc as u16;
    m.side.leave_ranges(m.depth, pc);
    let mark = m.context.tables.savepoint();
    // Verified frames run functions of the program.
    let function = &m.executable.program().functions[m.function];
    let ends = function.handlers.iter().filter(|h| h.undo && h.start.0 == pc).map(|h| h.end.0);
    m.side.savepoints.push(Savepoint {
        depth: m.depth,
        range: (pc, ends.max().unwrap_or(pc)),
        mark,
        rows_written: m.context.rows_written,
    });
    Ok(Next::On)
}

fn access<'e>(m: &Machine<'e, '_>, x: AccessId) -> &'e Access {
    // The verifier proved that the access exists and that its rows lie inside the frame.
    &m.executable.program().accesses[x.index()]
}

/// Reads a row by key; whether there is one.
fn get_row(m: &mut Machine<'_, '_>, x: AccessId, o: ObjectWindow) -> Result<bool, Raised> {
    let access = access(m, x);
    let objects = &mut m.objects[o.index()..];
    let key = &objects[..access.key.len()];
    let (table, kind, columns) = (access.table, kind_of(access), access.columns.as_slice());
    let request = GetRequest { table, key, kind, columns };
    if !m.context.tables.get(request, &mut m.side.row)? {
        return Ok(false);
    }
    for (object, value) in objects.iter_mut().zip(m.side.row.drain(..).take(access.columns.len())) {
        *object = value;
    }
    Ok(true)
}

fn write_row(
    m: &mut Machine<'_, '_>,
    x: AccessId,
    o: ObjectWindow,
    operation: WriteOperation,
) -> Result<(), Raised> {
    let access = access(m, x);
    let row = &m.objects[o.index()..o.index() + row_width(access, operation)];
    let request = WriteRequest {
        table: access.table,
        operation,
        columns: &access.columns,
        kind: kind_of(access),
    };
    let written = m.context.tables.write_row(&request, row)?;
    m.context.rows_written += written;
    Ok(())
}

fn kind_of(access: &Access) -> WriteKind {
    if access.row_key { WriteKind::RowKey } else { WriteKind::PrimaryKey }
}

/// Inserts a row, or leaves the key of the one in its way behind it; whether it was inserted.
fn insert_or_find(m: &mut Machine<'_, '_>, x: AccessId, o: ObjectWindow) -> Result<bool, Raised> {
    let access = access(m, x);
    let width = access.columns.len();
    let (row, rest) = m.objects[o.index()..].split_at_mut(width);
    let request = WriteRequest {
        table: access.table,
        operation: WriteOperation::Insert,
        columns: &access.columns,
        kind: WriteKind::RowKey,
    };
    match m.context.tables.insert_unless(&request, row, &access.arbiters)? {
        None => {
            m.context.rows_written += 1;
            Ok(true)
        }
        Some(key) => {
            // The verifier proved that the window has a register behind the row.
            rest[0] = key;
            Ok(false)
        }
    }
}

/// The object registers that a write reads.
fn row_width(access: &Access, operation: WriteOperation) -> usize {
    match operation {
        WriteOperation::Insert => access.columns.len(),
        WriteOperation::Update => access.key.len() + access.columns.len(),
        WriteOperation::Delete => access.key.len(),
    }
}
